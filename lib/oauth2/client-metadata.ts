// What a client is, in the words of RFC 7591 section 2: as it is told to the provider, and as the provider answers it.
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthClientAuth } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { OAuthClientRegistration } from '../../types/registration.js'
import { clientSigner, publicJwkOf } from '../client-key.js'
import { implied, offered } from './client-auth.js'

const grantTypes = {
  client_credentials: 'client_credentials',
  jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer'
}
const withSecret: readonly OAuthClientAuth[] = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt']
const methods: readonly OAuthClientAuth[] = [...withSecret, 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none']

/** What the options say of the client. */
export function clientMetadataOf (options: OAuthProviderOptions, server: AuthorizationServer, { redirectUri, scope }: { redirectUri: string | undefined, scope: readonly string[] }): Record<string, unknown> {
  const { grant, dpop, par, jar, clientCert } = options
  const method = options.clientAuth ?? implied(options) ?? offered(server.token_endpoint_auth_methods_supported)
  const alg = algOf(options)
  return defined({
    redirect_uris: grant === undefined ? [redirectUri] : undefined,
    grant_types: grant === undefined ? ['authorization_code', 'refresh_token'] : [grantTypes[grant]],
    response_types: grant === undefined ? ['code'] : [],
    scope: scope.length === 0 ? undefined : scope.join(' '),
    token_endpoint_auth_method: method,
    token_endpoint_auth_signing_alg: method === 'private_key_jwt' ? alg : undefined,
    request_object_signing_alg: jar === true ? alg : undefined,
    require_pushed_authorization_requests: par === true ? true : undefined,
    dpop_bound_access_tokens: dpop === true ? true : undefined,
    tls_client_certificate_bound_access_tokens: clientCert !== undefined && dpop !== true ? true : undefined,
    jwks: jwksOf(options)
  })
}

/** What a provider registered. Throws a TypeError that says why it cannot be used. */
export function registrationOf (answer: Record<string, unknown>, asked: Record<string, unknown>): OAuthClientRegistration {
  const { client_secret: secret, registration_access_token: token, registration_client_uri: uri, ...metadata } = answer
  const clientAuth = (metadata.token_endpoint_auth_method ?? asked.token_endpoint_auth_method) as OAuthClientAuth
  if (!methods.includes(clientAuth)) throw new TypeError('its token_endpoint_auth_method is none that this client has')
  const hasSecret = typeof secret === 'string' && secret !== ''
  if (withSecret.includes(clientAuth) && !hasSecret) throw new TypeError('it holds no client_secret')
  const expiresAt = Number(metadata.client_secret_expires_at)
  return {
    client: {
      clientId: String(metadata.client_id),
      ...(hasSecret ? { clientSecret: secret } : {}),
      ...(hasSecret && expiresAt > 0 ? { clientSecretExpiresAt: expiresAt * 1_000 } : {}),
      clientAuth
    },
    ...(typeof token === 'string' ? { registrationAccessToken: token } : {}),
    ...(typeof uri === 'string' ? { registrationClientUri: uri } : {}),
    metadata
  }
}

function algOf ({ clientKey, clientKeyAlg, clientKeyId }: OAuthProviderOptions): string | undefined {
  return clientKey === undefined ? undefined : clientSigner({ clientKey, clientKeyAlg, clientKeyId }).alg
}

function jwksOf (options: OAuthProviderOptions): { keys: object[] } | undefined {
  const { clientKey, clientKeyAlg, clientKeyId } = options
  const jwk = clientKey === undefined ? undefined : publicJwkOf(clientKey)
  if (clientKey === undefined || jwk === undefined) return undefined
  const { alg, kid } = clientSigner({ clientKey, clientKeyAlg, clientKeyId })
  return { keys: [defined({ ...jwk, use: 'sig', alg, kid })] }
}

function defined (members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
