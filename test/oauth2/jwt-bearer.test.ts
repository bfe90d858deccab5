// Assertions as a grant (RFC 7523 section 2.1): what is signed, what is sent, and what is kept of it.
import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { OAuthClient, OAuthPluginOptions, OAuthProviderOptions } from '../../lib/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { startScene } from '../fixtures/scene.js'
import { failureOf } from '../fixtures/wire-login.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** An application with the provider `account`, whose server answers a new token each time. */
async function startAccount (t: Test, given: Partial<OAuthProviderOptions> = {}, plugin: OAuthPluginOptions = {}) {
  const scene = await startScene(t, { plugin })
  const { provider: wire, app } = scene
  let count = 0
  wire.on('/token', () => ({ body: { access_token: `access-canary-${++count}`, token_type: 'Bearer', expires_in: 3_600, id_token: 'x', refresh_token: 'refresh-canary' } }))
  app.oauth.providers.register('account', { grant: 'jwt_bearer', accessTokenUrl: `${wire.issuer}/token`, clientId: 'robot@project.example', clientKey: pem, clientKeyId: 'key-7', apiBaseUrl: `${wire.issuer}/`, ...given } as OAuthProviderOptions)
  const sent = () => wire.to('/token').map(({ form }) => Object.fromEntries(form))
  const claims = () => sent().map(({ assertion }) => decodeJwt(String(assertion)))
  return { ...scene, wire, sent, claims, client: (options = {}) => app.oauth.client('account', options) }
}

async function call (client: OAuthClient): Promise<unknown> {
  const { body } = await client.get('/api')
  return (await body.json() as { authorization?: string }).authorization
}

t.test('an assertion that the client signs buys a token, and nothing else authenticates it', async (t) => {
  const { client, sent, wire } = await startAccount(t, { scope: ['read', 'a'] })
  t.equal(await call(client()), 'Bearer access-canary-1')
  const [form] = sent()
  t.strictSame({ ...form, assertion: 0 }, { grant_type: grantType, client_id: 'robot@project.example', scope: 'a read', assertion: 0 })
  const assertion = String(form?.assertion)
  t.strictSame(decodeProtectedHeader(assertion), { typ: 'JWT', alg: 'RS256', kid: 'key-7' })
  const { payload } = await jwtVerify(assertion, publicKey, { audience: `${wire.issuer}/token`, issuer: 'robot@project.example', subject: 'robot@project.example' })
  t.equal(Number(payload.exp) - Number(payload.iat), 60)
  t.match(payload.jti, /^[\w-]{24}$/)
  t.equal(wire.to('/token')[0]?.headers.authorization, undefined)
})

t.test('as service accounts of Google have it: scopes in the assertion, a subject for each call', async (t) => {
  const { client, sent, claims } = await startAccount(t, { scope: ['calendar'], assertion: { scopeIn: 'claim', audience: 'https://tokens.example/', subject: null, issuer: 'robot', claims: { box_sub_type: 'user', iss: 'nobody' } } })
  t.equal(await call(client()), 'Bearer access-canary-1')
  t.equal(await call(client({ subject: 'alice@example.com' })), 'Bearer access-canary-2')
  t.equal(await call(client({ subject: 'alice@example.com', scope: [] })), 'Bearer access-canary-3')
  const [own, alice, none] = claims()
  t.match(own, { iss: 'robot', aud: 'https://tokens.example/', scope: 'calendar', box_sub_type: 'user' })
  t.notOk('sub' in (own ?? {}))
  t.match(alice, { iss: 'robot', sub: 'alice@example.com', scope: 'calendar' })
  t.notOk('scope' in (none ?? {}))
  t.strictSame(sent().map(({ scope }) => scope), [undefined, undefined, undefined])
})

t.test('tokens are kept for each subject, audience, resource and set of scopes', async (t) => {
  const { client, sent, app } = await startAccount(t, { assertion: { subject: 'service' }, accessTokenParams: { tenant: 'x' } })
  const asked = [{}, { subject: 'alice' }, { subject: 'bob' }, { subject: 'alice', audience: 'a' }, { subject: 'alice', resource: 'urn:r' }, { subject: 'alice', scope: ['read'] }]
  for (const options of [...asked, ...asked]) await call(client(options))
  t.equal(sent().length, asked.length)
  t.match(sent()[3], { audience: 'a', tenant: 'x' })
  t.strictSame(await app.oauth.grants.list({ owner: 'alice' }), [], 'and none of them is a grant of whom it is for')
  app.oauth.providers.unregister('account')
  app.oauth.providers.register('account', { grant: 'jwt_bearer', accessTokenUrl: `${app.oauth.providers.get('test').issuer}/token`, clientId: 'robot@project.example', clientKey: pem, assertion: { subject: 'another' }, accessTokenParams: { tenant: 'x' }, apiBaseUrl: `${app.oauth.providers.get('test').issuer}/` })
  await call(client())
  t.equal(sent().length, asked.length + 1, 'another assertion is another token')
})

t.test('a secret besides, an issuer to discover, a key in a KMS', async (t) => {
  const secret = await startAccount(t, { clientSecret: 'client-secret-canary', clientAuth: 'client_secret_post' })
  await call(secret.client())
  t.match(secret.sent()[0], { client_secret: 'client-secret-canary', grant_type: grantType })

  const both = await startAccount(t, { clientAuth: 'private_key_jwt' })
  await call(both.client())
  t.match(both.sent()[0], { client_assertion: /^eyJ/, assertion: /^eyJ/ })

  const { wire, app, claims } = await startAccount(t)
  const kms = (data: Uint8Array) => sign('sha256', data, privateKey)
  app.oauth.providers.register('kms', { grant: 'jwt_bearer', issuer: wire.issuer, clientId: 'robot', clientKey: kms, clientKeyAlg: 'RS256', apiBaseUrl: `${wire.issuer}/` })
  await call(app.oauth.client('kms'))
  t.match(claims()[0], { aud: wire.issuer, sub: 'robot' })
  app.oauth.providers.register('broken', { grant: 'jwt_bearer', accessTokenUrl: `${wire.issuer}/token`, clientId: 'robot', clientKey: () => { throw new Error('no such key') }, clientKeyAlg: 'RS256', apiBaseUrl: `${wire.issuer}/` })
  t.match(await failureOf(t, call(app.oauth.client('broken'))), { code: 'FST_OAUTH_CLIENT_KEY_FAILED', message: /no such key/ })
})

t.test('bound to a key of their own: a request that is made again has an assertion of its own', async (t) => {
  const { client, wire, sent } = await startAccount(t, { dpop: true })
  wire.on('/token', () => wire.to('/token').length === 1
    ? { status: 400, headers: { 'dpop-nonce': 'n' }, body: { error: 'use_dpop_nonce' } }
    : { body: { access_token: 'access-canary', token_type: 'DPoP' } })
  t.equal(await call(client()), 'DPoP access-canary')
  const [first, second] = sent().map(({ assertion }) => decodeJwt(String(assertion)).jti)
  t.not(first, second)
})

t.test('a refusal repeats nothing of the assertion', async (t) => {
  const { client, wire } = await startAccount(t)
  wire.on('/token', ({ form }) => ({ status: 400, body: { error: 'invalid_grant', error_description: `canary? ${form.get('assertion')}`.slice(8) } }))
  t.match(await failureOf(t, call(client({ subject: 'alice' }))), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant', message: /\[secret\]/ })
})

t.test('what it needs, and what it is not for', async (t) => {
  const right = { grant: 'jwt_bearer', accessTokenUrl: 'https://sso.example/token', clientId: 'id', clientKey: pem }
  const refused = (options: object, message: RegExp) => t.throws(() => parseProviderOptions('account', options), { code: 'FST_OAUTH_INVALID_OPTIONS', message })
  t.ok(parseProviderOptions('account', { ...right, clientAuth: 'none' }))
  refused({ ...right, clientKey: undefined, clientSecret: 'secret' }, /account\.clientKey is .*since grant is "jwt_bearer"/)
  refused({ ...right, authorizeUrl: 'https://sso.example/authorize' }, /account\.authorizeUrl is .*there are no logins/)
  refused({ ...right, assertion: { subject: '' } }, /assertion\.subject is ""; allowed is a non-empty string, or null/)
  refused({ ...right, assertion: { scopeIn: 'body' } }, /assertion\.scopeIn is "body"/)
  refused({ ...right, assertion: { sub: 'x' } }, /assertion\.sub is not an option/)
  refused({ ...right, grant: 'client_credentials', assertion: {} }, /account\.assertion is .*; allowed is nothing: it is for grant "jwt_bearer"/)

  const { app } = await startAccount(t)
  app.oauth.providers.register('service', { grant: 'client_credentials', accessTokenUrl: 'https://sso.example/token', clientId: 'id', clientSecret: 'secret' })
  for (const [name, options] of [['service', {}], ['test', { owner: 'alice' }]] as const) {
    t.throws(() => app.oauth.client(name, { ...options, subject: 'alice' }), { code: 'FST_OAUTH_INVALID_CALL', message: /subject is for providers with grant "jwt_bearer"/ })
  }
  t.throws(() => app.oauth.client('account', { owner: 'alice' }), { code: 'FST_OAUTH_INVALID_CALL', message: /neither owner nor account/ })
})

t.test('under the profile FAPI 2.0 the client authenticates besides', async (t) => {
  const { wire, app, sent } = await startAccount(t)
  wire.metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt'], token_endpoint_auth_signing_alg_values_supported: ['PS256'], dpop_signing_alg_values_supported: ['ES256'] }
  wire.on('/token', () => ({ body: { access_token: 'access-canary', token_type: 'DPoP' } }))
  app.oauth.providers.register('bank', { grant: 'jwt_bearer', security: 'fapi2', issuer: wire.issuer, clientId: 'robot', clientKey: pem, apiBaseUrl: `${wire.issuer}/` })
  t.equal(await call(app.oauth.client('bank')), 'DPoP access-canary')
  t.match(sent()[0], { client_assertion: /^eyJ/, assertion: /^eyJ/ })
})
