// A36: answers that are too large, before or after decompression, or never end: an error within the deadline, and the
// memory that it takes is bounded. The application runs in a process of its own, which is asked how much it ever held.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { projectRoot } from '../fixtures/project.js'
import { WireProvider } from '../fixtures/wire-provider.js'
import type { Endpoint, WireHandler } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const mebibyte = 1024 * 1024
const growthAllowed = 64 * mebibyte
const chunk = Buffer.alloc(64 * 1024, ' ')
const compressed = compress(Buffer.alloc(200 * mebibyte, ' '))

function compress (plain: Buffer): Record<'gzip' | 'deflate' | 'br', Buffer> {
  return { gzip: gzipSync(plain), deflate: deflateSync(plain), br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }) }
}

/** Writes without an end, or this many bytes; as fast as it is read, or a chunk at a time. */
function stream (bytes: number, { every }: { every?: number } = {}): WireHandler {
  return (_request, response) => {
    response.writeHead(response.statusCode, { 'content-type': 'application/json' })
    let written = 0
    const write = () => {
      while (written < bytes && !response.destroyed) {
        const part = every === undefined ? chunk : chunk.subarray(0, 1)
        written += part.length
        if (every !== undefined) {
          response.write(part)
          setTimeout(write, every).unref()
          return
        }
        if (!response.write(part)) {
          response.once('drain', write)
          return
        }
      }
      response.end()
    }
    write()
    return undefined
  }
}

const large: Record<string, WireHandler> = {
  'a gzip bomb': () => ({ headers: { 'content-encoding': 'gzip' }, body: compressed.gzip }),
  'a deflate bomb': () => ({ headers: { 'content-encoding': 'deflate' }, body: compressed.deflate }),
  'a brotli bomb': () => ({ headers: { 'content-encoding': 'br' }, body: compressed.br }),
  '100 MB': stream(100 * mebibyte),
  'no end': stream(Number.POSITIVE_INFINITY),
  'a megabyte of headers': (_request, response) => { response.writeHead(200, { link: 'x'.repeat(mebibyte) }); response.end('{}'); return undefined },
  'a redirect with an endless body': (request, response) => { response.statusCode = 302; response.setHeader('location', '/'); return stream(Number.POSITIVE_INFINITY)(request, response) }
}

const slow: Record<string, WireHandler> = {
  'no end, a byte at a time': stream(Number.POSITIVE_INFINITY, { every: 20 }),
  'no answer at all': () => new Promise(() => {}),
  'headers alone': (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }); response.flushHeaders(); return undefined }
}

interface Child { url: string, peak: () => Promise<number> }

async function startChild (t: Test, provider: WireProvider): Promise<Child> {
  const { issuer, clientId, clientSecret } = provider
  const options = { timeout: 1_000, secret: 'a secret of 32 bytes for the tests', providers: { test: { issuer, clientId, clientSecret, apiBaseUrl: `${issuer}/` } } }
  const child: ChildProcess = fork(join(projectRoot, 'dist/test/fixtures/app-process.js'), [JSON.stringify(options)], { execArgv: [] })
  t.teardown(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const [{ url }] = await once(child, 'message') as [{ url: string }]
  return {
    url,
    async peak () {
      child.send('memory')
      const [{ memory }] = await once(child, 'message') as [{ memory: number }]
      return memory
    }
  }
}

async function login (provider: WireProvider, url: string): Promise<{ browser: Browser, status: number }> {
  const browser = new Browser()
  const started = await browser.request(`${url}/oauth/test`)
  await started.arrayBuffer()
  if (started.status !== 303) return { browser, status: started.status }
  const ended = await browser.request(provider.callbackFor(String(started.headers.get('location'))))
  await ended.arrayBuffer()
  return { browser, status: ended.status }
}

/** Steps that end in a request to an endpoint; each answers the status that the browser sees. */
const steps: Record<string, { endpoint: Endpoint, bombs: Record<string, WireHandler>, run: (provider: WireProvider, url: string) => Promise<number> }> = {
  discovery: { endpoint: '/.well-known/openid-configuration', bombs: large, run: async (provider, url) => (await login(provider, url)).status },
  exchange: { endpoint: '/token', bombs: { ...large, ...slow }, run: async (provider, url) => (await login(provider, url)).status },
  keys: { endpoint: '/jwks', bombs: large, run: async (provider, url) => (await login(provider, url)).status }
}

for (const [name, { endpoint, bombs, run }] of Object.entries(steps)) {
  t.test(`A36: ${name}`, async (t) => {
    const provider = await WireProvider.start()
    t.teardown(() => provider.close())
    const { url, peak } = await startChild(t, provider)
    // Ordinary answers of the largest size, so that what they take is not counted.
    provider.on(endpoint, () => ({ body: JSON.stringify({ padding: 'x'.repeat(mebibyte - 100) }) }))
    for (let round = 0; round < 3; round++) await run(provider, url)
    const before = await peak()

    for (const [bomb, handler] of Object.entries(bombs)) {
      provider.on(endpoint, handler)
      const status = await run(provider, url)
      t.ok(status >= 500, `${bomb}: ${status}`)
    }

    const growth = await peak() - before
    t.ok(growth < growthAllowed, `it grew by ${Math.round(growth / mebibyte)} MiB`)
    provider.handlers.delete(endpoint)
    t.equal((await login(provider, url)).status, 303, 'and it works on')
  })
}

t.test('A36: userinfo, revocation, and the answer that an error of an API call quotes', async (t) => {
  const provider = await WireProvider.start()
  t.teardown(() => provider.close())
  const { url, peak } = await startChild(t, provider)
  const { browser } = await login(provider, url)
  const open = async (path: string, method = 'GET') => {
    const response = await browser.request(`${url}${path}`, { method, headers: { accept: 'application/json' } })
    return { status: response.status, text: await response.text() }
  }
  provider.on('/userinfo', () => ({ body: JSON.stringify({ padding: 'x'.repeat(mebibyte - 100) }) }))
  for (let round = 0; round < 3; round++) await open('/profile')
  const before = await peak()

  for (const [bomb, handler] of Object.entries({ ...large, ...slow })) {
    provider.on('/userinfo', handler)
    const { status } = await open('/profile')
    t.ok(status >= 500, `userinfo, ${bomb}: ${status}`)
  }
  for (const bytes of [100 * mebibyte, Number.POSITIVE_INFINITY]) {
    provider.on('/api', (request, response) => {
      response.statusCode = 500
      return stream(bytes)(request, response)
    })
    t.equal((await open('/error')).status, 502, `an API's error of ${bytes} bytes`)
  }
  for (const [bomb, handler] of Object.entries(large)) {
    const { browser } = await login(provider, url)
    provider.on('/revoke', handler)
    const response = await browser.request(`${url}/oauth/test/logout`, { method: 'POST', headers: { accept: 'application/json' } })
    t.strictSame(await response.json(), { removed: true, provider: 'failed', notRevoked: ['refresh_token', 'access_token'] }, `revocation, ${bomb}`)
  }

  const growth = await peak() - before
  t.ok(growth < growthAllowed, `it grew by ${Math.round(growth / mebibyte)} MiB`)
})
