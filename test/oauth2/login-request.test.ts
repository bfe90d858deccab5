// Signed and pushed authorization requests: RFC 9101, RFC 9126.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import t from 'tap'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireProvider } from '../fixtures/wire-provider.js'

const clientKey = generateKeyPairSync('ed25519').privateKey
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams)

function takesPushes (wire: WireProvider, answer: object = { request_uri: 'urn:request:1', expires_in: 60 }, status = 201): void {
  wire.metadata.pushed_authorization_request_endpoint = `${wire.issuer}/par`
  wire.on('/par' as never, () => ({ status, body: answer }))
}

t.test('pushed: the browser carries a reference alone', async (t) => {
  for (const [given, metadata] of [[{ par: true }, {}], [{}, { require_pushed_authorization_requests: true }]] as const) {
    const { wire, begin } = await startWireLogin(t, given)
    takesPushes(wire)
    Object.assign(wire.metadata, metadata, { authorization_endpoint: `${wire.issuer}/authorize?tenant=one` })
    const { url, secrets, key } = await begin({ prompt: 'login' })

    t.strictSame(queryOf(url), { tenant: 'one', client_id: wire.clientId, request_uri: 'urn:request:1' })
    t.equal(key, secrets.state)
    const [request] = wire.to('/par' as never)
    t.match(Object.fromEntries(request?.form ?? []), { client_id: wire.clientId, response_type: 'code', state: secrets.state, nonce: secrets.nonce, prompt: 'login', code_challenge_method: 'S256' })
    t.match(request?.headers.authorization, /^Basic /)
  }
})

t.test('not pushed where the option says so, or nothing does', async (t) => {
  for (const [given, metadata] of [[{ par: false }, { require_pushed_authorization_requests: true }], [{}, {}]] as const) {
    const { wire, begin } = await startWireLogin(t, given)
    takesPushes(wire)
    Object.assign(wire.metadata, metadata)
    t.ok(queryOf((await begin()).url).code_challenge)
    t.equal(wire.to('/par' as never).length, 0)
  }
})

t.test('pushed to an endpoint that was given by hand, which answers 200', async (t) => {
  const { wire, begin } = await startWireLogin(t, wire => ({ ...byHand(wire), par: true, parUrl: `${wire.issuer}/par` }))
  takesPushes(wire, { request_uri: 'urn:request:2', expires_in: '60' }, 200)
  t.match(queryOf((await begin()).url), { request_uri: 'urn:request:2' })
})

t.test('a push that fails starts no login', async (t) => {
  const { wire, begin } = await startWireLogin(t, { par: true })
  takesPushes(wire)
  wire.on('/par' as never, ({ form }) => ({ status: 400, body: { error: 'invalid_request', error_description: `bad state ${form.get('state')}` } }))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_TOKEN_REFUSED', statusCode: 502, message: /pushed authorization request endpoint .*invalid_request: bad state \[secret\]/ })
  for (const body of [{}, { request_uri: 5, expires_in: 60 }, { request_uri: 'urn:x' }]) {
    takesPushes(wire, body)
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' })
  }
  wire.on('/par' as never, () => ({ status: 503, body: 'down' }))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' })
})

t.test('par without an endpoint in the metadata is told when these are read', async (t) => {
  const { begin } = await startWireLogin(t, { par: true })
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /no pushed_authorization_request_endpoint, and the option par is true/ })
})

t.test('signed: all parameters are in the request object', async (t) => {
  for (const [given, metadata] of [[{ jar: true }, {}], [{}, { require_signed_request_object: true }]] as const) {
    const { wire, begin } = await startWireLogin(t, { clientKey, clientKeyId: 'one', ...given })
    Object.assign(wire.metadata, metadata)
    const { url, secrets } = await begin({ claims: '{"id_token":{"acr":null}}', max_age: '60', authorization_details: '[{"type":"x"}]', iss: 'planted', aud: 'planted', ui_locales: 'de', exp: '1' })
    const { request, ...rest } = queryOf(url)

    t.strictSame(rest, { client_id: wire.clientId })
    const { payload, protectedHeader } = await jwtVerify(String(request), createPublicKey(clientKey), { issuer: wire.clientId, audience: wire.issuer, maxTokenAge: 300, typ: 'oauth-authz-req+jwt' })
    t.match(protectedHeader, { alg: 'EdDSA', kid: 'one' })
    t.match(payload, { client_id: wire.clientId, state: secrets.state, nonce: secrets.nonce, claims: { id_token: { acr: null } }, max_age: 60, authorization_details: [{ type: 'x' }], ui_locales: 'de', jti: String })
    t.equal(Number(payload.exp) - Number(payload.nbf), 300)
  }
})

t.test('what is no JSON in a request object is left as it is; without a key nothing is signed', async (t) => {
  const signed = await startWireLogin(t, { clientKey, jar: true })
  const { payload } = await jwtVerify(String(queryOf((await signed.begin({ claims: 'nonsense' })).url).request), createPublicKey(clientKey))
  t.equal(payload.claims, 'nonsense')

  const plain = await startWireLogin(t)
  plain.wire.metadata.require_signed_request_object = true
  t.ok(queryOf((await plain.begin()).url).code_challenge)
  const off = await startWireLogin(t, { clientKey, jar: false })
  off.wire.metadata.require_signed_request_object = true
  t.ok(queryOf((await off.begin()).url).code_challenge)
})

t.test('signed, then pushed', async (t) => {
  const { wire, begin } = await startWireLogin(t, { clientKey, clientAuth: 'private_key_jwt', jar: true, par: true })
  takesPushes(wire)
  t.strictSame(queryOf((await begin()).url), { client_id: wire.clientId, request_uri: 'urn:request:1' })
  const form = Object.fromEntries(wire.to('/par' as never)[0]?.form ?? [])
  t.strictSame(Object.keys(form).sort(), ['client_assertion', 'client_assertion_type', 'client_id', 'request'])
})
