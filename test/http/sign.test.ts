// `dispatcher`: what any other client built on undici gets from it.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, Writable } from 'node:stream'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { fetch, request, stream, upgrade } from 'undici'
import { startServer } from '../fixtures/http-server.js'
import { TokenSigner, accepting, agentOf, clientOf } from '../fixtures/token-signer.js'

t.test('undici.request is signed, and made again after a 401', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const signer = new TokenSigner(server)
  const { dispatcher } = clientOf(t, { signer })
  for (const options of [{}, { method: 'POST', body: 'text' }] as const) {
    const { statusCode } = await request(`${server.url}/x`, { dispatcher, ...options })
    t.equal(statusCode, 200)
  }
  t.same(server.calls.map(({ headers, body }) => [headers.authorization, body]), [['Bearer token-1', ''], ['Bearer token-2', ''], ['Bearer token-2', 'text']])
})

t.test('undici.fetch is signed; without a body it is made again after a 401, with one it is not', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const signer = new TokenSigner(server)
  const { dispatcher } = clientOf(t, { signer })
  const refused = await fetch(server.url, { dispatcher, method: 'POST', body: 'text' })
  t.same([refused.status, await refused.json(), signer.refreshes], [401, { error: 'invalid_token' }, 0])
  const response = await fetch(server.url, { dispatcher })
  t.same([response.status, await response.json(), signer.refreshes], [200, { method: 'GET', body: '' }, 1])
})

t.test('another origin is refused before anything is sent, and the dispatcher stays usable', async (t) => {
  const server = await startServer(t)
  const evil = await startServer(t)
  const signer = new TokenSigner(server)
  const { dispatcher } = clientOf(t, { signer })
  const refused = { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED', message: `The access token of test is not sent to ${evil.url}. Add that origin to the option apiOrigins if the API lives there` }
  const body = Readable.from(['x'])
  await t.rejects(request(evil.url, { dispatcher }), refused)
  await t.rejects(request(evil.url, { dispatcher, method: 'POST', body }), refused)
  t.ok(body.destroyed, 'the stream that was to be sent is destroyed')
  await t.rejects(fetch(evil.url, { dispatcher }), { name: 'TypeError', cause: refused })
  await t.rejects(request({ origin: evil.url, path: '/', method: 'GET' } as never, { dispatcher } as never), refused)
  t.same([signer.signed, evil.connections], [0, 0])
  const { statusCode } = await request(server.url, { dispatcher })
  t.equal(statusCode, 200)
  t.equal(server.calls[0]?.headers.authorization, 'Bearer token-1')
})

t.test('a redirect that another client follows to another origin is refused there', async (t) => {
  const evil = await startServer(t)
  const server = await startServer(t, ({ path }) => path === '/end' ? { body: 'end' } : { status: 302, headers: { location: path === '/in' ? '/end' : evil.url } })
  const { dispatcher } = clientOf(t, { signer: new TokenSigner(server) })
  await t.rejects(fetch(`${server.url}/out`, { dispatcher }), { cause: { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' } })
  t.equal(evil.connections, 0)
  t.equal(await (await fetch(`${server.url}/in`, { dispatcher })).text(), 'end')
  const { statusCode } = await request(`${server.url}/in`, { dispatcher })
  t.equal(statusCode, 302, 'by itself it follows none')
})

t.test('headers in every form that undici takes, without an authorization of the caller', async (t) => {
  const server = await startServer(t)
  const { dispatcher } = clientOf(t, { signer: new TokenSigner(server) })
  const forms: Array<NonNullable<Dispatcher.DispatchOptions['headers']>> = [
    { 'X-One': '1', 'x-list': ['a', 'b'], Authorization: 'Bearer mine', 'x-gone': undefined },
    ['X-One', '1', 'x-list', 'a', 'x-list', 'b', 'AUTHORIZATION', 'Bearer mine'],
    new Map<string, string | string[]>([['X-One', '1'], ['x-list', ['a', 'b']], ['authorization', 'Bearer mine']]),
    new Headers([['X-One', '1'], ['x-list', 'a'], ['x-list', 'b'], ['authorization', 'Bearer mine']])
  ]
  for (const headers of forms) {
    await request(server.url, { dispatcher, headers })
    t.match(server.calls.at(-1)?.headers, { 'x-one': '1', 'x-list': 'a, b', authorization: 'Bearer token-1', 'x-gone': undefined })
  }
  for (const headers of [undefined, null, {}, [], new Map<string, string>()]) {
    await request(server.url, { dispatcher, ...(headers === undefined ? {} : { headers: headers as [] }) })
    t.equal(server.calls.at(-1)?.headers.authorization, 'Bearer token-1')
  }
})

t.test('an origin given as a URL', async (t) => {
  const server = await startServer(t)
  const { dispatcher } = clientOf(t, { signer: new TokenSigner(server) })
  const { statusCode } = await dispatcher.request({ origin: new URL(server.url), path: '/x', method: 'GET' })
  t.equal(statusCode, 200)
  t.match(server.calls, [{ path: '/x', headers: { authorization: 'Bearer token-1' } }])
})

t.test('what the signer throws is the error of the call', async (t) => {
  const server = await startServer(t)
  const signer = new TokenSigner(server)
  const reason = new Error('no grant')
  signer.onSign = async () => { throw reason }
  const { dispatcher } = clientOf(t, { signer })
  await t.rejects(request(server.url, { dispatcher }), reason)
  await t.rejects(fetch(server.url, { dispatcher }), { cause: reason })
  t.equal(server.connections, 0)
})

t.test('a handler that aborts a call which never began', async (t) => {
  const signer = new TokenSigner('https://api.example.com')
  const { dispatcher } = clientOf(t, { signer })
  const seen = await new Promise<unknown[]>(resolve => {
    dispatcher.dispatch({ origin: 'https://evil.example.com', path: '/', method: 'GET' }, {
      onRequestStart () {},
      onResponseError (controller, error) {
        controller.pause()
        controller.abort(new Error('it is over already'))
        controller.resume()
        resolve([controller.aborted, controller.paused, controller.reason === error])
      }
    })
  })
  t.same(seen, [true, false, true])
})

t.test('a dispatcher below that throws is the error of the call', async (t) => {
  const server = await startServer(t)
  const below = agentOf(t).compose(() => () => { throw new Error('not today') })
  const { dispatcher } = clientOf(t, { signer: new TokenSigner(server), dispatcher: below })
  await t.rejects(request(server.url, { dispatcher }), { message: 'not today' })
})

t.test('undici.stream: what its factory throws at a 401 is the error of the call', async (t) => {
  const server = await startServer(t, () => ({ status: 401, body: 'refused' }))
  const signer = new TokenSigner(server)
  signer.onRefresh = async () => false
  const { dispatcher } = clientOf(t, { signer })
  await t.rejects(stream(server.url, { dispatcher, method: 'GET' }, () => { throw new Error('no place for it') }), { message: 'no place for it' })
  let text = ''
  await stream(server.url, { dispatcher, method: 'GET' }, () => new Writable({
    write (chunk, _encoding, done) {
      text += String(chunk)
      done()
    }
  }))
  t.equal(text, 'refused')
})

t.test('undici.upgrade is signed', async (t) => {
  const authorizations: unknown[] = []
  const server = createServer()
  server.on('upgrade', ({ headers }, socket) => {
    authorizations.push(headers.authorization)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { dispatcher } = clientOf(t, { signer: new TokenSigner(url) })
  const { headers, socket } = await upgrade(url, { dispatcher, protocol: 'echo' })
  t.equal(headers.upgrade, 'echo')
  const [data] = await once(socket, 'data')
  t.equal(String(data), 'hello')
  t.same(authorizations, ['Bearer token-1'])
  socket.destroy()
})
