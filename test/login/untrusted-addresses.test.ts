// Discovery before the application is ready, and A29: the addresses of a provider come from a stranger.
import Fastify from 'fastify'
import cookie from '@fastify/cookie'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { clientCert, clientCertKey } from '../fixtures/certificates.js'
import { messageOf } from '../fixtures/options.js'
import { failureOf, startWireLogin } from '../fixtures/wire-login.js'

const refused = { code: 'FST_OAUTH_ADDRESS_REFUSED', statusCode: 502 }

t.test('A29: metadata, keys and endpoints of a stranger are not fetched from this machine', async (t) => {
  const { wire, begin, provider } = await startWireLogin(t, { untrustedAddresses: true })
  t.teardown(() => provider.close())
  t.match(await failureOf(t, begin()), refused)
  t.equal(wire.requests.length, 0, 'nothing arrived')
})

t.test('A29: what is allowed is called; what its metadata name besides, and where they redirect, is not', async (t) => {
  const client = await startWireLogin(t, { untrustedAddresses: true, allowedAddresses: ['127.0.0.1/32'] })
  const { login, provider } = client
  t.teardown(() => provider.close())
  t.equal((await login()).subject, 'user-1')
  for (const [name, run] of Object.entries({ token_endpoint: login, jwks_uri: login })) {
    const other = await startWireLogin(t, ({ issuer }) => ({ untrustedAddresses: true, allowedAddresses: ['127.0.0.1'], issuer }))
    t.teardown(() => other.provider.close())
    other.wire.metadata = { [name]: 'http://127.0.0.2:1/x' }
    t.match(await failureOf(t, other.login()), refused, `${name} ${typeof run}`)
  }
  const moved = await startWireLogin(t, { untrustedAddresses: true, allowedAddresses: ['127.0.0.1'] })
  t.teardown(() => moved.provider.close())
  moved.wire.on('/.well-known/openid-configuration', () => ({ status: 302, headers: { location: 'http://127.0.0.2:1/latest/meta-data' } }))
  t.match(await failureOf(t, moved.begin()), refused)
})

t.test('with a certificate of the client too', async (t) => {
  const { begin, provider } = await startWireLogin(t, { untrustedAddresses: true, clientCert, clientCertKey })
  t.teardown(() => provider.close())
  t.match(await failureOf(t, begin()), refused)
})

async function startApp (provider: OAuthProviderOptions) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie)
  await app.register(oauthPlugin, { secret: 'a secret of 32 bytes for the tests', owner: () => 'owner', providers: { corp: provider } })
  return async () => { await app.ready() }
}

t.test('eager: the start fails where the metadata cannot be had; lazy: it does not', async (t) => {
  const { wire } = await startWireLogin(t)
  const { issuer, clientId } = wire
  await t.resolves((await startApp({ issuer, clientId, discovery: 'eager' }))())
  t.equal(wire.to('/.well-known/openid-configuration').length, 1)
  wire.on('/.well-known/openid-configuration', () => ({ status: 500 }))
  await t.rejects((await startApp({ issuer, clientId, discovery: 'eager' }))(), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /corp.*status 500/ })
  await t.resolves((await startApp({ issuer, clientId }))())
})

const corp = { clientId: 'id', issuer: 'https://sso.example' }
const wrong: Array<[object, RegExp]> = [
  [{ discovery: 'soon' }, /discovery is "soon"; allowed is one of "lazy", "eager"/], [{ discovery: 'eager', issuer: undefined, authorizeUrl: 'https://a.example', accessTokenUrl: 'https://a.example' }, /issuer is undefined; allowed is a URL, since discovery/],
  [{ allowedAddresses: ['10.0.0.0/8'] }, /allowedAddresses is an array; allowed is nothing/], [{ untrustedAddresses: true, allowedAddresses: ['corp.example'] }, /an IP address, or a range/],
  [{ untrustedAddresses: true, allowedAddresses: ['10.0.0.0/33'] }, /an IP address/], [{ untrustedAddresses: true, allowedAddresses: ['::1/129'] }, /an IP address/], [{ untrustedAddresses: true, allowedAddresses: ['10.0.0.0/8/8'] }, /an IP address/],
  [{ idTokenAlg: 'none' }, /idTokenAlg is "none"/], [{ idTokenAlg: 'HS256', clientSecret: 'short' }, /clientSecret is a string of 5 characters; allowed is a secret of at least 32 bytes/], [{ idTokenAlg: 'HS256' }, /at least 32 bytes/],
  [{ idTokenAlg: 'RS256', issuer: undefined, authorizeUrl: 'https://a.example', accessTokenUrl: 'https://a.example' }, /issuer is undefined; .*id_token/], [{ clockTolerance: 601 }, /600 seconds/], [{ quirks: { tenantIssuer: 'https://a.example' } }, /\{tenantid\}/],
  [{ quirks: { tenantIssuer: 'https://a.example/{tenantid}' }, issuer: undefined, authorizeUrl: 'https://a.example', accessTokenUrl: 'https://a.example' }, /issuer is undefined/],
  [{ resource: 'api' }, /resource.0 is "api"; allowed is an absolute URI/], [{ resource: [] }, /resource is an array/], [{ resource: 'https://a.example/#x' }, /without a fragment/], [{ authorizationDetails: [{}] }, /with a type/], [{ authorizationDetails: [] }, /authorizationDetails/], [{ claims: {} }, /userinfo or id_token/],
  [{ prompt: 'none login' }, /"none" alone/], [{ maxAge: -1 }, /seconds/], [{ maxAge: 5, scope: [] }, /maxAge is 5; allowed is nothing/], [{ uiLocales: 'a b' }, /BCP 47/], [{ loginHint: '' }, /loginHint/], [{ acrValues: ['a b'] }, /without spaces/],
  [{ grant: 'client_credentials', clientSecret: 's', prompt: 'login' }, /no logins/]
]
t.test('options that are wrong', async (t) => {
  for (const [given, message] of wrong) t.match(messageOf(() => parseProviderOptions('x', { ...corp, ...given })), message, JSON.stringify(given))
})

t.test('a function of the request is checked as a value is; undefined asks for nothing', async (t) => {
  const { begin } = await startWireLogin(t, { loginHint: () => undefined, prompt: async () => 'none login', maxAge: 300 })
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /prompt.*"none" alone/ })
  const right = await startWireLogin(t, { loginHint: () => undefined, prompt: () => 'login consent', maxAge: 300, idTokenAlg: 'RS256' })
  const query = new URL((await right.begin({ max_age: '60' })).url).searchParams
  t.strictSame([query.get('login_hint'), query.get('prompt'), query.get('max_age')], [null, 'login consent', '60'])
  for (const auth of [undefined, 5]) {
    right.wire.claims = { auth_time: auth }
    t.match(await failureOf(t, right.login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
  }
  right.wire.claims = { auth_time: Math.floor(Date.now() / 1_000) }
  t.equal((await right.login()).subject, 'user-1')
})
