// How the client authenticates at the provider's endpoints (RFC 6749 section 2.3, RFC 7523, RFC 8705).
import { None, TlsClientAuth } from 'oauth4webapi'
import type { AuthorizationServer, ClientAuth } from 'oauth4webapi'
import type { OAuthClientAuth } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { ClientSigner } from '../client-key.js'
import { oauthError } from '../errors.js'
import { clientAssertion, signWithSecret, signedSecret } from './client-assertion.js'
import { endpointOf } from './endpoint.js'
import { signJwt } from './jws.js'

export interface ClientAuthOptions {
  provider: string
  options: OAuthProviderOptions
  /** By the client's key, where it has one. */
  signer: ClientSigner | undefined
  clock: () => number
}

const withSecret: ReadonlySet<OAuthClientAuth> = new Set(['client_secret_basic', 'client_secret_post', 'client_secret_jwt'])

/** The way of a provider: the declared one, else what the client has, else what its metadata offers, client_secret_basic first (RFC 8414 section 2). It throws FST_OAUTH_CLIENT_SECRET_EXPIRED. */
export function clientAuthOf (given: ClientAuthOptions): (server: AuthorizationServer) => ClientAuth {
  const { provider, options, clock } = given
  const { clientSecretExpiresAt: end = Infinity } = options
  const ways = waysOf(given)
  const declared = options.clientAuth ?? implied(options)
  return server => {
    const way = declared ?? offered(server.token_endpoint_auth_methods_supported)
    if (withSecret.has(way) && clock() >= end) throw oauthError('FST_OAUTH_CLIENT_SECRET_EXPIRED', [provider], undefined, { unspent: true })
    return ways[way]
  }
}

/** What an option beside it says of how the client authenticates. */
export function implied ({ clientSecret, clientKey, clientCert, grant, security }: OAuthProviderOptions): OAuthClientAuth | undefined {
  if (clientSecret !== undefined) return undefined
  // An assertion as a grant authenticates the client already (RFC 7523 section 3.1).
  if (clientKey !== undefined && (grant !== 'jwt_bearer' || security === 'fapi2')) return 'private_key_jwt'
  return clientCert === undefined ? 'none' : 'tls_client_auth'
}

/** What metadata offer to a client with a secret. */
export function offered (methods: string[] = ['client_secret_basic']): OAuthClientAuth {
  return !methods.includes('client_secret_basic') && methods.includes('client_secret_post') ? 'client_secret_post' : 'client_secret_basic'
}

/** Whom assertions are for. */
export function audienceAt (server: AuthorizationServer, options: OAuthProviderOptions): string {
  const { issuer, quirks } = options
  return issuer === undefined || quirks?.assertionAudience === 'token-endpoint' ? String(endpointOf(server, 'token_endpoint', options)) : server.issuer
}

// The schema of the options sees to it that a way has what it needs.
function waysOf ({ provider, options, signer, clock }: ClientAuthOptions): Record<OAuthClientAuth, ClientAuth> {
  const { clientId, clientSecret: secret = '', clientSecretClaims: claims, quirks = {} } = options
  const audienceOf = (server: AuthorizationServer) => audienceAt(server, options)
  const byKey = (claims: Record<string, unknown>) => signJwt(signer as ClientSigner, claims, { provider, typ: 'JWT' })
  return {
    client_secret_basic: clientSecretBasic(quirks.basicAuth === 'raw' ? rawCredentials(clientId, secret) : basicCredentials(clientId, secret)),
    client_secret_post: clientSecretPost(secret),
    client_secret_jwt: clientAssertion({ clientId, clock, audienceOf, sign: claims => signWithSecret(secret, claims) }),
    client_secret_signed_jwt: signedSecret({ clientId, clock, audienceOf: server => server.issuer, sign: byKey, claims }),
    private_key_jwt: clientAssertion({ clientId, clock, audienceOf, sign: byKey }),
    tls_client_auth: TlsClientAuth(),
    self_signed_tls_client_auth: TlsClientAuth(),
    none: None()
  }
}

function clientSecretPost (secret: string): ClientAuth {
  return (_server, client, body) => {
    body.set('client_id', client.client_id)
    body.set('client_secret', secret)
  }
}

// oauth4webapi's own also escapes `-`, `_`, `.` and `*`, which several servers do not decode.
function clientSecretBasic (credentials: string): ClientAuth {
  return (_server, _client, _body, headers) => {
    headers.set('authorization', `Basic ${credentials}`)
  }
}

/** What follows `Basic` in the Authorization header. */
export function basicCredentials (clientId: string, secret: string): string {
  return base64(`${formEncode(clientId)}:${formEncode(secret)}`)
}

/** The same of a server that decodes nothing. */
export function rawCredentials (clientId: string, secret: string): string {
  return base64(`${clientId}:${secret}`)
}

function base64 (text: string): string {
  return Buffer.from(text).toString('base64')
}

/** One value as application/x-www-form-urlencoded writes it. */
function formEncode (value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}
