// Each quirk on the wire: what differs, and that what the RFCs say is refused where the provider refuses it.
import { createHmac } from 'node:crypto'
import { decodeJwt } from 'jose'
import t from 'tap'
import type { Test } from 'tap'
import { quirkNames } from '../../lib/testing/quirks.js'
import { createFakeProvider } from '../../lib/testing/index.js'
import type { FakeProviderSettings, FakeQuirks } from '../../lib/testing/index.js'
import { startFake, startFakeApp } from '../fixtures/fake-app.js'
import { clientOf, credentials, redirectUri } from '../fixtures/fake-client.js'

async function start (t: Test, quirks: FakeQuirks, settings: FakeProviderSettings = {}) {
  const fake = await startFake(t, { protocol: 'oauth2', quirks, ...settings })
  const client = clientOf(fake)
  const codeFor = async (params: Record<string, string> = {}) => String((await client.authorize(params)).get('code'))
  const grant = async (params?: Record<string, string>) => ({ ...credentials, grant_type: 'authorization_code', redirect_uri: redirectUri, code: await codeFor(params) })
  const refresh = (token: unknown, more: Record<string, string> = {}) => client.token({ grant_type: 'refresh_token', refresh_token: String(token), ...more })
  return { fake, client, codeFor, grant, refresh }
}

t.test('a quirk that does not exist is refused', async (t) => {
  t.throws(() => createFakeProvider({ quirks: { scopeDelimeter: ',' } as FakeQuirks }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /quirks.scopeDelimeter is not a quirk.*scopeDelimiter/ })
  t.ok(quirkNames.length > 50)
})

t.test('scopes: delimiter, other name, fixed, needed for a refresh token', async (t) => {
  const comma = await start(t, { scopeDelimiter: ',', scopeParam: 'perms' })
  t.match((await comma.client.logIn({ perms: 'a,b' })).json, { scope: 'a,b' })
  t.match((await comma.client.logIn({ scope: 'a,b' })).json, { scope: '' })

  const fixed = await start(t, { fixedScope: ['all'] })
  t.match((await fixed.client.logIn()).json, { scope: 'all' })
  t.equal((await fixed.client.authorize({ scope: 'a' })).get('error'), 'invalid_scope')

  const offline = await start(t, { refreshTokenNeeds: { access_type: 'offline' } })
  t.notOk('refresh_token' in (await offline.client.logIn()).json)
  t.ok('refresh_token' in (await offline.client.logIn({ access_type: 'offline' })).json)
  const scoped = await start(t, { refreshTokenNeeds: { scope: 'offline_access' } })
  t.notOk('refresh_token' in (await scoped.client.logIn({ scope: 'a' })).json)
  t.ok('refresh_token' in (await scoped.client.logIn({ scope: 'a offline_access' })).json)
})

t.test('parameters: renamed, required', async (t) => {
  const { client, fake } = await start(t, { paramNames: { client_id: 'client_key', code: 'auth_code' }, codeParam: 'auth_code', requiredParams: { audience: 'api', prompt: '' } })
  const query = { response_type: 'code', client_key: 'fake-client', redirect_uri: redirectUri, audience: 'api', prompt: 'x' }
  t.match(await client.send('/authorize', { query: { ...query, client_id: 'fake-client', client_key: '' } }), { status: 400 })
  t.equal((await client.authorize({ ...query, audience: 'other' })).get('error'), 'invalid_request')
  const code = String((await client.authorize(query)).get('auth_code'))
  t.match(await client.send('/token', { form: { client_key: 'fake-client', client_secret: 'fake-client-secret', grant_type: 'authorization_code', auth_code: code, redirect_uri: redirectUri } }), { status: 200 })
  t.equal(fake.requests.at(-1)?.params.auth_code, code)
})

t.test('state and PKCE', async (t) => {
  const required = await start(t, { state: 'required', pkce: 'required' })
  t.equal((await required.client.authorize()).get('error_description'), 'state is missing')
  t.equal((await required.client.authorize({ state: 's' })).get('error_description'), 'code_challenge is missing')
  t.notOk((await (await start(t, { state: 'not-echoed' })).client.authorize({ state: 's' })).has('state'))
  const challenge = { code_challenge: 'abc', code_challenge_method: 'S256' }
  t.equal((await (await start(t, { pkce: 'refused' })).client.authorize(challenge)).get('error'), 'invalid_request')
  t.match((await (await start(t, { pkce: 'ignored' })).client.logIn(challenge)), { status: 200 })
  const plain = await start(t, { pkce: 'plain' })
  t.equal((await plain.client.authorize(challenge)).get('error'), 'invalid_request')
  t.match(await plain.client.send('/token', { form: { ...await plain.grant({ code_challenge: 'abc' }), code_verifier: 'abc' } }), { status: 200 })
  const metadata = async (quirks: FakeQuirks) => (await (await start(t, quirks)).client.send('/.well-known/oauth-authorization-server')).json.code_challenge_methods_supported
  t.strictSame([await metadata({ pkce: 'plain' }), await metadata({ pkce: 'refused' })], [['plain'], undefined])
})

t.test('addresses: a path before all, other spellings', async (t) => {
  const { fake, client } = await start(t, { basePath: '/tenant-1', paths: { token: '/oauth/v2/token/' } }, { protocol: 'oidc' })
  t.equal(fake.issuer, 'https://fake-provider.test/tenant-1')
  const { json } = await client.send('/tenant-1/.well-known/openid-configuration')
  t.match(json, { issuer: fake.issuer, token_endpoint: `${fake.url}/tenant-1/oauth/v2/token/`, authorization_endpoint: `${fake.issuer}/authorize` })
  t.match(await client.send('/.well-known/oauth-authorization-server/tenant-1'), { status: 200 })
  const { app, fake: other } = await startFakeApp(t, { fake: { quirks: { basePath: '/tenant-1', paths: { token: '/v2/token' }, idTokenAlg: 'RS256' } } })
  t.equal((await other.loginAs(app, 'user-1', { provider: 'fake' })).response.statusCode, 303)
})

t.test('the callback: more parameters, hmac, fragment, iss, scope', async (t) => {
  const { fake, client } = await start(t, { callbackParams: { shop: 'x', 'a b': 'ü' }, callbackHmac: true, callbackIss: true, scopeInCallback: true })
  const back = Object.fromEntries(await client.authorize({ state: 's', scope: 'a b' }))
  const { hmac, ...rest } = back
  t.match(rest, { shop: 'x', iss: fake.issuer, scope: 'a b', state: 's' })
  const sorted = Object.entries(rest).map(([name, value]) => `${name}=${value}`).sort().join('&')
  t.equal(hmac, createHmac('sha256', 'fake-client-secret').update(sorted).digest('hex'))

  const { app, fake: other } = await startFakeApp(t, { fake: { protocol: 'oidc', quirks: { callbackFragment: '_=_', callbackIss: false } } })
  t.equal((await other.loginAs(app, 'user-1', { provider: 'fake' })).response.statusCode, 303)
})

t.test('token requests: GET, query, JSON, required and refused parameters, grant types, headers', async (t) => {
  const get = await start(t, { tokenMethod: 'GET' })
  t.match(await get.client.send('/token', { form: await get.grant() }), { status: 405 })
  t.match(await get.client.send('/token', { query: await get.grant() }), { status: 200 })
  const query = await start(t, { tokenParamsIn: 'query' })
  t.match(await query.client.send('/token', { method: 'POST', query: await query.grant() }), { status: 200 })
  t.match(await query.client.send('/token', { form: await query.grant() }), { status: 401 })
  const json = await start(t, { tokenBody: 'json' })
  t.match(await json.client.send('/token', { json: await json.grant() }), { status: 200 })
  t.match(await json.client.send('/token', { form: await json.grant() }), { status: 415 })
  t.match(await json.client.send('/token', { body: '{', headers: { 'content-type': 'application/json' } }), { status: 401 })

  const strict = await start(t, { requiredTokenParams: { action: 'requesttoken' }, refusedTokenParams: ['redirect_uri', 'grant_type'], grantType: '', requiredHeaders: ['x-api-key'] })
  const { grant_type: _type, redirect_uri: _uri, ...rest } = await strict.grant()
  const headers = { 'x-api-key': 'k' }
  t.match(await strict.client.send('/token', { form: rest, headers }), { status: 400, json: { error_description: /action/ } })
  t.match(await strict.client.send('/token', { form: { ...rest, action: 'requesttoken' } }), { status: 400, json: { error_description: /x-api-key/ } })
  t.match(await strict.client.send('/token', { form: { ...rest, action: 'requesttoken', redirect_uri: redirectUri }, headers }), { status: 400, json: { error_description: /redirect_uri/ } })
  const answer = await strict.client.send('/token', { form: { ...rest, action: 'requesttoken' }, headers })
  t.match(answer, { status: 200 })
  const authorization = `Bearer ${answer.json.access_token}`
  t.match(await strict.client.send('/api/x', { headers: { authorization } }), { status: 400 })
  t.match(await strict.client.send('/api/x', { headers: { authorization, ...headers } }), { status: 200 })

  const odd = await start(t, { grantType: 'authorized_code', tokenNeedsScope: true })
  t.match(await odd.client.send('/token', { form: await odd.grant() }), { status: 400 })
  t.match(await odd.client.send('/token', { form: { ...await odd.grant(), grant_type: 'authorized_code', scope: 'a' } }), { status: 200 })
})

t.test('a token that must be exchanged first', async (t) => {
  const { client } = await start(t, { exchangeGrantType: 'ig_exchange_token' })
  const token = String((await client.logIn()).json.access_token)
  const call = () => client.send('/api/x', { headers: { authorization: `Bearer ${token}` } })
  t.match(await call(), { status: 401 })
  const exchange = (given: string) => client.send('/token', { query: { grant_type: 'ig_exchange_token', access_token: given } })
  t.match(await exchange('made-up'), { status: 400 })
  t.match(await exchange(token), { status: 200, json: { access_token: token } })
  t.match(await call(), { status: 200 })
})

t.test('token answers: format', async (t) => {
  const answer = async (tokenFormat: NonNullable<FakeQuirks['tokenFormat']>, headers: Record<string, string> = {}) => {
    const { client, grant } = await start(t, { tokenFormat })
    const { text, headers: { 'content-type': type } } = await client.send('/token', { form: await grant({ scope: 'a b' }), headers })
    return `${type}: ${text.replace(/fake-\w+-[\w-]{32}/g, 'TOKEN')}`
  }
  t.match(await answer('form'), /^application\/x-www-form-urlencoded: access_token=TOKEN&token_type=Bearer.*&scope=a\+b/)
  t.match(await answer('form-unless-json'), /^application\/x-www-form-urlencoded/)
  t.match(await answer('form-unless-json', { accept: 'application/json' }), /^application\/json/)
  t.match(await answer('xml'), /^application\/xml: <\?xml.*<Token><access_token>TOKEN<\/access_token>/)
  t.match(await answer('jsonp'), /^text\/javascript: callback\( \{.*\} \);$/)
  t.match(await answer('text'), /^text\/plain: \{/)
  t.match(await answer('json'), /^application\/json; charset=utf-8: \{/)
})

t.test('token answers: members', async (t) => {
  const members = async (quirks: FakeQuirks) => (await (await start(t, quirks, { clock: () => 1_700_000_000_500 })).client.logIn({ scope: 'a b' })).json
  t.match(await members({ tokenPath: 'a.b' }), { a: { b: { access_token: /./ } } })
  t.match(await members({ tokenFields: { access_token: 'accessToken' } }), { accessToken: /./, access_token: undefined })
  t.notOk('token_type' in await members({ tokenType: null }))
  t.match(await members({ tokenType: 'OAuth' }), { token_type: 'OAuth' })
  t.match(await members({ expires: 'string' }), { expires_in: '3600' })
  t.match(await members({ expires: 'zero' }), { expires_in: 0 })
  t.notOk('expires_in' in await members({ expires: 'absent' }))
  t.match(await members({ expires: 'expires' }), { expires: 3_600, expires_in: undefined })
  t.match(await members({ expires: 'expires_at' }), { expires_at: 1_700_003_600 })
  t.match(await members({ expires: 'expires_at_iso' }), { expires_at: '2023-11-14T23:13:20.500Z' })
  t.match(await members({ expires: 'expires_at_ms' }), { expires_at: 1_700_003_600_500 })
  t.match(await members({ scopeAnswer: 'array' }), { scope: ['a', 'b'] })
  t.match(await members({ scopeAnswer: 'comma' }), { scope: 'a,b' })
  t.match(await members({ scopeAnswer: 'null' }), { scope: null })
  t.notOk('scope' in await members({ scopeAnswer: 'absent' }))
  t.match(await members({ identityIn: 'owner' }), { owner: { sub: 'user-1' } })
  t.match(await members({ apiBaseIn: 'instance_url' }), { instance_url: 'https://fake-provider.test/api/' })
})

t.test('token errors: status and shape', async (t) => {
  const failure = async (quirks: FakeQuirks) => {
    const { status, json } = await (await start(t, quirks)).client.token({ grant_type: 'authorization_code', code: 'x' })
    return { status, json }
  }
  t.match(await failure({ errorStatus: 200 }), { status: 200, json: { error: 'invalid_grant' } })
  t.match(await failure({ errorFormat: 'object' }), { status: 400, json: { error: { type: 'invalid_grant' } } })
  t.match(await failure({ errorFormat: 'list' }), { json: { errors: [{ errorType: 'invalid_grant' }] } })
  t.match(await failure({ errorFormat: 'message' }), { json: { status: 400, message: /./ } })
  t.match(await failure({ errorFormat: 'errcode' }), { json: { errcode: 40_400 } })
  t.match(await failure({ errorFormat: 'meta' }), { json: { meta: { http_code: 400 } } })
})

t.test('refreshes: other address and method, reusable, none, repeated parameters', async (t) => {
  const other = await start(t, { refreshPath: '/refresh', refreshMethod: 'GET' })
  const { json } = await other.client.logIn()
  const query = { ...credentials, grant_type: 'refresh_token', refresh_token: String(json.refresh_token) }
  t.match(await other.client.send('/refresh', { form: query }), { status: 405 })
  t.match(await other.client.send('/refresh', { query }), { status: 200 })

  const reusable = await start(t, { refreshTokens: 'reusable' })
  const first = (await reusable.client.logIn()).json
  for (let i = 0; i < 2; i++) {
    const { status, json } = await reusable.refresh(first.refresh_token)
    t.equal(status, 200)
    t.notOk('refresh_token' in json)
  }
  t.notOk('refresh_token' in (await (await start(t, { refreshTokens: 'none' })).client.logIn()).json)
  const needy = await start(t, { refreshNeeds: ['redirect_uri'] })
  const token = (await needy.client.logIn()).json.refresh_token
  t.match(await needy.refresh(token), { status: 400 })
  t.match(await needy.refresh(token, { redirect_uri: redirectUri }), { status: 200 })
})

t.test('where the token goes', async (t) => {
  const call = async (quirks: FakeQuirks, place: (token: string) => Parameters<ReturnType<typeof clientOf>['send']>[1]) => {
    const { client } = await start(t, quirks)
    const token = String((await client.logIn()).json.access_token)
    return [(await client.send('/api/x', place(token))).status, (await client.send('/api/x')).status, (await client.send('/api/x', { headers: { authorization: `Bearer ${token}` } })).status]
  }
  t.strictSame(await call({ tokenScheme: 'OAuth' }, token => ({ headers: { authorization: `OAuth ${token}` } })), [200, 401, 401])
  t.strictSame(await call({ tokenScheme: '' }, token => ({ headers: { authorization: token } })), [200, 401, 401])
  t.strictSame(await call({ tokenIn: 'query:access_token' }, token => ({ query: { access_token: token } })), [200, 401, 401])
  t.strictSame(await call({ tokenIn: 'header:Access-Token' }, token => ({ headers: { 'access-token': token } })), [200, 401, 401])
  t.strictSame(await call({ tokenIn: 'body:access_token' }, token => ({ form: { access_token: token } })), [200, 401, 401])
  t.strictSame(await call({ appsecretProof: true }, token => ({ headers: { authorization: `Bearer ${token}` }, query: { appsecret_proof: createHmac('sha256', 'fake-client-secret').update(token).digest('hex') } })), [200, 401, 400])
})

t.test('userinfo: POST, query, path, id in the URL, words for booleans, signed', async (t) => {
  const info = async (quirks: FakeQuirks, { path = '/userinfo', ...call }: { path?: string, method?: string, query?: Record<string, string> } = {}) => {
    const { client } = await start(t, quirks)
    const { json } = await client.logIn()
    const { status, json: claims, text } = await client.send(path, { ...call, headers: { authorization: `Bearer ${json.access_token}` } })
    return { status, claims, text }
  }
  t.match(await info({ userinfoMethod: 'POST' }), { status: 405 })
  t.match(await info({ userinfoMethod: 'POST' }, { method: 'POST' }), { status: 200 })
  t.match(await info({ userinfoQuery: { fields: 'id,name' } }), { status: 400 })
  t.match(await info({ userinfoQuery: { fields: 'id,name' } }, { query: { fields: 'id,name' } }), { status: 200 })
  t.match((await info({ userinfoPath: 'response.user' })).claims, { response: { user: { sub: 'user-1' } } })
  t.match((await info({ userinfoPath: 'data[]' })).claims, { data: [{ sub: 'user-1' }] })
  t.match(await info({ userinfoIdInPath: true }), { status: 404 })
  t.match(await info({ userinfoIdInPath: true }, { path: '/userinfo/user-1' }), { status: 200 })
  t.match((await info({ stringBooleans: true })).claims, { email_verified: 'true' })
  t.match(decodeJwt((await info({ userinfoJwt: true })).text), { sub: 'user-1', iss: 'https://fake-provider.test', aud: 'fake-client' })
})

t.test('id_tokens: nonce, issuer', async (t) => {
  const { client } = await start(t, { nonce: 'not-echoed', idTokenIssuer: 'accounts.example' }, { protocol: 'oidc' })
  const claims = decodeJwt(String((await client.logIn({ scope: 'openid', nonce: 'n' })).json.id_token))
  t.match(claims, { iss: 'accounts.example', nonce: undefined })
})

t.test('the settings for the plugin declare what it has a word for', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oidc', quirks: { pkce: 'refused', scopeDelimiter: ',', nonce: 'not-echoed', clientAuth: ['hash', 'client_secret_post'] } } })
  t.match(fake.options, { clientAuth: 'client_secret_post', quirks: { pkce: 'unsupported', scopeDelimiter: ',', nonce: 'not-echoed' } })
  const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
  t.strictSame((await app.inject({ url: '/me', ...session })).json().scope, ['openid', 'profile', 'email'])
  const odd = await start(t, { clientAuth: 'hash' })
  t.notOk('clientAuth' in odd.fake.options)
})
