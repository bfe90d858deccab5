// What tenants keep apart besides logins: logouts of either side, logins on devices, silent logins, introspection.
import t from 'tap'
import type { OAuthLogoutState } from '../../lib/index.js'
import { logoutToken, postLogout } from '../fixtures/logout-tokens.js'
import { startWireTenants, tenantNames } from '../fixtures/tenants.js'

const json = { headers: { accept: 'application/json' } }
const page = { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }

t.test('a logout ends the grant of its tenant alone, and comes back by its address', async (t) => {
  const told: unknown[] = []
  const { login, call, browser, at, providers } = await startWireTenants(t, {
    plugin: { owner: () => 'everyone', onLogout: ({ provider, tenant, grants }) => { told.push([provider, tenant, grants.length]) } },
    tenant: (at, name) => ({ baseUrl: at[name], postLogoutRedirectUrl: `${at[name]}/oauth/sso/logout/callback${name === 'acme' ? '/acme' : ''}` })
  })
  for (const name of tenantNames) {
    providers[name].metadata = { end_session_endpoint: `${providers[name].issuer}/end` }
    await login(name)
  }
  for (const [name, left] of [['acme', ['sso globex user-1']], ['globex', []]] as const) {
    const ended = await browser.request(`${at[name]}/oauth/sso/logout`, { method: 'POST', form: { returnTo: '/guarded' }, headers: { origin: at[name], ...page.headers } })
    t.strictSame((await call('acme', '/grants')).json, left)
    const { href, searchParams } = new URL(String(ended.headers.get('location')))
    t.ok(href.startsWith(`${providers[name].issuer}/end?`))
    const back = `${searchParams.get('post_logout_redirect_uri')}?state=${searchParams.get('state')}`
    t.match((await browser.request(back)).headers.get('location'), '/guarded')
  }
  t.strictSame(told, [['sso', 'acme', 1], ['sso', 'globex', 1]])
})

t.test('a logout that comes back where it is not meant to ends at the usual place', async (t) => {
  const { login, browser, at, providers } = await startWireTenants(t, { plugin: { owner: () => 'everyone' }, tenant: () => ({ postLogoutRedirectUrl: 'https://elsewhere.example/' }) })
  providers.acme.metadata = { end_session_endpoint: `${providers.acme.issuer}/end` }
  await login('acme')
  const ended = await browser.request(`${at.acme}/oauth/sso/logout`, { method: 'POST', form: { returnTo: '/guarded' }, headers: page.headers })
  t.match(ended.headers.get('location'), `${providers.acme.issuer}/end?`)
  t.equal((await browser.request(`${at.acme}/oauth/sso/logout/callback/acme?state=x`)).headers.get('location'), '/')
})

t.test('a provider ends the sessions of its own tenant alone', async (t) => {
  const told: Array<Partial<OAuthLogoutState>> = []
  const { login, call, at, providers } = await startWireTenants(t, {
    plugin: { owner: () => 'everyone', onLogout: ({ provider, tenant, by, sid }) => { told.push({ provider, tenant, by, sid }) } },
    tenant: () => ({ backchannelLogout: true })
  })
  for (const name of tenantNames) {
    providers[name].claims = { sid: 'session-1' }
    await login(name)
  }
  const address = `${at.acme}/oauth/sso/backchannel-logout`
  const token = await logoutToken(providers.acme, { sid: 'session-1' })
  t.match(await postLogout(`${at.globex}/oauth/sso/backchannel-logout/globex`, token), { status: 400, json: { error: 'invalid_request' } })
  t.match(await postLogout(`${address}/nobody`, token), { status: 404, json: { code: 'FST_OAUTH_UNKNOWN_TENANT' } })
  t.match((await call('acme', '/grants')).json, { length: 2 })
  t.match(await postLogout(`${address}/acme`, token), { status: 200 })
  t.strictSame((await call('acme', '/grants')).json, ['sso globex user-1'])
  t.match(await postLogout(`${address}/acme`, token), { status: 400 }, 'used')
  t.match(await postLogout(`${at.globex}/oauth/sso/backchannel-logout`, await logoutToken(providers.globex, { sid: undefined })), { status: 200 }, 'whose it is, the host tells too')
  t.strictSame((await call('acme', '/grants')).json, [])
  t.strictSame(told, [{ provider: 'sso', tenant: 'acme', by: 'provider', sid: 'session-1' }, { provider: 'sso', tenant: 'globex', by: 'provider', sid: undefined }])
})

t.test('a logout of a handler, names its tenant, as a call does', async (t) => {
  const { login, call, browser, at } = await startWireTenants(t, {
    plugin: { owner: () => 'everyone' },
    routes: app => { app.post('/bye', async (request, reply) => request.oauth.use('sso', { tenant: 'globex' }).logout(reply)) }
  })
  for (const name of tenantNames) await login(name)
  t.equal((await browser.request(`${at.globex}/bye`, { method: 'POST', ...json })).status, 200)
  t.strictSame((await call('acme', '/grants')).json, ['sso acme user-1'])
})

t.test('a login on a device is one of the tenant that is named', async (t) => {
  const { app, providers: { acme: wire } } = await startWireTenants(t)
  wire.metadata = { device_authorization_endpoint: `${wire.issuer}/device` }
  wire.handlers.set('/device', () => ({ body: { device_code: 'code', user_code: 'WDJB-MJHT', verification_uri: `${wire.issuer}/enter`, expires_in: 600, interval: 0.02 } }))
  const now = Math.floor(Date.now() / 1_000)
  wire.on('/token', async () => ({ body: { access_token: 'access', token_type: 'Bearer', id_token: await wire.idToken({ iss: wire.issuer, aud: wire.clientId, sub: 'user-1', iat: now, exp: now + 300 }) } }))
  const grant = await (await app.oauth.device('sso', { owner: 'cli', tenant: 'acme' })).wait()
  t.match(grant, { provider: 'sso', tenant: 'acme', owner: 'cli' })
  t.match(await app.oauth.grants.list({ owner: 'cli', provider: 'sso', tenant: 'acme' }), { length: 1 })
  await t.rejects(app.oauth.device('sso', { owner: 'cli' }), { code: 'FST_OAUTH_INVALID_CALL' })
})

t.test('a token is asked about at the tenant that is named', async (t) => {
  const { app, providers: { globex: wire } } = await startWireTenants(t)
  wire.metadata = { introspection_endpoint: `${wire.issuer}/introspect` }
  wire.handlers.set('/introspect', () => ({ body: { active: true, sub: 'user-1' } }))
  const provider = app.oauth.providers.get('sso')
  t.equal(provider.title, 'sso')
  t.match(await provider.introspect('token', { tenant: 'globex' }), { active: true, subject: 'user-1' })
  await t.rejects(provider.introspect('token'), { code: 'FST_OAUTH_INVALID_CALL' })
  await t.rejects(app.oauth.providers.readRegistration('sso', { registrationAccessToken: 'access', registrationClientUri: 'https://acme.example/register/1' }), { code: 'FST_OAUTH_INVALID_CALL' })
})

t.test('a silent login that failed is remembered for its tenant; where it is not known yet, nothing is', async (t) => {
  const { browser, at, providers } = await startWireTenants(t, {
    plugin: { signIn: true },
    routes: app => {
      app.get('/optional', { config: { oauth: { provider: 'sso', silent: true, optional: true } } }, async ({ oauth }) => ({ failure: oauth.silentFailure }))
      app.get('/free', async ({ oauth }) => ({ failure: oauth.silentFailure }))
    }
  })
  for (const name of tenantNames) {
    const started = new URL(String((await browser.request(`${at[name]}/optional`, page)).headers.get('location')))
    t.equal(started.searchParams.get('prompt'), 'none')
    t.ok(started.href.startsWith(providers[name].issuer))
    const failed = await browser.request(`${at[name]}/oauth/sso/callback/${name}?error=login_required&state=${started.searchParams.get('state')}`, page)
    t.equal(failed.headers.get('location'), '/optional')
    t.strictSame(await (await browser.request(`${at[name]}/optional`, page)).json(), { failure: 'login_required' })
    t.strictSame(await (await browser.request(`${at[name]}/free`, page)).json(), { failure: null })
  }
  t.strictSame(await (await browser.request(`${at.acme}/oauth`, json)).json(), { providers: [{ name: 'sso', title: 'sso', loginUrl: '/oauth/sso' }] })
})

t.test('a silent login is for OpenID tenants', async (t) => {
  const { call, options } = await startWireTenants(t, { routes: app => { app.get('/silent', { config: { oauth: { provider: 'sso', silent: true } } }, async () => 'never') } })
  options.globex = { tenant: 'globex', clientId: 'id', clientSecret: 'x', requestTokenUrl: 'https://one.example/', authorizeUrl: 'https://one.example/', accessTokenUrl: 'https://one.example/' }
  t.match(await call('globex', '/silent', json), { status: 500, json: { message: /silent is for OpenID providers/ } })
})

t.test('the application is ready without asking for anybody\'s metadata', async (t) => {
  const { providers, asked } = await startWireTenants(t, { tenant: () => ({ discovery: 'eager' }) })
  t.strictSame([asked, providers.acme.requests.length], [[], 0])
})
