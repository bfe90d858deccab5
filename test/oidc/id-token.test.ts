// Forged, foreign, stale and mistaken id_tokens: OpenID Connect Core 1.0 sections 2 and 3.1.3.7.
import { createHash, createPublicKey } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import t from 'tap'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'

const minutes = 60_000
const now = () => Math.floor(Date.now() / 1_000)

function encode (value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

t.test('a forged signature is refused', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.metadata.id_token_signing_alg_values_supported = ['RS256', 'HS256', 'none']
  const pem = createPublicKey({ key: await wire.publicJwk(), format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const forgeries: Record<string, (right: JWTPayload) => string | Promise<string>> = {
    'alg none': right => `${encode({ alg: 'none' })}.${encode(right)}.`,
    'alg None': right => `${encode({ alg: 'None' })}.${encode(right)}.`,
    'HS256 with the public key': right => new SignJWT(right).setProtectedHeader({ alg: 'HS256', kid: wire.kid }).sign(Buffer.from(pem)),
    'HS256 with the client secret': right => new SignJWT(right).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(wire.clientSecret)),
    'a signature of garbage': async right => (await wire.idToken(right)).replace(/[^.]+$/, encode('garbage')),
    'no signature': async right => (await wire.idToken(right)).replace(/[^.]+$/, ''),
    'claims changed after signing': async right => (await wire.idToken({ ...right, sub: 'other' })).replace(/\.[^.]+\./, `.${encode(right)}.`),
    'no JWT': () => 'canary',
    'five parts': async right => `${await wire.idToken(right)}.canary.canary`,
    'claims that are no object': () => `${encode({ alg: 'RS256' })}.${encode('canary')}.AA`,
    'a header that is no JSON': async right => `canary.${encode(right)}.AA`,
    'a critical header': async right => `${encode({ alg: 'RS256', crit: ['exp'], kid: wire.kid })}.${encode(right)}.AA`
  }
  for (const [name, forge] of Object.entries(forgeries)) {
    wire.forge = forge
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', statusCode: 400 }, name)
  }
  wire.forge = right => wire.idToken(right)
  t.equal((await login()).subject, 'user-1', 'and the right one is taken')
})

t.test('an algorithm that the metadata does not list is refused', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.metadata.id_token_signing_alg_values_supported = ['ES256']

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /alg/ })
})

t.test('one wrong claim is enough', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const wrong: Array<[string, JWTPayload, RegExp]> = [
    ['iss of another', { iss: 'https://other.example' }, /iss/],
    ['iss with a slash more', { iss: `${wire.issuer}/` }, /iss/],
    ['no iss', { iss: undefined }, /iss/],
    ['aud of another', { aud: 'other' }, /aud/],
    ['aud of others', { aud: ['other', 'another'] }, /aud/],
    ['no aud', { aud: undefined }, /aud/],
    ['several aud without azp', { aud: [wire.clientId, 'other'] }, /aud/],
    ['several aud and azp of another', { aud: [wire.clientId, 'other'], azp: 'other' }, /azp/],
    ['azp of another with a single aud', { azp: 'other' }, /azp/],
    ['azp of another with a list of one aud', { aud: [wire.clientId], azp: 'other' }, /azp/],
    ['exp in the past', { exp: now() - 61 }, /exp.*clocks/],
    ['exp that is text', { exp: String(now() + 300) as unknown as number }, /exp/],
    ['no exp', { exp: undefined }, /exp/],
    ['iat in the future', { iat: now() + 600 }, /iat.*future.*clocks/],
    ['no iat', { iat: undefined }, /iat/],
    ['nbf in the future', { nbf: now() + 600 }, /nbf.*clocks/],
    ['no sub', { sub: undefined }, /sub/],
    ['an empty sub', { sub: '' }, /sub/],
    ['sub that is a number', { sub: 5 as unknown as string }, /sub/],
    ['no nonce', { nonce: undefined }, /nonce/],
    ['another nonce', { nonce: 'other' }, /nonce/],
    ['at_hash of another token', { at_hash: 'x'.repeat(22) }, /at_hash/],
    ['at_hash that is no text', { at_hash: null }, /at_hash/],
    ['c_hash of another code', { c_hash: 'x'.repeat(22) }, /c_hash/],
    ['auth_time that is text', { auth_time: 'now' }, /auth_time/]
  ]
  for (const [name, claims, message] of wrong) {
    wire.claims = claims
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', statusCode: 400, message }, name)
  }
  wire.claims = { aud: [wire.clientId, 'other'], azp: wire.clientId }
  t.equal((await login()).subject, 'user-1', 'azp may name this client')
})

t.test('a nonce that nobody asked for is refused', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { scope: ['read'] })
  t.equal(provider.protocol, 'oauth2')
  t.equal((await login()).subject, 'user-1', 'an id_token without one is taken')

  wire.claims = { nonce: 'planted' }
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /nonce/ })
})

t.test('quirks.nonce "not-echoed": an id_token without a nonce is taken, one with another is not', async (t) => {
  const { wire, login } = await startWireLogin(t, { quirks: { nonce: 'not-echoed' } })
  wire.claims = { nonce: undefined }
  t.equal((await login()).subject, 'user-1')

  wire.claims = { nonce: 'planted' }
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /nonce/ })
})

t.test('at_hash and c_hash that match are taken', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const half = (value: unknown) => createHash('sha256').update(String(value)).digest().subarray(0, 16).toString('base64url')
  wire.tokens = { access_token: 'at-canary' }
  wire.forge = right => wire.idToken({ ...right, at_hash: half('at-canary'), c_hash: half(wire.to('/token').at(-1)?.form.get('code')) })

  t.equal((await login()).subject, 'user-1')
})

t.test('a token of another type is no id_token', async (t) => {
  const { wire, login } = await startWireLogin(t)
  for (const typ of ['at+jwt', 'application/at+JWT', 'logout+jwt', 'secevent+jwt']) {
    wire.idTokenHeader = { typ }
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /another kind of token/ }, typ)
  }
  for (const typ of ['JWT', undefined]) {
    wire.idTokenHeader = { typ }
    t.equal((await login()).subject, 'user-1', String(typ))
  }
})

t.test('clocks half a minute apart do no harm; ten minutes apart, the error says so', async (t) => {
  const client = await startWireLogin(t)
  for (const ahead of [0.5, -0.5]) {
    client.ahead = ahead * minutes
    t.equal((await client.login()).subject, 'user-1')
  }
  for (const ahead of [10, -10]) {
    client.ahead = ahead * minutes
    t.match(await failureOf(t, client.login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /clocks of this machine and of the provider differ/ }, `${ahead} minutes`)
  }
})

t.test('without an issuer nothing is verified, and nothing is claimed', async (t) => {
  const { wire, login } = await startWireLogin(t, byHand)
  wire.tokens.id_token = 'canary'

  t.match((await login()).tokens, { idToken: undefined, claims: undefined })
})
