import type { FastifyRequest } from 'fastify'
import type { OAuthRequestOptions } from './authorization-request.js'
import type { OAuthCatalogueName } from './catalogue-names.js'
import type { OAuthClientAuth, OAuthClientKey, OAuthClientKeyAlg } from './client-auth.js'
import type { OAuth1SignatureMethod } from './oauth1.js'
import type { OAuthProfile, OAuthProfileMap } from './profile.js'
import type { OAuthQuirks } from './quirks.js'

/** What id_tokens may be signed with (RFC 7518 section 3.1, RFC 8037). */
export type OAuthIdTokenAlg = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'Ed25519' | 'HS256'

/** Extra parameters, or a function of the request that answers them. Parameters of the protocol itself are refused. */
export type OAuthExtraParams = Record<string, string> | ((request: FastifyRequest) => Record<string, string> | Promise<Record<string, string>>)

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

/** What an assertion holds besides `iat`, `exp` and `jti` (RFC 7523 section 3). */
export interface OAuthAssertionOptions {
  /** `iss`. Default: `clientId`. */
  issuer?: string
  /** `sub`, unless a call names another; null for none. Default: the issuer. */
  subject?: string | null
  /** `aud`. Default: as that of client assertions. */
  audience?: string
  /** Where scopes are asked for (RFC 7521 section 4.1). Default: `form`. */
  scopeIn?: 'form' | 'claim'
  /** More claims. */
  claims?: Record<string, string>
}

/**
 * One provider. An entry of the catalogue; or `issuer` (its endpoints are discovered); or `authorizeUrl` and `accessTokenUrl`; with
 * `requestTokenUrl` besides, it speaks OAuth 1.0a (RFC 5849).
 */
export interface OAuthProviderOptions extends OAuthRequestOptions {
  clientId: string
  /** What users know it by. Default: its name. */
  title?: string
  /** Required for OAuth 1.0a, unless `signatureMethod` is one of RSA. */
  clientSecret?: string
  /** When `clientSecret` expires, in milliseconds since the epoch: it is not used from then on. Default: never. */
  clientSecretExpiresAt?: number
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
  /**
   * By what id_tokens must be signed. `HS256`: with `clientSecret`, of 32 bytes at least; else it is refused. Default: what the provider's
   * metadata offers, `HS256` excepted.
   */
  idTokenAlg?: OAuthIdTokenAlg
  /** Seconds that the provider's clock and this machine's may differ, 600 at most. Default: 60. */
  clockTolerance?: number
  /**
   * The entry of the catalogue that these options complete. Default: that of the provider's own name, where they name neither issuer
   * nor endpoints.
   */
  extends?: OAuthCatalogueName
  /** One of the entry's variants, such as `sandbox`. Default: none. */
  variant?: string
  /** Values of the `{placeholders}` in addresses. */
  params?: Record<string, string>
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
  /**
   * Where the user is described. OAuth 2: `{token.name}` stands for a member of the answer that brought the token, `{accessToken}` and
   * `{clientId}` for themselves.
   */
  userinfoUrl?: string
  /** Revocation endpoint (RFC 7009). */
  revocationUrl?: string
  /** Where browsers end their session at the provider (OpenID Connect RP-Initiated Logout 1.0). */
  endSessionUrl?: string
  /** Where the provider sends browsers after a logout; registered there. Default: none, and the logout ends at the provider. */
  postLogoutRedirectUrl?: string
  /** The provider ends sessions by logout tokens (OpenID Connect Back-Channel Logout 1.0). Default: what its metadata says. */
  backchannelLogout?: boolean
  /** Pushed authorization request endpoint (RFC 9126). */
  parUrl?: string
  /** Device authorization endpoint (RFC 8628 section 3.1), for `app.oauth.device()`. */
  deviceAuthorizationUrl?: string
  /** Introspection endpoint (RFC 7662 section 2), for `introspect()`. */
  introspectionUrl?: string
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
  /** How tokens are asked for; with `GET` all parameters are in the query. Default: `POST`. */
  accessTokenMethod?: 'GET' | 'POST'
  /** OAuth 1.0a. Default: `HMAC-SHA1`. `PLAINTEXT` goes over https, or to loopback, alone. */
  signatureMethod?: OAuth1SignatureMethod
  /** OAuth 1.0a: `realm` of the Authorization header (RFC 5849 section 3.5.1). Printable ASCII. */
  realm?: string
  /**
   * `client_credentials`: the application calls in its own name (RFC 6749 section 4.4). There are no logins, `authorizeUrl` is not
   * needed, `clientSecret` is. `jwt_bearer`: the same with an assertion that `clientKey` signs (RFC 7523 section 2.1). Default: users
   * log in.
   */
  grant?: 'client_credentials' | 'jwt_bearer'
  /** What the assertion of `grant: 'jwt_bearer'` holds. */
  assertion?: OAuthAssertionOptions
  /** Tokens that the application keeps itself: asked at calls, never at a login. Null: there are none. They are not refreshed. */
  tokenGetter?: (state: OAuthTokenGetterState) => OAuthTokens | null | undefined | Promise<OAuthTokens | null | undefined>
  /**
   * Userinfo (or id_token claims) to a profile: a function, or a map. Default: OpenID Connect's standard claims. At an OAuth 1.0a
   * provider without `userinfoUrl` it is given the answer that brought the token, where some providers say who the user is.
   */
  profile?: ((userinfo: Record<string, unknown>) => Partial<Omit<OAuthProfile, 'raw'>>) | OAuthProfileMap
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
  /** `eager`: metadata are fetched before the application is ready, which fails where they cannot be had. Default: `lazy`, at the first login. */
  discovery?: 'lazy' | 'eager'
  /**
   * The addresses of this provider come from somebody who is not trusted, such as a tenant: nothing is connected to that is private,
   * loopback, link-local or reserved, whatever name leads there. Default: false.
   */
  untrustedAddresses?: boolean
  /** Addresses, or ranges of them such as `10.1.0.0/16`, that may be connected to all the same. Default: none. */
  allowedAddresses?: readonly string[]
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
