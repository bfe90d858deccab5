// Logins at OAuth 1.0a providers, from the redirect to the grant (RFC 5849 section 2).
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { OAuthAuthorizedState, OAuthDeniedState } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { read } from '../fixtures/login.js'
import { OAuth1Server } from '../fixtures/oauth1-server.js'
import { optionsFor, setUpOAuth1 } from '../fixtures/oauth1-login.js'
import type { OAuth1SetupOptions } from '../fixtures/oauth1-login.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })

async function logIn (t: Parameters<typeof setUpOAuth1>[0], options: OAuth1SetupOptions = {}, prepare: (wire: OAuth1Server) => void = () => {}) {
  let authorized: OAuthAuthorizedState | undefined
  const setup = await setUpOAuth1(t, {
    ...options,
    plugin: wire => ({ ...options.plugin?.(wire), onAuthorized (state) { authorized = state } }),
    routes (app) {
      app.get('/profile', async (request) => request.oauth.profile())
      app.get('/guarded', { config: { oauth: 'wire' } }, async (request) => (await request.oauth.get('api')).body.json())
    }
  })
  prepare(setup.wire)
  const login = await setup.start()
  const ended = await read(await setup.browser.request(setup.wire.decide(login)))
  return { ...setup, login: new URL(login).searchParams, ended, grant: authorized?.grant }
}

t.test('a login, and a call in its name', async (t) => {
  const { ended, grant, wire, browser, url, login, app } = await logIn(t)
  t.equal(ended.status, 303)
  t.equal(ended.location, '/')
  t.match(grant, { provider: 'wire', tokenType: 'oauth1', account: 'user-1', subject: 'user-1', accessToken: /^access-token-canary/, tokenSecret: /^token-secret-canary/, refreshToken: undefined, expiresAt: undefined, scope: [] })
  t.strictSame([...login.keys()], ['oauth_token'])
  const [request, access] = wire.checked
  t.match(request, { method: 'POST', pathname: '/request', body: '' })
  t.equal(request?.oauth.get('oauth_callback'), `${url}/oauth/wire/callback`)
  t.match(access, { method: 'POST', pathname: '/access', body: '' })
  t.match((await read(await browser.request(`${url}/guarded`))).json, { user: 'user-1', method: 'GET' })
  t.match((await read(await browser.request(`${url}/profile`))).json, { id: 'user-1', name: 'Name of user-1' })
  t.equal(app.oauth.providers.get('wire').protocol, 'oauth1')
  t.strictSame(wire.refusals, [])
})

t.test('every way to sign', async (t) => {
  for (const signatureMethod of ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'PLAINTEXT'] as const) {
    const { ended, wire } = await logIn(t, { provider: () => ({ signatureMethod, realm: 'the "realm"' }) })
    t.equal(ended.status, 303, signatureMethod)
    t.match(wire.checked[0]?.headers.authorization, 'OAuth realm="the \\"realm\\""')
    t.equal(wire.checked[0]?.oauth.get('oauth_signature_method'), signatureMethod)
  }
  for (const signatureMethod of ['RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512'] as const) {
    for (const clientSecret of ['', undefined]) {
      const { ended } = await logIn(t, { server: { publicKey }, provider: () => ({ signatureMethod, clientKey: privateKey, clientSecret }) })
      t.equal(ended.status, 303, `${signatureMethod} with the secret ${clientSecret}`)
    }
  }
})

t.test('where parameters of the protocol stand', async (t) => {
  for (const oauth1Parameters of ['header', 'query', 'body'] as const) {
    for (const accessTokenMethod of ['POST', 'GET'] as const) {
      const { ended, wire } = await logIn(t, { provider: () => ({ quirks: { oauth1Parameters }, accessTokenMethod, requestTokenParams: { a: 'b c', x_auth_access_type: 'read' }, accessTokenParams: { d: 'ü' } }) })
      t.equal(ended.status, 303, `${oauth1Parameters} ${accessTokenMethod}`)
      const [request, access] = wire.checked
      t.strictSame([request?.params, access?.params], [[['a', 'b c'], ['x_auth_access_type', 'read']], [['d', 'ü']]])
      const expected = oauth1Parameters === 'body' && accessTokenMethod === 'GET' ? 'query' : oauth1Parameters
      t.strictSame([request?.place, access?.place, request?.method, access?.method], [expected, expected, accessTokenMethod, accessTokenMethod])
      t.equal(wire.checked[2]?.place, oauth1Parameters === 'body' ? 'query' : oauth1Parameters, 'userinfo')
    }
  }
})

t.test('parameters in the body, where there are no others', async (t) => {
  const { ended, wire } = await logIn(t, { provider: () => ({ quirks: { oauth1Parameters: 'body' } }) })
  t.equal(ended.status, 303)
  t.equal(wire.checked[0]?.place, 'body')
})

t.test('addresses that have a query, one address for both kinds of credentials, answers as JSON', async (t) => {
  const { ended, wire, login } = await logIn(t, {
    server: { json: true, sharedUrl: true },
    provider: ({ url }) => ({ requestTokenUrl: `${url}/credentials?title=Special%3AOAuth`, accessTokenUrl: `${url}/credentials?title=Special%3AOAuth`, authorizeUrl: `${url}/authorize?title=a%20b&prompt=x`, accessTokenMethod: 'GET', requestTokenParams: { one: '1' }, authorizeParams: { name: 'Me & you', prompt: 'y' } })
  })
  t.equal(ended.status, 303)
  t.strictSame(wire.checked.slice(0, 2).map(({ pathname, params }) => [pathname, params]), [['/credentials', [['title', 'Special:OAuth'], ['one', '1']]], ['/credentials', [['title', 'Special:OAuth']]]])
  t.strictSame([login.get('title'), login.get('name'), login.getAll('prompt')], ['a b', 'Me & you', ['y']])
})

t.test('request token by GET, access token by POST', async (t) => {
  const { wire } = await logIn(t, { provider: () => ({ quirks: { oauth1RequestTokenMethod: 'GET' } }) })
  t.strictSame(wire.checked.slice(0, 2).map(({ method }) => method), ['GET', 'POST'])
})

t.test('scopes: in the authorization URL, or with the request token', async (t) => {
  const first = await logIn(t, { provider: () => ({ scope: ['read', 'write'], quirks: { scopeDelimiter: ',', scopeParam: 'perms' } }) })
  t.equal(first.login.get('perms'), 'read,write')
  t.strictSame(first.grant?.scope, ['read', 'write'], 'what was asked for, since nothing is said')
  const second = await logIn(t, { provider: () => ({ scope: ['read', 'write'], quirks: { oauth1ScopeOnRequestToken: true } }) })
  t.equal(second.login.get('scope'), null)
  t.strictSame(second.wire.checked[0]?.params, [['scope', 'read write']])
})

t.test('parameters as functions of the request are checked as they are', async (t) => {
  const { ended, wire, login } = await logIn(t, { provider: () => ({ requestTokenParams: async () => ({ a: '1' }), authorizeParams: request => ({ scope: 'read', lang: String(request.headers['accept-language']) }) }) })
  t.equal(ended.status, 303)
  t.strictSame([wire.checked[0]?.params, login.get('scope'), login.get('lang')], [[['a', '1']], 'read', '*'])
  const wrong = await setUpOAuth1(t, { provider: () => ({ requestTokenParams: () => ({ oauth_callback: 'https://evil.example' }) }) })
  t.match((await wrong.browser.open(`${wrong.url}/oauth/wire`)).text, 'FST_OAUTH_INVALID_OPTIONS')
})

t.test('OAuth Core 1.0: the callback goes with the authorization URL, nothing is confirmed, no verifier comes', async (t) => {
  const { ended, login, wire, url } = await logIn(t, { server: { revision: '1.0' }, provider: () => ({ quirks: { oauth1Revision: '1.0' } }) })
  t.equal(ended.status, 303)
  t.equal(login.get('oauth_callback'), `${url}/oauth/wire/callback`)
  t.strictSame([wire.checked[0]?.oauth.has('oauth_callback'), wire.checked[1]?.oauth.has('oauth_verifier')], [false, false])
})

t.test('the callback on the authorization URL, with a verifier', async (t) => {
  const { ended, login, wire, url } = await logIn(t, { provider: () => ({ quirks: { oauth1CallbackOnAuthorize: true } }) })
  t.equal(ended.status, 303)
  t.equal(login.get('oauth_callback'), `${url}/oauth/wire/callback`)
  t.match(wire.checked[1]?.oauth.get('oauth_verifier'), 'verifier-canary')
})

t.test('oob: the user brings the verifier to the callback', async (t) => {
  const { wire, start, browser, url, app } = await setUpOAuth1(t, { provider: () => ({ callbackUrl: 'oob' }) })
  const login = await start()
  t.equal(wire.checked[0]?.oauth.get('oauth_callback'), 'oob')
  const token = String(new URL(login).searchParams.get('oauth_token'))
  const ended = await browser.request(`${url}/oauth/wire/callback?${new URLSearchParams({ oauth_token: token, oauth_verifier: wire.decide(login) })}`)
  t.equal(ended.status, 303)
  app.oauth.providers.register('late', { ...optionsFor(wire), callbackUrl: 'oob' })
  t.match(await browser.openUntil(`${url}/oauth/late`, `${wire.url}/authorize`), 'oauth_token', 'also of a provider that is registered later')
  const old = await setUpOAuth1(t, { server: { revision: '1.0' }, provider: () => ({ callbackUrl: 'oob', quirks: { oauth1Revision: '1.0' } }) })
  const oldLogin = new URL(await old.start()).searchParams
  t.strictSame([...oldLogin.keys()], ['oauth_token'], 'nothing is said of a callback that is known by other means')
})

t.test('a callback URL of the provider\'s own', async (t) => {
  const { wire, start, url, browser } = await setUpOAuth1(t, { provider: () => ({ callbackUrl: 'http://127.0.0.1/old/callback' }) })
  const login = await start()
  t.equal(wire.checked[0]?.oauth.get('oauth_callback'), 'http://127.0.0.1/old/callback')
  t.equal((await browser.request(wire.decide(login).replace('http://127.0.0.1', url))).status, 303)
})

t.test('who it is: from userinfo, from the answer that brought the token, or nobody knows', async (t) => {
  const fromToken = await logIn(t, { provider: () => ({ userinfoUrl: undefined, profile: ({ user_id: id, screen_name: name }) => ({ id: String(id), name: String(name) }) }) }, wire => { wire.extra = { user_id: '42', screen_name: 'someone' } })
  t.match(fromToken.grant, { account: '42', subject: '42', raw: { user_id: '42', screen_name: 'someone' } })
  t.match((await read(await fromToken.browser.request(`${fromToken.url}/profile`))).json, { id: '42', name: 'someone' })
  const unknown = await logIn(t, { provider: () => ({ userinfoUrl: undefined }) })
  t.match(unknown.grant, { account: 'default', subject: undefined })
  t.equal((await read(await unknown.browser.request(`${unknown.url}/profile`))).json.code, 'FST_OAUTH_PROFILE_UNAVAILABLE')
})

t.test('a lifetime is read, and a session handle kept; what has expired needs a login', async (t) => {
  let now = Date.now()
  const { grant, browser, url, wire } = await logIn(t, { plugin: () => ({ clock: () => now }) }, wire => { wire.extra = { oauth_expires_in: '3600', oauth_session_handle: 'handle-canary', oauth_authorization_expires_in: '99999' } })
  t.equal(grant?.expiresAt, now + 3_600_000)
  t.strictSame(grant?.raw, { oauth_session_handle: 'handle-canary', oauth_authorization_expires_in: '99999' })
  t.equal((await browser.request(`${url}/guarded`)).status, 200)
  now += 3_600_001
  t.match((await read(await browser.request(`${url}/guarded`, { headers: { accept: 'application/json' } }))).json, { code: 'FST_OAUTH_GRANT_REQUIRED' })
  const again = await browser.openUntil(`${url}/guarded`, `${wire.url}/authorize`)
  t.equal((await browser.open(wire.decide(again))).status, 200, 'which ends where it was asked for')
})

t.test('a lifetime that is none', async (t) => {
  for (const lifetime of ['0', '', 'never', '-1']) {
    const { grant } = await logIn(t, {}, wire => { wire.extra = { oauth_expires_in: lifetime } })
    t.equal(grant?.expiresAt, undefined, lifetime)
  }
})

t.test('no token, secret or raw in what prints a grant', async (t) => {
  const { grant } = await logIn(t)
  t.notMatch(JSON.stringify([grant, { ...grant }]), /canary/)
  t.match(grant?.tokenSecret, /canary/)
})

t.test('two tabs, and two providers, at once', async (t) => {
  const other = await OAuth1Server.start(t)
  const { wire, start, browser, url } = await setUpOAuth1(t, { plugin: () => ({ providers: { other: optionsFor(other) } }), routes (app) { app.get('/grants', async (request) => request.oauth.grants()) } })
  const first = await start()
  const second = await start('/oauth/wire?returnTo=/second')
  const third = await browser.openUntil(`${url}/oauth/other`, `${other.url}/authorize`)
  t.equal((await read(await browser.request(wire.decide(second, { user: 'user-2' })))).location, '/second')
  t.equal((await browser.request(other.decide(third))).status, 303)
  t.equal((await browser.request(wire.decide(first, { user: 'user-1' }))).status, 303)
  const grants = (await read(await browser.request(`${url}/grants`))).json as unknown as Array<{ provider: string, account: string }>
  t.strictSame(grants.map(({ provider, account }) => `${provider} ${account}`).sort(), ['other user-1', 'wire user-1', 'wire user-2'])
})

t.test('two providers that choose the same token, and one that chooses it always', async (t) => {
  const same = () => ({ headers: { 'content-type': 'text/plain' }, body: 'oauth_token=constant&oauth_token_secret=x&oauth_callback_confirmed=true\n' })
  const other = await OAuth1Server.start(t)
  const { wire, start, browser, url, app } = await setUpOAuth1(t, { plugin: () => ({ providers: { other: optionsFor(other) } }), routes (app) { app.get('/grants', async (request) => request.oauth.grants()) } })
  for (const server of [wire, other]) {
    server.overrides.set('/request', same)
    server.overrides.set('/access', () => ({ body: 'oauth_token=access&oauth_token_secret=y' }))
    server.overrides.set('/me', () => ({ body: { id: 'user-1' } }))
  }
  await start()
  await browser.openUntil(`${url}/oauth/other`, `${other.url}/authorize`)
  for (const name of ['wire', 'other']) t.equal((await browser.request(`${url}/oauth/${name}/callback?oauth_token=constant&oauth_verifier=v`)).status, 303, name)
  t.equal((await read(await browser.request(`${url}/grants`))).text.match(/"provider"/g)?.length, 2)

  const stranger = new Browser()
  await start(undefined, stranger)
  t.equal((await stranger.request(`${url}/oauth/wire/callback?oauth_token=constant&oauth_verifier=v`)).status, 303)
  t.equal((await read(await stranger.request(`${url}/grants`))).text.match(/"provider"/g)?.length, 1, 'nobody else\'s grants come with it')
  t.ok(app.oauth.providers.has('other'))
})

t.test('denied', async (t) => {
  const states: OAuthDeniedState[] = []
  const { wire, start, browser, url } = await setUpOAuth1(t, { plugin: () => ({ onDenied (state) { states.push(state) } }) })
  const deny = async (answer: (token: string) => Record<string, string>) => {
    const login = await start('/oauth/wire?returnTo=/there')
    const token = String(new URL(login).searchParams.get('oauth_token'))
    return read(await browser.request(wire.decide(login, { deny: answer(token) })))
  }
  const answers: Array<[(token: string) => Record<string, string>, string]> = [
    [token => ({ denied: token }), 'denied'],
    [token => ({ oauth_token: token, denied: token }), 'denied'],
    [token => ({ oauth_token: token, oauth_problem: 'user_refused', oauth_problem_advice: 'Ask again' }), 'user_refused'],
    [token => ({ oauth_token: token, oauth_verifier: 'a-verifier', oauth_problem: 'permission_denied' }), 'permission_denied'],
    [token => ({ oauth_token: token, oauth_verifier: 'denied' }), 'denied']
  ]
  for (const [answer, error] of answers) {
    const { status, text } = await deny(answer)
    t.strictSame([status, codeIn(text)], [403, 'FST_OAUTH_ACCESS_DENIED'], error)
    t.match(states.pop(), { provider: 'wire', error, returnTo: '/there' })
  }
  await deny(answers[2]?.[0] as (token: string) => Record<string, string>)
  t.equal(states.pop()?.errorDescription, 'Ask again')
  t.equal(wire.to('/access').length, 0, 'no exchange')

  await start()
  const { status, text } = await read(await browser.request(`${url}/oauth/wire/callback?oauth_problem=user_refused`))
  t.strictSame([status, codeIn(text)], [400, 'FST_OAUTH_TOKEN_MISSING'], 'without an oauth_token no login is meant')
  t.equal(states.length, 0)
})

t.test('denied when the credentials are exchanged', async (t) => {
  const { ended } = await logIn(t, {}, wire => { wire.overrides.set('/access', () => ({ status: 401, body: 'oauth_problem=user_refused' })) })
  t.strictSame([ended.status, codeIn(ended.text)], [403, 'FST_OAUTH_ACCESS_DENIED'])
})
