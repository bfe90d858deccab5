// What is asked about a token (RFC 7662), what is made of the answer, how long it is kept, and what a signed one must pass (RFC 9701).
import t from 'tap'
import type { Test } from 'tap'
import { createAgent } from '../../lib/http/transport.js'
import type { OAuthIntrospectOptions, OAuthProviderOptions } from '../../lib/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { Provider } from '../../lib/provider.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

const token = 'token-of-a-stranger-canary'
const jwt = 'application/token-introspection+jwt'

async function start (t: Test, answer: WireAnswer | (() => WireAnswer | Promise<WireAnswer>), given: Partial<OAuthProviderOptions> = {}) {
  const setup = await startWireLogin(t, given)
  const { wire, provider } = setup
  wire.metadata = { introspection_endpoint: `${wire.issuer}/introspect`, introspection_signing_alg_values_supported: ['RS256'], jwks_uri: `${wire.issuer}/jwks` }
  wire.handlers.set('/introspect', () => typeof answer === 'function' ? answer() : answer)
  return Object.assign(setup, { ask: (options?: OAuthIntrospectOptions) => provider.introspect(token, options), asked: () => wire.requests.filter(({ path }) => path === '/introspect') })
}

t.test('all that a server may say', async (t) => {
  const now = Math.floor(Date.now() / 1_000)
  const body = { active: true, sub: 'user-1', client_id: 'cli', username: 'alice', scope: 'read write', aud: ['a', 'b'], iss: 'https://sso.example', token_type: 'DPoP', jti: 'id-1', exp: now + 60, iat: now, nbf: String(now), cnf: { jkt: 'x' }, extension: [1] }
  const { ask, asked } = await start(t, { body })

  const answer = await ask({ hint: 'access_token' })

  t.strictSame({ ...answer }, {
    active: true,
    subject: 'user-1',
    clientId: 'cli',
    username: 'alice',
    scope: ['read', 'write'],
    audience: ['a', 'b'],
    issuer: 'https://sso.example',
    tokenType: 'dpop',
    id: 'id-1',
    expiresAt: (now + 60) * 1_000,
    issuedAt: now * 1_000,
    notBefore: now * 1_000,
    confirmation: { jkt: 'x' },
    raw: body
  })
  t.ok(Object.isFrozen(answer))
  t.match(asked()[0]?.headers, { authorization: /^Basic /, accept: 'application/json' })
  t.strictSame(Object.fromEntries(asked()[0]?.form ?? []), { token, token_type_hint: 'access_token' })
})

t.test('a server that says little, or otherwise', async (t) => {
  let body: Record<string, unknown> = { active: true }
  const { ask } = await start(t, () => ({ body }))
  const nothing = { subject: undefined, clientId: undefined, username: undefined, scope: [], audience: [], issuer: undefined, tokenType: undefined, id: undefined, expiresAt: undefined, issuedAt: undefined, notBefore: undefined, confirmation: undefined }
  t.strictSame({ ...await ask() }, { active: true, ...nothing, raw: body })
  body = { active: true, scope: ['read', ''], aud: 'a', sub: '', client_id: 5, exp: 'soon', iat: null, cnf: null }
  t.strictSame({ ...await ask() }, { active: true, ...nothing, scope: ['read'], audience: ['a'], raw: body })
  body = { active: true, cnf: 'x', scope: '' }
  t.strictSame({ ...await ask() }, { active: true, ...nothing, raw: body })
})

t.test('a token that is not active is an answer, of which nothing else is told', async (t) => {
  const { ask, asked, provider } = await start(t, { body: { active: false, sub: 'user-1' } })
  t.strictSame(await ask({ cacheFor: 60_000 }), { active: false })
  t.strictSame(await ask({ cacheFor: 60_000 }), { active: false })
  t.equal(asked().length, 2, 'and is not kept')
  t.strictSame(await provider.introspect(''), { active: false })
  t.equal(asked().length, 2)
})

t.test('answers are kept as long as the caller allows, and no longer than the token lasts', async (t) => {
  const setup = await start(t, () => ({ body: { active: true, exp: Math.floor(Date.now() / 1_000) + 60 } }))
  const { ask, asked } = setup
  await ask()
  const first = await ask({ cacheFor: 30_000 })
  t.equal(asked().length, 2)
  t.equal(await ask({ cacheFor: 30_000 }), first)
  setup.ahead = 20_000
  t.equal(await ask({ cacheFor: 30_000 }), first)
  t.equal(asked().length, 2)
  await ask({ cacheFor: 10_000 })
  t.equal(asked().length, 3, 'for another caller it is too old')
  await ask({ cacheFor: 0 })
  t.equal(asked().length, 4)
  setup.ahead = 70_000
  await ask({ cacheFor: 3_600_000 })
  t.equal(asked().length, 5, 'the token has expired')
})

t.test('no more than a thousand are kept', async (t) => {
  const { provider, asked } = await start(t, { body: { active: true } })
  for (let count = 0; count <= 1_000; count += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => provider.introspect(`token-canary-${count + index}`, { cacheFor: 60_000 })))
  }
  const before = asked().length
  await provider.introspect('token-canary-1019', { cacheFor: 60_000 })
  t.equal(asked().length, before)
  await provider.introspect('token-canary-0', { cacheFor: 60_000 })
  t.equal(asked().length, before + 1)
})

t.test('a signed answer is verified, and no other is taken where one was asked for', async (t) => {
  let change: (claims: Record<string, unknown>) => Record<string, unknown> = claims => claims
  let forge = (text: string) => text
  const setup = await start(t, async () => {
    const now = Math.floor(Date.now() / 1_000)
    const { wire } = setup
    wire.idTokenHeader = { typ: 'token-introspection+jwt' }
    const signed = await wire.idToken(change({ iss: wire.issuer, aud: wire.clientId, iat: now, token_introspection: { active: true, sub: 'user-1' } }))
    return { headers: { 'content-type': jwt }, body: forge(signed) }
  })
  const { ask, asked, wire } = setup
  t.match(await ask({ signed: true }), { active: true, subject: 'user-1' })
  t.equal(asked()[0]?.headers.accept, jwt)
  t.match(await ask(), { active: true, subject: 'user-1' }, 'also one that was not asked for')
  const refused = async (message: RegExp, options: OAuthIntrospectOptions = {}) => t.match(await failureOf(t, ask(options)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message }, String(message))
  for (const [name, value, message] of [['aud', 'another', /aud/], ['iss', 'https://evil.example', /iss/], ['token_introspection', 'x', /token_introspection/], ['iat', undefined, /iat/]] as const) {
    change = claims => ({ ...claims, [name]: value })
    await refused(message)
  }
  change = claims => ({ ...claims, exp: 1_000 })
  await refused(/exp/)
  change = claims => claims
  forge = text => `${text.split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`
  await refused(/signature/)
  forge = text => text
  wire.handlers.set('/introspect', () => ({ body: { active: true } }))
  await refused(/introspection endpoint of wire .*it is not signed/, { signed: true })
})

t.test('what goes wrong says nothing of the token', async (t) => {
  const { ask, wire } = await start(t, {})
  for (const [answer, expected] of [
    [{ status: 401, body: { error: 'invalid_client', error_description: `not for ${token}` } }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_client', message: /introspection endpoint of wire .*\[secret\]/ }],
    [{ status: 503 }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' }],
    [{ status: 404, body: token }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 404/ }],
    [{ body: { active: 'true', token } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /active/ }],
    [{ body: `<html>${token}` }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }],
    [{ headers: { 'content-type': jwt }, body: token }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }]
  ] as Array<[WireAnswer, object]>) {
    wire.handlers.set('/introspect', () => answer)
    t.match(await failureOf(t, ask({ cacheFor: 1_000 })), expected)
  }
  t.match(await failureOf(t, ask({ cacheFor: -1 })), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /introspect\(\)\.cacheFor is -1; allowed is a whole number of milliseconds from 0/ })
})

t.test('where it is', async (t) => {
  const hand = await startWireLogin(t, wire => ({ ...byHand(wire), introspectionUrl: `${wire.issuer}/introspect` }))
  hand.wire.handlers.set('/introspect', () => ({ body: { active: true } }))
  t.match(await hand.provider.introspect(token), { active: true })
  const without = await startWireLogin(t)
  t.match(await failureOf(t, without.provider.introspect(token)), { code: 'FST_OAUTH_INVALID_CALL', message: /introspectionUrl/ })
  const photos = new Provider('photos', parseProviderOptions('photos', { clientId: 'id', clientSecret: 'secret', requestTokenUrl: 'https://photos.example/request', authorizeUrl: 'https://photos.example/authorize', accessTokenUrl: 'https://photos.example/access' }), { dispatcher: createAgent(), timeout: 1_000, clock: Date.now })
  await t.rejects(photos.introspect(token), { code: 'FST_OAUTH_INVALID_CALL', message: /OAuth 1\.0a has no token introspection/ })
})

t.test('at a real authorization server', async (t) => {
  const server = await startOpenIdProvider({
    redirectUris: [],
    client: { grant_types: ['client_credentials'], response_types: [], scope: 'read', introspection_signed_response_alg: 'RS256' },
    configuration: {
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true }, jwtIntrospection: { enabled: true }, revocation: { enabled: true } },
      ttl: { ClientCredentials: 3_600 }
    }
  })
  const dispatcher = createAgent()
  t.teardown(async () => { await server.close(); await dispatcher.destroy() })
  const { issuer, clientId, clientSecret } = server
  const provider = new Provider('sso', parseProviderOptions('sso', { grant: 'client_credentials', issuer, clientId, clientSecret }), { dispatcher, timeout: 5_000, clock: Date.now })
  const { accessToken } = await provider.oauth2('tokens').grants.own({ subject: undefined, audience: [], resource: [], scope: ['read'] })
  for (const signed of [false, true]) {
    const answer = await provider.introspect(accessToken, { signed })
    t.match(answer, { active: true, clientId, scope: ['read'], tokenType: 'bearer', expiresAt: Number, issuer })
    t.strictSame(await provider.introspect('unknown', { signed }), { active: false })
  }
  const kept = await provider.introspect(accessToken, { cacheFor: 60_000 })
  await provider.revoke({ accessToken } as Parameters<Provider['revoke']>[0])
  t.strictSame(await provider.introspect(accessToken), { active: false })
  t.equal(await provider.introspect(accessToken, { cacheFor: 60_000 }), kept, 'that is the price of keeping it')
})
