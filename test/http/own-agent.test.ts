// An Agent that may be closed while somebody holds it still.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import { OwnAgent } from '../../lib/http/own-agent.js'

t.test('closed, it ends its connections after the calls under way, and later calls have one each', async (t) => {
  const sockets: Socket[] = []
  let release = () => {}
  const server = createServer((request, response) => {
    if (request.url === '/slow') release = () => response.end('slow')
    else response.end('fast')
  })
  server.on('connection', socket => sockets.push(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dispatcher = new OwnAgent({ connections: 1 })
  const call = async (path: string) => (await request(`${url}${path}`, { dispatcher })).body.text()

  t.equal(await call('/fast'), 'fast')
  t.equal(await call('/fast'), 'fast')
  t.equal(sockets.length, 1, 'its connection is kept')
  const slow = call('/slow')
  await once(server, 'request')
  const closed = dispatcher.close()
  t.equal(await call('/fast'), 'fast', 'while it is being closed')
  release()
  t.equal(await slow, 'slow')
  await closed
  t.equal(await call('/fast'), 'fast', 'afterwards')
  t.equal(sockets.length, 3)
  await Promise.all(sockets.map(async socket => socket.destroyed || once(socket, 'close')))
  await dispatcher.close()
  t.equal(await call('/fast'), 'fast', 'closed twice')
})

t.test('a request that asks for it has a connection of its own', async (t) => {
  let connections = 0
  const server = createServer((_request, response) => { response.end('fast') })
  server.on('connection', () => { connections++ })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dispatcher = new OwnAgent({ connections: 1 })
  for (const reset of [false, true, true, false]) t.equal(await (await request(url, { dispatcher, reset })).body.text(), 'fast')
  t.equal(connections, 3, 'two share one')
  await dispatcher.close()
})

t.test('destroyed, it makes no calls any more', async (t) => {
  const dispatcher = new OwnAgent({ connections: 1 })
  await dispatcher.destroy()
  await t.rejects(request('http://127.0.0.1:9', { dispatcher }), { code: 'UND_ERR_DESTROYED' })
})
