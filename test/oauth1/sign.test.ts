// One signed request: what is made anew, what the request carries itself, what is refused.
import { createHash } from 'node:crypto'
import t from 'tap'
import * as door from '../../lib/oauth1/index.js'
import { appendParameters, parseHeader } from '../../lib/oauth1/authorization-header.js'
import { isSigned } from '../fixtures/oauth1-verifier.js'
import type { OAuth1Credentials, OAuth1Request } from '../../types/oauth1.js'

const { createSigner, sign } = door
const request: OAuth1Request = { method: 'GET', url: 'https://api.example.com/v1/items?page=2' }
const credentials: OAuth1Credentials = { clientId: 'client', clientSecret: 'secret', token: 'token', tokenSecret: 'token-secret' }
const fixed = { timestamp: 1_700_000_000, nonce: 'nonce' }

t.test('the door', async (t) => {
  t.strictSame(Object.keys(door).sort(), ['createSigner', 'sign'])
})

t.test('answers the header, and what it was made of', async (t) => {
  const { authorization, baseString, signature, parameters } = sign(request, { ...credentials, realm: 'Items' }, fixed)

  t.equal(baseString, 'GET&https%3A%2F%2Fapi.example.com%2Fv1%2Fitems&oauth_consumer_key%3Dclient%26oauth_nonce%3Dnonce%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1700000000%26oauth_token%3Dtoken%26oauth_version%3D1.0%26page%3D2')
  t.equal(authorization, `OAuth realm="Items", oauth_consumer_key="client", oauth_nonce="nonce", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1700000000", oauth_token="token", oauth_version="1.0", oauth_signature="${encodeURIComponent(signature)}"`)
  t.strictSame(parameters, {
    oauth_consumer_key: 'client',
    oauth_nonce: 'nonce',
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: '1700000000',
    oauth_token: 'token',
    oauth_version: '1.0',
    oauth_signature: signature
  })
})

t.test('every request has a nonce and a time of its own', async (t) => {
  const before = Math.floor(Date.now() / 1_000)
  const signer = createSigner(credentials)
  const nonces = new Set<string>()
  for (let count = 0; count < 1_000; count++) {
    const { parameters } = signer(request)
    nonces.add(String(parameters.oauth_nonce))
    t.match(parameters.oauth_nonce, /^[0-9a-f]{30}$/)
    const time = Number(parameters.oauth_timestamp)
    t.ok(time >= before && time <= before + 60)
  }
  t.equal(nonces.size, 1_000)
  const digits = [...nonces].join('')
  for (let place = 0; place < 30; place++) {
    t.equal(new Set([...nonces].map(nonce => nonce[place])).size, 16, `place ${place} takes every digit`)
  }
  t.equal(digits.length, 30_000)
})

t.test('a signer signs what sign does, each request for itself', async (t) => {
  const signer = createSigner({ ...credentials, callback: 'https://app.example.com/cb?a=b', verifier: 'v' })
  const form = { method: 'POST', url: request.url, contentType: 'application/x-www-form-urlencoded', body: 'a=1&a=0' }
  for (const one of [request, form, request]) {
    t.strictSame(signer(one, fixed), sign(one, { ...credentials, callback: 'https://app.example.com/cb?a=b', verifier: 'v' }, fixed))
  }
})

t.test('a body may be bytes', async (t) => {
  const form = { method: 'POST', url: request.url, contentType: 'application/x-www-form-urlencoded' }
  const bytes = new TextEncoder().encode('xxa=%C3%A9&é=+').subarray(2)
  t.strictSame(sign({ ...form, body: bytes }, credentials, fixed), sign({ ...form, body: 'a=%C3%A9&é=+' }, credentials, fixed))
  t.strictSame(sign({ ...form, body: undefined }, credentials, fixed), sign({ ...form, body: '' }, credentials, fixed))

  const hashed = sign({ method: 'PUT', url: request.url, body: bytes }, { ...credentials, bodyHash: true }, fixed)
  t.equal(hashed.parameters.oauth_body_hash, createHash('sha1').update(bytes).digest('base64'))
})

t.test('a body hash is made by the hash of the signature method, and never for PLAINTEXT', async (t) => {
  const put = { method: 'PUT', url: request.url, contentType: 'application/json', body: '{}' }
  const hashBy = (signatureMethod: OAuth1Credentials['signatureMethod']) => sign(put, { ...credentials, signatureMethod, bodyHash: true }).parameters.oauth_body_hash
  t.equal(hashBy('HMAC-SHA256'), createHash('sha256').update('{}').digest('base64'))
  t.equal(hashBy('HMAC-SHA512'), createHash('sha512').update('{}').digest('base64'))
  t.equal(hashBy('PLAINTEXT'), undefined)
})

t.test('what the request carries already is signed once and not sent again', async (t) => {
  const url = 'https://api.example.com/?a=1&oauth_token=token&oauth_version=1.0&%6Fauth_nonce=nonce&oauth_signature=old&oauth_other=x'
  const { authorization, parameters, baseString } = sign({ method: 'GET', url }, credentials, fixed)

  t.strictSame(Object.keys(parameters).sort(), ['oauth_consumer_key', 'oauth_signature', 'oauth_signature_method', 'oauth_timestamp'])
  t.strictSame(parseHeader(authorization)?.parameters, Object.entries(parameters))
  t.equal(decodeURIComponent(String(baseString.split('&')[2])), 'a=1&oauth_consumer_key=client&oauth_nonce=nonce&oauth_other=x&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1700000000&oauth_token=token&oauth_version=1.0')
})

t.test('all of them in the query leave the signature for the header', async (t) => {
  const { parameters: { oauth_signature: _, ...all } } = sign({ method: 'GET', url: 'https://api.example.com/' }, credentials, fixed)
  const target = `/?${appendParameters('', all)}`
  const { authorization } = sign({ method: 'GET', url: `https://api.example.com${target}` }, credentials, fixed)

  t.match(authorization, /^OAuth oauth_signature="[^"]+"$/)
  t.ok(isSigned({ method: 'GET', tls: true, host: 'api.example.com', target, authorization }, credentials))
})

t.test('parameters may be sent in the form or the query instead of the header', async (t) => {
  const { parameters } = sign(request, credentials, fixed)
  const { oauth_signature: signature, ...rest } = parameters
  const target = `/v1/items?${appendParameters('page=2', rest)}`
  const authorization = `OAuth oauth_signature="${encodeURIComponent(String(signature))}"`
  t.ok(isSigned({ method: 'GET', tls: true, host: 'api.example.com', target, authorization }, credentials))
})

t.test('another value in the request is refused: with RSA the signature would fit it', async (t) => {
  const carrying = (query: string, body?: string) => () => sign({ method: 'POST', url: `https://api.example.com/?${query}`, contentType: 'application/x-www-form-urlencoded', body }, credentials)
  t.throws(carrying('oauth_token=canary'), { code: 'FST_OAUTH_CANNOT_SIGN', message: /^(?!.*canary).*carries another oauth_token already$/ })
  t.throws(carrying('oauth_token=token&oauth_token=canary'), { code: 'FST_OAUTH_CANNOT_SIGN' })
  t.throws(carrying('', '%6fauth_token=canary'), { code: 'FST_OAUTH_CANNOT_SIGN' })
  t.throws(carrying('oauth_signature_method=PLAINTEXT'), { code: 'FST_OAUTH_CANNOT_SIGN' })
  t.doesNotThrow(carrying('oauth_constructor=1&oauth_=2&constructor=3'))
})

t.test('what cannot be signed is refused', async (t) => {
  for (const timestamp of [1.5, -1, NaN, '', '1e3', 'now']) {
    t.throws(() => sign(request, credentials, { timestamp }), { code: 'FST_OAUTH_CANNOT_SIGN', message: /timestamp/ })
  }
  t.throws(() => sign(request, {} as OAuth1Credentials), { code: 'FST_OAUTH_CANNOT_SIGN', message: /clientId is missing/ })
  t.throws(() => sign({ ...request, url: 'nowhere' }, credentials), { code: 'FST_OAUTH_CANNOT_SIGN', message: /URL/ })
  t.throws(() => sign({ ...request, method: 'GET /' }, credentials), { code: 'FST_OAUTH_CANNOT_SIGN', message: /method/ })
  t.throws(() => createSigner({ ...credentials, realm: '\n' }), { code: 'FST_OAUTH_CANNOT_SIGN', message: /realm/ })
})
