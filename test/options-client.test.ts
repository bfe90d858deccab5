// The options by which an OAuth 2 client proves who it is: RFC 6749 section 2.3, RFC 7523, RFC 8705, RFC 9449.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { parseProviderOptions } from '../lib/options.js'
import { authority, clientCert, clientCertKey, serverKey } from './fixtures/certificates.js'
import { messageOf } from './fixtures/options.js'

const github = { clientId: 'id', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const clientKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const forms = 'a private key: PEM, JWK, KeyObject, CryptoKey, or a function that signs'

const wrong: Array<[object, string]> = [
  [{ clientAuth: 'client_secret_jwt' }, 'providers.x.clientSecret is undefined; allowed is a non-empty string, since clientAuth is "client_secret_jwt"'],
  [{ clientAuth: 'private_key_jwt' }, `providers.x.clientKey is undefined; allowed is ${forms}, since clientAuth is "private_key_jwt"`],
  [{ clientAuth: 'client_secret_signed_jwt' }, `providers.x.clientKey is undefined; allowed is ${forms}, since clientAuth is "client_secret_signed_jwt"`],
  [{ clientAuth: 'client_secret_signed_jwt', clientKey }, 'providers.x.clientKeyId is undefined; allowed is a non-empty string, since clientAuth is "client_secret_signed_jwt"'],
  [{ clientAuth: 'tls_client_auth' }, 'providers.x.clientCert is undefined; allowed is certificates as PEM, since clientAuth is "tls_client_auth"'],
  [{ clientAuth: 'self_signed_tls_client_auth' }, 'providers.x.clientCert is undefined; allowed is certificates as PEM, since clientAuth is "self_signed_tls_client_auth"'],
  [{ clientKey: 'canary' }, `providers.x.clientKey is a string of 6 characters; allowed is ${forms}; RSA of 2048 bits at least, P-256 or Ed25519`],
  [{ clientKey: publicKey }, `providers.x.clientKey is an object; allowed is ${forms}; RSA of 2048 bits at least, P-256 or Ed25519`],
  [{ clientKey: 5 }, `providers.x.clientKey is a number; allowed is ${forms}`],
  [{ clientKey: null }, `providers.x.clientKey is null; allowed is ${forms}`],
  [{ clientKey: () => new Uint8Array() }, 'providers.x.clientKeyAlg is undefined; allowed is one of "RS256", "PS256", "ES256", "EdDSA", since clientKey is a function'],
  [{ clientKey, clientKeyAlg: 'PS256' }, 'providers.x.clientKeyAlg is "PS256"; allowed is one of "ES256", by which this clientKey signs'],
  [{ clientKeyAlg: 'none' }, 'providers.x.clientKeyAlg is "none"; allowed is one of "RS256", "PS256", "ES256", "EdDSA"'],
  [{ clientKeyAlg: 'ES256' }, 'providers.x.clientKeyAlg is "ES256"; allowed is nothing without clientKey'],
  [{ clientKeyId: 'one' }, 'providers.x.clientKeyId is "one"; allowed is nothing without clientKey'],
  [{ clientCert: 'canary', clientCertKey }, 'providers.x.clientCert is a string of 6 characters; allowed is certificates as PEM'],
  [{ clientCert, clientCertKey: 'canary' }, 'providers.x.clientCertKey is a string of 6 characters; allowed is a private key as PEM'],
  [{ clientCert }, 'providers.x.clientCertKey is undefined; allowed is a value: clientCert and clientCertKey belong together'],
  [{ clientCertKey }, 'providers.x.clientCert is undefined; allowed is a value: clientCert and clientCertKey belong together'],
  [{ clientCert, clientCertKey: serverKey }, `providers.x.clientCertKey is a string of ${serverKey.length} characters; allowed is the private key of clientCert`],
  [{ serverCa: authority }, `providers.x.serverCa is a string of ${authority.length} characters; allowed is nothing without clientCert: give the option dispatcher an Agent that trusts these`],
  [{ clientSecretClaims: { iss: 'canary' } }, 'providers.x.clientSecretClaims is an object; allowed is nothing: it is for clientAuth "client_secret_signed_jwt"'],
  [{ clientSecretClaims: { iss: 5 } }, 'providers.x.clientSecretClaims.iss is a number; allowed is a string'],
  [{ dpop: 'always' }, 'providers.x.dpop is a string of 6 characters; allowed is true, false or "optional"'],
  [{ par: 'yes' }, 'providers.x.par is "yes"; allowed is true or false'],
  [{ par: true }, 'providers.x.parUrl is undefined; allowed is a URL, since par is true and there is no issuer to discover it from'],
  [{ parUrl: 'http://sso.example/par' }, 'providers.x.parUrl is "http://sso.example/par"; allowed is an https URL (http is for loopback, unless allowInsecureRequests is true)'],
  [{ jar: true, clientKey }, 'providers.x.issuer is undefined; allowed is a URL, since a signed request (jar) names the issuer as its audience'],
  [{ jar: true, issuer: 'https://sso.example' }, `providers.x.clientKey is undefined; allowed is ${forms}, since jar is true`],
  [{ security: 'fapi1' }, 'providers.x.security is "fapi1"; allowed is one of "default", "fapi2"'],
  [{ quirks: { basicAuth: 'encoded' } }, 'providers.x.quirks.basicAuth is "encoded"; allowed is one of "raw"'],
  [{ quirks: { assertionAudience: 'issuer' } }, 'providers.x.quirks.assertionAudience is "issuer"; allowed is one of "token-endpoint"'],
  ...['request', 'request_uri', 'client_assertion', 'client_assertion_type', 'dpop_jkt'].map((name): [object, string] => [{ authorizeParams: { [name]: 'x' } }, `providers.x.authorizeParams is an object; allowed is an object without ${name}: the plugin sets this itself`])
]

t.test('wrong options', async (t) => {
  for (const [given, expected] of wrong) {
    const message = messageOf(() => parseProviderOptions('x', { ...github, ...given }))
    t.match(message, expected, JSON.stringify(given))
    t.notMatch(message, /canary|PRIVATE KEY|BEGIN/)
  }
})

t.test('right options', async (t) => {
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'one' }
  const right: object[] = [
    { clientKey }, { clientKey, clientKeyAlg: 'ES256', clientKeyId: 'one' }, { clientKey: jwk }, { clientKey: privateKey }, { clientKey: () => new Uint8Array(), clientKeyAlg: 'PS256' },
    { clientCert, clientCertKey }, { clientCert, clientCertKey, clientAuth: 'self_signed_tls_client_auth', serverCa: authority }, { clientCert: `${clientCert}${authority}`, clientCertKey },
    { clientAuth: 'client_secret_signed_jwt', clientKey, clientKeyId: 'one', clientSecretClaims: { iss: 'team' } }, { clientAuth: 'client_secret_signed_jwt', clientKey: jwk },
    { clientAuth: 'client_secret_jwt', clientSecret: 's' }, { dpop: true }, { dpop: 'optional' }, { dpop: false },
    { par: true, parUrl: 'https://sso.example/par' }, { par: true, issuer: 'https://sso.example' }, { jar: true, issuer: 'https://sso.example', clientKey },
    { quirks: { basicAuth: 'raw', assertionAudience: 'token-endpoint' } }, { security: 'default' }
  ]
  for (const given of right) t.equal(messageOf(() => parseProviderOptions('x', { ...github, ...given })), 'no error', JSON.stringify(given))
  t.equal(parseProviderOptions('x', { ...github, clientKey: jwk }).clientKey, jwk, 'a key is taken as it is')
})

t.test('options of OAuth 2 alone are refused at an OAuth 1.0a provider', async (t) => {
  const given = { clientKeyId: 'one', clientKeyAlg: 'RS256', clientCert, clientCertKey, serverCa: authority, clientSecretClaims: {}, dpop: true, par: true, jar: true, security: 'fapi2', parUrl: 'https://sso.example/par' }
  for (const [name, value] of Object.entries(given)) {
    t.match(messageOf(() => parseProviderOptions('x', { ...github, clientSecret: 's', requestTokenUrl: 'https://sso.example/request', [name]: value })), new RegExp(`providers\\.x\\.${name} is .*; allowed is nothing: it is for OAuth 2`), name)
  }
})
