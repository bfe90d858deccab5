// Logins at plain OAuth 2 providers, whose endpoints are given by hand.
import t from 'tap'
import type { OAuthAuthorizedState, OAuthProviderOptions } from '../../lib/index.js'
import { byHand, read, setUp } from '../fixtures/login.js'
import type { WireProvider } from '../fixtures/wire-provider.js'

async function logIn (t: Parameters<typeof setUp>[0], options: (wire: WireProvider) => Partial<OAuthProviderOptions>, prepare: (wire: WireProvider) => void = () => {}) {
  let authorized: OAuthAuthorizedState | undefined
  const setup = await setUp(t, {
    plugin: wire => ({ providers: { wire: { ...byHand(wire), ...options(wire) } }, onAuthorized (state) { authorized = state } }),
    routes (app) {
      app.get('/profile', async (request) => request.oauth.profile())
      app.get('/guarded', { config: { oauth: 'wire' } }, async (request) => (await request.oauth.get('api')).body.json())
    }
  })
  prepare(setup.wire)
  const login = await setup.start()
  const ended = await read(await setup.browser.request(setup.wire.callbackFor(login)))
  return { ...setup, login: new URL(login).searchParams, ended, grant: authorized?.grant }
}

t.test('with userinfo: the account is who the userinfo says', async (t) => {
  const { ended, grant, wire, browser, url, login } = await logIn(t, wire => ({ userinfoUrl: `${wire.issuer}/userinfo`, scope: ['repo', 'user'] }), wire => { wire.userinfo = { id: 4711, name: 'Of the provider', email: 'a@mail.example' } })
  t.equal(ended.status, 303)
  t.match(grant, { account: '4711', subject: '4711', claims: undefined, idToken: undefined, scope: ['repo', 'user'] })
  t.equal(login.get('scope'), 'repo user')
  t.equal(login.get('code_challenge_method'), 'S256')
  t.equal(login.get('nonce'), null)
  t.match((await read(await browser.request(`${url}/profile`))).json, { id: '4711', name: 'Of the provider', email: 'a@mail.example', emailVerified: false })
  t.match((await read(await browser.request(`${url}/guarded`))).json, { authorization: /^Bearer access-token-canary-granted/ })
  t.equal(wire.to('/.well-known/openid-configuration').length, 0)
})

t.test('with userinfo and a map of the provider\'s own', async (t) => {
  const { grant, browser, url } = await logIn(t, wire => ({ userinfoUrl: `${wire.issuer}/userinfo`, profile: ({ login, verified }) => ({ id: `github:${login}`, name: String(login), emailVerified: Boolean(verified) }) }), wire => { wire.userinfo = { login: 'octocat', verified: 1 } })
  t.equal(grant?.account, 'github:octocat')
  t.match((await read(await browser.request(`${url}/profile`))).json, { id: 'github:octocat', name: 'octocat', emailVerified: true, raw: { login: 'octocat', verified: 1 } })
})

t.test('without userinfo nobody knows who it is: the account is the default one', async (t) => {
  const { ended, grant, browser, url, wire, start } = await logIn(t, () => ({}))
  t.equal(ended.status, 303)
  t.match(grant, { account: 'default', subject: undefined, claims: undefined })
  t.equal((await read(await browser.request(`${url}/profile`))).json.code, 'FST_OAUTH_PROFILE_UNAVAILABLE')
  t.equal((await read(await browser.request(`${url}/guarded`))).status, 200)
  await browser.request(wire.callbackFor(await start()))
  t.match((await read(await browser.request(`${url}/guarded`))).json, { authorization: /granted/ }, 'another login replaces it')
})

t.test('a userinfo that fails fails the login, and leaves nothing', async (t) => {
  const { ended, grant, browser, url } = await logIn(t, wire => ({ userinfoUrl: `${wire.issuer}/userinfo` }), wire => { wire.on('/userinfo', () => ({ status: 401 })) })
  t.equal(ended.status, 502)
  t.match(ended.text, 'FST_OAUTH_INVALID_PROVIDER_ANSWER')
  t.equal(grant, undefined)
  t.equal((await read(await browser.request(`${url}/guarded`, { headers: { accept: 'application/json' } }))).status, 401)
})

t.test('how the client authenticates', async (t) => {
  const basic = (wire: WireProvider) => `Basic ${Buffer.from(`${wire.clientId}:${wire.clientSecret}`).toString('base64')}`
  for (const clientAuth of [undefined, 'client_secret_basic', 'client_secret_post', 'none'] as const) {
    await t.test(clientAuth ?? 'by default', async (t) => {
      const { ended, wire } = await logIn(t, () => (clientAuth === undefined ? {} : { clientAuth }))
      t.equal(ended.status, 303)
      const [{ headers, form } = { headers: {}, form: new URLSearchParams() }] = wire.to('/token')
      t.equal(headers.authorization, clientAuth === undefined || clientAuth === 'client_secret_basic' ? basic(wire) : undefined)
      t.equal(form.get('client_secret'), clientAuth === 'client_secret_post' ? wire.clientSecret : null)
      t.equal(form.get('client_id'), clientAuth === 'client_secret_post' || clientAuth === 'none' ? wire.clientId : null)
    })
  }
})

t.test('a public client has no secret to send, but PKCE', async (t) => {
  const { ended, wire } = await logIn(t, ({ clientId }) => ({ clientId, clientSecret: undefined as never }))
  t.equal(ended.status, 303)
  const [exchange] = wire.to('/token')
  t.equal(exchange?.headers.authorization, undefined)
  t.match(exchange?.form.get('code_verifier'), /^[\w-]{43}$/)
  t.equal(exchange?.form.get('client_id'), wire.clientId)
})

t.test('parameters of the provider\'s own, also as functions of the request', async (t) => {
  const { ended, login, wire } = await logIn(t, () => ({ authorizeParams: async request => ({ lang: String(request.headers['accept-language']), prompt: 'consent' }), accessTokenParams: () => ({ audience: 'api' }) }))
  t.equal(ended.status, 303)
  t.equal(login.get('prompt'), 'consent')
  t.equal(login.get('lang'), '*')
  t.equal(wire.to('/token')[0]?.form.get('audience'), 'api')
})

t.test('an id_token that cannot be verified is left out', async (t) => {
  const { ended, grant } = await logIn(t, () => ({ scope: ['openid'] }))
  t.equal(ended.status, 303)
  t.match(grant, { idToken: undefined, claims: undefined, account: 'default' })
})

t.test('a code that the provider refuses fails the login with 400', async (t) => {
  const { ended } = await logIn(t, () => ({}), wire => { wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } })) })
  t.equal(ended.status, 400)
  t.match(ended.text, 'FST_OAUTH_CODE_REFUSED')
})
