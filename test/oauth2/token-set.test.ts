// Whether a token is bound: RFC 9449 sections 5 and 6.
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { createDpopKey } from '../../lib/oauth2/dpop.js'
import { grantValues } from '../fixtures/grants.js'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'

t.test('a bearer token in answer to a proof is refused, at login and at a refresh', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { dpop: true })
  for (const type of ['Bearer', undefined, 'made up']) {
    wire.tokens = { token_type: type }
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_TOKEN_NOT_BOUND', statusCode: 502, message: /type bearer/ }, String(type))
  }
  wire.tokens = { token_type: 'DPoP' }
  const grant = grantOf(await login())
  wire.tokens = {}
  t.match(await failureOf(t, provider.refresh(grant)), { code: 'FST_OAUTH_TOKEN_NOT_BOUND' })
})

t.test('where it is optional, it is taken for what it is', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { dpop: 'optional' })
  const grant = grantOf(await login())
  t.match(grant, { tokenType: 'bearer', dpopKey: undefined })
  t.ok(wire.to('/token')[0]?.headers.dpop)

  wire.tokens = { token_type: 'DPoP' }
  const tokens = await provider.refresh(grant)
  t.match(tokens, { tokenType: 'dpop', dpopKey: { kty: 'EC', d: String } }, 'a refresh binds it to a new key')
  t.match((await login()).tokens, { tokenType: 'dpop', dpopKey: { d: String } })
})

t.test('a bound token that nobody proved a key for is refused', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.tokens = { token_type: 'DPoP' }
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /bound to a key \(DPoP\), and none was proven/ })
})

t.test('the code, the exchange and the refreshes have one key; another login has another', async (t) => {
  const { wire, provider, login, begin } = await startWireLogin(t, wire => ({ ...byHand(wire), dpop: true }))
  wire.tokens = { token_type: 'dpop' }
  const grant = grantOf(await login())
  await provider.refresh(grant)
  await login()
  const [exchange, refresh, another] = wire.to('/token').map(({ headers }) => String(headers.dpop))
  const jwkOf = (proof: string | undefined) => decodeProtectedHeader(String(proof)).jwk
  t.match(jwkOf(exchange), { x: String(grant.dpopKey?.x) })
  t.strictSame(jwkOf(refresh), jwkOf(exchange))
  t.notSame(jwkOf(another), jwkOf(exchange))
  t.match(decodeJwt(String(exchange)), { htm: 'POST', htu: `${wire.issuer}/token` })
  t.match(new URL((await begin()).url).searchParams.get('dpop_jkt'), /^[\w-]{43}$/)
})

t.test('a bound grant is proven though the option is off now, and keeps its key', async (t) => {
  const { wire, provider } = await startWireLogin(t)
  const dpopKey = createDpopKey()
  wire.tokens = { token_type: 'DPoP' }
  const grant = grantValues({ provider: 'wire', tokenType: 'dpop', accessToken: 'token', dpopKey })
  t.match(await provider.sign(grant, { method: 'GET', origin: wire.issuer, path: '/x', contentType: undefined, body: null }), { headers: { authorization: 'DPoP token', dpop: /^eyJ/ } })
  t.match(await provider.refresh(grant), { tokenType: 'dpop', dpopKey })
})

t.test('a nonce that the token endpoint wants: once more, with an assertion of its own, and not again', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { dpop: true, clientAuth: 'client_secret_jwt' })
  wire.tokens = { token_type: 'DPoP' }
  const wants = (nonce: string) => wire.on('/token', ({ headers }) => decodeJwt(String(headers.dpop)).nonce === nonce ? undefined : { status: 400, headers: { 'dpop-nonce': nonce }, body: { error: 'use_dpop_nonce' } })
  wants('n-1')
  const grant = grantOf(await login())
  t.equal(wire.to('/token').length, 2)
  t.equal(new Set(wire.to('/token').map(({ form }) => decodeJwt(String(form.get('client_assertion'))).jti)).size, 2)
  await provider.refresh(grant)
  t.equal(wire.to('/token').length, 3, 'it is known from then on')
  wants('n-2')
  await provider.refresh(grant)
  t.equal(wire.to('/token').length, 5)

  wire.on('/token', () => ({ status: 400, headers: { 'dpop-nonce': `n-${Math.random()}` }, body: { error: 'use_dpop_nonce' } }))
  t.match(await failureOf(t, provider.refresh(grant)), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'use_dpop_nonce' })
  t.equal(wire.to('/token').length, 7)
})
