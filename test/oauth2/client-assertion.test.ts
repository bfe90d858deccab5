// JWTs by which a client proves who it is: RFC 7523 section 3, OpenID Connect Core 1.0 section 9, and Apple's secret.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { decodeJwt, jwtVerify } from 'jose'
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireRequest } from '../fixtures/wire-provider.js'

const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const publicKey = createPublicKey(clientKey)
const assertionOf = (request: WireRequest | undefined) => String(request?.form.get('client_assertion'))

t.test('private_key_jwt: an assertion for the issuer, a new one for each request', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { clientSecret: undefined as never, clientKey, clientKeyId: 'one' })
  const grant = grantOf(await login())
  await provider.refresh(grant)
  await provider.revoke(grant)

  const requests = [...wire.to('/token'), ...wire.to('/revoke')]
  t.equal(requests.length, 4)
  for (const request of requests) {
    t.match(Object.fromEntries(request.form), { client_id: wire.clientId, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' })
    t.notOk(request.headers.authorization)
    const { payload, protectedHeader } = await jwtVerify(assertionOf(request), publicKey, { issuer: wire.clientId, subject: wire.clientId, audience: wire.issuer, maxTokenAge: 60 })
    t.strictSame(protectedHeader, { typ: 'JWT', alg: 'ES256', kid: 'one' })
    t.equal(Number(payload.exp) - Number(payload.iat), 60)
  }
  t.equal(new Set(requests.map(request => decodeJwt(assertionOf(request)).jti)).size, 4)
})

t.test('the audience is the token endpoint by a quirk, and where no issuer is known', async (t) => {
  for (const more of [{ quirks: { assertionAudience: 'token-endpoint' as const } }, byHand]) {
    const { wire, login } = await startWireLogin(t, wire => ({ clientKey, clientAuth: 'private_key_jwt', ...typeof more === 'function' ? more(wire) : more }))
    await login()
    t.equal(decodeJwt(assertionOf(wire.to('/token')[0])).aud, `${wire.issuer}/token`)
  }
})

t.test('client_secret_jwt: signed with the secret, which is not sent', async (t) => {
  const { wire, login } = await startWireLogin(t, { clientAuth: 'client_secret_jwt' })
  await login()

  const [request] = wire.to('/token')
  const { payload, protectedHeader } = await jwtVerify(assertionOf(request), Buffer.from(wire.clientSecret), { audience: wire.issuer, maxTokenAge: 60 })
  t.match({ payload, protectedHeader }, { payload: { iss: wire.clientId, sub: wire.clientId, jti: String }, protectedHeader: { alg: 'HS256' } })
  t.notMatch(JSON.stringify(request), wire.clientSecret)
})

t.test('a signed secret is made by the clock, kept, and made anew before it ends', async (t) => {
  const client = await startWireLogin(t, { clientAuth: 'client_secret_signed_jwt', clientKey, clientKeyId: 'KEY', clientSecretClaims: { iss: 'TEAM' }, clientSecret: undefined as never })
  const { wire, provider, login } = client
  const grant = grantOf(await login())
  const refreshIn = async (minutes: number) => {
    client.ahead = minutes * 60_000
    await provider.refresh(grant)
    return String(wire.to('/token').at(-1)?.form.get('client_secret'))
  }

  const first = String(wire.to('/token')[0]?.form.get('client_secret'))
  const { payload, protectedHeader } = await jwtVerify(first, publicKey, { issuer: 'TEAM', subject: wire.clientId, audience: wire.issuer })
  t.match(protectedHeader, { alg: 'ES256', kid: 'KEY' })
  t.equal(Number(payload.exp) - Number(payload.iat), 3_600)
  t.equal(await refreshIn(54), first)
  const next = await refreshIn(56)
  t.not(next, first)
  t.equal(Number(decodeJwt(next).iat) >= Number(payload.iat) + 56 * 60, true)
  t.equal(await refreshIn(57), next)
})

t.test('a server that wants the secret raw in client_secret_basic', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), clientSecret: 'a+b/c:d%e', quirks: { basicAuth: 'raw' } }))
  await login()

  t.equal(Buffer.from(String(wire.to('/token')[0]?.headers.authorization).slice(6), 'base64').toString(), `${wire.clientId}:a+b/c:d%e`)
})

t.test('a KMS that fails, or that answers in another form', async (t) => {
  const failing: Array<[() => Uint8Array | Promise<Uint8Array>, RegExp]> = [
    [async () => { throw new Error('the KMS is away') }, /the KMS is away/],
    [() => { throw new Error('at once') }, /at once/],
    [() => new Uint8Array(70), /64 bytes of r and s/]
  ]
  for (const [signer, message] of failing) {
    const { wire, login } = await startWireLogin(t, { clientAuth: 'private_key_jwt', clientKey: signer, clientKeyAlg: 'ES256' })
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_CLIENT_KEY_FAILED', statusCode: 500, message })
    t.equal(wire.to('/token').length, 0)
  }
})

t.test('a server that repeats an assertion or a signed secret in its error', async (t) => {
  for (const clientAuth of ['private_key_jwt', 'client_secret_signed_jwt'] as const) {
    const { wire, login } = await startWireLogin(t, { clientAuth, clientKey, clientKeyId: 'one' })
    wire.on('/token', ({ form }) => ({ status: 401, body: { error: 'invalid_client', error_description: `bad ${form.get('client_assertion') ?? form.get('client_secret')} there` } }))
    const error = await failureOf(t, login())
    t.match(error, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_client', message: /bad \[secret\] there/ })
    t.notMatch(error.message, /eyJ/)
  }
})
