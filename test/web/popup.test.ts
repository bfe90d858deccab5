// A login in a window of its own, and one that ends in a native application.
import { createHash } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Test } from 'tap'
import { read, setUp } from '../fixtures/login.js'

type Read = Awaited<ReturnType<typeof read>>

/** What the page's script does, as a browser runs it: what its opener is sent, and whether the window is closed. */
function run (text: string, opener: object | null = {}): { messages: unknown[], closed: boolean } {
  const script = /<script>(.*)<\/script>/.exec(text)?.[1] ?? ''
  const attribute = (name: string) => (new RegExp(` data-${name}="([^"]*)"`).exec(text)?.[1] ?? '').replace(/&#(\d+);/g, (_match, code) => String.fromCharCode(Number(code)))
  const seen = { messages: [] as unknown[], closed: false }
  const window = { opener: opener && { postMessage (...message: unknown[]) { seen.messages.push(message) } }, close () { seen.closed = true } }
  runInNewContext(script, { window, document: { body: { dataset: { origin: attribute('origin'), result: attribute('result') } } }, JSON })
  return JSON.parse(JSON.stringify(seen))
}

function checkHeaders (t: Test, { headers, text }: Read): void {
  const script = /<script>(.*)<\/script>/.exec(text)?.[1] ?? ''
  const policy = String(headers.get('content-security-policy'))
  t.match(policy, `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`, 'its own script and no other')
  t.match(policy, /^default-src 'none'; .*base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/)
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.equal(headers.get('cross-origin-opener-policy'), 'unsafe-none')
  t.notMatch(text, /canary/, 'no token, no code')
}

t.test('a popup tells its opener, at this exact origin, and closes', async (t) => {
  const { url, wire, browser, start } = await setUp(t)
  const end = await read(await browser.request(wire.callbackFor(await start('/oauth/wire?display=popup&returnTo=/x'))))
  t.equal(end.status, 200)
  checkHeaders(t, end)
  t.strictSame(run(end.text), { messages: [['{"type":"fastify-oauth","provider":"wire","ok":true}', url].map((part, index) => index === 0 ? JSON.parse(part) : part)], closed: true })
  t.strictSame(run(end.text, null), { messages: [], closed: true }, 'without an opener it only closes')
})

t.test('a popup says what went wrong', async (t) => {
  const { url, wire, browser, start } = await setUp(t, { routes (app) { app.get('/read', { config: { oauth: { provider: 'wire', scope: ['read'] } } }, async () => 'in') } })
  const denied = new URL(wire.callbackFor(await start('/oauth/wire?display=popup')))
  denied.searchParams.set('error', 'access_denied')
  denied.searchParams.set('error_description', '"></body><script>alert(1)</script>')
  denied.searchParams.delete('code')
  const page = await read(await browser.request(denied.href))
  t.equal(page.status, 403)
  checkHeaders(t, page)
  t.match(page.text, 'You did not allow access')
  t.notMatch(page.text, 'alert(1)')
  t.strictSame(run(page.text).messages, [[{ type: 'fastify-oauth', provider: 'wire', ok: false, code: 'FST_OAUTH_ACCESS_DENIED' }, url]])

  const { json } = await read(await browser.request(`${url}/read`, { headers: { accept: 'application/json' } }))
  wire.tokens = { scope: 'openid' }
  const narrower = await browser.open(`${String(json.authorizeUrl)}&display=popup`)
  t.equal(narrower.status, 403)
  t.match(run(narrower.text).messages, [[{ ok: false, code: 'FST_OAUTH_INSUFFICIENT_SCOPE' }, url]])

  const elsewhere = await read(await browser.request(`${url}/oauth/wire?display=popup`, { headers: { 'sec-fetch-site': 'cross-site' } }))
  t.match(run(elsewhere.text).messages, [[{ ok: false, code: 'FST_OAUTH_CROSS_SITE' }, url]], 'also where it did not start')
})

t.test('onAuthorized and onError may reply in a popup too', async (t) => {
  const { wire, browser, start } = await setUp(t, { plugin: () => ({ onAuthorized: ({ reply }) => { reply.send('my own') }, onDenied: ({ reply }) => { reply.send('my own no') } }) })
  t.equal((await read(await browser.request(wire.callbackFor(await start('/oauth/wire?display=popup'))))).text, 'my own')
  const denied = new URL(wire.callbackFor(await start('/oauth/wire?display=popup')))
  denied.searchParams.set('error', 'access_denied')
  t.equal((await read(await browser.request(denied.href))).text, 'my own no')
})

t.test('a login may end in a native application, at an address that is registered, and at no other', async (t) => {
  const { url, wire, browser, start } = await setUp(t, {
    plugin: () => ({ returnToUris: ['com.example.app:/signed-in'] }),
    routes (app) { app.get('/read', { config: { oauth: { provider: 'wire', scope: ['read'] } } }, async () => 'in') }
  })
  const endOf = async (path: string) => (await read(await browser.request(wire.callbackFor(await start(path))))).location
  t.equal(await endOf('/oauth/wire?returnTo=com.example.app:/signed-in'), 'com.example.app:/signed-in')
  for (const other of ['com.example.app:/', 'com.example.app:/signed-in?a', 'com.example.app:/signed-in/', 'COM.example.app:/signed-in', 'com.example.app:/signed-in%00', ' com.example.app:/signed-in', 'com.evil.app:/signed-in', 'https://evil.example/']) {
    t.equal(await endOf(`/oauth/wire?returnTo=${encodeURIComponent(other)}`), '/', other)
  }
  const { json } = await read(await fetch(`${url}/read`))
  const authorization = await browser.openUntil(`${String(json.authorizeUrl)}&returnTo=com.example.app:/signed-in`, `${wire.issuer}/authorize`)
  t.match(authorization, 'read')
  t.equal((await read(await browser.request(wire.callbackFor(authorization)))).location, 'com.example.app:/signed-in', 'from the address in a 401')
})

t.test('a login that a native application has started fails there too, with the code of the error alone', async (t) => {
  const uris = ['com.example.app:/signed-in', 'com.example.app:/with?a=b', 'com.example.app:/with#part']
  const { wire, browser, start } = await setUp(t, { plugin: () => ({ returnToUris: uris }) })
  const ask = async (returnTo: string, change: (callback: URL) => void, path = '/oauth/wire?') => {
    const callback = new URL(wire.callbackFor(await start(`${path}returnTo=${encodeURIComponent(returnTo)}`)))
    change(callback)
    return read(await browser.request(callback.href))
  }
  const deny = ({ searchParams }: URL) => {
    searchParams.delete('code')
    searchParams.set('error', 'access_denied')
    searchParams.set('error_description', 'canary')
  }
  for (const [uri, end] of [[uris[0], 'com.example.app:/signed-in?error='], [uris[1], 'com.example.app:/with?a=b&error='], [uris[2], 'com.example.app:/with?error=']] as const) {
    const denied = await ask(String(uri), deny)
    t.equal(denied.status, 303)
    t.equal(denied.location, `${end}FST_OAUTH_ACCESS_DENIED${uri?.endsWith('#part') === true ? '#part' : ''}`)
    t.equal(denied.headers.get('cache-control'), 'no-store')
  }
  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant', error_description: 'canary' } }))
  const failed = await ask(String(uris[0]), () => {})
  t.match(failed.location, /^com\.example\.app:\/signed-in\?error=FST_OAUTH_[A-Z_]+$/)
  t.equal((await ask('/page', deny)).status, 403, 'a page of the application shows what happened')
  const popup = await ask(String(uris[0]), deny, '/oauth/wire?display=popup&')
  t.match(run(popup.text).messages, [[{ code: 'FST_OAUTH_ACCESS_DENIED' }]], 'a window tells its opener')
})
