// security 'fapi2': what breaks the FAPI 2.0 Security Profile in the options is named, all of it; the rest is turned on.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { parseProviderOptions } from '../lib/options.js'
import { clientCert, clientCertKey } from './fixtures/certificates.js'
import { messageOf } from './fixtures/options.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const right = { security: 'fapi2' as const, issuer: 'https://sso.example', clientId: 'id', clientKey: rsa }
const without = (...names: string[]) => Object.fromEntries(Object.entries(right).filter(([name]) => !names.includes(name)))
const why = 'since security is "fapi2"'

const broken: Array<[object, string]> = [
  [{ clientSecret: 's' }, `providers.x.clientSecret is a string of 1 characters; allowed is nothing, ${why}: the client authenticates by a key or a certificate`],
  [{ clientAuth: 'none' }, `providers.x.clientAuth is "none"; allowed is "private_key_jwt", "tls_client_auth" or "self_signed_tls_client_auth", ${why}`],
  [{ clientKeyAlg: 'RS256' }, `providers.x.clientKeyAlg is "RS256"; allowed is "PS256", "ES256" or "EdDSA", ${why}`],
  [{ clientKey: undefined }, `providers.x.clientKey is undefined; allowed is a private key (or give clientCert), ${why}`],
  [{ dpop: 'optional' }, `providers.x.dpop is "optional"; allowed is true (or false with clientCert), ${why}: tokens are bound to a key or a certificate`],
  [{ dpop: false }, `providers.x.dpop is false; allowed is true (or false with clientCert), ${why}: tokens are bound to a key or a certificate`],
  [{ accessTokenMethod: 'GET' }, `providers.x.accessTokenMethod is "GET"; allowed is "POST", ${why}`],
  [{ idTokenAlg: 'RS256' }, `providers.x.idTokenAlg is "RS256"; allowed is "PS256", "ES256", "EdDSA" or "Ed25519", ${why}`],
  [{ par: false }, `providers.x.par is false; allowed is true, ${why}`],
  [{ allowInsecureRequests: true }, `providers.x.allowInsecureRequests is true; allowed is false, ${why}`],
  [{ issuer: 'http://sso.example' }, 'providers.x.issuer is "http://sso.example"; allowed is an https URL (http is for loopback, unless allowInsecureRequests is true)'],
  ...['authorizeUrl', 'accessTokenUrl', 'userinfoUrl', 'revocationUrl', 'parUrl', 'jwksUrl'].map((name): [object, string] => [{ [name]: 'https://sso.example/x' }, `providers.x.${name} is "https://sso.example/x"; allowed is nothing, ${why}: endpoints come from metadata alone`]),
  ...Object.entries({ pkce: 'unsupported', nonce: 'not-echoed', basicAuth: 'raw', assertionAudience: 'token-endpoint', tokenRequest: { body: 'query' }, accessTokenIn: { query: 'token' }, redirectUri: 'alias', paramNames: {}, refresh: {}, tokenAnswer: {}, userinfo: {}, strategy: { name: 'signed-callback' } }).map(([name, value]): [object, string] => [{ quirks: { [name]: value } }, `providers.x.quirks is an object; allowed is an object without ${name}, ${why}`])
]

t.test('each option that breaks the profile', async (t) => {
  for (const [given, expected] of broken) t.equal(messageOf(() => parseProviderOptions('x', { ...right, ...given })), expected, JSON.stringify(given))
})

t.test('all of them at once are named in one message', async (t) => {
  const message = messageOf(() => parseProviderOptions('x', { ...without('issuer', 'clientKey'), authorizeUrl: 'https://sso.example/a', accessTokenUrl: 'https://sso.example/t', clientSecret: 's', dpop: false, par: false, quirks: { pkce: 'unsupported' } }))
  for (const name of ['issuer', 'authorizeUrl', 'accessTokenUrl', 'clientSecret', 'clientKey', 'dpop', 'par', 'quirks']) t.match(message, `providers.x.${name} is `, name)
})

t.test('what the profile turns on', async (t) => {
  t.match(parseProviderOptions('x', { ...right, idTokenAlg: 'ES256' }), { idTokenAlg: 'ES256' })
  t.match(parseProviderOptions('x', right), { par: true, dpop: true, clientKeyAlg: 'PS256' })
  t.match(parseProviderOptions('x', { ...right, clientKey: generateKeyPairSync('ed25519').privateKey }), { clientKeyAlg: 'EdDSA' })
  t.match(parseProviderOptions('x', { ...right, clientKey: () => new Uint8Array(), clientKeyAlg: 'ES256' }), { clientKeyAlg: 'ES256' })
  const byCertificate = { ...without('clientKey'), clientCert, clientCertKey }
  t.match(parseProviderOptions('x', byCertificate), { par: true, dpop: false, clientKeyAlg: undefined })
  t.match(parseProviderOptions('x', { ...byCertificate, dpop: true }), { dpop: true })
  t.match(parseProviderOptions('x', { ...right, clientCert, clientCertKey, dpop: false, clientAuth: 'private_key_jwt' }), { dpop: false })
  t.match(parseProviderOptions('x', { ...right, security: 'default' }), { par: undefined, dpop: undefined })
})
