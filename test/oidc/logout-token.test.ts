// Logout tokens: OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6.
import { SignJWT, generateKeyPair } from 'jose'
import t from 'tap'
import { encode } from '../fixtures/id-tokens.js'
import { logoutClaims, logoutEvent, logoutToken } from '../fixtures/logout-tokens.js'
import { until } from '../fixtures/grants.js'
import { failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'

const told = { backchannelLogout: true }
const minute = 60_000

function verify ({ provider }: WireLogin, token: string) {
  return (provider.logout as NonNullable<typeof provider.logout>).verify(token)
}

t.test('what a token says', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  const now = Math.floor(Date.now() / 1_000)
  for (const changes of [{}, { sid: 'session-1' }, { sid: 'session-1', sub: undefined }, { aud: [wire.clientId, 'other'] }, { exp: now + 86_400 }, { iat: now - 290 }, { iat: now + 50 }, { exp: now - 50 }]) {
    const { sub: subject, sid, jti, iat: issuedAt } = logoutClaims(wire, { jti: 'one', iat: now, ...changes })
    t.strictSame(await verify(login, await logoutToken(wire, { jti: 'one', iat: now, ...changes })), { issuer: wire.issuer, subject, sid, jti, issuedAt })
  }
  for (const typ of [undefined, 'JWT', 'logout+jwt', 'Logout+JWT', 'application/logout+jwt']) {
    await t.resolves(verify(login, await logoutToken(wire, {}, typ === undefined ? {} : { typ })), String(typ))
  }
})

t.test('tokens with one thing wrong', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  const now = Math.floor(Date.now() / 1_000)
  const wrong: Array<[Record<string, unknown>, RegExp]> = [
    [{ iss: 'https://other.example' }, /iss/],
    [{ iss: undefined }, /iss/],
    [{ aud: 'other' }, /aud/],
    [{ aud: undefined }, /aud/],
    [{ iat: undefined }, /iat/],
    [{ iat: now - 400 }, /iat/],
    [{ iat: now + 100 }, /iat/],
    [{ exp: undefined }, /exp/],
    [{ exp: now - 100 }, /exp/],
    [{ jti: undefined }, /jti/],
    [{ jti: '' }, /jti/],
    [{ events: undefined }, /events/],
    [{ events: {} }, /events/],
    [{ events: { [logoutEvent]: true } }, /events/],
    [{ events: [logoutEvent] }, /events/],
    [{ nonce: 'a-nonce' }, /nonce/],
    [{ nonce: null }, /nonce/],
    [{ sub: undefined }, /neither sub nor sid/],
    [{ sub: 1 }, /not a text/],
    [{ sub: '' }, /not a text/],
    [{ sid: 1 }, /not a text/]
  ]
  for (const [changes, message] of wrong) {
    t.match(await failureOf(t, verify(login, await logoutToken(wire, changes))), { code: 'FST_OAUTH_LOGOUT_TOKEN_INVALID', statusCode: 400, message }, JSON.stringify(changes))
  }
  for (const typ of ['at+jwt', 'id_token+jwt', 'secevent+jwt', 'dpop+jwt']) {
    t.match(await failureOf(t, verify(login, await logoutToken(wire, {}, { typ }))), { message: /another kind/ }, typ)
  }
})

t.test('tokens that nobody has signed, or somebody else', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  const claims = logoutClaims(wire)
  const right = await logoutToken(wire)
  const other = await generateKeyPair('RS256')
  const jwk = await wire.publicJwk()
  const forged: Record<string, string> = {
    unsigned: `${encode({ alg: 'none' })}.${encode(claims)}.`,
    'by another key under the same id': await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: wire.kid }).sign(other.privateKey),
    'by the public key as a secret': await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: wire.kid }).sign(Buffer.from(JSON.stringify(jwk))),
    'by the client\'s secret': await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(wire.clientSecret)),
    'with a key of its own': await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', jwk: jwk as object }).sign(other.privateKey),
    'with another payload': right.replace(/\.[^.]+\./, `.${encode({ ...claims, sub: 'user-2' })}.`),
    'cut short': right.slice(0, -10),
    'no token': 'a.b',
    nothing: '',
    'too long': `${right}${'x'.repeat(20_000)}`
  }
  for (const [name, token] of Object.entries(forged)) {
    t.match(await failureOf(t, verify(login, token)), { code: 'FST_OAUTH_LOGOUT_TOKEN_INVALID' }, name)
  }
})

t.test('without a list of algorithms it is RS256, and HMAC is none of them', async (t) => {
  const login = await startWireLogin(t, told)
  login.wire.metadata = { id_token_signing_alg_values_supported: undefined }
  await t.resolves(verify(login, await logoutToken(login.wire)))
  const another = await startWireLogin(t, told)
  another.wire.metadata = { id_token_signing_alg_values_supported: ['HS256'] }
  t.match(await failureOf(t, verify(another, await logoutToken(another.wire))), { message: /alg/ })
})

t.test('keys: fetched once, renewed once for all who find out, and once a minute at most', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  await Promise.all([verify(login, await logoutToken(wire)), verify(login, await logoutToken(wire))])
  t.equal(wire.to('/jwks').length, 1)

  await wire.rotateKeys('key-2')
  const token = await logoutToken(wire)
  await Promise.all([verify(login, token), verify(login, token), verify(login, token)])
  t.equal(wire.to('/jwks').length, 2, 'rotated')

  for (let count = 0; count < 20; count++) {
    const made = await new SignJWT(logoutClaims(wire)).setProtectedHeader({ alg: 'RS256', kid: `made-up-${count}` }).sign((await generateKeyPair('RS256')).privateKey)
    await failureOf(t, verify(login, made))
  }
  t.equal(wire.to('/jwks').length, 2, 'made-up key ids cause no flood')

  login.ahead += minute
  await wire.rotateKeys('key-3')
  const now = Math.floor((Date.now() + minute) / 1_000)
  await verify(login, await logoutToken(wire, { iat: now, exp: now + 60 }))
  t.equal(wire.to('/jwks').length, 3)
})

t.test('made-up key ids do not use up the search that a login needs after a rotation', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  await login.login()
  const forged = async () => new SignJWT(logoutClaims(wire)).setProtectedHeader({ alg: 'RS256', kid: 'made-up' }).sign((await generateKeyPair('RS256')).privateKey)
  for (let count = 0; count < 3; count++) await failureOf(t, verify(login, await forged()))
  await wire.rotateKeys('key-2')
  t.equal((await login.login()).subject, 'user-1')
})

t.test('a provider without keys', async (t) => {
  const login = await startWireLogin(t, { ...told, idTokenAlg: 'HS256' })
  login.wire.metadata = { jwks_uri: undefined }
  t.match(await failureOf(t, verify(login, await logoutToken(login.wire))), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /no jwks_uri/ })
})

t.test('keys that cannot be had fail as the provider, not as the token', async (t) => {
  for (const [answer, message] of [[{ status: 500 }, /status 500/], [{ body: 'canary' }, /no list of keys/], [{ body: { keys: 'canary' } }, /no list/], [{ body: { keys: ['canary'] } }, /no list/]] as const) {
    const login = await startWireLogin(t, told)
    login.wire.on('/jwks', () => answer)
    t.match(await failureOf(t, verify(login, await logoutToken(login.wire))), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message })
    login.wire.handlers.clear()
    await t.resolves(verify(login, await logoutToken(login.wire)), 'and it recovers')
  }
})

t.test('metadata that moves its keys', async (t) => {
  const login = await startWireLogin(t, told)
  const { wire } = login
  await verify(login, await logoutToken(wire))
  wire.metadata = { jwks_uri: `${wire.issuer}/keys` }
  wire.handlers.set('/keys', async () => ({ body: { keys: [await wire.publicJwk()] } }))
  login.ahead += 60 * minute
  const now = Math.floor((Date.now() + login.ahead) / 1_000)
  // The old ones serve once more while they are renewed behind.
  const discoveries = () => wire.requests.filter(({ path }) => path.startsWith('/.well-known/')).length
  const before = discoveries()
  await verify(login, await logoutToken(wire, { iat: now, exp: now + 60 }))
  await until(() => discoveries() > before)
  await until(async () => {
    await verify(login, await logoutToken(wire, { iat: now, exp: now + 60 }))
    return wire.requests.some(({ path }) => path === '/keys')
  })
  t.equal(wire.requests.filter(({ path }) => path === '/keys').length, 1)
})
