// What the FAPI 2.0 Security Profile asks of a client's options (sections 5.3 and 5.4): what breaks it is named, the rest turned on.
import type { OAuthProviderOptions } from '../types/options-provider.js'
import { algsOf } from './client-key.js'
import type { Refuse } from './options-parts.js'

type Given = Pick<OAuthProviderOptions,
  'clientSecret' | 'clientKey' | 'clientKeyAlg' | 'clientCert' | 'clientAuth' | 'dpop' | 'par' | 'security' | 'quirks' | 'issuer' | 'allowInsecureRequests' | 'accessTokenMethod' |
  'authorizeUrl' | 'accessTokenUrl' | 'userinfoUrl' | 'revocationUrl' | 'parUrl' | 'deviceAuthorizationUrl' | 'introspectionUrl' | 'jwksUrl' | 'apiBaseUrl' | 'apiOrigins'>

type Options = { [name in keyof Given]: Given[name] | undefined }

const why = 'since security is "fapi2"'
const methods: readonly unknown[] = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', undefined]
const byHand = ['authorizeUrl', 'accessTokenUrl', 'userinfoUrl', 'revocationUrl', 'parUrl', 'deviceAuthorizationUrl', 'introspectionUrl', 'jwksUrl'] as const
const deviations = ['pkce', 'nonce', 'basicAuth', 'assertionAudience', 'paramNames', 'redirectUri', 'tokenRequest', 'refresh', 'tokenAnswer', 'accessTokenIn', 'userinfo', 'strategy'] as const

/** Names everything that breaks the profile. */
export function checkProfile (given: Options, refuse: Refuse): void {
  const { clientSecret, clientKey, clientCert, clientAuth, dpop, par, issuer, quirks = {}, allowInsecureRequests } = given
  if (issuer === undefined) refuse('issuer', `a URL, ${why}: endpoints come from metadata alone`)
  for (const key of byHand) if (given[key] !== undefined) refuse(key, `nothing, ${why}: endpoints come from metadata alone`)
  if (!methods.includes(clientAuth)) refuse('clientAuth', `"private_key_jwt", "tls_client_auth" or "self_signed_tls_client_auth", ${why}`)
  if (clientSecret !== undefined) refuse('clientSecret', `nothing, ${why}: the client authenticates by a key or a certificate`)
  if (clientKey === undefined && clientCert === undefined) refuse('clientKey', `a private key (or give clientCert), ${why}`)
  if (clientKey !== undefined && profileAlg(given) === undefined) refuse('clientKeyAlg', `"PS256", "ES256" or "EdDSA", ${why}`)
  if (dpop === 'optional' || (dpop === false && clientCert === undefined)) refuse('dpop', `true (or false with clientCert), ${why}: tokens are bound to a key or a certificate`)
  if (par === false) refuse('par', `true, ${why}`)
  if (allowInsecureRequests === true) refuse('allowInsecureRequests', `false, ${why}`)
  if (given.accessTokenMethod === 'GET') refuse('accessTokenMethod', `"POST", ${why}`)
  for (const name of deviations) if (quirks[name] !== undefined) refuse('quirks', `an object without ${name}, ${why}`)
}

/** The options with what their profile turns on. */
export function withProfile <T extends Options> (given: T): T {
  if (given.security !== 'fapi2') return given
  return { ...given, par: true, dpop: given.dpop ?? given.clientCert === undefined, clientKeyAlg: profileAlg(given) }
}

// RS256 is not among those of the profile (section 5.4.1).
function profileAlg ({ clientKey, clientKeyAlg }: Options): Options['clientKeyAlg'] {
  const algs = clientKey === undefined ? [] : algsOf(clientKey).filter(alg => alg !== 'RS256')
  return clientKeyAlg === undefined ? algs[0] : algs.find(alg => alg === clientKeyAlg)
}
