// The OAuth 2 endpoints of the fake provider on the wire: what they give, and what they refuse.
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import t from 'tap'
import { startFake } from '../fixtures/fake-app.js'
import { clientOf, credentials, redirectUri } from '../fixtures/fake-client.js'

const pkce = { code_challenge: createHash('sha256').update('the-verifier').digest('base64url'), code_challenge_method: 'S256' }

t.test('metadata, under both of its addresses', async (t) => {
  const fake = await startFake(t)
  const client = clientOf(fake)
  const { json } = await client.send('/.well-known/openid-configuration')
  t.match(json, { issuer: fake.issuer, token_endpoint: `${fake.url}/token`, jwks_uri: `${fake.url}/jwks`, id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'], authorization_response_iss_parameter_supported: true })
  t.strictSame((await client.send('/.well-known/oauth-authorization-server')).json, json)
  t.match(await client.send('/nowhere'), { status: 404 })
  t.equal(fake.requests.at(-1)?.endpoint, 'unknown')
  const plain = await startFake(t, { protocol: 'oauth2', dpop: 'required' })
  t.match((await clientOf(plain).send('/.well-known/oauth-authorization-server')).json, { jwks_uri: undefined, dpop_bound_access_tokens: true, authorization_response_iss_parameter_supported: false })
})

t.test('an authorization request that cannot go back is refused on a page', async (t) => {
  const fake = await startFake(t, { clients: [{ clientId: 'fake-client', clientSecret: 'x', redirectUris: [redirectUri] }] })
  const client = clientOf(fake)
  await t.rejects(client.authorize({ client_id: 'nobody' }), { message: 'the client_id is unknown' })
  for (const other of ['https://elsewhere.example/', 'nonsense']) await t.rejects(client.authorize({ redirect_uri: other }), { message: /redirect_uri/ })
  t.match(await client.send('/authorize', { query: { client_id: 'fake-client' } }), { status: 400, text: /redirect_uri/ })
  t.match(await client.send('/authorize/login', { form: { interaction: 'made-up' } }), { status: 400, text: /not started here/ })
  t.match(await client.send('/authorize/consent', { form: { interaction: 'made-up' } }), { status: 400, text: /nobody has signed in/ })
})

t.test('what is wrong with an authorization request is told to the client', async (t) => {
  const client = clientOf(await startFake(t))
  const error = async (params: Record<string, string>) => (await client.authorize({ state: 'abc', ...params })).get('error')
  t.equal(await error({ response_type: 'token' }), 'unsupported_response_type')
  t.equal(await error({ prompt: 'none' }), 'login_required')
  t.equal(await error({ code_challenge: 'x' }), 'invalid_request', 'plain, which is the default of RFC 7636')
  const back = await client.authorize({ state: 'abc', response_mode: 'form_post', scope: 'a&b <c>' }, { deny: true })
  t.match(Object.fromEntries(back), { error: 'access_denied', state: 'abc', iss: 'https://fake-provider.test' })
  t.equal((await client.authorize({ state: 'é"&<\'>' })).get('state'), 'é"&<\'>')
  t.match((await client.send('/authorize', { query: { client_id: 'fake-client', response_type: 'code', redirect_uri: redirectUri, login_hint: 'user-1' } })).text, /value="user-1" selected/)
})

t.test('a code: PKCE, redirect_uri, client, once, a minute', async (t) => {
  const fake = await startFake(t, { clients: [{ clientId: 'fake-client', clientSecret: 'fake-client-secret' }, { clientId: 'public' }] })
  const client = clientOf(fake)
  const exchange = async (changes: Record<string, string>, params: Record<string, string> = pkce) => {
    const code = String((await client.authorize(params)).get('code'))
    return client.token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: 'the-verifier', ...changes })
  }
  t.match(await exchange({}), { status: 200, json: { token_type: 'Bearer', expires_in: 3_600 }, headers: { 'cache-control': 'no-store' } })
  for (const changes of [{ code_verifier: 'another' }, { redirect_uri: 'https://app.example.com/other' }, { code: 'made-up' }, { client_id: 'public', client_secret: '' }] as Array<Record<string, string>>) {
    const { status, json } = await exchange(changes)
    t.ok(status === 400 || status === 401, JSON.stringify(changes))
    t.ok(json.error === 'invalid_grant' || json.error === 'invalid_client')
  }
  t.match(await exchange({ code_verifier: 'uncalled for' }, {}), { status: 400, json: { error: 'invalid_grant' } })
  t.match(await exchange({ grant_type: 'password' }), { status: 400, json: { error: 'unsupported_grant_type' } })

  const code = String((await client.authorize(pkce)).get('code'))
  const once = () => client.token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: 'the-verifier' })
  const { json } = await once()
  t.match(await client.send('/api/x', { headers: { authorization: `Bearer ${json.access_token}` } }), { status: 200 })
  t.match(await once(), { status: 400, json: { error: 'invalid_grant' } })
  t.match(await client.send('/api/x', { headers: { authorization: `Bearer ${json.access_token}` } }), { status: 401 }, 'its second use ends what the first had bought')

  const late = String((await client.authorize()).get('code'))
  fake.clock.advance(60_000)
  t.match(await client.token({ grant_type: 'authorization_code', code: late, redirect_uri: redirectUri }), { status: 400 })
})

t.test('refresh tokens rotate; reuse ends the family; scopes can only shrink', async (t) => {
  const fake = await startFake(t)
  const client = clientOf(fake)
  const { json: first } = await client.logIn({ scope: 'openid a b', nonce: 'n' })
  const refresh = (token: unknown, more: Record<string, string> = {}) => client.token({ grant_type: 'refresh_token', refresh_token: String(token), ...more })
  const { json: second } = await refresh(first.refresh_token, { scope: 'openid a' })
  t.match(second, { scope: 'openid a', refresh_token: /./, id_token: /./ })
  t.not(second.refresh_token, first.refresh_token)
  const { json: third } = await refresh(second.refresh_token)
  t.equal(third.scope, 'openid a b')
  t.match(await refresh(third.refresh_token, { scope: 'admin' }), { status: 400, json: { error: 'invalid_scope' } })
  t.match(await refresh(first.refresh_token), { status: 400, json: { error: 'invalid_grant' } })
  t.match(await client.send('/api/x', { headers: { authorization: `Bearer ${second.access_token}` } }), { status: 401 }, 'also what had fewer scopes')

  const { json: other } = await client.logIn()
  fake.revokeAll()
  t.match(await refresh(other.refresh_token), { status: 400 })
  const short = await startFake(t, { lifetimes: { refreshToken: 10, accessToken: 5 } })
  const { json } = await clientOf(short).logIn()
  t.equal(json.expires_in, 5)
  short.clock.advance(10_000)
  t.match(await clientOf(short).token({ grant_type: 'refresh_token', refresh_token: String(json.refresh_token) }), { status: 400 })
})

t.test('token requests of the wrong kind', async (t) => {
  const client = clientOf(await startFake(t))
  t.match(await client.send('/token'), { status: 405 })
  t.match(await client.send('/token', { json: {} }), { status: 415 })
  t.match(await client.send('/token', { body: '', method: 'POST' }), { status: 415 })
})

t.test('id_tokens are signed with real keys, which rotate', async (t) => {
  for (const idTokenAlg of ['ES256', 'RS256', 'PS256', 'EdDSA', 'HS256'] as const) {
    const fake = await startFake(t, { quirks: { idTokenAlg }, users: [{ sub: 'ada', name: 'Ada', email: 'ada@example.com', locale: 'en', team: 'x' }] })
    const client = clientOf(fake)
    const callback = await client.authorize({ scope: 'openid email', nonce: 'the-nonce', acr_values: 'gold silver' }, { user: 'ada' })
    const { json } = await client.token({ grant_type: 'authorization_code', code: String(callback.get('code')), redirect_uri: redirectUri })
    const keys = (await client.send('/jwks')).json as unknown as JSONWebKeySet
    const check = { issuer: fake.issuer, audience: 'fake-client' }
    const token = String(json.id_token)
    const { payload } = idTokenAlg === 'HS256' ? await jwtVerify(token, Buffer.from('fake-client-secret'), check) : await jwtVerify(token, createLocalJWKSet(keys), check)
    t.equal(decodeProtectedHeader(token).alg, idTokenAlg)
    t.match(payload, { sub: 'ada', nonce: 'the-nonce', acr: 'gold', email: 'ada@example.com', team: 'x', auth_time: Number, at_hash: /./, c_hash: /./ })
    t.notOk('name' in payload, 'without the scope profile')
    if (idTokenAlg !== 'ES256') continue
    await fake.rotateKeys()
    t.equal(((await client.send('/jwks')).json.keys as unknown[]).length, 2)
    for (let i = 0; i < 4; i++) await fake.rotateKeys()
    t.equal(((await client.send('/jwks')).json.keys as unknown[]).length, 4)
  }
})

t.test('the API: tokens and scopes, and what it answers', async (t) => {
  const fake = await startFake(t, {
    api: { '/admin': { scope: ['admin', 'write'] }, fixed: { answer: { a: 1 } }, '/broken': { answer () { throw new Error('of the test') } }, '/who': { answer: ({ user, request, clientId }) => ({ sub: user.sub, method: request.method, clientId }) } }
  })
  const client = clientOf(fake)
  const { json } = await client.logIn({ scope: 'write' })
  const call = (path: string, authorization?: string, method = 'GET') => client.send(`/api${path}`, { method, headers: authorization === undefined ? {} : { authorization } })
  const bearer = `Bearer ${json.access_token}`
  t.match(await call('/x', bearer, 'DELETE'), { status: 200, json: { method: 'DELETE', path: '/api/x', sub: 'user-1', scope: ['write'] } })
  t.match(await call('/fixed', bearer), { json: { a: 1 } })
  t.match(await call('/broken', bearer), { status: 500, text: /of the test/ })
  t.match(await call('/who', bearer), { json: { sub: 'user-1', method: 'GET', clientId: 'fake-client' } })
  t.match(await call('/admin', bearer), { status: 403, headers: { 'www-authenticate': 'Bearer realm="fake provider", error="insufficient_scope", scope="admin write"' } })
  t.match(await call('/x'), { status: 401, headers: { 'www-authenticate': 'Bearer realm="fake provider"' } })
  for (const other of ['Bearer made-up', 'Basic eDp5', `Bearer ${json.refresh_token}`]) t.match(await call('/x', other), { status: 401 })
  fake.clock.advance(3_600_000)
  t.match(await call('/x', bearer), { status: 401, headers: { 'www-authenticate': /error="invalid_token"/ } })
})

t.test('userinfo, by scope', async (t) => {
  const client = clientOf(await startFake(t))
  const { json } = await client.logIn({ scope: 'openid profile' })
  const info = (token: unknown, path = '/userinfo') => client.send(path, { headers: { authorization: `Bearer ${token}` } })
  t.strictSame((await info(json.access_token)).json, { sub: 'user-1', name: 'First User' })
  t.match(await info(json.access_token, '/userinfo/user-1'), { status: 404 })
  t.match(await info((await client.logIn()).json.access_token), { status: 403, json: { error: 'insufficient_scope' } })
})

t.test('revocation and introspection', async (t) => {
  const fake = await startFake(t, { clients: [{ clientId: 'fake-client', clientSecret: 'fake-client-secret' }, { clientId: 'public' }], lifetimes: { refreshToken: 99 } })
  const client = clientOf(fake)
  const send = (path: string, token: unknown, form: Record<string, string> = credentials) => client.send(path, { form: { ...form, token: String(token) } })
  const { json } = await client.logIn({ scope: 'a b' })
  t.match((await send('/introspect', json.access_token)).json, { active: true, sub: 'user-1', client_id: 'fake-client', scope: 'a b', token_type: 'Bearer', exp: Number })
  t.match((await send('/introspect', json.refresh_token)).json, { active: true, exp: Number, token_type: undefined })
  t.strictSame((await send('/introspect', 'made-up')).json, { active: false })
  t.match(await send('/introspect', json.access_token, { client_id: 'fake-client' }), { status: 401, json: { error: 'invalid_client' } })

  t.match(await send('/revoke', json.access_token, { client_id: 'public' }), { status: 200 })
  t.match((await send('/introspect', json.access_token)).json, { active: true }, 'not by another client')
  await send('/revoke', json.access_token)
  t.match([(await send('/introspect', json.access_token)).json, (await send('/introspect', json.refresh_token)).json], [{ active: false }, { active: true }])
  t.match(await send('/revoke', json.refresh_token), { status: 200 })
  t.match(await send('/revoke', json.refresh_token), { status: 200 }, 'and once more')
  t.match((await send('/introspect', json.refresh_token)).json, { active: false })
  const lasting = clientOf(await startFake(t))
  const { json: tokens } = await lasting.logIn()
  t.notOk('exp' in (await lasting.send('/introspect', { form: { ...credentials, token: String(tokens.refresh_token) } })).json)
})

t.test('what it remembers is bounded', async (t) => {
  const fake = await startFake(t)
  const client = clientOf(fake)
  fake.requests.length = 10_000
  await client.send('/jwks')
  t.equal(fake.requests.length, 10_000)
  t.equal(fake.requests.at(-1)?.path, '/jwks')
})
