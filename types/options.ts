import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthClientAuth, OAuthClientKey, OAuthClientKeyAlg } from './client-auth.js'
import type { OAuthGrant, OAuthGrantChange } from './grant.js'
import type { OAuth1SignatureMethod } from './oauth1.js'
import type { OAuthProfile } from './profile.js'
import type { GrantStore } from './store.js'

/** Extra parameters, or a function of the request that answers them. Parameters of the protocol itself are refused. */
export type OAuthExtraParams = Record<string, string> | ((request: FastifyRequest) => Record<string, string> | Promise<Record<string, string>>)

/** Declared deviations from the RFCs. */
export interface OAuthQuirks {
  /** `unsupported`: the provider fails when it is sent PKCE (RFC 7636). Default: S256, always. */
  pkce?: 'unsupported'
  /** What separates scopes in the authorization request and in the token answer. Default: a space. */
  scopeDelimiter?: string
  /** `not-echoed`: the provider leaves the nonce out of its id_tokens. Default: it is required. */
  nonce?: 'not-echoed'
  /**
   * How the API says that a scope is missing, where it is not `insufficient_scope` in `WWW-Authenticate` of a 403 (RFC 6750 section
   * 3.1): this status, with this `error` there, and with this text in its body; what is not given does not count. A body is looked
   * into with `throwOnError: true` alone.
   */
  insufficientScope?: { status: number, error?: string, bodyContains?: string }
  /** `raw`: the server does not decode what `client_secret_basic` encodes (RFC 6749 section 2.3.1). Default: form-encoded. */
  basicAuth?: 'raw'
  /** `token-endpoint`: client assertions name the token endpoint as their audience (RFC 7523 section 3). Default: the issuer, where there is one. */
  assertionAudience?: 'token-endpoint'
  /** OAuth 1.0a: the name of the parameter that scopes are asked for in, such as Flickr's `perms`. Default: `scope`. */
  scopeParam?: string
  /**
   * `1.0`: OAuth Core 1.0, before revision A. The callback goes with the authorization URL, is not confirmed, and brings no
   * verifier: the session fixation that revision A ended is possible. Default: RFC 5849.
   */
  oauth1Revision?: '1.0'
  /** OAuth 1.0a: `oauth_callback` goes with the authorization URL, and is not confirmed. Default: false. */
  oauth1CallbackOnAuthorize?: boolean
  /** OAuth 1.0a: how temporary credentials are asked for. Default: as `accessTokenMethod` says. */
  oauth1RequestTokenMethod?: 'GET' | 'POST'
  /** OAuth 1.0a: scopes are asked for with the temporary credentials, not in the authorization URL. Default: false. */
  oauth1ScopeOnRequestToken?: boolean
  /**
   * OAuth 1.0a: where the protocol's parameters stand (RFC 5849 section 3.5). `body`: in the form, or in the query of a request
   * that has none. Default: `header`.
   */
  oauth1Parameters?: 'header' | 'query' | 'body'
  /** OAuth 1.0a: sign bodies that are no form with `oauth_body_hash`, where they are no stream. Default: false. */
  oauth1BodyHash?: boolean
  /**
   * Milliseconds for which the provider takes a refresh token again after its first use. Within them a refresh whose answer was
   * lost is tried again; else it never is, and a login is needed. Default: none.
   */
  refreshGrace?: number
}

/** Tokens that the application keeps itself. */
export interface OAuthTokens {
  accessToken: string
  /** OAuth 1.0a: the shared secret of the token. */
  tokenSecret?: string | null | undefined
  /** Default: `bearer`. */
  tokenType?: string | null | undefined
  /** Default: the scopes of the provider. */
  scope?: readonly string[] | null | undefined
  /** Milliseconds since the epoch: from then on the tokens count as missing. Default: they never expire. */
  expiresAt?: number | null | undefined
}

/** For what call `tokenGetter` is asked. */
export interface OAuthTokenGetterState {
  /** Undefined for `app.oauth.client()`. */
  request: FastifyRequest | undefined
  /** Undefined where nobody has logged in, and where `app.oauth.client()` was given none. */
  owner: string | undefined
  /** Whose provider it is, where each tenant has its own. */
  tenant?: string | undefined
  /** The account that was asked for; undefined where any will do. */
  account: string | undefined
}

/**
 * One provider. Either `issuer` (its endpoints are discovered), or `authorizeUrl` and `accessTokenUrl`; with `requestTokenUrl`
 * besides, it speaks OAuth 1.0a (RFC 5849).
 */
export interface OAuthProviderOptions {
  clientId: string
  /** Required for OAuth 1.0a, unless `signatureMethod` is one of RSA. */
  clientSecret?: string
  /** Private key of the client: of `private_key_jwt`, `client_secret_signed_jwt` and `jar`. Of OAuth 1.0a's RSA methods: an RSA key as PEM. */
  clientKey?: OAuthClientKey
  /** `kid` of what the key signs. Default: that of a JWK. */
  clientKeyId?: string
  /** Default: `alg` of a JWK; else by the key's type, RS256 for RSA (with `fapi2` PS256). Required where `clientKey` is a function. */
  clientKeyAlg?: OAuthClientKeyAlg
  /** Certificate of the client and its chain, as PEM, for mutual TLS (RFC 8705). Calls of the API present it too. */
  clientCert?: string
  /** The certificate's private key, as PEM. */
  clientCertKey?: string
  /** Certificates, as PEM, by which the provider's and the API's own are verified. Default: those of Node.js. */
  serverCa?: string
  /** Claims of the secret of `client_secret_signed_jwt`, beside or instead of `iss` and `sub` (the client's id), `aud` (the issuer), `iat` and `exp`. */
  clientSecretClaims?: Record<string, string>
  /**
   * Default: with `clientKey` and no secret `private_key_jwt`, with `clientCert` alone `tls_client_auth`; else what the provider's metadata
   * offers, `client_secret_basic` first; `none` without a secret.
   */
  clientAuth?: OAuthClientAuth
  /**
   * Tokens bound to a key of their grant (RFC 9449), proven at the token endpoint and at every call. `optional`: a bearer token is
   * accepted too. Default: false.
   */
  dpop?: boolean | 'optional'
  /** Push the authorization request (RFC 9126). Default: where the provider's metadata requires it. */
  par?: boolean
  /** Sign the authorization request with `clientKey` (RFC 9101). Default: where the provider's metadata requires it. */
  jar?: boolean
  /** `fapi2`: the FAPI 2.0 Security Profile; options and metadata that break it are refused. Default: `default`. */
  security?: 'default' | 'fapi2'
  /** Scopes that every login asks for. Default: `openid` with an issuer, else none. */
  scope?: readonly string[]
  /** Issuer identifier: endpoints come from its metadata (OpenID Connect Discovery 1.0, RFC 8414). */
  issuer?: string
  /** Temporary credential request URI (RFC 5849 section 2.1). Its presence means OAuth 1.0a. */
  requestTokenUrl?: string
  /** Authorization endpoint (RFC 6749 section 3.1, RFC 5849 section 2.2). */
  authorizeUrl?: string
  /** Token endpoint (RFC 6749 section 3.2, RFC 5849 section 2.3). */
  accessTokenUrl?: string
  userinfoUrl?: string
  /** Revocation endpoint (RFC 7009). */
  revocationUrl?: string
  /** Pushed authorization request endpoint (RFC 9126). */
  parUrl?: string
  /** JWK Set of the issuer, where its endpoints are all given by hand. */
  jwksUrl?: string
  /** What relative URLs of API calls are resolved against. Its origin is sent the access token. */
  apiBaseUrl?: string
  /** Further origins that are sent the access token. */
  apiOrigins?: readonly string[]
  /** OAuth 1.0a: added to the request for temporary credentials, and signed. */
  requestTokenParams?: OAuthExtraParams
  /** Added to the authorization request. */
  authorizeParams?: OAuthExtraParams
  /** Added to the token request of a login. */
  accessTokenParams?: OAuthExtraParams
  /** OAuth 1.0a: how credentials are asked for. Default: `POST`. */
  accessTokenMethod?: 'GET' | 'POST'
  /** OAuth 1.0a. Default: `HMAC-SHA1`. `PLAINTEXT` goes over https, or to loopback, alone. */
  signatureMethod?: OAuth1SignatureMethod
  /** OAuth 1.0a: `realm` of the Authorization header (RFC 5849 section 3.5.1). Printable ASCII. */
  realm?: string
  /**
   * `client_credentials`: the application calls in its own name (RFC 6749 section 4.4). There are no logins, `authorizeUrl` is not
   * needed, `clientSecret` is. Default: users log in.
   */
  grant?: 'client_credentials'
  /** Tokens that the application keeps itself: asked at calls, never at a login. Null: there are none. They are not refreshed. */
  tokenGetter?: (state: OAuthTokenGetterState) => OAuthTokens | null | undefined | Promise<OAuthTokens | null | undefined>
  /**
   * Userinfo (or id_token claims) to a profile. Default: OpenID Connect's standard claims. At an OAuth 1.0a provider without
   * `userinfoUrl` it is given the answer that brought the token, where some providers say who the user is.
   */
  profile?: (userinfo: Record<string, unknown>) => Partial<Omit<OAuthProfile, 'raw'>>
  quirks?: OAuthQuirks
  /**
   * Absolute callback URL, where it is not `{baseUrl}{prefix}/{name}/callback`; its path becomes a route. OAuth 1.0a also takes
   * `oob`: the provider knows the callback URL by other means, or shows the user a verifier (RFC 5849 section 2.1).
   */
  callbackUrl?: string
  /** Where a login of this provider ends when it did not start from a route. */
  defaultReturnTo?: string
  /** Accept a login started from another site (`Sec-Fetch-Site: cross-site`). Default: false. */
  allowCrossSiteStart?: boolean
  /** Accept plain http beyond loopback. Default: false. */
  allowInsecureRequests?: boolean
}

/** One provider of one tenant. */
export interface OAuthTenantOptions extends OAuthProviderOptions {
  /** Names the tenant for ever: grants are kept under it. 1 to 100 letters, digits, `-`, `_` and `.`, the first a letter or a digit. */
  tenant: string
  /** The tenant's own public origin. Default: that of the plugin. */
  baseUrl?: string
  /** Whether its addresses come from somebody else than whoever runs the application. Default: true. */
  untrustedAddresses?: boolean
}

/**
 * Answers the options of a tenant: of that one, where it is named, else of whose the request is. Null: there is none. `request` is
 * undefined where there is none, such as in jobs; then the tenant is named.
 */
export type OAuthTenantFunction = (request: FastifyRequest | undefined, tenant: string | undefined) => OAuthTenantOptions | null | undefined | Promise<OAuthTenantOptions | null | undefined>

/** The end of a login that succeeded. */
export interface OAuthAuthorizedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  grant: OAuthGrant
  /** Where the login will end unless the hook replies itself: a path on this origin, or one of `returnToUris`. */
  returnTo: string
}

/** The end of a login that the user or the provider refused (RFC 6749 section 4.1.2.1). */
export interface OAuthDeniedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  error: string
  errorDescription: string | undefined
  errorUri: string | undefined
  /** Facebook's `error_reason`. */
  errorReason: string | undefined
  returnTo: string
}

/** The end of a login that failed. */
export interface OAuthErrorState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  error: Error & { code: string, statusCode?: number }
}

/** A request that lacks what its route needs. */
export interface OAuthUnauthorizedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  /** Scopes that the route needs. */
  scope: readonly string[]
  /** FST_OAUTH_GRANT_REQUIRED, FST_OAUTH_INSUFFICIENT_SCOPE or FST_OAUTH_INSUFFICIENT_AUTHENTICATION. */
  error: Error & { code: string, statusCode: number }
  /** Where a browser starts the login that brings it. */
  authorizeUrl: string
}

/** How one of the plugin's routes is registered: `false` switches it off. */
export type OAuthRouteOption = false | Omit<RouteShorthandOptions, 'handler' | 'errorHandler' | 'logSerializers' | 'schema'>

/** Options of the plugin. */
export interface OAuthPluginOptions {
  /** Name to provider, or to a function where each tenant has its own. More can be added later with `app.oauth.providers.register`. */
  providers?: Record<string, OAuthProviderOptions | OAuthTenantFunction>
  /**
   * Public origin of the application, from which every callback URL is built, such as `https://app.example.com`.
   * Required when NODE_ENV is `production`; otherwise the request's own loopback address serves.
   */
  baseUrl?: string
  /** Where the plugin's routes live. Default: `/oauth`. */
  prefix?: string
  /** Encrypts pending logins and grants: the first encrypts, all decrypt. At least 32 bytes each. Default: random per start. */
  secret?: string | Uint8Array | ReadonlyArray<string | Uint8Array>
  /** Where grants live. Default: `new MemoryGrantStore()`. */
  store?: GrantStore
  /** Who a grant belongs to. Default, and where it answers null: an opaque id in the session. */
  owner?: (request: FastifyRequest) => string | null | Promise<string | null>
  session?: {
    /** Registers @fastify/session with this secret (32 characters at least) where no session is registered. */
    secret?: string
    /** Keys of the session that survive its renewal at login. Default: none. */
    keep?: readonly string[]
  }
  /** Where a login ends when it did not start from a route. Default: `/`. */
  returnTo?: string
  /**
   * Addresses besides those of this origin where a login may end, each compared as a whole: deep links of native applications, such
   * as `com.example.app:/signed-in` (RFC 8252 section 7.1). Default: none.
   */
  returnToUris?: readonly string[]
  /** After a login, before the redirect. Reply in it to replace the redirect. */
  onAuthorized?: (state: OAuthAuthorizedState) => unknown
  /** When the user or the provider refused. Default: an error reply, 403. */
  onDenied?: (state: OAuthDeniedState) => unknown
  /** After every change of a grant. It is not waited for, and what it throws is logged. */
  onGrantChange?: (change: OAuthGrantChange) => unknown
  /** When a login failed. Default: an error reply, as a page or as JSON. */
  onError?: (state: OAuthErrorState) => unknown
  routes?: {
    login?: OAuthRouteOption
    callback?: OAuthRouteOption
    logout?: OAuthRouteOption
  }
  /** undici Dispatcher of every request of the plugin. Default: an Agent of its own. */
  dispatcher?: Dispatcher
  /** Milliseconds for each of the plugin's own calls to a provider, their bodies included. Default: 10 000. */
  timeout?: number
  /** Milliseconds that a user has to finish a login. Default: 600 000. */
  loginTimeout?: number
  /** Milliseconds since the epoch. For tests. Default: `Date.now`. */
  clock?: () => number
}
