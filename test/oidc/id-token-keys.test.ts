// The keys that id_tokens are verified with: RFC 7517, OpenID Connect Core 1.0 section 10.1.1.
import { createHash } from 'node:crypto'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { processUserInfoResponse } from 'oauth4webapi'
import t from 'tap'
import { getGlobalDispatcher } from 'undici'
import { createTransport } from '../../lib/http/transport.js'
import { IdTokenVerifier } from '../../lib/oidc/id-token.js'
import { failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

const minute = 60_000

t.test('keys are fetched once for many logins', async (t) => {
  const { wire, login } = await startWireLogin(t)

  await Promise.all([login(), login(), login()])
  await login()

  t.equal(wire.to('/jwks').length, 1)
})

t.test('keys that are rotated fail no login, also not of those that find out at a time', async (t) => {
  const { wire, login } = await startWireLogin(t)
  await login()

  await wire.rotateKeys('key-2')
  const logins = await Promise.all(Array.from({ length: 10 }, () => login()))

  t.equal(logins.length, 10)
  t.equal(wire.to('/jwks').length, 2)
})

t.test('of those that find out at the same moment, one asks for the new keys, and none is refused', async (t) => {
  const { wire } = await startWireLogin(t)
  const server = { issuer: wire.issuer, jwks_uri: `${wire.issuer}/jwks`, userinfo_signing_alg_values_supported: ['RS256'] }
  const transport = createTransport({ dispatcher: getGlobalDispatcher(), provider: 'wire', timeout: 5_000, allows: () => true })
  const verifier = new IdTokenVerifier({ provider: 'wire', clientId: wire.clientId, transport, clock: Date.now })
  const read = async () => {
    const response = new Response(await wire.idToken({ sub: 'user-1' }), { headers: { 'content-type': 'application/jwt' } })
    await processUserInfoResponse(server, { client_id: wire.clientId }, 'user-1', response)
    return response
  }
  await verifier.verifySignature(server, await read())

  await wire.rotateKeys('key-2')
  const responses = await Promise.all([read(), read(), read()])
  await t.resolves(Promise.all(responses.map(response => verifier.verifySignature(server, response))))

  t.equal(wire.to('/jwks').length, 2)
})

t.test('keys without a name can be rotated too', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.idTokenHeader = { kid: undefined }
  const nameless = async () => ({ body: { keys: [{ ...await wire.publicJwk(), kid: undefined }] } })
  wire.on('/jwks', nameless)
  await login()

  await wire.rotateKeys('key-2')
  const logins = await Promise.all(Array.from({ length: 10 }, () => login()))

  t.equal(logins.length, 10)
  t.equal(wire.to('/jwks').length, 2)
})

t.test('several keys that fit a token without a name are no choice', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.idTokenHeader = { kid: undefined }
  wire.on('/jwks', async () => ({ body: { keys: [await wire.publicJwk(), await wire.publicJwk()] } }))

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /kid/ })
})

t.test('a token of a key that was withdrawn is refused', async (t) => {
  const { wire, login } = await startWireLogin(t)
  let old = ''
  wire.forge = async (claims) => { old = await wire.idToken(claims); return old }
  await login()
  const oldKey = wire.kid
  await wire.rotateKeys('key-2')
  await login()

  wire.idTokenHeader = { kid: oldKey }

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
})

t.test('a flood of unknown keys causes one fetch a minute at most', async (t) => {
  const client = await startWireLogin(t)
  const { wire, login } = client
  await login()
  const flood = async () => {
    const failures = await Promise.all(Array.from({ length: 20 }, (_, index) => {
      wire.forge = claims => { wire.idTokenHeader = { kid: `made-up-${index}` }; return wire.idToken(claims) }
      return failureOf(t, login())
    }))
    t.strictSame([...new Set(failures.map(({ code }) => code))], ['FST_OAUTH_ID_TOKEN_INVALID'])
    t.match(failures[0]?.message, /no applicable keys/)
  }

  await flood()
  await flood()
  t.equal(wire.to('/jwks').length, 2, 'that of the first login, and one')
  client.ahead = minute + 1
  await flood()
  t.equal(wire.to('/jwks').length, 3, 'a minute later one more')
})

t.test('an unknown key when the keys have come just now is no reason to fetch them again', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.idTokenHeader = { kid: 'made-up' }

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
  t.equal(wire.to('/jwks').length, 1)
})

t.test('keys that cannot be had are the provider\'s fault, not the token\'s', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const faults: Array<[string, () => WireAnswer, object]> = [
    ['status 500', () => ({ status: 500, body: 'canary' }), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /JWK Set of wire.*status 500/ }],
    ['HTML', () => ({ body: '<h1>canary</h1>' }), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /JWK Set of wire.*no list of keys/ }],
    ['an array', () => ({ body: [] }), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /no list of keys/ }],
    ['null', () => ({ body: 'null' }), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /no list of keys/ }],
    ['a redirect', () => ({ status: 302, headers: { location: '/elsewhere' } }), { code: 'FST_OAUTH_PROVIDER_REDIRECT', statusCode: 502 }]
  ]
  for (const [name, answer, expected] of faults) {
    wire.on('/jwks', answer)
    t.match(await failureOf(t, login()), expected, name)
  }
  wire.handlers.clear()
  t.equal((await login()).subject, 'user-1', 'a failure is not kept')
})

t.test('keys under another content type are read', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.on('/jwks', async () => ({ headers: { 'content-type': 'text/plain' }, body: { keys: [await wire.publicJwk()] } }))

  t.equal((await login()).subject, 'user-1')
})

t.test('a key that is none fails the login alone', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.on('/jwks', () => ({ body: { keys: [{ kty: 'RSA', kid: wire.kid, n: 'AQAB', e: 'AQAB' }] } }))

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
})

for (const [alg, hash] of [['ES384', 'sha384'], ['EdDSA', 'sha512']] as const) {
  t.test(`at_hash of an id_token signed with ${alg} is made with ${hash}`, async (t) => {
    const { wire, login } = await startWireLogin(t)
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    wire.metadata.id_token_signing_alg_values_supported = [alg]
    wire.tokens = { access_token: 'at-canary' }
    wire.on('/jwks', async () => ({ body: { keys: [await exportJWK(publicKey)] } }))
    const sign = (digest: Buffer) => {
      wire.forge = claims => new SignJWT({ ...claims, at_hash: digest.subarray(0, digest.length / 2).toString('base64url') }).setProtectedHeader({ alg }).sign(privateKey)
    }

    sign(createHash(hash).update('at-canary').digest())
    t.equal((await login()).subject, 'user-1')
    sign(createHash('sha256').update('at-canary').digest())
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /at_hash/ })
  })
}
