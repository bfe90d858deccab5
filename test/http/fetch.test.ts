// fetch(): the same calls through undici's fetch.
import t from 'tap'
import { FormData, MockAgent, Request } from 'undici'
import { oauthError } from '../../lib/errors.js'
import { drip, startServer } from '../fixtures/http-server.js'
import { TokenSigner, accepting, agentOf, clientOf } from '../fixtures/token-signer.js'

t.test('a URL is resolved and the call signed', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: `${server.url}/v1/` })
  const response = await client.fetch('things', { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json', authorization: 'Bearer mine' } })
  t.same([response.status, await response.json()], [200, {}])
  await client.fetch(new URL('/url', server.url))
  t.match(server.calls, [
    { method: 'PUT', path: '/v1/things', headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' }, body: '{}' },
    { method: 'GET', path: '/url', headers: { authorization: 'Bearer token-1' } }
  ])
})

t.test("a Request is sent as it is, undici's own and Node's", async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server) })
  for (const RequestClass of [Request, globalThis.Request as unknown as typeof Request]) {
    server.calls.length = 0
    await client.fetch(new RequestClass(`${server.url}/get?a=1`, { headers: { 'x-one': '1' } }))
    await client.fetch(new RequestClass(`${server.url}/post`, { method: 'POST', body: 'text', headers: { 'x-one': '1' } }))
    await client.fetch(new RequestClass(`${server.url}/over`, { method: 'POST', body: 'text' }), { method: 'PUT', body: 'other', headers: { 'x-one': '2' } })
    t.match(server.calls, [
      { method: 'GET', path: '/get?a=1', headers: { authorization: 'Bearer token-1', 'x-one': '1' } },
      { method: 'POST', path: '/post', headers: { authorization: 'Bearer token-1', 'x-one': '1' }, body: 'text' },
      { method: 'PUT', path: '/over', headers: { authorization: 'Bearer token-1', 'x-one': '2' }, body: 'other' }
    ])
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    await t.rejects(client.fetch(new RequestClass(server.url, { signal: controller.signal })), { message: 'enough' })
    await t.rejects(client.fetch(new RequestClass('https://evil.example.com/')), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
  }
})

t.test('a 401 refreshes once and the call is made once more: without a body, and with one that can be sent twice', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  for (const [init, sent] of [
    [{}, ''], [{ method: 'POST', body: 'text' }, 'text'], [{ method: 'POST', body: '' }, ''], [{ method: 'PUT', body: new URLSearchParams({ a: '1' }) }, 'a=1'], [{ method: 'PATCH', body: Buffer.from('bytes') }, 'bytes']
  ] as const) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    const response = await clientOf(t, { signer, baseUrl: server.url }).fetch('/', init)
    t.match([response.status, await response.json()], [200, { body: sent }])
    t.same(server.calls.map(({ headers, body }) => [headers.authorization, body]), [['Bearer token-1', sent], ['Bearer token-2', sent]])
    t.equal(signer.refreshes, 1)
  }
})

t.test('a second 401 is the answer', async (t) => {
  const server = await startServer(t, ({ headers }) => ({ status: 401, body: `refused ${headers.authorization}` }))
  for (const init of [{}, { method: 'POST', body: 'text' }]) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    const response = await clientOf(t, { signer, baseUrl: server.url }).fetch('/', init)
    t.same([response.status, await response.text(), signer.refreshes, server.calls.length], [401, 'refused Bearer token-2', 1, 2])
  }
})

t.test('where no other token is to be had, or the refresh fails, the 401 is the answer', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  for (const onRefresh of [async () => false, async () => { throw new Error('the token endpoint is down') }]) {
    for (const init of [{}, { method: 'POST', body: 'text' }]) {
      server.calls.length = 0
      const signer = new TokenSigner(server)
      signer.onRefresh = onRefresh
      const response = await clientOf(t, { signer, baseUrl: server.url }).fetch('/', init)
      t.same([response.status, response.headers.get('x-answer'), await response.json()], [401, 'the first', { error: 'invalid_token' }])
      t.same([signer.refreshes, server.calls.length], [1, 1])
    }
  }
})

t.test('what cannot be sent twice is not, and then a 401 refreshes nothing', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const form = new FormData()
  form.set('a', '1')
  const inits = [
    { method: 'POST', body: form },
    { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' as const },
    undefined
  ]
  for (const init of inits) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    const input = init === undefined ? new Request(server.url, { method: 'POST', body: 'text' }) : server.url
    const response = await clientOf(t, { signer }).fetch(input, init)
    t.same([response.status, await response.json(), signer.refreshes, server.calls.length], [401, { error: 'invalid_token' }, 0, 1])
  }
})

t.test('many calls with bodies that all meet a 401 refresh once, also those that meet it late', async (t) => {
  const server = await startServer(t, async (call) => {
    const answer = accepting('token-2')(call)
    // Half of the refusals arrive when the refresh is over.
    if (answer.status === 401 && call.body.endsWith('late')) await new Promise(resolve => setTimeout(resolve, 150))
    return answer
  })
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url, dispatcher: agentOf(t) })
  const statuses = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
    const response = await client.fetch('/', { method: 'POST', body: index % 2 === 0 ? 'soon' : 'late' })
    await response.text()
    return response.status
  }))
  t.same(new Set(statuses), new Set([200]))
  t.equal(signer.refreshes, 1)
})

t.test('a redirect within the API keeps the token, one to another origin loses it and the cookies', async (t) => {
  const other = await startServer(t, () => ({ body: 'other' }))
  const server = await startServer(t, ({ path }) => path === '/end' ? { body: 'end' } : { status: 302, headers: { location: path === '/in' ? '/end' : other.url } })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  t.equal(await (await client.fetch('/in')).text(), 'end')
  t.same(server.calls.map(({ headers }) => headers.authorization), ['Bearer token-1', 'Bearer token-1'])
  t.equal(await (await client.fetch('/out', { headers: { cookie: 'id=canary', authorization: 'Bearer mine' } })).text(), 'other')
  t.equal(await (await client.fetch('/out', { method: 'POST', body: 'canary' })).text(), 'other', 'a POST that became a GET')
  t.match(other.calls, [{ headers: { authorization: undefined, cookie: undefined } }, { method: 'GET', headers: { authorization: undefined }, body: '' }])
})

t.test('a redirect that would take a body to another origin is refused, and told as our error', async (t) => {
  const other = await startServer(t)
  const server = await startServer(t, () => ({ status: 307, headers: { location: other.url } }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await t.rejects(client.fetch('/', { method: 'POST', body: 'canary' }), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
  t.equal(other.connections, 0)
})

t.test('a redirect that has left the API does not lead back with a token', async (t) => {
  const server = await startServer(t)
  const other = await startServer(t, () => ({ status: 302, headers: { location: `${server.url}/delete-everything` } }))
  server.handler = ({ path }) => path === '/start' ? { status: 302, headers: { location: other.url } } : { status: 401 }
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  t.equal((await client.fetch('/start')).status, 401)
  t.same(server.calls.map(({ path, headers }) => [path, headers.authorization]), [['/start', 'Bearer token-1'], ['/delete-everything', undefined]])
  t.equal(signer.refreshes, 0)
  server.calls.length = 0
  await client.fetch('/other')
  t.equal(server.calls[0]?.headers.authorization, 'Bearer token-1', 'the next call is signed again')
})

t.test('a body that was accepted is not sent again when a later hop answers 401', async (t) => {
  const server = await startServer(t)
  const other = await startServer(t, () => ({ status: 401 }))
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  for (const location of [other.url, '/result']) {
    server.calls.length = 0
    server.handler = ({ method }) => method === 'POST' ? { status: 303, headers: { location } } : { status: 401 }
    t.equal((await client.fetch('/orders', { method: 'POST', body: 'one order' })).status, 401)
    t.equal(server.calls.filter(({ method }) => method === 'POST').length, 1, location)
  }
})

t.test('a 401 behind a redirect that keeps the body: the call is made again from its start', async (t) => {
  const server = await startServer(t, call => call.path === '/old' ? { status: 308, headers: { location: '/new' } } : accepting('token-2')(call))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  t.equal((await client.fetch('/old', { method: 'POST', body: 'text' })).status, 200)
  t.same(server.calls.map(({ path, headers }) => [path, headers.authorization]), [
    ['/old', 'Bearer token-1'], ['/new', 'Bearer token-1'], ['/old', 'Bearer token-2'], ['/new', 'Bearer token-2']
  ])
})

t.test("redirect: 'manual' and 'error' do what they do in fetch", async (t) => {
  const server = await startServer(t, () => ({ status: 302, headers: { location: '/end' } }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  t.equal((await client.fetch('/', { redirect: 'manual' })).status, 302)
  await t.rejects(client.fetch('/', { redirect: 'error' }), { name: 'TypeError' })
  t.equal(server.calls.length, 2)
})

t.test('what the signer throws is thrown; what the network does is told as fetch tells it', async (t) => {
  const server = await startServer(t)
  await server.close()
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  await t.rejects(client.fetch('/'), { name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNREFUSED' } })
  signer.onSign = async () => { throw oauthError('FST_OAUTH_GRANT_REQUIRED', ['test']) }
  await t.rejects(client.fetch('/'), { code: 'FST_OAUTH_GRANT_REQUIRED', statusCode: 401 })
})

t.test('signal: the reason of the caller is thrown, whenever it comes', async (t) => {
  const reason = new Error('the caller has had enough')
  const server = await startServer(t, ({ path }, response) => {
    if (path === '/401') return { status: 401 }
    if (path === '/body') drip(response)
    return undefined
  })
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  const abortSoon = () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 50)
    return controller.signal
  }
  await t.rejects(client.fetch('/silent', { signal: abortSoon() }), reason)
  const late = new AbortController()
  const response = await client.fetch('/body', { signal: late.signal })
  const read = response.text()
  late.abort(reason)
  await t.rejects(read, reason)
  signer.onRefresh = () => new Promise(() => {})
  await t.rejects(client.fetch('/401', { signal: abortSoon() }), reason)
  signer.onSign = () => new Promise(() => {})
  await t.rejects(client.fetch('/silent', { signal: abortSoon() }), reason)
})

t.test('a dispatcher that keeps the body as it was given, such as a MockAgent, replays it once', async (t) => {
  const origin = 'https://api.example.com'
  const mock = new MockAgent()
  mock.disableNetConnect()
  t.teardown(() => mock.close())
  const post = (token: string) => mock.get(origin).intercept({ path: '/', method: 'POST', body: 'text', headers: { authorization: `Bearer ${token}` } })
  post('token-1').reply(401, 'refused')
  post('token-2').reply(401, 'refused again')
  const signer = new TokenSigner(origin)
  const response = await clientOf(t, { signer, baseUrl: origin, dispatcher: mock }).fetch('/', { method: 'POST', body: 'text' })
  t.same([response.status, await response.text(), signer.refreshes], [401, 'refused again', 1])
})
