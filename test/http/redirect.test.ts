// Redirects of a signed call: where they lead, with what, and when they are the answer.
import { Readable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import { startServer } from '../fixtures/http-server.js'
import type { HttpServer } from '../fixtures/http-server.js'
import { TokenSigner, clientOf } from '../fixtures/token-signer.js'

const statuses = [301, 302, 303, 307, 308] as const
const cookies = { cookie: 'id=canary', 'proxy-authorization': 'Basic canary' }

/** A server that redirects everything with `status` to `location`, but answers what comes to `/end`. */
async function redirecting (t: Test, status: number, location?: string | string[]): Promise<HttpServer> {
  return startServer(t, ({ path }) => path === '/end' ? { body: 'end' } : { status, headers: { location: location ?? '/end' }, body: 'moved' })
}

t.test('within the origin a redirect is followed with the token, the headers and the cookies', async (t) => {
  for (const status of statuses) {
    const server = await redirecting(t, status, 'end')
    const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
    const { statusCode, body } = await client.get('/start', { headers: { ...cookies, 'x-one': '1' } })
    t.same([statusCode, await body.text()], [200, 'end'])
    t.match(server.calls, [
      { path: '/start', headers: { authorization: 'Bearer token-1' } },
      { path: '/end', headers: { authorization: 'Bearer token-1', ...cookies, 'x-one': '1' } }
    ], String(status))
  }
})

t.test('a redirect to another origin is followed without token, cookie and Host', async (t) => {
  for (const status of statuses) {
    const other = await startServer(t, () => ({ body: 'other' }))
    const server = await redirecting(t, status, `${other.url}/x`)
    const signer = new TokenSigner(server)
    const client = clientOf(t, { signer, baseUrl: server.url })
    const { body } = await client.get('/start', { headers: { ...cookies, host: 'api.example', 'x-one': '1' } })
    t.equal(await body.text(), 'other')
    t.equal(server.calls[0]?.headers.host, 'api.example')
    const [{ headers } = { headers: {} }] = other.calls
    t.match(headers, { 'x-one': '1', host: new URL(other.url).host })
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) t.notOk(name in headers, `${status}: ${name}`)
    t.equal(signer.signed, 1)
  }
})

t.test('between two origins of the API a redirect keeps the token, but no cookie', async (t) => {
  const further = await startServer(t)
  const server = await redirecting(t, 302, `${further.url}/x`)
  const client = clientOf(t, { signer: new TokenSigner(server, further), baseUrl: server.url })
  await client.get('/start', { headers: cookies })
  t.equal(further.calls[0]?.headers.authorization, 'Bearer token-1')
  t.notOk('cookie' in (further.calls[0]?.headers ?? {}))
})

t.test('the method after a redirect, and whether the body goes along', async (t) => {
  const unchanged = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const expected = {
    301: ['GET', 'HEAD', 'GET', 'PUT', 'PATCH', 'DELETE'],
    302: ['GET', 'HEAD', 'GET', 'PUT', 'PATCH', 'DELETE'],
    303: ['GET', 'HEAD', 'GET', 'GET', 'GET', 'GET'],
    307: unchanged,
    308: unchanged
  }
  for (const status of statuses) {
    const server = await redirecting(t, status)
    const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
    for (const [index, method] of unchanged.entries()) {
      server.calls.length = 0
      const hasBody = index > 1
      const { body } = await client.request(method, '/start', hasBody ? { json: { a: 1 }, headers: { 'content-language': 'en' } } : {})
      await body.dump()
      const [, call] = server.calls
      const keeps = expected[status][index] === method && hasBody
      t.same([call?.method, call?.body], [expected[status][index], keeps ? '{"a":1}' : ''], `${status} ${method}`)
      t.equal('content-type' in (call?.headers ?? {}), keeps)
      t.equal('content-language' in (call?.headers ?? {}), keeps)
    }
  }
})

t.test('a body goes to no other origin: the redirect is the answer', async (t) => {
  const other = await startServer(t)
  for (const status of [307, 308]) {
    const server = await redirecting(t, status, `${other.url}/x`)
    const client = clientOf(t, { signer: new TokenSigner(server, other), baseUrl: server.url })
    for (const options of [{ json: { secret: 'canary' } }, { form: { a: 1 } }, { body: 'x' }, { body: '' }, { body: Buffer.from('x') }]) {
      const { statusCode, headers, body } = await client.post('/start', options)
      t.match([statusCode, headers.location, await body.text()], [status, `${other.url}/x`, 'moved'])
    }
  }
  t.equal(other.connections, 0)
})

t.test('without a body, a method other than GET may lead to another origin', async (t) => {
  const other = await startServer(t)
  const server = await redirecting(t, 307, `${other.url}/x`)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await client.delete('/start')
  t.match(other.calls, [{ method: 'DELETE', path: '/x', headers: { authorization: undefined } }])
})

t.test('a POST that becomes a GET leads to another origin without its body', async (t) => {
  const other = await startServer(t)
  const server = await redirecting(t, 303, `${other.url}/x`)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await client.post('/start', { json: { secret: 'canary' } })
  t.match(other.calls, [{ method: 'GET', body: '', headers: { 'content-type': undefined, authorization: undefined } }])
})

t.test('a stream cannot be sent again: within the origin too, the redirect is the answer', async (t) => {
  const server = await redirecting(t, 307)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const { statusCode } = await client.post('/start', { body: Readable.from(['x']) })
  t.equal(statusCode, 307)
  t.same(server.calls.map(({ body }) => body), ['x'])
  t.equal((await client.post('/end', { body: Readable.from(['x']) })).statusCode, 200)
})

t.test('a redirect that has left the API does not lead back with a token', async (t) => {
  const server = await startServer(t)
  const other = await startServer(t, () => ({ status: 302, headers: { location: `${server.url}/delete-everything` } }))
  server.handler = ({ path }) => path === '/start' ? { status: 302, headers: { location: other.url } } : { status: 401, body: 'who?' }
  const signer = new TokenSigner(server)
  const { statusCode, body } = await clientOf(t, { signer, baseUrl: server.url }).get('/start')
  t.same([statusCode, await body.text()], [401, 'who?'])
  t.same(server.calls.map(({ path, headers }) => [path, headers.authorization]), [['/start', 'Bearer token-1'], ['/delete-everything', undefined]])
  t.equal(signer.refreshes, 0, 'and the 401 of an unsigned hop refreshes nothing')
})

t.test('a hop that answers 401 is signed anew, and the chain goes on', async (t) => {
  const server = await startServer(t, ({ path, headers }) => {
    if (path === '/start') return { status: 302, headers: { location: '/end' } }
    return headers.authorization === 'Bearer token-2' ? { body: 'end' } : { status: 401 }
  })
  const signer = new TokenSigner(server)
  const { statusCode } = await clientOf(t, { signer, baseUrl: server.url }).get('/start')
  t.equal(statusCode, 200)
  t.same(server.calls.map(({ path, headers }) => [path, headers.authorization]), [['/start', 'Bearer token-1'], ['/end', 'Bearer token-1'], ['/end', 'Bearer token-2']])
})

t.test('at most five redirects are followed; the sixth is the answer', async (t) => {
  const server = await startServer(t, ({ path }) => ({ status: 302, headers: { location: String(Number(path.slice(1)) + 1) }, body: `moved from ${path}` }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const { statusCode, body } = await client.get('/0')
  t.same([statusCode, await body.text()], [302, 'moved from /5'])
  t.same(server.calls.map(({ path }) => path), ['/0', '/1', '/2', '/3', '/4', '/5'])
})

t.test('a loop ends', async (t) => {
  const server = await startServer(t, () => ({ status: 302, headers: { location: '/' } }))
  const { statusCode } = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url }).get('/')
  t.equal(statusCode, 302)
  t.equal(server.calls.length, 6)
})

t.test('a Location that leads nowhere makes the redirect the answer', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  for (const location of ['https://[', 'http://a b/', 'javascript:alert(1)', 'data:text/plain,x', 'file:///etc/passwd', 'mailto:a@b.example', `blob:${server.url}/x`, ['/end', '/end'], []]) {
    server.calls.length = 0
    server.handler = () => ({ status: 302, headers: { location }, body: 'moved' })
    const { statusCode, body } = await client.get('/start')
    t.same([statusCode, await body.text(), server.calls.length], [302, 'moved', 1], String(location))
  }
})

t.test('another 3xx is an answer, whatever its Location', async (t) => {
  const server = await startServer(t, ({ path }) => ({ status: Number(path.slice(1)), headers: { location: '/end' } }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  for (const status of [300, 304, 305, 306, 201]) t.equal((await client.get(`/${status}`)).statusCode, status)
  t.equal(server.calls.length, 5)
})

t.test('a redirect with a body that never ends is followed all the same', async (t) => {
  const server = await startServer(t, ({ path }, response) => {
    if (path === '/end') return { body: 'end' }
    response.writeHead(302, { location: '/end' })
    const write = () => { while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) { /* until the socket is full */ } }
    response.on('drain', write)
    write()
    return undefined
  })
  const { body } = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url }).get('/start', { timeout: 10_000 })
  t.equal(await body.text(), 'end')
})
