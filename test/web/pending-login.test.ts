import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { freePort, startApp } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import { read, setUp } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

const loginCookie = /^(__Host-)?oauth-[\w-]{22}$/
const namesIn = (browser: Browser, url: string) => browser.names(url).filter(name => loginCookie.test(name))

async function startOnce (url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const response = await fetch(`${url}/oauth/wire`, { redirect: 'manual', headers: { accept: 'text/html', ...headers } })
  await response.body?.cancel()
  return response.headers.getSetCookie()
}

t.test('over http the cookie of a login is HttpOnly, Lax, and for the whole host alone', async (t) => {
  const { url } = await setUp(t)
  const [line = '', ...more] = await startOnce(url)
  t.strictSame(more, [])
  const [pair, ...attributes] = line.split('; ')
  t.match(pair, /^oauth-[\w-]{22}=v1\.[\w-]+\.[\w-]+$/)
  t.strictSame(attributes.sort(), ['HttpOnly', 'Max-Age=1200', 'Path=/', 'SameSite=Lax'])
})

t.test('under an https baseUrl it is Secure and has the __Host- prefix', async (t) => {
  const { url } = await setUp(t, { plugin: () => ({ baseUrl: 'https://app.example' }), session: sessionBehindProxy, fastify: { trustProxy: true } })
  const [line = ''] = await startOnce(url, { 'x-forwarded-proto': 'https' })
  const [pair, ...attributes] = line.split('; ')
  t.match(pair, /^__Host-oauth-[\w-]{22}=/)
  t.strictSame(attributes.sort(), ['HttpOnly', 'Max-Age=1200', 'Path=/', 'SameSite=Lax', 'Secure'])
})

t.test('for form_post it goes with a cross-site POST, and so is Secure', async (t) => {
  const { url } = await setUp(t, { provider: () => ({ authorizeParams: { response_mode: 'form_post' } }) })
  const [line = ''] = await startOnce(url)
  t.strictSame(line.split('; ').slice(1).sort(), ['HttpOnly', 'Max-Age=1200', 'Path=/', 'SameSite=None', 'Secure'])
})

t.test('what the application has set for all its cookies does not count for it', async (t) => {
  const parseOptions = { domain: 'app.example', path: '/elsewhere', signed: true, httpOnly: false, sameSite: 'none' } as const
  const { url, wire, browser, start } = await setUp(t, {
    async session (app) {
      await app.register(cookie, { secret: 'of the cookies', parseOptions })
      await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false } })
    }
  })
  const [line = ''] = await startOnce(url)
  t.strictSame(line.split('; ').slice(1).sort(), ['HttpOnly', 'Max-Age=1200', 'Path=/', 'SameSite=Lax'])

  const { status } = await read(await browser.request(wire.callbackFor(await start())))
  t.equal(status, 303)
})

t.test('a browser keeps eight logins: the ninth drops the oldest', async (t) => {
  let now = Date.now()
  const { url, wire, browser, start } = await setUp(t, { plugin: () => ({ clock: () => ++now }) })
  const logins = []
  for (let count = 0; count < 9; count++) logins.push(await start())
  t.equal(namesIn(browser, url).length, 8)

  const [oldest = '', second = ''] = logins.map(login => wire.callbackFor(login))
  t.equal((await read(await browser.request(second))).status, 303, 'the second is still there')
  const { status, text } = await read(await browser.request(oldest))
  t.equal(status, 400)
  t.match(text, 'FST_OAUTH_STATE_MISMATCH')
})

t.test('the cookies of logins stay under 5 000 bytes', async (t) => {
  let now = Date.now()
  const { url, wire, browser, start } = await setUp(t, { plugin: () => ({ clock: () => ++now }) })
  const returnTo = `/${'x'.repeat(1_000)}`
  let last = ''
  for (let count = 0; count < 5; count++) last = await start(`/oauth/wire?returnTo=${returnTo}`)
  const bytes = namesIn(browser, url).reduce((sum, name) => sum + name.length + String(browser.cookies.get('127.0.0.1')?.get(name)).length, 0)
  t.ok(bytes <= 5_000, `${bytes} bytes`)
  t.equal(namesIn(browser, url).length, 2)
  t.equal((await read(await browser.request(wire.callbackFor(last)))).location, returnTo, 'the newest is not what is dropped')
})

t.test('cookies that cannot be read are cleared at the next start, and at a callback', async (t) => {
  const { url, wire, browser, start } = await setUp(t)
  const garbage = { 'oauth-aaaaaaaaaaaaaaaaaaaaaa': 'nonsense', 'oauth-bbbbbbbbbbbbbbbbbbbbbb': 'v0.abcdef.AAAA', '__Host-oauth-cccccccccccccccccccccc': '' }
  const litter = () => browser.store(new URL(url), Object.entries(garbage).map(([name, value]) => `${name}=${value}`))

  litter()
  const login = await start()
  t.equal(namesIn(browser, url).length, 1)

  litter()
  t.equal((await read(await browser.request(wire.callbackFor(login)))).status, 303)
  t.strictSame(namesIn(browser, url), [])
})

t.test('a cookie moved to another login\'s name cannot be read', async (t) => {
  const { url, wire, browser, start } = await setUp(t)
  await start()
  const [first = ''] = namesIn(browser, url)
  const second = await start()
  const [other = ''] = namesIn(browser, url).filter(name => name !== first)
  const jar = browser.cookies.get('127.0.0.1') as Map<string, string>
  jar.set(other, String(jar.get(first)))

  const { text } = await read(await browser.request(wire.callbackFor(second)))
  t.match(text, 'FST_OAUTH_STATE_UNREADABLE')
})

t.test('logins that took too long are cleared at the next start', async (t) => {
  let now = Date.now()
  const { url, browser, start } = await setUp(t, { plugin: () => ({ clock: () => now, loginTimeout: 60_000 }) })
  await start()
  await start()
  now += 60_001
  await start()
  t.equal(namesIn(browser, url).length, 1)
})

t.test('under https a cookie without the prefix is none: another host of the site may have planted it', async (t) => {
  const port = await freePort()
  const { url, wire } = await setUp(t, { plugin: () => ({ baseUrl: `https://127.0.0.1:${port}` }), port, session: sessionBehindProxy, fastify: { trustProxy: true } })
  const proxied = { 'x-forwarded-proto': 'https' }
  // An attacker's own login, and its cookie under a name that any host of the site can set.
  const started = await fetch(`${url}/oauth/wire`, { redirect: 'manual', headers: proxied })
  const callback = wire.callbackFor(String(started.headers.get('location'))).replace('https:', 'http:')
  const own = String(started.headers.getSetCookie()[0]).split(';')[0] ?? ''
  const planted = own.replace('__Host-', '')

  const { json } = await read(await fetch(callback, { headers: { ...proxied, cookie: planted } }))
  t.equal(json.code, 'FST_OAUTH_STATE_MISMATCH')
  t.equal(wire.to('/token').length, 0)
  const lines = await startOnce(url, { ...proxied, cookie: planted })
  t.ok(lines.some(line => line.startsWith(`${planted.split('=')[0]}=;`)), 'the next start clears it')

  t.equal((await read(await fetch(callback, { redirect: 'manual', headers: { ...proxied, cookie: own } }))).status, 303, 'in his own browser it is good')
})

t.test('of a hundred cookies, 64 are looked at', async (t) => {
  const { url } = await setUp(t)
  const cookies = Array.from({ length: 100 }, (_, index) => `oauth-${String(index).padStart(22, '0')}=x`).join('; ')
  const lines = await startOnce(url, { cookie: cookies })
  t.equal(lines.filter(line => /Max-Age=0/.test(line)).length, 64)
  t.equal(lines.length, 65)
})

async function sessionBehindProxy (app: FastifyInstance): Promise<void> {
  await app.register(cookie)
  await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: 'auto' }, saveUninitialized: false })
}

t.test('logins of another application on the same host are left alone', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const providers = { test: { issuer: wire.issuer, clientId: wire.clientId, clientSecret: wire.clientSecret } }
  const [one, other] = [await startApp(t, { providers }), await startApp(t, { providers })]
  const browser = new Browser()

  const callbacks = []
  for (const { url } of [one, other]) callbacks.push(await browser.openUntil(`${url}/oauth/test`, `${url}/oauth/test/callback`))
  for (const callback of callbacks) t.equal((await browser.request(callback)).status, 303)
})
