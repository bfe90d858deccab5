// Clients that register themselves (RFC 7591), and what is done with their registration (RFC 7592).
import { generateKeyPairSync, sign, webcrypto } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthDynamicProviderOptions, OAuthPluginOptions } from '../lib/index.js'
import { startApp } from './fixtures/app.js'
import { Browser } from './fixtures/browser.js'
import { clientCert, clientCertKey } from './fixtures/certificates.js'
import { startOpenIdProvider } from './fixtures/openid-provider.js'
import { startScene } from './fixtures/scene.js'
import { failureOf } from './fixtures/wire-login.js'
import type { WireAnswer } from './fixtures/wire-provider.js'

const secret = 'a secret of 32 bytes for the tests'
const initialAccessToken = 'initial-canary'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function start (t: Test, answer: (asked: Record<string, unknown>) => WireAnswer = () => ({}), plugin: OAuthPluginOptions = {}) {
  const scene = await startScene(t, { plugin: { baseUrl: 'https://app.example.com/base/', prefix: '/auth', ...plugin } })
  const { provider: wire, app } = scene
  wire.metadata = { registration_endpoint: `${wire.issuer}/register`, pushed_authorization_request_endpoint: `${wire.issuer}/par`, token_endpoint_auth_methods_supported: undefined }
  const asked = () => wire.requests.filter(({ path }) => path === '/register').map(({ body }) => JSON.parse(body) as Record<string, unknown>)
  wire.handlers.set('/register', ({ body }) => {
    const metadata = JSON.parse(body) as Record<string, unknown>
    return { status: 201, ...answer(metadata), body: answer(metadata).body ?? { ...metadata, client_id: 'new-client', client_secret: 'new-secret-canary', client_secret_expires_at: 0 } }
  })
  const { providers } = app.oauth
  return { ...scene, wire, asked, providers, register: (given: Partial<OAuthDynamicProviderOptions> = {}, name = 'dynamic') => providers.registerDynamically(name, { issuer: wire.issuer, ...given }) }
}

t.test('at a real OpenID provider: registered, logged in with, read, and deleted', async (t) => {
  const server = await startOpenIdProvider({
    redirectUris: [],
    client: { grant_types: [], response_types: [] },
    configuration: {
      features: { devInteractions: { enabled: false }, revocation: { enabled: true }, dPoP: { enabled: true }, registration: { enabled: true, initialAccessToken }, registrationManagement: { enabled: true } },
      clientAuthMethods: ['client_secret_basic', 'private_key_jwt', 'none']
    }
  })
  t.teardown(() => server.close())
  const { issuer, apiBaseUrl } = server
  const { app, url } = await startApp(t, { secret }, {
    routes (app) {
      app.get('/', async () => 'home')
      app.get('/me', async ({ oauth }) => ({ subject: (await oauth.use('bysecret').loadGrant() ?? await oauth.use('bykey').loadGrant())?.subject }))
    }
  })
  const { providers } = app.oauth
  await t.rejects(providers.registerDynamically('bysecret', { issuer, callbackUrl: `${url}/oauth/bysecret/callback` }), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_token' }, 'without permission')
  for (const [name, options] of [['bysecret', {}], ['bykey', { clientKey: privateKey, dpop: true }]] as const) {
    const given = { issuer, apiBaseUrl, scope: ['openid', 'email'], callbackUrl: `${url}/oauth/${name}/callback`, ...options }
    const registration = await providers.registerDynamically(name, { ...given, initialAccessToken, metadata: { client_name: 'A test' } })
    t.match(registration, { client: { clientId: String, clientAuth: name === 'bykey' ? 'private_key_jwt' : 'client_secret_basic' }, registrationAccessToken: String, registrationClientUri: issuer, metadata: { client_name: 'A test' } })
    const browser = new Browser()
    t.equal((await browser.open(`${url}/oauth/${name}`)).text, 'home')
    t.match(JSON.parse((await browser.open(`${url}/me`)).text), { subject: 'user-1' })

    providers.unregister(name)
    providers.register(name, { ...given, ...JSON.parse(JSON.stringify(registration.client)) })
    const again = await browser.open(`${url}/oauth/${name}`)
    t.match(again, { status: 200, text: 'home' }, 'what was kept serves after a restart')

    const read = await providers.readRegistration(name, registration)
    t.match(read, { client: { clientId: registration.client.clientId }, registrationAccessToken: String, registrationClientUri: issuer })
    await providers.deregister(name, read)
    t.notOk(providers.has(name))
    providers.register(name, { ...given, ...registration.client })
    await t.rejects(providers.readRegistration(name, read), { code: 'FST_OAUTH_TOKEN_REFUSED' }, 'it is gone')
  }
})

t.test('what the options tell of the client', async (t) => {
  const { wire, asked, register, providers } = await start(t)
  const registration = await register({ scope: ['openid', 'read'], initialAccessToken, metadata: { client_name: 'A test', contacts: ['admin@mail.example'] } })
  t.strictSame(asked()[0], {
    redirect_uris: ['https://app.example.com/base/auth/dynamic/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid read',
    token_endpoint_auth_method: 'client_secret_basic',
    client_name: 'A test',
    contacts: ['admin@mail.example']
  })
  t.match(wire.requests.find(({ path }) => path === '/register')?.headers, { authorization: `Bearer ${initialAccessToken}`, 'content-type': 'application/json' })
  t.strictSame(registration, { client: { clientId: 'new-client', clientSecret: 'new-secret-canary', clientAuth: 'client_secret_basic' }, metadata: { ...asked()[0], client_id: 'new-client', client_secret_expires_at: 0 } })
  t.equal(providers.get('dynamic').issuer, wire.issuer)

  await register({ clientKey: privateKey, clientKeyId: 'k', dpop: true, par: true, jar: true, callbackUrl: 'https://app.example.com/base/auth/other/callback' }, 'other')
  t.match(asked()[1], {
    redirect_uris: ['https://app.example.com/base/auth/other/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    request_object_signing_alg: 'ES256',
    require_pushed_authorization_requests: true,
    dpop_bound_access_tokens: true,
    jwks: { keys: [{ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: 'k' }] }
  })
  t.notMatch(JSON.stringify(asked()[1]), /"d":/, 'and nothing of the private key')

  await register({ grant: 'client_credentials', scope: [] }, 'service')
  t.strictSame(asked()[2], { grant_types: ['client_credentials'], response_types: [], token_endpoint_auth_method: 'client_secret_basic' })
  await register({ grant: 'jwt_bearer', clientKey: privateKey }, 'assertion')
  t.match(asked()[3], { grant_types: ['urn:ietf:params:oauth:grant-type:jwt-bearer'], token_endpoint_auth_method: 'none', jwks: { keys: [{}] } })
  await register({ clientAuth: 'client_secret_post', metadata: { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] } }, 'device')
  t.match(asked()[4], { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], token_endpoint_auth_method: 'client_secret_post' })
  await register({ clientCert, clientCertKey, metadata: { tls_client_auth_subject_dn: 'CN=client' } }, 'mtls')
  t.match(asked()[5], { token_endpoint_auth_method: 'tls_client_auth', tls_client_certificate_bound_access_tokens: true, tls_client_auth_subject_dn: 'CN=client', jwks: undefined })
})

t.test('keys that show their public part, and those that do not', async (t) => {
  const { asked, register } = await start(t)
  const { privateKey: crypto } = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']) as webcrypto.CryptoKeyPair
  await register({ clientKey: crypto }, 'crypto')
  t.match(asked()[0], { jwks: { keys: [{ kty: 'EC', alg: 'ES256' }] } })
  const kms = { clientKey: (data: Uint8Array) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }), clientKeyAlg: 'ES256' as const }
  const pss = { clientKey: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey }
  for (const key of [kms, pss]) t.match(await failureOf(t, register(key, 'hidden')), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.hidden\.metadata has neither jwks nor jwks_uri/ })
  await register({ ...kms, metadata: { jwks_uri: 'https://app.example.com/jwks' } }, 'kms')
  await register({ ...pss, metadata: { jwks: { keys: [] } } }, 'pss')
  t.match(asked()[1], { jwks: undefined, jwks_uri: 'https://app.example.com/jwks' })
  t.equal(asked().length, 3)
})

t.test('what the provider decides wins', async (t) => {
  const expires = Math.floor(Date.now() / 1_000) + 60
  const { register } = await start(t, () => ({ status: 200, body: { client_id: 'new', client_secret: 'new-secret-canary', client_secret_expires_at: String(expires), token_endpoint_auth_method: 'client_secret_post', registration_access_token: 'access-canary', registration_client_uri: 'https://sso.example/client' } }))
  t.match(await register(), { client: { clientId: 'new', clientAuth: 'client_secret_post', clientSecretExpiresAt: expires * 1_000 }, registrationAccessToken: 'access-canary', registrationClientUri: 'https://sso.example/client' })

  const open = await start(t, () => ({ body: { client_id: 'new', token_endpoint_auth_method: 'none' } }))
  t.strictSame((await open.register()).client, { clientId: 'new', clientAuth: 'none' })
  const silent = await start(t, () => ({ body: { client_id: 'new', client_secret: 'new-secret-canary' } }))
  t.strictSame((await silent.register()).client, { clientId: 'new', clientSecret: 'new-secret-canary', clientAuth: 'client_secret_basic' }, 'and what it does not say is as it was asked for')
})

t.test('a secret that has expired is not sent', async (t) => {
  let now = Date.now()
  const { register, app, wire, providers } = await start(t, asked => ({ body: { ...asked, client_id: wire.clientId, client_secret: 'new-secret-canary', client_secret_expires_at: Math.floor(now / 1_000) + 60 } }), { baseUrl: undefined, prefix: '/oauth', clock: () => now } as OAuthPluginOptions)
  const registration = await register({ grant: 'client_credentials', apiBaseUrl: `${wire.issuer}/`, scope: [] })
  wire.on('/token', () => ({ body: { access_token: 'access-canary', token_type: 'bearer', expires_in: 30 } }))
  await (await app.oauth.client('dynamic').get('api')).body.dump()
  const before = wire.to('/token').length
  providers.register('login', { issuer: wire.issuer, ...registration.client })
  now += 60_000
  t.match(await failureOf(t, app.oauth.client('dynamic').get('api')), { code: 'FST_OAUTH_CLIENT_SECRET_EXPIRED', statusCode: 500, unspent: true, message: /dynamic/ })
  const page = await app.inject({ url: '/oauth/login', headers: { host: 'localhost', accept: 'application/json' } })
  t.match(page.json(), { code: 'FST_OAUTH_CLIENT_SECRET_EXPIRED' }, 'and no user is sent to the provider in vain')
  t.equal(wire.to('/token').length, before)
  t.throws(() => providers.register('odd', { issuer: wire.issuer, clientId: 'id', clientSecretExpiresAt: 5 }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /clientSecretExpiresAt is 5; allowed is nothing without clientSecret/ })
  t.throws(() => providers.register('odd', { issuer: wire.issuer, clientId: 'id', clientSecret: 'x', clientSecretExpiresAt: 0.5 }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /milliseconds since the epoch/ })
  providers.register('key', { issuer: wire.issuer, clientId: 'id', clientSecret: 'x', clientSecretExpiresAt: 5, clientKey: privateKey, clientAuth: 'private_key_jwt' })
  t.equal((await app.inject({ url: '/oauth/key', headers: { host: 'localhost' } })).statusCode, 303, 'a client that authenticates otherwise has no need of it')
})

t.test('refusals and answers that cannot be used leave no provider behind', async (t) => {
  let answer: WireAnswer = {}
  const { register, providers, wire } = await start(t, () => answer)
  const right = { client_id: 'new', client_secret: 'new-secret-canary', client_secret_expires_at: 0 }
  for (const [given, expected] of [
    [{ status: 400, body: { error: 'invalid_redirect_uri', error_description: `not with ${initialAccessToken}` } }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_redirect_uri', message: /registration endpoint of dynamic .*\[secret\]/ }],
    [{ status: 403, body: 'no' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 403/ }],
    [{ status: 503, body: 'x' }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' }],
    [{ body: 'no JSON' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
    [{ body: [right] }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
    [{ body: { ...right, client_id: undefined } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /client_id/ }],
    [{ body: { ...right, client_secret: undefined } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it holds no client_secret/ }],
    [{ body: { ...right, token_endpoint_auth_method: 'magic' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /token_endpoint_auth_method/ }]
  ] as Array<[WireAnswer, object]>) {
    answer = given
    t.match(await failureOf(t, register({ initialAccessToken })), expected)
    t.notOk(providers.has('dynamic'))
  }
  answer = { body: right }
  const [one, two] = await Promise.allSettled([register(), register()])
  t.match([one, two], [{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'FST_OAUTH_PROVIDER_EXISTS' } }])
  t.match(await failureOf(t, register()), { code: 'FST_OAUTH_PROVIDER_EXISTS' })
  wire.metadata = { registration_endpoint: undefined }
  t.match(await failureOf(t, register({}, 'without')), { code: 'FST_OAUTH_INVALID_CALL', message: /registration_endpoint/ })
})

t.test('options are checked before anything is registered', async (t) => {
  const { register, providers, asked, app } = await start(t)
  for (const [given, message] of [
    [{ scope: 'read' }, /providers\.dynamic\.scope is "read"/],
    [{ clientId: 'id' }, /providers\.dynamic\.clientId is "id"; allowed is nothing: the provider gives it/],
    [{ clientSecret: 'secret-canary' }, /providers\.dynamic\.clientSecret is a string of 13 characters; allowed is nothing/],
    [{ initialAccessToken: 5 }, /providers\.dynamic\.initialAccessToken is a number/],
    [{ metadata: 'x' }, /providers\.dynamic\.metadata is .*; allowed is an object of client metadata/],
    [{ clientAuth: 'client_secret_signed_jwt' }, /providers\.dynamic\.clientAuth is .*registered by hand/],
    [{ clientAuth: 'private_key_jwt' }, /providers\.dynamic\.clientKey is undefined/],
    [{ callbackUrl: 'https://app.example.com/elsewhere' }, /providers\.dynamic\.callbackUrl/]
  ] as Array<[Partial<OAuthDynamicProviderOptions>, RegExp]>) {
    t.match(await failureOf(t, register(given)), { code: 'FST_OAUTH_INVALID_OPTIONS', message }, String(message))
  }
  t.match(await failureOf(t, providers.registerDynamically('dynamic', null as never)), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.dynamic is null/ })
  t.match(await failureOf(t, register({}, 'a name')), { code: 'FST_OAUTH_INVALID_OPTIONS' })
  t.match(await failureOf(t, register({ issuer: undefined, requestTokenUrl: 'https://a.example', authorizeUrl: 'https://a.example', accessTokenUrl: 'https://a.example' } as never)), { code: 'FST_OAUTH_INVALID_CALL', message: /OAuth 1\.0a has no dynamic client registration/ })
  t.strictSame(asked(), [])

  const without = await start(t, undefined, { baseUrl: undefined } as OAuthPluginOptions)
  t.match(await failureOf(t, without.register()), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /callbackUrl is undefined; allowed is an absolute URL, since the option baseUrl is not set/ })
  await without.register({ metadata: { redirect_uris: ['http://localhost/oauth/dynamic/callback'] } })
  t.match(without.asked(), [{ redirect_uris: ['http://localhost/oauth/dynamic/callback'] }])
  t.ok(app.oauth.providers.has('test'))
})

t.test('a registration is read and deleted where the provider allows that', async (t) => {
  const { register, providers, wire } = await start(t)
  const registration = await register()
  for (const access of [registration, { registrationAccessToken: 'x' }, { registrationAccessToken: 'x', registrationClientUri: 'there' }]) {
    t.match(await failureOf(t, providers.readRegistration('dynamic', access)), { code: 'FST_OAUTH_INVALID_CALL', message: /managed by hand/ })
    t.match(await failureOf(t, providers.deregister('dynamic', access)), { code: 'FST_OAUTH_INVALID_CALL' })
  }
  const access = { registrationAccessToken: 'access-canary', registrationClientUri: `${wire.issuer}/client` }
  let answer: WireAnswer = { body: { client_id: 'new-client', client_secret: 'newer-canary', client_secret_expires_at: 2_000_000_000 } }
  wire.handlers.set('/client', () => answer)
  t.strictSame(await providers.readRegistration('dynamic', access), { ...access, client: { clientId: 'new-client', clientSecret: 'newer-canary', clientSecretExpiresAt: 2_000_000_000_000, clientAuth: 'client_secret_basic' }, metadata: { client_id: 'new-client', client_secret_expires_at: 2_000_000_000 } })
  t.match(wire.requests.at(-1), { method: 'GET', headers: { authorization: 'Bearer access-canary' } })
  answer = { status: 401, body: { error: 'invalid_token', error_description: 'access-canary' } }
  t.match(await failureOf(t, providers.readRegistration('dynamic', access)), { code: 'FST_OAUTH_TOKEN_REFUSED', message: /\[secret\]/ })
  answer = { status: 405, body: 'x' }
  t.match(await failureOf(t, providers.deregister('dynamic', access)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 405/ })
  t.ok(providers.has('dynamic'))
  for (const status of [204, 200, 401, 404]) {
    answer = { status, body: '' }
    if (!providers.has('dynamic')) await register()
    await providers.deregister('dynamic', access)
    t.match(wire.requests.at(-1), { method: 'DELETE', headers: { authorization: 'Bearer access-canary' } })
    t.notOk(providers.has('dynamic'))
  }
})
