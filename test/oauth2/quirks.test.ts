// Logins, refreshes and calls at a provider whose deviations are declared.
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'

const call = { method: 'GET', origin: 'https://api.example', path: '/items?a=1', contentType: undefined, body: null }

t.test('WeChat\'s kind: other names, GET, JSON errors, the token in the query, who it is from the token answer', async (t) => {
  const { wire, provider, begin, login } = await startWireLogin(t, wire => ({
    ...byHand(wire),
    clientAuth: 'client_secret_post',
    scope: ['a', 'b'],
    userinfoUrl: `${wire.issuer}/userinfo?openid={token.openid}&app={clientId}`,
    accessTokenMethod: 'GET',
    profile: { id: '/unionid', name: '/nickname' },
    quirks: {
      scopeDelimiter: ',',
      authorizeFragment: 'wechat_redirect',
      paramNames: { authorize: { client_id: 'appid' }, token: { client_id: 'appid', client_secret: 'secret' } },
      refresh: { url: `${wire.issuer}/refresh` },
      tokenAnswer: { error: { code: '/errcode', description: '/errmsg', invalidGrant: ['40029'] } },
      accessTokenIn: { query: 'access_token' }
    }
  }))
  const { url } = await begin()
  t.match(new URL(url), { hash: '#wechat_redirect' })
  t.match(Object.fromEntries(new URL(url).searchParams), { appid: wire.clientId, client_id: undefined, scope: 'a,b' })
  wire.on('/token', () => ({ headers: { 'content-type': 'text/plain' }, body: { access_token: 'a', refresh_token: 'r', openid: 'o 1', expires_in: 7200 } }))
  wire.userinfo = { unionid: 'u-1', nickname: 'First User' }

  const completed = await login()
  const [asked] = wire.to('/token')
  t.match(asked, { method: 'GET', body: '' })
  t.match(Object.fromEntries(asked?.query ?? []), { appid: wire.clientId, secret: wire.clientSecret, grant_type: 'authorization_code', client_id: undefined })
  t.equal(completed.subject, 'u-1')
  t.strictSame(Object.fromEntries(wire.to('/userinfo')[0]?.query ?? []), { openid: 'o 1', app: wire.clientId, access_token: 'a' })
  t.equal(wire.to('/userinfo')[0]?.headers.authorization, undefined)
  t.strictSame(await provider.sign(grantOf(completed), call), { headers: {}, path: '/items?a=1&access_token=a' })

  await t.rejects(provider.refresh(grantOf(completed)), { code: 'FST_OAUTH_TOKEN_REFUSED' })
  t.match(wire.requests.at(-1), { method: 'GET', path: '/refresh' })
  wire.on('/token', () => ({ body: { errcode: 40029, errmsg: 'invalid code' } }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_CODE_REFUSED', message: /invalid code/ })
  wire.on('/token', () => ({ body: { errcode: 40013 } }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_TOKEN_REFUSED', message: /40013/ })
  wire.on('/token', () => ({ body: { access_token: 'a', openid: {} } }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it holds no openid, which userinfoUrl needs/ })
})

t.test('callbacks: the code under another name, parameters that are kept or passed on, an alias of the callback URL', async (t) => {
  const { wire, provider, begin } = await startWireLogin(t, wire => ({
    ...byHand(wire),
    quirks: { redirectUri: 'My-App-RuName', paramNames: { callback: { code: 'auth_code' } }, callbackParams: ['realmId', 'other'], tokenRequest: { callbackParams: ['device_id'] } }
  }))
  const { url, secrets } = await begin()
  t.equal(new URL(url).searchParams.get('redirect_uri'), 'My-App-RuName')
  wire.on('/token', () => ({ body: { access_token: 'a', token_type: 'bearer' } }))
  const callback = new URLSearchParams({ auth_code: 'c', state: secrets.state, realmId: '77', device_id: 'd' })

  t.equal(provider.keyOf(callback), secrets.state)
  const { tokens } = await provider.complete({ callback, secrets, redirectUri: 'https://app.example/callback' }, null)
  t.match(Object.fromEntries(wire.to('/token')[0]?.form ?? []), { code: 'c', redirect_uri: 'My-App-RuName', device_id: 'd' })
  t.strictSame(tokens.raw, { callback: { realmId: '77' } })
})

t.test('userinfo by POST: JSON, a form that carries the token, no body', async (t) => {
  const post = async (userinfo: object) => {
    const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo`, quirks: { userinfo, headers: { 'x-client': '{clientId}' } } }))
    const completed = await login()
    t.equal((await provider.profile(grantOf(completed))).name, 'First User')
    return { asked: wire.to('/userinfo').at(-1), accessToken: completed.tokens.accessToken, wire }
  }
  const graph = await post({ method: 'POST', json: { query: '{ me }' } })
  t.match(graph.asked, { method: 'POST', body: '{"query":"{ me }"}', headers: { 'content-type': 'application/json', authorization: `Bearer ${graph.accessToken}`, 'x-client': graph.wire.clientId } })
  t.equal(graph.wire.to('/token')[0]?.headers['x-client'], graph.wire.clientId)
  const inJson = await post({ method: 'POST', json: { auth: { token: '{accessToken}', client: '{clientId}' }, query: '{ me {clientId} }', size: 1 } })
  t.strictSame(JSON.parse(String(inJson.asked?.body)), { auth: { token: inJson.accessToken, client: inJson.wire.clientId }, query: '{ me {clientId} }', size: 1 })
  t.equal(inJson.asked?.headers.authorization, undefined)
  const form = await post({ method: 'POST', form: { token: '{accessToken}', client: '{clientId}' } })
  t.strictSame(Object.fromEntries(form.asked?.form ?? []), { token: form.accessToken, client: form.wire.clientId })
  t.equal(form.asked?.headers.authorization, undefined)
  const both = await post({ method: 'POST', form: { client: '{clientId}' } })
  t.match(both.asked, { headers: { authorization: `Bearer ${both.accessToken}` } })
  t.match((await post({ method: 'POST' })).asked, { method: 'POST', body: '' })
})

t.test('the token in the path of userinfoUrl', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/tokens/{accessToken}` }))
  wire.handlers.set('/tokens/a%2Fb', () => ({ body: { sub: 'user-9' } }))
  wire.tokens = { access_token: 'a/b' }

  t.equal((await login()).subject, 'user-9')
})

t.test('who the user is stands in the token answer', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), profile: { root: '/athlete', id: '/id', name: '/name' }, quirks: { userinfo: { from: 'token-answer' } } }))
  wire.tokens = { athlete: { id: 5, name: 'First User' } }
  const completed = await login()

  t.equal(completed.subject, '5')
  t.match(await provider.profile(grantOf(completed)), { id: '5', name: 'First User', email: undefined })
  t.equal(wire.to('/userinfo').length, 0)
})

t.test('a second request for e-mail addresses', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({
    ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo`, profile: { id: '/sub', emails: { url: `${wire.issuer}/api`, email: '/email', verified: '/verified' } }
  }))
  wire.on('/api', () => ({ body: [{ email: 'first@mail.example', verified: true }] }))
  const completed = await login()
  t.equal(wire.to('/api').length, 0, 'a login does not need them')

  t.match(await provider.profile(grantOf(completed)), { id: 'user-1', email: 'first@mail.example', emailVerified: true })
  t.match(wire.to('/api')[0], { method: 'GET', headers: { authorization: `Bearer ${completed.tokens.accessToken}` } })
  for (const answer of [{ status: 403 }, { body: 'no JSON' }]) {
    wire.on('/api', () => answer)
    t.match(await provider.profile(grantOf(completed)), { email: undefined, emailVerified: false })
  }
})

t.test('PKCE plain, also where the metadata knows no other', async (t) => {
  const { wire, begin } = await startWireLogin(t, { quirks: { pkce: 'plain' } })
  wire.metadata.code_challenge_methods_supported = ['plain']
  const { url, secrets } = await begin()

  t.match(Object.fromEntries(new URL(url).searchParams), { code_challenge: secrets.verifier as string, code_challenge_method: 'plain' })
})

t.test('headers beside a proof', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), dpop: true, quirks: { headers: { 'x-client': '{clientId}' }, accessTokenIn: { query: 'token' } } }))
  wire.tokens = { token_type: 'DPoP' }
  const grant = grantOf(await login())

  t.match(await provider.sign(grant, call), { headers: { 'x-client': wire.clientId, authorization: `DPoP ${grant.accessToken}`, dpop: String }, path: undefined })
})
