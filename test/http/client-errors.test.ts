// How a signed call fails.
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Agent } from 'undici'
import { isOAuthError } from '../../lib/errors.js'
import { allAnswered, startByteServer, startServer, writeForever } from '../fixtures/http-server.js'
import { TokenSigner, clientOf } from '../fixtures/token-signer.js'

t.test('what undici would not send is the mistake of the caller, told without its value', async (t) => {
  const server = await startServer(t)
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const invalid = (message: RegExp) => ({ code: 'FST_OAUTH_INVALID_CALL', statusCode: 500, message })
  await t.rejects(client.get('/', { headers: { 'x-one': 'canary\r\nx-two: 2' } }), invalid(/^The call to test cannot be made: invalid x-one header$/))
  await t.rejects(client.get('/', { headers: { 'x one': '1' } }), invalid(/invalid header key/))
  await t.rejects(client.request('GET / HTTP/1.1\r\nx-two: 2', '/'), invalid(/invalid request method/))
  await t.rejects(client.get('/', { headers: { expect: '100-continue' } }), invalid(/expect header not supported/))
  await t.rejects(client.get(`blob:${server.url}/x`), invalid(/neither https nor http/))
  await t.rejects(client.fetch(`blob:${server.url}/x`), invalid(/neither https nor http/))
  t.equal(server.calls.length, 0)
})

t.test('a mistake in the options is told before anything is signed', async (t) => {
  const signer = new TokenSigner('https://api.example.com')
  const client = clientOf(t, { signer, baseUrl: 'https://api.example.com' })
  await t.rejects(client.post('/', { json: {}, form: {} }), { code: 'FST_OAUTH_INVALID_CALL' })
  t.equal(signer.signed, 0)
})

t.test('what the signer throws is thrown, and a stream to be sent is destroyed', async (t) => {
  const server = await startServer(t)
  const signer = new TokenSigner(server)
  signer.onSign = async () => { throw new RangeError('canary of the signer') }
  const client = clientOf(t, { signer, baseUrl: server.url })
  const body = Readable.from(['x'])
  const error = await client.post('/', { body }).catch(error => error)
  t.match(error, { code: 'FST_OAUTH_API_UNREACHABLE', message: 'The API of test cannot be reached (no code)', cause: { message: 'canary of the signer' } })
  t.ok(body.destroyed)
  t.equal(server.connections, 0)
})

t.test('an API that cannot be reached', async (t) => {
  const gone = await startServer(t)
  await gone.close()
  const rude = await startServer(t, (_call, response) => {
    response.socket?.resetAndDestroy()
    return undefined
  })
  const odd = await startByteServer(t, 'SSH-2.0-OpenSSH_9.9\r\n')
  const client = clientOf(t, { signer: new TokenSigner(gone, rude, odd) })
  for (const [url, reason] of [[gone.url, 'ECONNREFUSED'], [rude.url, 'UND_ERR_SOCKET|ECONNRESET'], [odd, 'no code|HPE_.*']] as const) {
    await t.rejects(client.post(url, { json: {} }), { code: 'FST_OAUTH_API_UNREACHABLE', statusCode: 502, message: new RegExp(`\\((${reason})\\)$`) })
  }
  t.equal(rude.calls.length, 1, 'nothing is sent twice')
})

t.test('throwOnError: a status of 400 and above throws, with the answer', async (t) => {
  const server = await startServer(t, ({ path }) => ({ status: Number(path.slice(1)), headers: { 'x-rate': '0' }, body: { error: 'canary' } }))
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const error = await client.get('/429', { throwOnError: true }).catch(error => error)
  t.match(error, { code: 'FST_OAUTH_API_ERROR', statusCode: 502, message: 'The API of test answered with status 429' })
  t.match(error.response, { statusCode: 429, headers: { 'x-rate': '0' }, body: '{"error":"canary"}' })
  t.ok(isOAuthError(error))
  t.notOk(Object.keys(error).includes('response'), 'the answer is not enumerable')
  t.notMatch(JSON.stringify(error), /canary/)
  await t.rejects(client.get('/400', { throwOnError: true }), { code: 'FST_OAUTH_API_ERROR' })
  t.equal((await client.get('/399', { throwOnError: true })).statusCode, 399)
  t.equal((await client.get('/500', { throwOnError: false })).statusCode, 500)
})

t.test('throwOnError: the body is capped at 64 KiB, and the rest is not read', async (t) => {
  const server = await startServer(t, (_call, response) => {
    response.writeHead(500)
    writeForever(response, Buffer.from('€'.repeat(10_000)))
    return undefined
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const error = await client.get('/', { throwOnError: true }).catch(error => error)
  // 64 KiB are no multiple of the three bytes of this character: the one that is cut is left out.
  t.equal(error.response.body, '€'.repeat(Math.floor(64 * 1024 / 3)))
  await allAnswered(server)
  t.equal(server.open.size, 0)
})

t.test('throwOnError: a character that arrives in two packets is one character', async (t) => {
  const bytes = Buffer.from('naïve')
  const server = await startServer(t, async (_call, response) => {
    response.writeHead(400)
    await new Promise(resolve => response.write(bytes.subarray(0, 3), resolve))
    await delay(50)
    response.end(bytes.subarray(3))
    return undefined
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  const error = await client.get('/', { throwOnError: true }).catch(error => error)
  t.equal(error.response.body, 'naïve')
})

t.test('throwOnError: a connection that breaks in the middle of the error', async (t) => {
  const server = await startServer(t, async (_call, response) => {
    response.writeHead(500, { 'content-length': '1000' })
    await new Promise(resolve => response.write('x', resolve))
    response.socket?.resetAndDestroy()
    return undefined
  })
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url })
  await t.rejects(client.get('/', { throwOnError: true }), { code: 'FST_OAUTH_API_UNREACHABLE' })
})

t.test('a dispatcher that is closed', async (t) => {
  const server = await startServer(t)
  const dispatcher = new Agent()
  await dispatcher.close()
  const client = clientOf(t, { signer: new TokenSigner(server), baseUrl: server.url, dispatcher })
  await t.rejects(client.get('/'), { code: 'FST_OAUTH_API_UNREACHABLE', message: /UND_ERR_(CLOSED|DESTROYED)/ })
})
