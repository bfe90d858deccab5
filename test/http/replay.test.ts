// What a 401 leads to: one forced refresh and one replay, or the 401 as it came.
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { FormData, MockAgent } from 'undici'
import { ReplayHandler, isReplayable } from '../../lib/http/replay.js'
import { allAnswered, drip, startServer, writeForever } from '../fixtures/http-server.js'
import { TokenSigner, accepting, agentOf, clientOf } from '../fixtures/token-signer.js'

t.test('which bodies can be sent twice', async (t) => {
  for (const body of [null, undefined, '', 'text', Buffer.from('x'), new Uint8Array(1), new DataView(new ArrayBuffer(1))]) t.ok(isReplayable(body))
  for (const body of [Readable.from([]), new ReadableStream(), new FormData(), new Blob([]), (async function * () {})(), {}, 0]) t.notOk(isReplayable(body))
})

t.test('a 401 refreshes once, and the call is made once more', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  for (const [method, options, sent] of [
    ['GET', {}, ''], ['DELETE', {}, ''], ['POST', { json: { a: 1 } }, '{"a":1}'], ['PUT', { form: { a: 1 } }, 'a=1'],
    ['PATCH', { body: 'text' }, 'text'], ['POST', { body: Buffer.from('bytes') }, 'bytes'], ['POST', { body: '' }, '']
  ] as const) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    const { statusCode, body } = await clientOf(t, { signer, baseUrl: server.url }).request(method, '/things?a=1', options)
    t.same([statusCode, await body.json()], [200, { method, body: sent }])
    t.same(server.calls.map(({ path, headers, body }) => [path, headers.authorization, body]), [['/things?a=1', 'Bearer token-1', sent], ['/things?a=1', 'Bearer token-2', sent]])
    t.equal(signer.refreshes, 1)
  }
})

t.test('a HEAD that meets a 401 is made once more', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const { statusCode } = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url }).head('/')
  t.equal(statusCode, 200)
  t.equal(server.calls.length, 2)
})

t.test('a second 401 is the answer', async (t) => {
  const server = await startServer(t, ({ headers }) => ({ status: 401, body: `refused ${headers.authorization}` }))
  const signer = new TokenSigner(server)
  const { statusCode, body } = await clientOf(t, { signer, baseUrl: server.url }).get('/')
  t.same([statusCode, await body.text()], [401, 'refused Bearer token-2'])
  t.same([signer.refreshes, server.calls.length], [1, 2])
})

t.test('where no other token is to be had, the 401 passes as it came', async (t) => {
  const big = 'x'.repeat(5_000_000)
  const server = await startServer(t, () => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"', 'x-list': ['a', 'b'] }, body: big }))
  for (const onRefresh of [async () => false, async () => { throw new Error('the token endpoint is down') }]) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    signer.onRefresh = onRefresh
    const { statusCode, headers, body } = await clientOf(t, { signer, baseUrl: server.url }).get('/')
    t.match({ statusCode, headers }, { statusCode: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"', 'x-list': ['a', 'b'] } })
    t.ok(await body.text() === big, 'its whole body')
    t.same([signer.refreshes, server.calls.length], [1, 1])
  }
})

t.test('what cannot be sent twice is not, and then a 401 refreshes nothing', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const form = new FormData()
  form.set('a', '1')
  for (const body of [Readable.from(['a stream']), (async function * () { yield 'a generator' })() as unknown as Readable, form]) {
    server.calls.length = 0
    const signer = new TokenSigner(server)
    const answer = await clientOf(t, { signer, baseUrl: server.url }).post('/', { body })
    t.match([answer.statusCode, answer.headers['x-answer'], await answer.body.json()], [401, 'the first', { error: 'invalid_token' }])
    t.same([signer.refreshes, server.calls.length], [0, 1])
  }
})

t.test('retry: false', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  t.equal((await client.get('/', { retry: false })).statusCode, 401)
  t.same([signer.refreshes, server.calls.length], [0, 1])
  t.equal((await client.get('/', { retry: true })).statusCode, 200)
})

t.test('an answer that is not 401 refreshes nothing', async (t) => {
  const server = await startServer(t, ({ path }) => ({ status: Number(path.slice(1)) }))
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  for (const status of [200, 400, 402, 403, 407, 500]) t.equal((await client.get(`/${status}`)).statusCode, status)
  t.equal(signer.refreshes, 0)
})

t.test('of a refused answer that is long or endless, the rest is not read', async (t) => {
  const server = await startServer(t, (call, response) => {
    const answer = accepting('token-2')(call)
    if (answer.status !== 401) return answer
    response.writeHead(401)
    writeForever(response, Buffer.alloc(64 * 1024))
    return undefined
  })
  const { statusCode } = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url }).post('/', { json: {}, timeout: 10_000 })
  t.equal(statusCode, 200)
  await allAnswered(server)
  t.equal(server.calls.length, 2)
})

t.test('a connection that breaks in the middle of a refused answer does not matter once there is a new token', async (t) => {
  const server = await startServer(t, (call, response) => {
    const answer = accepting('token-2')(call)
    if (answer.status !== 401) return answer
    response.writeHead(401, { 'content-length': '1000' })
    response.write('short')
    setTimeout(() => response.destroy(), 100)
    return undefined
  })
  const { statusCode } = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url }).get('/', { timeout: 10_000 })
  t.equal(statusCode, 200)
  t.equal(server.calls.length, 2)
})

t.test('a connection that breaks while the new token is waited for: the call is made again, or the 401 has no end', async (t) => {
  const server = await startServer(t, (call, response) => {
    const answer = accepting('token-2')(call)
    if (answer.status !== 401) return answer
    response.writeHead(401, { 'content-length': '1000' })
    response.write('short', () => response.socket?.resetAndDestroy())
    return undefined
  })
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  let isRenewed = false
  signer.onRefresh = async () => {
    await allAnswered(server)
    await delay(100)
    return isRenewed
  }
  const { statusCode, body } = await client.get('/')
  t.equal(statusCode, 401)
  await t.rejects(body.text(), { code: /UND_ERR_SOCKET|ECONNRESET/ })
  t.equal(server.calls.length, 1)
  isRenewed = true
  t.equal((await client.get('/')).statusCode, 200)
  t.equal(server.calls.length, 3)
})

t.test('a caller who gives up while the new token is waited for: the late token makes no call', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const signer = new TokenSigner(server)
  const controller = new AbortController()
  const reason = new Error('enough')
  let refresh: (isRenewed: boolean) => void = () => {}
  signer.onRefresh = () => new Promise(resolve => {
    refresh = resolve
    controller.abort(reason)
  })
  await t.rejects(clientOf(t, { signer, baseUrl: server.url }).get('/', { signal: controller.signal }), reason)
  await allAnswered(server)
  refresh(true)
  await delay(50)
  t.equal(server.calls.length, 1)
})

t.test('a caller who gives up while a refused answer is discarded: nothing is sent again', async (t) => {
  const server = await startServer(t, (call, response) => {
    const answer = accepting('token-2')(call)
    if (answer.status !== 401) return answer
    response.writeHead(401)
    drip(response)
    return undefined
  })
  const signer = new TokenSigner(server)
  const controller = new AbortController()
  const reason = new Error('enough')
  signer.onRefresh = async () => {
    setTimeout(() => controller.abort(reason), 50)
    return true
  }
  await t.rejects(clientOf(t, { signer, baseUrl: server.url }).get('/', { signal: controller.signal }), reason)
  await allAnswered(server)
  await delay(50)
  t.equal(server.calls.length, 1)
})

t.test('many calls that all meet a 401 refresh once', async (t) => {
  const server = await startServer(t, accepting('token-2'))
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url, dispatcher: agentOf(t, { connections: 10 }) })
  const statuses = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
    const { statusCode, body } = await (index % 2 === 0 ? client.get('/') : client.post('/', { json: index }))
    await body.dump()
    return statusCode
  }))
  t.same(new Set(statuses), new Set([200]))
  t.equal(signer.refreshes, 1)
})

t.test('a dispatcher that knows no pause, such as a MockAgent: with a new token, and without', async (t) => {
  const origin = 'https://api.example.com'
  const mock = new MockAgent()
  mock.disableNetConnect()
  t.teardown(() => mock.close())
  const signer = new TokenSigner(origin)
  const client = clientOf(t, { signer, baseUrl: origin, dispatcher: mock })
  const refuse = () => mock.get(origin).intercept({ path: '/', headers: { authorization: 'Bearer token-1' } }).reply(401, { error: 'invalid_token' }, { headers: { 'x-answer': 'the first' } })

  refuse()
  signer.onRefresh = async () => false
  const refused = await client.get('/')
  t.match([refused.statusCode, refused.headers['x-answer'], await refused.body.json()], [401, 'the first', { error: 'invalid_token' }])

  refuse()
  signer.onRefresh = async () => true
  mock.get(origin).intercept({ path: '/', headers: { authorization: 'Bearer token-2' } }).reply(200, 'text')
  const { statusCode, body } = await client.get('/')
  t.same([statusCode, await body.text()], [200, 'text'])
})

t.test('a second dispatch that throws is an error of the call', async (t) => {
  const server = await startServer(t, () => ({ status: 401 }))
  const agent = agentOf(t)
  let dispatches = 0
  const dispatcher = agent.compose(dispatch => (opts, handler) => {
    if (++dispatches === 2) throw new Error('no second time')
    return dispatch(opts, handler)
  })
  const error = await clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url, dispatcher }).get('/').catch(error => error)
  t.match(error, { code: 'FST_OAUTH_API_UNREACHABLE', cause: { message: 'no second time' } })
})

t.test('everything but a 401 goes straight to the handler', async (t) => {
  const seen: unknown[] = []
  const record = (name: string) => (_controller: unknown, ...args: unknown[]) => { seen.push([name, ...args]) }
  const handler = new ReplayHandler({
    onRequestStart: record('start'),
    onRequestUpgrade: record('upgrade'),
    onResponseStart: record('answer'),
    onResponseData: record('data'),
    onResponseEnd: record('end'),
    onResponseError: record('error')
  }, { renew: () => t.fail('nothing is to be renewed') as never })
  const controller = { aborted: false, paused: false, reason: null, abort () {}, pause () {}, resume () {} }
  const error = new Error('broken')
  handler.onRequestStart(controller, 'context')
  handler.onRequestUpgrade(controller, 101, {}, 'socket' as never)
  handler.onResponseStart(controller, 200, { a: '1' }, 'OK')
  handler.onResponseData(controller, Buffer.from('x'))
  handler.onResponseEnd(controller, { b: '2' })
  handler.onResponseError(controller, error)
  t.same(seen, [['start', 'context'], ['upgrade', 101, {}, 'socket'], ['answer', 200, { a: '1' }, 'OK'], ['data', Buffer.from('x')], ['end', { b: '2' }], ['error', error]])
})
