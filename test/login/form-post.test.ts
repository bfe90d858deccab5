// A provider that calls back by a cross-site POST (OAuth 2.0 Form Post Response Mode), and browsers that leave their
// SameSite=Lax cookies out of it.
import cookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import session from '@fastify/session'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { OAuthDeniedState } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { read, setUp } from '../fixtures/login.js'
import type { LoginOptions, LoginSetup } from '../fixtures/login.js'

const sessions: Record<string, (app: FastifyInstance) => Promise<void>> = {
  async '@fastify/session' (app) {
    await app.register(cookie)
    // Its default: a session for every request that brings none.
    await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false }, saveUninitialized: true })
  },
  async '@fastify/secure-session' (app) {
    await app.register(secureSession, { key: Buffer.alloc(32, 7), cookie: { path: '/' } })
  }
}

const formPost: LoginOptions = {
  provider: () => ({ authorizeParams: { response_mode: 'form_post' } }),
  plugin: () => ({ session: { keep: ['cart'] }, returnTo: '/after' }),
  routes (app) {
    app.get('/fill', async (request) => {
      request.session.set('cart' as never, 'full' as never)
      return 'filled'
    })
    app.get('/cart', async (request) => ({ cart: request.session.get('cart' as never), accounts: (await request.oauth.grants()).map(({ account }) => account) }))
  }
}

/** Posts an authorization response as a browser does from another site: with its SameSite=None cookies alone. */
async function post (browser: Browser, callback: string, more: Record<string, string> = {}) {
  const { origin, pathname, searchParams } = new URL(callback)
  const none = [...browser.cookies.get('127.0.0.1') ?? []].filter(([name]) => name.startsWith('oauth-')).map(([name, value]) => `${name}=${value}`)
  const cookies = [...none, ...Object.entries(more).map(([name, value]) => `${name}=${value}`)].join('; ')
  const response = await fetch(`${origin}${pathname}`, { method: 'POST', redirect: 'manual', body: searchParams, headers: { cookie: cookies, accept: 'text/html', 'sec-fetch-site': 'cross-site' } })
  browser.store(new URL(callback), response.headers.getSetCookie())
  return { ...await read(response), setCookie: response.headers.getSetCookie() }
}

async function cart ({ browser, url }: LoginSetup): Promise<unknown> {
  return JSON.parse((await read(await browser.request(`${url}/cart`))).text)
}

for (const [name, registerSession] of Object.entries(sessions)) {
  for (const more of [{}, { _analytics: 'from-a-cookie-without-SameSite' }] as Array<Record<string, string>>) {
    t.test(`${name}: the user's session survives, though ${Object.keys(more).length === 0 ? 'its cookie was missing' : 'some other cookie came along'}`, async (t) => {
      const setup = await setUp(t, { ...formPost, session: registerSession })
      const { browser, url, wire, start } = setup
      await browser.request(`${url}/fill`)
      const callback = wire.callbackFor(await start())

      const posted = await post(browser, callback, more)
      t.equal(posted.status, 303)
      t.match(posted.location, `${url}/oauth/wire/callback?form_post=v1.`)
      t.notMatch(posted.location, /code-canary/, 'the form is encrypted')
      t.strictSame(posted.setCookie, [], 'no new session takes the place of the user\'s, and the login stays')
      t.equal(wire.to('/token').length, 0)

      t.equal((await read(await browser.request(String(posted.location)))).location, '/after')
      t.strictSame(await cart(setup), { cart: 'full', accounts: ['user-1'] })
      t.equal(wire.to('/token').length, 1)
      t.notMatch(setup.logs.join(''), /code-canary|form_post=/)
    })
  }
}

t.test('the POST of a browser that had no other cookies is the end of the login', async (t) => {
  const setup = await setUp(t, formPost)
  const { browser, wire, start } = setup
  const posted = await post(browser, wire.callbackFor(await start()))
  t.equal(posted.location, '/after')
  t.strictSame(await cart(setup), { accounts: ['user-1'] })
  t.notMatch(setup.logs.join(''), 'code-canary')
})

t.test('a state that is none is answered to the POST itself', async (t) => {
  const { browser, url, start } = await setUp(t, formPost)
  await browser.request(`${url}/fill`)
  await start()
  for (const query of ['code=x&state=forged', 'code=x']) {
    const { status, text } = await post(browser, `${url}/oauth/wire/callback?${query}`)
    t.equal(status, 400)
    t.match(text, query === 'code=x' ? 'FST_OAUTH_STATE_MISSING' : 'FST_OAUTH_STATE_MISMATCH')
  }
})

t.test('a refusal that was passed on tells onDenied everything', async (t) => {
  let denied: OAuthDeniedState | undefined
  const { browser, url, start } = await setUp(t, { ...formPost, plugin: () => ({ onDenied (state) { denied = state } }) })
  await browser.request(`${url}/fill`)
  const state = new URL(await start()).searchParams.get('state')
  const posted = await post(browser, `${url}/oauth/wire/callback?error=access_denied&error_description=No&error_uri=https%3A%2F%2Fhelp.example%2F&state=${state}`)
  t.equal((await read(await browser.request(String(posted.location)))).status, 403)
  t.match(denied, { error: 'access_denied', errorDescription: 'No', errorUri: 'https://help.example/', errorReason: undefined })
})

t.test('what was passed on is good for a minute', async (t) => {
  for (const [seconds, status] of [[60, 303], [61, 400]] as const) {
    await t.test(`${seconds} seconds`, async (t) => {
      let now = Date.now()
      const { browser, url, wire, start, logs } = await setUp(t, { ...formPost, plugin: () => ({ clock: () => now }) })
      await browser.request(`${url}/fill`)
      const posted = await post(browser, wire.callbackFor(await start()))
      now += seconds * 1_000
      t.equal((await read(await browser.request(String(posted.location)))).status, status)
      t.equal(logs.some(line => line.includes('passed on more than a minute ago')), status === 400)
      t.equal(wire.to('/token').length, status === 303 ? 1 : 0)
    })
  }
})

t.test('what was passed on cannot be changed, nor used at another provider', async (t) => {
  const { browser, url, wire, start, logs } = await setUp(t, { ...formPost, plugin: wire => ({ providers: { wire: { issuer: wire.issuer, clientId: 'a', authorizeParams: { response_mode: 'form_post' } }, other: { issuer: wire.issuer, clientId: 'b' } } }) })
  await browser.request(`${url}/fill`)
  const location = String((await post(browser, wire.callbackFor(await start()))).location)
  const end = location.endsWith('AAAA') ? 'BBBB' : 'AAAA'
  for (const changed of [`${location.slice(0, -4)}${end}`, location.replace('/wire/', '/other/'), `${url}/oauth/wire/callback?form_post=`]) {
    const { status, text } = await read(await browser.request(changed))
    t.equal(status, 400)
    t.match(text, 'FST_OAUTH_INVALID_CALLBACK')
  }
  t.ok(logs.some(line => line.includes('was not made here, or was changed')))
  t.equal(wire.to('/token').length, 0)
})

t.test('what was passed on is of no use in another browser', async (t) => {
  const { browser, url, wire, start } = await setUp(t, formPost)
  await browser.request(`${url}/fill`)
  const { location } = await post(browser, wire.callbackFor(await start()))
  t.match((await read(await new Browser().request(String(location)))).text, 'FST_OAUTH_STATE_NO_COOKIE')
  t.equal(wire.to('/token').length, 0)
})

t.test('a form of more than 64 KiB is refused', async (t) => {
  const { url } = await setUp(t, formPost)
  const { status } = await read(await fetch(`${url}/oauth/wire/callback`, { method: 'POST', body: new URLSearchParams({ state: 'x'.repeat(65 * 1_024) }) }))
  t.equal(status, 413)
})
