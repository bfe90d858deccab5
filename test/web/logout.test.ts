// Logout: here first, then at the revocation endpoint, then where a browser ends its session at the provider.
import t from 'tap'
import type { OAuthLogoutState } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, setUp } from '../fixtures/login.js'
import type { LoginSetup } from '../fixtures/login.js'
import { freePort } from '../fixtures/app.js'
import { logoutToken, postLogout } from '../fixtures/logout-tokens.js'

type Reply = Awaited<ReturnType<typeof read>>

const json = { accept: 'application/json' }

async function out ({ url, browser }: LoginSetup, { form, headers = {} }: { form?: Record<string, string>, headers?: Record<string, string> } = {}): Promise<Reply> {
  return read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', headers, ...(form === undefined ? {} : { form }) }))
}

/** With an end session endpoint, from which browsers come back to the plugin. */
async function setUpReturn (t: Parameters<typeof setUp>[0], given: Parameters<typeof setUp>[1] = {}): Promise<LoginSetup> {
  const port = await freePort()
  const setup = await setUp(t, { port, provider: () => ({ postLogoutRedirectUrl: `http://127.0.0.1:${port}/oauth/wire/logout/callback` }), ...given })
  setup.wire.metadata = { end_session_endpoint: `${setup.wire.issuer}/end` }
  return setup
}

t.test('a page is sent to the provider, and comes back to where the logout was to end', async (t) => {
  const setup = await setUpReturn(t)
  const { url, wire, browser, logIn } = setup
  await logIn()
  const { status, location } = await out(setup, { form: { returnTo: '/bye?a=b' } })
  t.equal(status, 303)
  const { searchParams, origin, pathname } = new URL(String(location))
  t.equal(`${origin}${pathname}`, `${wire.issuer}/end`)
  t.match(Object.fromEntries(searchParams), { client_id: 'wire-client', id_token_hint: /^eyJ/, post_logout_redirect_uri: `${url}/oauth/wire/logout/callback`, state: /^[\w-]{43}$/ })
  t.equal(wire.to('/revoke').length, 2, 'the tokens went first')

  const state = String(searchParams.get('state'))
  const back = async (query: string, from = browser) => read(await from.request(`${url}/oauth/wire/logout/callback${query}`))
  for (const query of ['', '?state=x', `?state=${state}&state=${state}`]) t.equal((await back(query)).location, '/', query)
  t.equal((await back(`?state=${state}`, new Browser())).location, '/', 'another browser')
  t.equal((await read(await browser.request(`${url}/oauth/wire/logout/callback?state=${state}`, { headers: { cookie: 'oauth-logout=x' } }))).location, '/', 'a forged cookie')
  t.equal((await back(`?state=${state}`)).location, '/bye?a=b')
  t.equal((await back(`?state=${state}`)).location, '/', 'once')
})

t.test('browsers that come back elsewhere need no cookie', async (t) => {
  const setup = await setUp(t, { provider: () => ({ postLogoutRedirectUrl: 'http://127.0.0.1/bye' }) })
  setup.wire.metadata = { end_session_endpoint: `${setup.wire.issuer}/end` }
  await setup.logIn()
  t.match((await out(setup)).location, /post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%2Fbye/)
  t.notOk(setup.browser.cookies.get('127.0.0.1')?.has('oauth-logout'))
})

t.test('a return from another provider, and one that is too late', async (t) => {
  let now = Date.now()
  const setup = await setUpReturn(t, { plugin: () => ({ clock: () => now }) })
  const { app, url, wire, browser, logIn } = setup
  app.oauth.providers.register('other', discovered(wire))
  await logIn()
  const state = new URL(String((await out(setup, { form: { returnTo: '/bye' } })).location)).searchParams.get('state')
  const back = async (name: string) => (await read(await browser.request(`${url}/oauth/${name}/logout/callback?state=${state}`))).location
  t.equal(await back('other'), '/')
  now += 601_000
  t.equal(await back('wire'), '/')
})

t.test('a script is told where to go', async (t) => {
  const setup = await setUpReturn(t)
  await setup.logIn()
  const { json: answer } = await out(setup, { headers: json })
  t.match(answer, { removed: true, provider: 'revoked', endSessionUrl: `${setup.wire.issuer}/end?` })
  t.strictSame((await out(setup, { headers: json })).json, { removed: false, provider: 'unsupported' }, 'nobody was logged in: there is nothing to end')
})

t.test('under https the cookie has the prefix that no other host can plant', async (t) => {
  const secure = await setUp(t, { plugin: wire => ({ baseUrl: 'https://app.example', owner: () => 'one', returnToUris: ['com.example.app:/bye'], providers: { wire: { ...discovered(wire), postLogoutRedirectUrl: 'https://app.example/oauth/wire/logout/callback' } } }) })
  secure.wire.metadata = { end_session_endpoint: `${secure.wire.issuer}/end` }
  const callback = new URL(secure.wire.callbackFor(await secure.start()))
  await secure.browser.request(`${secure.url}${callback.pathname}${callback.search}`)
  const { headers, location } = await out(secure, { form: { returnTo: 'com.example.app:/bye' } })
  const [cookie] = headers.getSetCookie().filter(line => line.includes('oauth-logout'))
  t.match(cookie, /^__Host-oauth-logout=v1\..*; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  const state = new URL(String(location)).searchParams.get('state')
  t.equal((await read(await secure.browser.request(`${secure.url}/oauth/wire/logout/callback?state=${state}`))).location, 'com.example.app:/bye')
})

t.test('a provider that is down keeps nobody from logging out', async (t) => {
  const setup = await setUpReturn(t, { routes: app => { app.get('/grants', async (request) => request.oauth.grants()) } })
  const { url, wire, browser, logIn, logs } = setup
  await logIn()
  wire.on('/revoke', (_request, response) => { response.destroy(); return undefined })
  const { status, text, headers } = await out(setup)
  t.equal(status, 200)
  t.match(text, 'You are logged out here. The provider did not confirm')
  t.match(text, `href="${wire.issuer}/end?client_id=`)
  t.match(headers.get('content-security-policy'), /default-src 'none'/)
  t.equal((await read(await browser.request(`${url}/grants`))).text, '[]')

  await logIn()
  const down = (_request: unknown, response: { destroy: () => void }) => { response.destroy(); return undefined }
  for (const path of ['/revoke', '/.well-known/openid-configuration'] as const) wire.on(path, down)
  setup.app.oauth.providers.unregister('wire')
  setup.app.oauth.providers.register('wire', discovered(wire))
  t.strictSame((await out(setup, { headers: json })).json, { removed: true, provider: 'failed', notRevoked: ['refresh_token', 'access_token'] })
  t.ok(logs.some(line => /could not be ended/.test(line)))
  t.equal((await read(await browser.request(`${url}/grants`))).text, '[]')
})

t.test('which token may still be good', async (t) => {
  const setup = await setUp(t)
  const { wire, logIn, browser } = setup
  const refusing = (hint: string) => wire.on('/revoke', ({ form }) => form.get('token_type_hint') === hint ? { status: 400, body: { error: 'server_error' } } : undefined)
  for (const hint of ['refresh_token', 'access_token']) {
    await logIn()
    refusing(hint)
    t.strictSame((await out(setup, { headers: json })).json, { removed: true, provider: 'failed', notRevoked: [hint] })
  }
  await logIn()
  t.match((await out(setup, { form: { returnTo: '/bye' } })).text, '<a href="/bye">Go on</a>')
  wire.tokens = { refresh_token: undefined }
  await logIn()
  wire.on('/revoke', () => ({ status: 503 }))
  t.match((await out(setup, { headers: json })).json, { notRevoked: ['access_token'] })
  wire.handlers.clear()
  wire.tokens = {}
  for (const user of ['user-1', 'user-2']) await logIn('/oauth/wire', user)
  wire.on('/revoke', ({ form }) => wire.to('/revoke').length % 4 === 1 ? { status: 400, body: { error: 'server_error' } } : { body: String(form) })
  t.match((await out(setup, { headers: json })).json, { removed: true, provider: 'failed' }, 'of several accounts, what is worst')
  t.equal(browser.cookies.size, 1)
})

t.test('the session ends with the last grant of its owner', async (t) => {
  const routes = (app: LoginSetup['app']) => {
    app.get('/note/:text', async (request) => { request.session.set('note' as never, (request.params as { text: string }).text as never); return 'noted' })
    app.get('/note', async (request) => String(request.session.get('note' as never)))
  }
  const setup = await setUp(t, { routes, plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }) })
  const { url, browser, logIn } = setup
  await logIn()
  await logIn('/oauth/other')
  await browser.request(`${url}/note/kept`)
  const before = browser.cookieHeader(new URL(url))
  const note = async (headers: Record<string, string> = {}) => (await read(await browser.request(`${url}/note`, { headers }))).text
  await out(setup)
  t.equal(await note(), 'kept', 'there is another grant')
  await browser.request(`${url}/oauth/other/logout`, { method: 'POST' })
  t.equal(await note(), 'undefined')
  t.equal(await note({ cookie: before }), 'undefined', 'a copy of its cookie')
})

t.test('a logout from a page that tells nobody its address, and from neighbours', async (t) => {
  const setup = await setUp(t)
  await setup.logIn()
  for (const site of ['cross-site', 'same-site']) {
    t.match(await out(setup, { headers: { ...json, 'sec-fetch-site': site } }), { status: 403, json: { code: 'FST_OAUTH_CROSS_SITE' } }, site)
  }
  t.match(await out(setup, { headers: { ...json, origin: 'null' } }), { status: 403 }, 'which page it was is not known')
  // So browsers send the form of a page with Referrer-Policy: no-referrer, which @fastify/helmet sets by default.
  const { status, json: answer } = await out(setup, { headers: { ...json, 'sec-fetch-site': 'same-origin', origin: 'null' } })
  t.match({ status, answer }, { status: 200, answer: { removed: true } })
})

t.test('a store that fails: nobody is told that they are logged out', async (t) => {
  const { MemoryGrantStore } = await import('../../lib/index.js')
  const store = new MemoryGrantStore()
  const setup = await setUp(t, { plugin: () => ({ store }) })
  await setup.logIn()
  const { delete: remove } = store
  store.delete = async () => { throw new Error('the store is down') }
  t.match(await out(setup, { headers: json }), { status: 503, json: { code: 'FST_OAUTH_STORE_FAILED' } })
  store.delete = remove
  t.match((await out(setup, { headers: json })).json, { removed: true, provider: 'revoked' })
})

t.test('request.oauth.logout()', async (t) => {
  const setup = await setUp(t, {
    routes (app) {
      app.post('/sign-out', { config: { oauth: 'wire' } }, async (request, reply) => request.oauth.logout(reply, { returnTo: '/bye' }))
      app.post('/sign-out/:account', async (request, reply) => request.oauth.logout(reply, request.params as { account: string }))
      app.get('/accounts', async (request) => (await request.oauth.grants()).map(({ account }) => account).sort())
    }
  })
  const { url, browser, logIn } = setup
  for (const user of ['user-1', 'user-2', 'user-3']) await logIn('/oauth/wire', user)
  const accounts = async () => (await read(await browser.request(`${url}/accounts`))).text
  await browser.request(`${url}/sign-out/user-2`, { method: 'POST' })
  t.equal(await accounts(), '["user-1","user-3"]')
  t.match(await read(await browser.request(`${url}/sign-out`, { method: 'POST', headers: { origin: 'https://evil.example' } })), { status: 403 })
  const { status, location } = await read(await browser.request(`${url}/sign-out`, { method: 'POST' }))
  t.strictSame({ status, location }, { status: 303, location: '/bye' })
  t.equal(await accounts(), '[]')
})

t.test('onLogout', async (t) => {
  const told: Array<Pick<OAuthLogoutState, 'by' | 'sid' | 'subject'> & { grants: number }> = []
  let fails = false
  const setup = await setUp(t, {
    provider: () => ({ backchannelLogout: true }),
    plugin: () => ({
      onLogout ({ by, sid, subject, grants, reply }: OAuthLogoutState) {
        told.push({ by, sid, subject, grants: grants.length })
        if (fails) throw new Error('not now')
        if (by === 'user') reply.send({ bye: true })
      }
    })
  })
  const { url, wire, logIn, logs } = setup
  wire.claims = { sid: 'session-1' }
  await logIn()
  t.strictSame((await out(setup)).json, { bye: true })
  wire.claims = {}
  await logIn()
  await out(setup)
  wire.claims = { sid: 'session-3' }
  await logIn()
  const address = `${url}/oauth/wire/backchannel-logout`
  t.equal((await postLogout(address, await logoutToken(wire, { sid: 'session-3', sub: undefined }))).status, 200)
  fails = true
  t.match(await postLogout(address, await logoutToken(wire)), { status: 400, json: { error: 'server_error' } })
  t.strictSame(told, [
    { by: 'user', sid: 'session-1', subject: 'user-1', grants: 1 },
    { by: 'user', sid: undefined, subject: 'user-1', grants: 1 },
    { by: 'provider', sid: 'session-3', subject: undefined, grants: 1 },
    { by: 'provider', sid: undefined, subject: 'user-1', grants: 0 }
  ])
  t.ok(logs.some(line => /A logout by the provider failed/.test(line)))
})

t.test('a logout by the provider while the store or the provider is down is no success', async (t) => {
  const { MemoryGrantStore } = await import('../../lib/index.js')
  const store = new MemoryGrantStore()
  const { url, wire, logIn } = await setUp(t, { provider: () => ({ backchannelLogout: true }), plugin: () => ({ store }) })
  await logIn()
  const address = `${url}/oauth/wire/backchannel-logout`
  const token = await logoutToken(wire)
  wire.on('/jwks', () => ({ status: 500 }))
  t.match(await postLogout(address, token), { status: 400, json: { error: 'server_error' } })
  wire.handlers.clear()
  const { claim } = store
  store.claim = async () => { throw new Error('the store is down') }
  t.match(await postLogout(address, token), { status: 400, json: { error: 'server_error' } })
  store.claim = claim
  t.equal((await postLogout(address, token)).status, 200, 'the same token again')
})

t.test('each route can be switched off', async (t) => {
  const { url, wire } = await setUp(t, { plugin: () => ({ routes: { logout: false, backchannelLogout: false } }) })
  t.equal((await fetch(`${url}/oauth/wire/logout/callback`)).status, 404)
  t.equal((await fetch(`${url}/oauth/wire/backchannel-logout`, { method: 'POST', body: new URLSearchParams({ logout_token: await logoutToken(wire) }) })).status, 404)
})
