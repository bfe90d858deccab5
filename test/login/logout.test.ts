// Logout end to end at a real OpenID provider: RP-initiated, and back-channel over several processes' worth of applications.
import secureSession from '@fastify/secure-session'
import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import type { GrantStore } from '../../lib/index.js'
import { freePort, startApp } from '../fixtures/app.js'
import type { TestApp } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import type { Page } from '../fixtures/browser.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'
import type { TestProvider } from '../fixtures/openid-provider.js'
import { openStore, startSharedStore } from '../fixtures/shared-store.js'

interface Setup { provider: TestProvider, apps: TestApp[] }

async function cookieSession (app: FastifyInstance): Promise<void> {
  await app.register(cookie)
  await app.register(secureSession, { sessionName: 'session', cookieName: 'sessionId', key: Buffer.alloc(32, 7), cookie: { path: '/', secure: false } })
}

/** One application for each store, all with one client: the first has its callback, and is told of logouts. */
async function setUp (t: Test, stores: GrantStore[], client: Record<string, unknown> = { backchannel_logout_session_required: true }): Promise<Setup> {
  const ports = await Promise.all(stores.map(() => freePort()))
  const own = `http://127.0.0.1:${ports[0]}/oauth/test`
  const provider = await startOpenIdProvider({
    redirectUris: [`${own}/callback`],
    client: { post_logout_redirect_uris: [`${own}/logout/callback`], backchannel_logout_uri: `${own}/backchannel-logout`, ...client },
    configuration: {
      // Its own dispatcher refuses loopback.
      fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
      features: { devInteractions: { enabled: false }, revocation: { enabled: true }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } }
    }
  })
  t.teardown(() => provider.close())
  const { issuer, clientId, clientSecret } = provider
  const test = { issuer, clientId, clientSecret, apiBaseUrl: `${issuer}/api/`, postLogoutRedirectUrl: `${own}/logout/callback` }
  const apps = []
  for (const [index, store] of stores.entries()) {
    apps.push(await startApp(t, { secret: 'a secret of 32 bytes for the tests', providers: { test }, store }, {
      port: Number(ports[index]),
      session: cookieSession,
      routes (app) {
        app.get('/guarded', { config: { oauth: 'test' } }, async ({ oauth: { grant } }) => ({ subject: grant?.subject }))
        app.get('/bye', async () => 'bye')
      }
    }))
  }
  return { provider, apps }
}

async function logIn ({ provider, apps: [first] }: Setup, user = 'user-1'): Promise<Browser> {
  provider.user = user
  const browser = new Browser()
  const page = await browser.open(`${first?.url}/guarded`)
  if (page.status !== 200) throw new Error(`the login ended with ${page.status}: ${page.text}`)
  return browser
}

async function statuses ({ apps }: Setup, browser: Browser): Promise<number[]> {
  return Promise.all(apps.map(async ({ url }) => (await browser.request(`${url}/guarded`, { headers: { accept: 'application/json' } })).status))
}

/** Says yes on the provider's own page. */
async function confirm (browser: Browser, { url, text }: Page): Promise<Page> {
  const [, action = '', xsrf = ''] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/s.exec(text) ?? []
  return browser.open(new URL(action, url).href, { method: 'POST', form: { xsrf, logout: 'yes' } })
}

t.test('a logout here ends the session at the provider too, and comes back', async (t) => {
  const setup = await setUp(t, [new MemoryGrantStore()])
  const { provider, apps: [app] } = setup
  const browser = await logIn(setup)
  const asked = await browser.open(`${app?.url}/oauth/test/logout`, { method: 'POST', form: { returnTo: '/bye' }, headers: { origin: String(app?.url), 'sec-fetch-site': 'same-origin' } })
  t.ok(asked.url.startsWith(`${provider.issuer}/session/end?`))
  t.strictSame(await statuses(setup, browser), [401], 'it has ended here before the provider asks')
  const page = await confirm(browser, asked)
  t.equal(page.url, `${app?.url}/bye`)
  t.equal(provider.requests.filter(request => request === 'POST /token/revocation').length, 2)

  provider.user = 'user-2'
  t.match((await browser.open(`${app?.url}/guarded`)).text, 'user-2', 'nobody is logged in at the provider any more')
})

t.test('a logout at the provider ends the session here, in every process, and no other', async (t) => {
  const shared = await startSharedStore(t, 'Redis')
  const { store, end } = openStore(shared.address)
  t.teardown(end)
  const setup = await setUp(t, [shared.store, store])
  const browser = await logIn(setup)
  const elsewhere = await logIn(setup)
  t.strictSame(await statuses(setup, browser), [200, 200])
  const cookies = browser.cookieHeader(new URL(setup.provider.issuer))

  await confirm(browser, await browser.open(`${setup.provider.issuer}/session/end`))

  t.strictSame(await statuses(setup, browser), [401, 401])
  t.strictSame(await Promise.all(setup.apps.map(async ({ url }) => (await fetch(`${url}/guarded`, { headers: { accept: 'application/json', cookie: cookies } })).status)), [401, 401], 'the session that is a cookie of before')
  t.strictSame(await statuses(setup, elsewhere), [200, 200], 'a login of the same user elsewhere')
  t.ok(setup.apps[0]?.logs.some(line => /The provider has logged a user out/.test(line)))

  const again = await logIn(setup)
  t.strictSame(await statuses(setup, again), [200, 200])
})

t.test('a provider that tells no session ids', async (t) => {
  const setup = await setUp(t, [new MemoryGrantStore()], {})
  const browser = await logIn(setup)
  const somebody = await logIn(setup, 'user-2')
  await confirm(browser, await browser.open(`${setup.provider.issuer}/session/end`))
  t.strictSame(await statuses(setup, browser), [401])
  t.strictSame(await statuses(setup, somebody), [200])
})
