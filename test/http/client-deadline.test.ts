// How a signed call is ended early: by its timeout, or by the caller's signal.
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { allAnswered, drip, startServer } from '../fixtures/http-server.js'
import { TokenSigner, agentOf, clientOf } from '../fixtures/token-signer.js'

t.test('timeout: no answer', async (t) => {
  const server = await startServer(t, () => undefined)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await t.rejects(client.get('/', { timeout: 100 }), { code: 'FST_OAUTH_API_TIMEOUT', statusCode: 504, message: 'The API of test did not answer within 100 ms' })
  await allAnswered(server)
  t.equal(server.open.size, 0, 'the connection is closed')
})

t.test('timeout: it counts for all the hops of a call', async (t) => {
  const server = await startServer(t, async () => {
    await delay(100)
    return { status: 302, headers: { location: '/again' } }
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await t.rejects(client.get('/', { timeout: 250 }), { code: 'FST_OAUTH_API_TIMEOUT' })
  t.ok(server.calls.length < 6, 'not every hop was made')
})

t.test('timeout: while a signature is waited for, nothing is sent then or later', async (t) => {
  const server = await startServer(t)
  const signer = new TokenSigner(server)
  let sign: () => void = () => {}
  signer.onSign = () => new Promise(resolve => { sign = resolve })
  const client = clientOf(t, { signer, baseUrl: server.url })
  const body = Readable.from(['x'])
  await t.rejects(client.post('/', { body, timeout: 50 }), { code: 'FST_OAUTH_API_TIMEOUT' })
  sign()
  // The late dispatch connects and gives up; another call on the same server comes after it.
  signer.onSign = async () => {}
  await client.get('/after')
  t.same(server.calls.map(({ path }) => path), ['/after'])
})

t.test('timeout: while a connection is made, or waited for', async (t) => {
  const server = await startServer(t, ({ path }) => path === '/held' ? undefined : {})
  const signer = new TokenSigner(server)
  const unreachable = clientOf(t, { signer, baseUrl: server.url, dispatcher: agentOf(t, { connect () { /* never calls back */ } }) })
  await t.rejects(unreachable.get('/', { timeout: 50 }), { code: 'FST_OAUTH_API_TIMEOUT' })
  const busy = clientOf(t, { signer, baseUrl: server.url, dispatcher: agentOf(t, { connections: 1 }) })
  const held = busy.get('/held', { timeout: 300 })
  await t.rejects(busy.get('/', { timeout: 50 }), { code: 'FST_OAUTH_API_TIMEOUT' })
  await t.rejects(held, { code: 'FST_OAUTH_API_TIMEOUT' })
})

t.test('timeout: while a refused token is renewed', async (t) => {
  const server = await startServer(t, () => ({ status: 401 }))
  const signer = new TokenSigner(server)
  signer.onRefresh = () => new Promise(() => {})
  const client = clientOf(t, { signer, baseUrl: server.url })
  await t.rejects(client.get('/', { timeout: 500 }), { code: 'FST_OAUTH_API_TIMEOUT' })
  await allAnswered(server)
  t.same([signer.refreshes, server.calls.length], [1, 1])
})

t.test('timeout: while the body is read, by throwOnError or by the caller', async (t) => {
  const server = await startServer(t, ({ path }, response) => {
    response.writeHead(Number(path.slice(1)))
    drip(response)
    return undefined
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await t.rejects(client.get('/500', { timeout: 100, throwOnError: true }), { code: 'FST_OAUTH_API_TIMEOUT' })
  const { body } = await client.get('/200', { timeout: 1_000 })
  await t.rejects(body.text(), { name: 'TimeoutError' })
  await allAnswered(server)
  t.equal(server.open.size, 0)
})

t.test('timeout: the garbage collector does not lift it while the body is read', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const server = await startServer(t, (_call, response) => {
    drip(response)
    return undefined
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  for (const signal of [undefined, new AbortController().signal]) {
    const { body } = await client.get('/', { timeout: 1_000, ...(signal === undefined ? {} : { signal }) })
    await delay(10)
    collect()
    await delay(10)
    collect()
    // Without its timeout the body would never end.
    await t.rejects(Promise.race([body.text(), delay(10_000, undefined, { ref: false })]), { name: 'TimeoutError' }, signal === undefined ? 'alone' : 'with a signal')
  }
})

t.test('signal: the reason of the caller is thrown, whenever it comes', async (t) => {
  const reason = new Error('the caller has had enough')
  const server = await startServer(t, ({ path }, response) => {
    if (path === '/401') return { status: 401 }
    if (path === '/500') response.writeHead(500)
    if (path !== '/silent') drip(response)
    return undefined
  })
  const signer = new TokenSigner(server)
  const client = clientOf(t, { signer, baseUrl: server.url })
  const abortSoon = () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 50)
    return controller.signal
  }

  await t.rejects(client.get('/silent', { signal: AbortSignal.abort(reason) }), reason, 'before the call')
  t.equal(server.calls.length, 0, 'then nothing is sent')
  await t.rejects(client.get('/silent', { signal: abortSoon() }), reason, 'before the answer')
  await t.rejects(client.get('/silent', { signal: abortSoon(), timeout: 5_000 }), reason, 'beside a timeout')
  await t.rejects(client.get('/500', { signal: abortSoon(), throwOnError: true }), reason, 'while an error is read')
  const late = new AbortController()
  const { body } = await client.get('/200', { signal: late.signal })
  const read = body.text()
  late.abort(reason)
  await t.rejects(read, reason, 'while the body is read')
  signer.onRefresh = () => new Promise(() => {})
  await t.rejects(client.get('/401', { signal: abortSoon() }), reason, 'while a refused token is renewed')
  signer.onSign = () => new Promise(() => {})
  await t.rejects(client.get('/silent', { signal: abortSoon() }), reason, 'while a signature is waited for')
  await allAnswered(server)
  t.equal(server.open.size, 0, 'every connection is closed')
})

t.test('signal: one that lives long is not burdened by calls that have ended', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const { signal } = new AbortController()
  const counts = { added: 0, removed: 0 }
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: unknown[]) => { counts.added++; Reflect.apply(addEventListener, signal, args) }
  signal.removeEventListener = (...args: unknown[]) => { counts.removed++; Reflect.apply(removeEventListener, signal, args) }
  const { body } = await client.get('/', { signal })
  const closed = once(body, 'close')
  await body.text()
  await closed
  t.ok(counts.added > 0)
  t.equal(counts.removed, counts.added)
})
