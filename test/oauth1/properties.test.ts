// Whatever is signed, a server that knows only the RFC finds it signed; what was changed on its way, it does not.
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { sign } from '../../lib/oauth1/index.js'
import { isSigned } from '../fixtures/oauth1-verifier.js'
import type { KnownKeys, WireRequest } from '../fixtures/oauth1-verifier.js'
import type { OAuth1Credentials, OAuth1Request, OAuth1SignatureMethod } from '../../types/oauth1.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const formType = 'application/x-www-form-urlencoded'
const hmacMethods: OAuth1SignatureMethod[] = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512']
const allMethods: OAuth1SignatureMethod[] = [...hmacMethods, 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT']

const anyText = fc.string({ unit: 'binary', maxLength: 12 })
// What real queries are made of, and what goes wrong in them.
const formText = fc.array(fc.oneof(
  fc.constantFrom('a', 'b', '=', '&', '+', '%20', '%2B', '%2b', '%7E', '~', '%', '%zz', '%C3%A9', '%ff', '!', '*', '\'', '(', '[]', ';', ',', ':', '/', '-', '.', '_', '0', 'é', '\u{1f600}'),
  anyText
), { maxLength: 12 }).map(parts => parts.join(''))

const host = fc.constantFrom('api.example.com', 'API.Example.COM', 'api.example.com:80', 'api.example.com:443', 'localhost:3000', '[::1]', '[::1]:8080', 'bücher.example', 'user:secret@api.example.com', '127.0.0.1')
const url = fc.record({ scheme: fc.constantFrom('http', 'https'), host, path: fc.option(formText), query: fc.option(formText) })
  .map(({ scheme, host, path, query }) => `${scheme}://${host}${path === null ? '' : `/${path.replace(/[?#]/g, '')}`}${query === null ? '' : `?${query}`}`)
  .filter(text => URL.canParse(text))

const request: fc.Arbitrary<OAuth1Request & { url: string, body: string | undefined }> = fc.record({
  method: fc.constantFrom('GET', 'post', 'PUT', 'Delete', 'RUN!'),
  url,
  contentType: fc.constantFrom(undefined, formType, `${formType}; charset=utf-8`, 'application/json', 'text/plain'),
  body: fc.option(formText, { nil: undefined })
})

function credentialsBy (methods: OAuth1SignatureMethod[]): fc.Arbitrary<OAuth1Credentials> {
  return fc.record({
    clientId: anyText,
    clientSecret: anyText,
    token: fc.option(anyText, { nil: undefined }),
    tokenSecret: anyText,
    signatureMethod: fc.constantFrom(...methods),
    realm: fc.option(fc.string({ unit: 'grapheme-ascii' }), { nil: undefined }),
    callback: fc.option(anyText, { nil: undefined }),
    verifier: fc.option(anyText, { nil: undefined }),
    bodyHash: fc.boolean(),
    privateKey: fc.constant(privateKey)
  })
}

// As undici puts it on the wire.
function wire (sent: OAuth1Request & { url: string, body: string | undefined }, authorization: string): WireRequest {
  const { protocol, host, pathname, search } = new URL(sent.url)
  return { method: sent.method, tls: protocol === 'https:', host, target: pathname + search, contentType: sent.contentType, body: sent.body === undefined ? undefined : Buffer.from(sent.body), authorization }
}

const keysOf = ({ clientSecret, tokenSecret }: OAuth1Credentials): KnownKeys => ({ clientSecret, tokenSecret, publicKey })

t.test('what is signed, a server finds signed', async (t) => {
  fc.assert(fc.property(request, credentialsBy(allMethods), (sent, credentials) => {
    return isSigned(wire(sent, sign(sent, credentials).authorization), keysOf(credentials))
  }), { numRuns: 1_000 })
  t.pass()
})

t.test('a path that a dispatcher sends as it is, is signed as it is', async (t) => {
  fc.assert(fc.property(request, credentialsBy(hmacMethods), (sent, credentials) => {
    const { origin, pathname, search } = new URL(sent.url)
    const path = `/../.${pathname}${search}`
    const { authorization } = sign({ ...sent, url: { origin, path } }, credentials)
    return isSigned({ ...wire(sent, authorization), target: path }, keysOf(credentials)) && !isSigned(wire(sent, authorization), keysOf(credentials))
  }), { numRuns: 200 })
  t.pass()
})

const mutants: Record<string, (request: WireRequest) => WireRequest> = {
  'another method': request => ({ ...request, method: `${request.method}X` }),
  'another scheme': request => ({ ...request, tls: !request.tls }),
  'another host': request => ({ ...request, host: `x${request.host.replace('[', 'y')}` }),
  'another port': request => ({ ...request, host: `${request.host.replace(/:\d+$/, '')}:1` }),
  'a longer path': request => ({ ...request, target: request.target.replace(/(?=\?|$)/, '/x') }),
  'a parameter more': request => ({ ...request, target: `${request.target}${request.target.includes('?') ? '&' : '?'}more=1` }),
  'a field more': request => ({ ...request, contentType: formType, body: Buffer.concat([request.body ?? Buffer.alloc(0), Buffer.from('&more=1')]) }),
  'another nonce': request => ({ ...request, authorization: request.authorization.replace(/(?<=oauth_nonce=")./, digit => digit === '0' ? '1' : '0') }),
  'another timestamp': request => ({ ...request, authorization: request.authorization.replace(/(?<=oauth_timestamp=")./, '9') }),
  'another client': request => ({ ...request, authorization: request.authorization.replace(/(?<=oauth_consumer_key=")/, 'x') }),
  'no version': request => ({ ...request, authorization: request.authorization.replace('oauth_version="1.0", ', '') }),
  'a verifier more': request => ({ ...request, authorization: `${request.authorization}, oauth_verifier_more="x"` }),
  'another signature': request => ({ ...request, authorization: request.authorization.replace(/(?<=oauth_signature=")./, first => first === 'A' ? 'B' : 'A') }),
  'no signature': request => ({ ...request, authorization: request.authorization.replace('oauth_signature=', 'oauth_signatur=') })
}

for (const [name, mutate] of Object.entries(mutants)) {
  t.test(`a server refuses ${name}`, async (t) => {
    fc.assert(fc.property(request, credentialsBy([...hmacMethods, 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512']), (sent, credentials) => {
      const signed = wire(sent, sign(sent, credentials).authorization)
      return !isSigned(mutate(signed), keysOf(credentials))
    }), { numRuns: 100 })
    t.pass()
  })
}

t.test('a server refuses another secret, and takes another realm', async (t) => {
  fc.assert(fc.property(request, credentialsBy([...hmacMethods, 'PLAINTEXT']), (sent, credentials) => {
    const signed = wire(sent, sign(sent, credentials).authorization)
    const keys = keysOf(credentials)
    const withRealm = { ...signed, authorization: sign(sent, { ...credentials, realm: 'x' }, timesOf(signed.authorization)).authorization }
    return !isSigned(signed, { ...keys, clientSecret: `${keys.clientSecret}x` }) && !isSigned(signed, { ...keys, tokenSecret: `x${keys.tokenSecret}` }) && isSigned(withRealm, keys)
  }), { numRuns: 200 })
  t.pass()
})

t.test('a body under a body hash is protected', async (t) => {
  fc.assert(fc.property(request, credentialsBy([...hmacMethods, 'RSA-SHA256']), (sent, credentials) => {
    const plain = { ...sent, contentType: 'application/json' }
    const signed = wire(plain, sign(plain, { ...credentials, bodyHash: true }).authorization)
    return isSigned(signed, keysOf(credentials)) && !isSigned({ ...signed, body: Buffer.from(`${sent.body ?? ''} `) }, keysOf(credentials))
  }), { numRuns: 200 })
  t.pass()
})

function timesOf (authorization: string): { nonce: string, timestamp: string } {
  const value = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(authorization)?.[1] ?? ''
  return { nonce: value('oauth_nonce'), timestamp: value('oauth_timestamp') }
}
