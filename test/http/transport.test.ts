// The plugin's own calls: what they answer, and how each of them ends.
import { brotliCompressSync, constants, createBrotliCompress, createDeflate, createGzip, deflateSync, gzipSync } from 'node:zlib'
import { once } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { Agent } from 'undici'
import { createAgent, createTransport } from '../../lib/http/transport.js'
import type { Transport } from '../../lib/http/transport.js'
import { isLoopback } from '../../lib/options.js'
import { allAnswered, drip, startByteServer, startServer, writeForever } from '../fixtures/http-server.js'
import { agentOf } from '../fixtures/token-signer.js'

const maxBytes = 1024 * 1024
const get = { method: 'GET', headers: {} }

function transportOf (t: Test, timeout = 10_000): Transport {
  return createTransport({ dispatcher: agentOf(t), provider: 'test', timeout, allows: isLoopback })
}

t.test('a call is sent as it is, and its answer is read to the end', async (t) => {
  const server = await startServer(t, (_call, response) => {
    const text = Buffer.from('{"name":"Zoë"}')
    response.writeHead(201, { 'Content-Type': 'application/json', 'X-List': ['a', 'b'] })
    // The two bytes of one character in two packets.
    response.write(text.subarray(0, 12))
    setImmediate(() => response.end(text.subarray(12)))
    return undefined
  })
  const answer = await transportOf(t)(new URL('/token?a=1', server.url), { method: 'POST', headers: { 'content-type': 'text/plain', 'x-own': 'y' }, body: 'ü' })

  t.match(answer, { status: 201, headers: { 'content-type': 'application/json', 'x-list': ['a', 'b'] }, text: '{"name":"Zoë"}' })
  t.match(server.calls, [{ method: 'POST', path: '/token?a=1', headers: { 'content-type': 'text/plain', 'x-own': 'y' }, body: 'ü' }])
  t.equal(server.calls.length, 1)
})

t.test('an error status is an answer', async (t) => {
  const server = await startServer(t, () => ({ status: 503, body: 'later' }))
  t.match(await transportOf(t)(new URL(server.url), get), { status: 503, text: 'later' })
})

t.test('compressed answers are decompressed', async (t) => {
  const server = await startServer(t)
  const call = transportOf(t)
  for (const [coding, body] of [['gzip', gzipSync('text')], ['X-GZip', gzipSync('text')], ['deflate', deflateSync('text')], ['br', brotliCompressSync('text')]] as const) {
    server.handler = () => ({ headers: { 'content-encoding': coding }, body })
    t.equal((await call(new URL(server.url), get)).text, 'text', coding)
  }
})

t.test('an empty answer may claim any coding', async (t) => {
  const server = await startServer(t)
  for (const coding of ['gzip', 'deflate', 'br']) {
    server.handler = () => ({ headers: { 'content-encoding': coding } })
    t.match(await transportOf(t)(new URL(server.url), get), { status: 200, text: '' }, coding)
  }
})

t.test('an answer in a coding that is not known is left as it is', async (t) => {
  const server = await startServer(t)
  for (const coding of ['identity', 'zstd', 'gzip, br', 'constructor', '__proto__', '']) {
    server.handler = () => ({ headers: { 'content-encoding': coding }, body: 'text' })
    t.equal((await transportOf(t)(new URL(server.url), get)).text, 'text', JSON.stringify(coding))
  }
})

t.test('garbage in place of compressed data is an answer that cannot be used', async (t) => {
  const server = await startServer(t)
  const garbage = 'a secret-canary that nobody has compressed'
  for (const [coding, body] of [
    ['gzip', garbage], ['deflate', garbage], ['br', garbage],
    ['gzip', gzipSync(garbage).subarray(0, 20)], ['deflate', deflateSync(garbage).subarray(0, 20)], ['br', brotliCompressSync(garbage.repeat(9)).subarray(0, 20)]
  ] as const) {
    server.handler = () => ({ headers: { 'content-encoding': coding }, body })
    const error = await transportOf(t)(new URL(server.url), get).catch(error => error)
    t.match(error, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /compressed body of test/, cause: Error }, coding)
    t.notMatch(JSON.stringify(error) + error.stack + error.cause.stack, /canary/)
  }
})

t.test('an answer of exactly the limit is taken, one byte more is not', async (t) => {
  const server = await startServer(t, ({ path }) => ({ body: 'x'.repeat(maxBytes + Number(path.slice(1))) }))
  t.equal((await transportOf(t)(new URL('/0', server.url), get)).text.length, maxBytes)
  await t.rejects(transportOf(t)(new URL('/1', server.url), get), { code: 'FST_OAUTH_ANSWER_TOO_LARGE', statusCode: 502, message: /test answered with more than 1048576 bytes/ })
})

t.test('an answer that never ends is cut, and its connection closed', async (t) => {
  const server = await startServer(t, (_call, response) => {
    writeForever(response, Buffer.alloc(64 * 1024, 'x'))
    return undefined
  })
  await t.rejects(transportOf(t)(new URL(server.url), get), { code: 'FST_OAUTH_ANSWER_TOO_LARGE' })
  await allAnswered(server)
  t.equal(server.open.size, 0)
})

t.test('a bomb is not unpacked: the limit counts after decompression', async (t) => {
  const megabytes = 256
  const bombs = new Map(await Promise.all([
    ['gzip', createGzip()], ['deflate', createDeflate()], ['br', createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })]
  ].map(async ([coding, stream]) => [coding, await bomb(stream as ReturnType<typeof createGzip>, megabytes)] as const)))
  const server = await startServer(t, ({ path }) => ({ headers: { 'content-encoding': path.slice(1) }, body: bombs.get(path.slice(1)) }))
  const call = transportOf(t)
  for (const [coding, body] of bombs) {
    t.ok(body.length < maxBytes, `${String(coding)}: ${body.length} bytes on the wire`)
    const before = process.memoryUsage.rss()
    await t.rejects(call(new URL(`/${String(coding)}`, server.url), get), { code: 'FST_OAUTH_ANSWER_TOO_LARGE' }, String(coding))
    // Far under the bomb's size, far above the noise of a process that runs a server as well.
    t.ok(process.memoryUsage.rss() - before < megabytes / 4 * maxBytes, `${String(coding)}: memory stays bounded`)
  }
})

t.test('a redirect is an error, and its target is never called', async (t) => {
  const target = await startServer(t)
  const server = await startServer(t)
  for (const status of [300, 301, 302, 303, 304, 307, 308]) {
    server.handler = () => ({ status, headers: { location: target.url }, body: status === 304 ? '' : 'moved' })
    for (const method of ['GET', 'POST']) {
      const error = { code: 'FST_OAUTH_PROVIDER_REDIRECT', statusCode: 502, message: `test answered with a redirect (status ${status}), which is not followed` }
      await t.rejects(transportOf(t)(new URL(server.url), { method, headers: {}, ...(method === 'POST' ? { body: 'code=canary' } : {}) }), error)
    }
  }
  t.equal(target.connections, 0)
})

t.test('redirects are followed as often as a call allows, with its method and headers', async (t) => {
  const target = await startServer(t, () => ({ body: 'found' }))
  const server = await startServer(t, ({ path }) => ({ status: 302, headers: { location: path === '/1' ? `${target.url}/end` : '1' } }))
  const call = { method: 'GET', headers: { accept: 'application/json' } }

  t.match(await transportOf(t)(new URL('/2', server.url), { ...call, redirects: 2 }), { status: 200, text: 'found' })
  t.match(target.calls, [{ method: 'GET', path: '/end', headers: { accept: 'application/json' } }])
  await t.rejects(transportOf(t)(new URL('/2', server.url), { ...call, redirects: 1 }), { code: 'FST_OAUTH_PROVIDER_REDIRECT' }, 'one too many')
  t.equal(target.calls.length, 1)
})

t.test('a redirect that is followed may not lead to plain http beyond loopback, nor nowhere', async (t) => {
  const server = await startServer(t)
  for (const [location, code] of [
    ['http://idp.example.com/', 'FST_OAUTH_INSECURE_URL'],
    ['https://[', 'FST_OAUTH_PROVIDER_REDIRECT'],
    [['/a', '/b'], 'FST_OAUTH_PROVIDER_REDIRECT'],
    [[], 'FST_OAUTH_PROVIDER_REDIRECT'],
    ['ftp://127.0.0.1/', 'FST_OAUTH_PROVIDER_UNREACHABLE']
  ] as const) {
    server.handler = () => ({ status: 302, headers: { location: location as string | string[] } })
    await t.rejects(transportOf(t)(new URL(server.url), { ...get, redirects: 3 }), { code }, String(location))
  }
})

t.test('one deadline for all the redirects of a call', async (t) => {
  const server = await startServer(t, async () => {
    await new Promise(resolve => setTimeout(resolve, 50))
    return { status: 302, headers: { location: '/again' } }
  })
  await t.rejects(transportOf(t, 200)(new URL(server.url), { ...get, redirects: 1_000 }), { code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
})

t.test('a redirect whose body never ends is cut', async (t) => {
  const server = await startServer(t, (_call, response) => {
    response.writeHead(302, { location: '/' })
    writeForever(response, Buffer.alloc(64 * 1024, 'x'))
    return undefined
  })
  await t.rejects(transportOf(t)(new URL(server.url), get), { code: 'FST_OAUTH_PROVIDER_REDIRECT' })
  await allAnswered(server)
  t.equal(server.open.size, 0)
})

t.test('plain http beyond loopback is refused before anything is connected', async (t) => {
  let connects = 0
  const dispatcher = new Agent({
    connect (_options, callback) {
      connects++
      callback(new Error('no test connects'), null)
    }
  })
  t.teardown(() => dispatcher.destroy())
  const call = createTransport({ dispatcher, provider: 'test', timeout: 1_000, allows: url => url.protocol === 'https:' || isLoopback(url) })
  for (const url of ['http://idp.example.com/token', 'http://127.0.0.1.example.com/', 'http://10.0.0.1/', 'http://localhost.example.com/']) {
    await t.rejects(call(new URL(url), get), { code: 'FST_OAUTH_INSECURE_URL', statusCode: 500, message: new RegExp(new URL(url).origin) }, url)
  }
  t.equal(connects, 0)
  await t.rejects(call(new URL('https://idp.example.com/token'), get), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', message: /no code/ }, 'https is let through')
  t.equal(connects, 1)
})

t.test('a connection that is refused', async (t) => {
  const server = await startServer(t)
  await server.close()
  const error = await transportOf(t)(new URL(server.url), get).catch(error => error)
  t.match(error, { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', statusCode: 503, retryAfter: 5, message: 'test cannot be reached (ECONNREFUSED)', cause: { code: 'ECONNREFUSED' } })
})

t.test('a connection that is reset: before the answer, and in the middle of it; nothing is sent twice', async (t) => {
  for (const inTheMiddle of [false, true]) {
    const server = await startServer(t, async (_call, response) => {
      if (inTheMiddle) {
        response.writeHead(200, { 'content-length': '1000' })
        await new Promise(resolve => response.write('{"access_token":', resolve))
      }
      response.socket?.resetAndDestroy()
      return undefined
    })
    await t.rejects(transportOf(t)(new URL(server.url), { method: 'POST', headers: {}, body: 'code=1' }), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', statusCode: 503 })
    t.equal(server.calls.length, 1, inTheMiddle ? 'in the middle' : 'before')
  }
})

t.test('an answer that ends too early, and one that is not HTTP', async (t) => {
  for (const bytes of ['HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'SSH-2.0-OpenSSH_9.9\r\n', '']) {
    await t.rejects(transportOf(t)(new URL(await startByteServer(t, bytes)), get), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', statusCode: 503 }, JSON.stringify(bytes))
  }
})

t.test('the deadline is for the whole call', async (t) => {
  const timedOut = { code: 'FST_OAUTH_PROVIDER_TIMEOUT', statusCode: 504, message: 'test did not answer within 200 ms' }
  const server = await startServer(t, ({ path }, response) => {
    if (path === '/silent') return undefined
    response.writeHead(path === '/redirect' ? 302 : 200)
    drip(response)
    return undefined
  })
  await t.rejects(transportOf(t, 200)(new URL('/silent', server.url), get), timedOut, 'no answer at all')
  await t.rejects(transportOf(t, 200)(new URL('/drip', server.url), get), timedOut, 'a byte now and then')
  await t.rejects(transportOf(t, 200)(new URL('/redirect', server.url), get), timedOut, 'the body of a redirect')
  await allAnswered(server)
  t.equal(server.open.size, 0, 'every connection is closed')
})

t.test('the deadline holds while a connection is made', async (t) => {
  // A deadline alone keeps no process alive; a server does.
  await startServer(t)
  const dispatcher = new Agent({ connect () { /* never calls back */ } })
  t.teardown(() => dispatcher.destroy())
  const call = createTransport({ dispatcher, provider: 'test', timeout: 100, allows: () => true })
  await t.rejects(call(new URL('https://idp.example.com/'), get), { code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
})

t.test('an agent of its own, for an application that brings none', async (t) => {
  const server = await startServer(t, () => ({ body: 'text' }))
  const dispatcher = createAgent()
  const call = createTransport({ dispatcher, provider: 'test', timeout: 10_000, allows: isLoopback })
  t.equal((await call(new URL(server.url), get)).text, 'text')
  await dispatcher.close()
  await t.rejects(call(new URL(server.url), get), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', message: /UND_ERR_(CLOSED|DESTROYED)/ })
})

async function bomb (stream: ReturnType<typeof createGzip>, megabytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  const zeros = Buffer.alloc(maxBytes)
  for (let written = 0; written < megabytes; written++) {
    if (!stream.write(zeros)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

t.test('a refresh token is never sent over a connection that others have used: its server may be closing it', async (t) => {
  const server = await startServer(t)
  const used = new WeakSet<object>()
  server.server.prependListener('request', ({ socket }) => {
    if (used.has(socket)) socket.resetAndDestroy()
    used.add(socket)
  })
  const dispatcher = createAgent()
  t.teardown(() => dispatcher.close())
  const call = createTransport({ dispatcher, provider: 'test', timeout: 10_000, allows: isLoopback })
  const url = new URL(server.url)
  const refresh = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'refresh_token=a&grant_type=refresh_token' }
  await call(url, get)
  for (let count = 0; count < 3; count++) t.match(await call(url, refresh), { status: 200 })
  t.match(await Promise.all([call(url, refresh), call(url, refresh)]), [{ status: 200 }, { status: 200 }])
  t.equal(server.connections, 6)
  t.ok(server.calls.slice(1).every(({ headers }) => headers.connection === 'close'))
  await t.rejects(call(url, get), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' }, 'as every other call may')
})
