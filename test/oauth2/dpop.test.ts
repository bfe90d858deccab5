// Proofs of possession and nonces: RFC 9449 sections 4, 7, 8 and 9.
import { createHash } from 'node:crypto'
import { EmbeddedJWK, calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { DpopProver, createDpopKey, thumbprintOf } from '../../lib/oauth2/dpop.js'

const key = createDpopKey()
const call = { method: 'POST', origin: 'https://api.example', path: '/v1/things?a=1&b=?', accessToken: 'token' }
const challenge = { 'www-authenticate': 'DPoP error="use_dpop_nonce", error_description="x"', 'dpop-nonce': 'n-1' }

function nonceOf (prover: DpopProver, request: { origin: string, accessToken?: string } = call): unknown {
  return decodeJwt(prover.prove(key, { method: 'GET', path: '/', ...request })).nonce
}

t.test('a key is a new one on P-256, and its thumbprint is that of RFC 7638', async (t) => {
  t.strictSame(Object.keys(key).sort(), ['crv', 'd', 'kty', 'x', 'y'])
  t.equal(thumbprintOf(key), await calculateJwkThumbprint({ ...key }))
  t.not(createDpopKey().d, key.d)
})

t.test('a proof of an API call holds its method, its address without the query, and the hash of the token', async (t) => {
  const proof = new DpopProver(() => 1_700_000_000_999).prove(key, call)
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] })
  t.strictSame(protectedHeader, { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256', x: key.x, y: key.y } }, 'and nothing of the private key')
  const { jti, ...claims } = payload
  t.strictSame(claims, { htm: 'POST', htu: 'https://api.example/v1/things', iat: 1_700_000_000, ath: createHash('sha256').update('token').digest('base64url') })
  t.match(jti, /^[\w-]{24}$/)
})

t.test('a proof of a token request holds no hash, and no two proofs are the same', async (t) => {
  const prover = new DpopProver(Date.now)
  const { accessToken, ...request } = call
  t.notOk('ath' in decodeJwt(prover.prove(key, request)))
  const ids = Array.from({ length: 200 }, () => decodeJwt(prover.prove(key, request)).jti)
  t.equal(new Set(ids).size, 200)
})

t.test('a signed call, and what its answer says of it', async (t) => {
  const prover = new DpopProver(Date.now)
  const { headers, heed } = prover.sign(key, call)
  t.equal(headers.authorization, 'DPoP token')
  t.match(decodeProtectedHeader(String(headers.dpop)), { typ: 'dpop+jwt' })
  t.equal(heed?.({ 'www-authenticate': 'DPoP error="invalid_token"' }), false, 'another refusal')
  t.equal(heed?.({ 'www-authenticate': 'DPoP error="use_dpop_nonce"' }), false, 'a nonce is wanted and not given')
  t.equal(heed?.({ 'dpop-nonce': 'n-0' }), false, 'a nonce for the next call')
  t.equal(nonceOf(prover), 'n-0')
  t.equal(heed?.(challenge), true)
  t.equal(nonceOf(prover), 'n-1')
  t.equal(heed?.({ 'www-authenticate': ['Bearer', 'DPoP algs="ES256", error=use_dpop_nonce'], 'dpop-nonce': 'n-2' }), true, 'among several challenges')
})

t.test('nonces are kept for each origin, those of its token endpoint and of its API apart', async (t) => {
  const prover = new DpopProver(Date.now)
  prover.heed(call, { 'dpop-nonce': 'api' })
  prover.heed({ origin: call.origin }, { 'dpop-nonce': 'token' })
  t.strictSame([nonceOf(prover), nonceOf(prover, { origin: call.origin }), nonceOf(prover, { ...call, origin: 'https://api.example:8443' })], ['api', 'token', undefined])
})

t.test('what is no nonce is not kept', async (t) => {
  const prover = new DpopProver(Date.now)
  for (const nonce of [undefined, '', 'a b', 'a"b', 'ä', 'x'.repeat(1_025), ['a', 'b']]) t.equal(prover.heed(call, { 'dpop-nonce': nonce }), false)
  t.equal(nonceOf(prover), undefined)
  t.equal(prover.heed(call, { 'dpop-nonce': 'x'.repeat(1_024) }), true)
})

t.test('no more than a hundred nonces are kept, the newest', async (t) => {
  const prover = new DpopProver(Date.now)
  const at = (number: number) => ({ origin: `https://api-${number}.example`, accessToken: 'token' })
  prover.heed(at(0), { 'dpop-nonce': 'n-0' })
  prover.heed(at(1), { 'dpop-nonce': 'n-1' })
  prover.heed(at(0), { 'dpop-nonce': 'again' })
  for (let number = 2; number <= 100; number++) prover.heed(at(number), { 'dpop-nonce': `n-${number}` })
  t.strictSame([0, 1, 2, 100].map(number => nonceOf(prover, at(number))), ['again', undefined, 'n-2', 'n-100'])
})
