// Logins without questions (prompt=none): tried once, told apart, and no page goes round in circles.
import t from 'tap'
import { setUp, read } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

const page = { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }
const routes: LoginOptions['routes'] = app => {
  app.get('/optional', { config: { oauth: { provider: 'wire', silent: true, optional: true } } }, async ({ oauth: { grant, silentFailure } }) => ({ subject: grant?.subject, silentFailure }))
  app.get('/needed', { config: { oauth: { provider: 'wire', silent: true } } }, async ({ oauth: { grant } }) => ({ subject: grant?.subject }))
  app.get('/gold', { config: { oauth: { provider: 'wire', silent: true, acr: 'gold' } } }, async () => 'gold')
  app.get('/try', async (request, reply) => request.oauth.authorize(reply, { silent: true, returnTo: '/optional' }))
}

for (const [error, failure] of Object.entries({ login_required: 'login_required', consent_required: 'consent_required', interaction_required: 'interaction_required', account_selection_required: 'interaction_required', access_denied: 'access_denied' })) {
  t.test(`${error}: once, and then for five minutes no more`, async (t) => {
    let now = Date.now()
    const { url, browser } = await setUp(t, { routes, plugin: () => ({ clock: () => now }) })
    const fail = async (path: string) => {
      const started = await read(await browser.request(`${url}${path}`, page))
      const query = new URL(String(started.location)).searchParams
      t.equal(query.get('prompt'), 'none')
      return read(await browser.request(`${url}/oauth/wire/callback?error=${error}&state=${query.get('state')}`, page))
    }
    t.equal((await fail('/optional?a=b')).location, '/optional?a=b')
    t.strictSame((await read(await browser.request(`${url}/optional?a=b`, page))).json, { silentFailure: failure })
    const asking = new URL(String((await read(await browser.request(`${url}/needed`, page))).location))
    t.equal(asking.searchParams.get('prompt'), null, 'a page that needs it goes on to the login')
    for (const path of ['/try', '/oauth/wire?silent=1&returnTo=/optional']) t.equal((await fail(path)).location, '/optional', `${path}: whoever asks for it by hand gets it`)
    now += 300_001
    t.equal((await fail('/optional')).location, '/optional', 'five minutes later')
  })
}

t.test('one that comes through, one that brings less than is needed, and what is no refusal', async (t) => {
  const { url, wire, browser } = await setUp(t, { routes })
  const start = async (path: string) => String((await read(await browser.request(`${url}${path}`, page))).location)
  t.equal((await read(await browser.request(wire.callbackFor(await start('/needed')), page))).location, '/needed')
  t.strictSame((await read(await browser.request(`${url}/optional`, page))).json, { subject: 'user-1', silentFailure: null })
  t.equal((await read(await browser.request(wire.callbackFor(await start('/gold')), page))).location, '/gold', 'not gold')
  t.equal(new URL(await start('/gold')).searchParams.get('prompt'), null)

  const state = new URL(await start('/oauth/wire?silent=1')).searchParams.get('state')
  t.equal((await read(await browser.request(`${url}/oauth/wire/callback?error=server_error&state=${state}`, page))).status, 502)
})

t.test('in a window that another page has opened, the failure is told to that page', async (t) => {
  const { url, browser } = await setUp(t, { routes })
  const { location } = await read(await browser.request(`${url}/oauth/wire?silent=1&display=popup`, page))
  const state = new URL(String(location)).searchParams.get('state')
  const { status, text } = await read(await browser.request(`${url}/oauth/wire/callback?error=login_required&state=${state}`, page))
  t.equal(status, 401)
  t.match(text, 'FST_OAUTH_LOGIN_REQUIRED')
})

t.test('what is no page load is not sent anywhere', async (t) => {
  const { url, browser } = await setUp(t, { routes })
  t.strictSame((await read(await browser.request(`${url}/optional`, { headers: { accept: 'application/json' } }))).json, { silentFailure: null })
  t.equal((await read(await browser.request(`${url}/needed`, { headers: { accept: 'application/json' } }))).status, 401)
})

t.test('it is for OpenID providers', async (t) => {
  const { app } = await setUp(t, { provider: ({ issuer }) => ({ issuer: undefined as never, authorizeUrl: `${issuer}/authorize`, accessTokenUrl: `${issuer}/token` }), plugin: ({ issuer, clientId }) => ({ providers: { plain: { authorizeUrl: `${issuer}/authorize`, accessTokenUrl: `${issuer}/token`, clientId } } }) })
  t.throws(() => app.oauth.require({ provider: 'plain', silent: true }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /silent is for OpenID providers/ })
})

t.test('under https the failure is kept in a cookie of this host alone', async (t) => {
  const { app, wire } = await setUp(t, { routes, plugin: () => ({ baseUrl: 'https://app.example' }) })
  const started = await app.inject({ url: '/oauth/wire?silent=1', headers: page.headers })
  const cookie = started.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const state = new URL(String(started.headers.location)).searchParams.get('state')
  const failed = await app.inject({ url: `/oauth/wire/callback?error=login_required&state=${state}`, headers: { ...page.headers, cookie } })
  t.match(failed.cookies.find(({ name }) => name.includes('silent')), { name: '__Host-oauth.silent.wire', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
  t.equal(wire.to('/token').length, 0)
})
