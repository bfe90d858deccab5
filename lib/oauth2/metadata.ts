// What is known of an authorization server: given by hand, discovered, or both.
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { oauthError, quote } from '../errors.js'
import type { Transport } from '../http/transport.js'
import { Discovery } from '../oidc/discovery.js'
import { breaches } from './fapi2.js'

export interface MetadataOptions {
  provider: string
  options: OAuthProviderOptions
  transport: Transport
  clock: () => number
  /** Whether an address may be called, or a browser be sent to it: plain http only where it is allowed. */
  allows: (url: URL) => boolean
  /** Whether logins end with an id_token, which cannot be verified without keys. */
  needsKeys: boolean
}

// Of a provider without metadata. HMAC is not among them: a public key must never serve as its secret.
const signatureAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'RS384', 'PS384', 'ES384', 'RS512', 'PS512', 'ES512']

const algorithms = { id_token_signing_alg_values_supported: signatureAlgorithms, userinfo_signing_alg_values_supported: signatureAlgorithms, authorization_signing_alg_values_supported: signatureAlgorithms }

const endpoints = ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'revocation_endpoint', 'end_session_endpoint', 'pushed_authorization_request_endpoint', 'jwks_uri'] as const
// Those of the profile FAPI 2.0 (section 5.4.1), with both names of Ed25519.
const profileAlgorithms = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

/** Answers the source of a provider's metadata. */
export function metadataOf (metadata: MetadataOptions): () => Promise<AuthorizationServer> {
  const { provider, options, transport, clock } = metadata
  const given = byHand(options)
  const { issuer } = options
  const isComplete = options.accessTokenUrl !== undefined && (options.grant !== undefined || (options.authorizeUrl !== undefined && options.jwksUrl !== undefined))
  if (issuer !== undefined && !isComplete) {
    const check = (server: AuthorizationServer) => checkMetadata(server, metadata)
    const overrides = options.security === 'fapi2' ? { id_token_signing_alg_values_supported: profileAlgorithms } : given
    const discovery = new Discovery({ provider, issuer, template: options.quirks?.tenantIssuer, transport, clock, defaults: { userinfo_signing_alg_values_supported: signatureAlgorithms }, overrides, check })
    return () => discovery.server()
  }
  // Without an issuer the origin stands in for it: the engine wants one, and nothing is verified against it.
  const server = { issuer: issuer ?? new URL((options.authorizeUrl ?? options.accessTokenUrl) as string).origin, ...algorithms, ...given }
  return async () => server
}

function byHand (options: OAuthProviderOptions): Partial<AuthorizationServer> {
  const endpoints = {
    authorization_endpoint: options.authorizeUrl,
    token_endpoint: options.accessTokenUrl,
    userinfo_endpoint: options.userinfoUrl,
    revocation_endpoint: options.revocationUrl,
    end_session_endpoint: options.endSessionUrl,
    pushed_authorization_request_endpoint: options.parUrl,
    device_authorization_endpoint: options.deviceAuthorizationUrl,
    introspection_endpoint: options.introspectionUrl,
    jwks_uri: options.jwksUrl
  }
  return Object.fromEntries(Object.entries(endpoints).filter(([, url]) => url !== undefined))
}

function checkMetadata (server: AuthorizationServer, { provider, options, allows, needsKeys }: MetadataOptions): void {
  const fail = (why: string) => oauthError('FST_OAUTH_DISCOVERY_FAILED', [provider, why])
  const hasLogins = options.grant === undefined
  const due: string[] = ['token_endpoint', ...(hasLogins ? ['authorization_endpoint'] : []), ...(needsKeys ? ['jwks_uri'] : [])]
  const usable = (name: string, value: unknown) => {
    if (!isHttpUrl(value)) throw fail(`its ${name} is not an http or https URL`)
    if (!allows(new URL(value))) throw fail(`its ${name} is not an https URL`)
  }
  for (const name of endpoints) {
    if (server[name] === undefined && due.includes(name)) throw fail(`it names no ${name}`)
    if (server[name] !== undefined) usable(name, server[name])
  }
  if (options.clientCert !== undefined) for (const [name, value] of Object.entries(server.mtls_endpoint_aliases ?? {})) usable(`mtls_endpoint_aliases.${name}`, value)
  const broken = options.security === 'fapi2' ? breaches(server, options) : []
  if (broken.length > 0) throw oauthError('FST_OAUTH_PROFILE_BROKEN', [provider, quote(broken.join('; '))], undefined, { retryAfter: 10 })
  if (hasLogins && options.par === true && server.pushed_authorization_request_endpoint === undefined) throw fail('it names no pushed_authorization_request_endpoint, and the option par is true')
  const methods = server.code_challenge_methods_supported
  // RFC 9700 section 2.1.1: an attacker must not be able to talk us out of S256.
  if (hasLogins && Array.isArray(methods) && !methods.includes('S256') && options.quirks?.pkce === undefined) {
    throw oauthError('FST_OAUTH_PKCE_UNSUPPORTED', [provider, quote(methods.join(', ') || 'nothing')])
  }
}

function isHttpUrl (value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
}
