import type { IncomingHttpHeaders } from 'node:http'
import type { OAuth1SignatureMethod } from './oauth1.js'

/** What a fake provider speaks: OAuth 1.0a (RFC 5849), OAuth 2 (RFC 6749), or OpenID Connect Core 1.0 on top of it. */
export type FakeProtocol = 'oauth1' | 'oauth2' | 'oidc'

/** Who can sign in at a fake provider: their claims (OpenID Connect Core 1.0 section 5.1), and any others. */
export interface FakeUser {
  /** Subject: names the user at the login page, and in `loginAs`. */
  sub: string
  [claim: string]: unknown
}

/** An application that a fake provider knows. */
export interface FakeClient {
  clientId: string
  /** Absent for a public client. */
  clientSecret?: string
  /** Exact redirect URIs (RFC 9700 section 2.1). Default: all are taken. */
  redirectUris?: readonly string[]
  /** Public key in PEM, of a client that signs with its own key: private_key_jwt, and the RSA methods of OAuth 1.0a. */
  publicKey?: string
}

/** How a client may authenticate at the token endpoint; `header:<name>` is the secret in a header of its own. */
export type FakeClientAuth = 'client_secret_basic' | 'client_secret_post' | 'none' | 'private_key_jwt' | 'client_assertion' | 'bearer' | 'hash' | `header:${string}`

/** An endpoint of a fake provider. Login and consent pages belong to `authorize`; `temporary` gives temporary credentials (RFC 5849 section 2.1). */
export type FakeEndpoint = 'discovery' | 'jwks' | 'temporary' | 'authorize' | 'token' | 'userinfo' | 'revocation' | 'introspection' | 'par' | 'api'

/** A request that a fake provider received. It holds secrets: it is for tests. */
export interface FakeRequest {
  readonly endpoint: FakeEndpoint | 'unknown'
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<IncomingHttpHeaders>
  /** Path and query, as they came. */
  readonly url: string
  readonly body: string
  /** As it came. */
  readonly rawBody: Buffer
  /** Parameters of the query, and of a form or JSON body. */
  readonly params: Readonly<Record<string, string>>
}

/** A path of the API beside the provider. */
export interface FakeApiRoute {
  /** Scopes that its token must hold (RFC 6750 section 3.1). */
  scope?: readonly string[]
  /** What it answers as JSON, or a function that answers it. Default: what it was asked, and by whom. */
  answer?: object | string | number | boolean | ((call: FakeApiCall) => unknown)
}

/** A call of the API whose token was good. */
export interface FakeApiCall {
  request: FakeRequest
  user: FakeUser
  scope: readonly string[]
  clientId: string
}

/** What a provider does otherwise than the RFCs say, one option for each class of deviation. */
export interface FakeQuirks {
  /** Between scopes, in the request and in the answer. */
  scopeDelimiter?: string
  /** The scope parameter's other name. */
  scopeParam?: string
  /** Scopes are fixed in the app's settings: these are granted, and a request that names any is refused. */
  fixedScope?: readonly string[]
  /** Standard name → other name, in authorization and token requests. */
  paramNames?: Readonly<Record<string, string>>
  /** Parameters without which an authorization request is refused; an empty value stands for any. */
  requiredParams?: Readonly<Record<string, string>>
  /** A refresh token is given only when the authorization request held these; `scope` is one among others. */
  refreshTokenNeeds?: Readonly<Record<string, string>>
  /** `required`: refused without. `not-echoed`: left out of the callback. */
  state?: 'required' | 'not-echoed'
  /** `required`: refused without. `ignored`: never checked. `refused`: fails when sent. `plain`: plain alone. Default: checked when sent. */
  pkce?: 'required' | 'ignored' | 'refused' | 'plain'
  /** Path before all others: a tenant, a region, a realm, a version. */
  basePath?: string
  /** Other spellings of the endpoints' paths. */
  paths?: Readonly<Partial<Record<FakeEndpoint, string>>>
  /** Every callback is a cross-site POST. */
  responseMode?: 'form_post'
  /** More parameters of the callback. */
  callbackParams?: Readonly<Record<string, string>>
  /** The other name of `code` in the callback. */
  codeParam?: string
  /** The callback carries `hmac`: HMAC-SHA256 of its sorted parameters with the client's secret, in hex. */
  callbackHmac?: boolean
  /** Appended to the callback URL after `#`. */
  callbackFragment?: string
  /** Whether the callback names the issuer (RFC 9207). Default: with `oidc`. */
  callbackIss?: boolean
  /** The callback carries the granted scope. */
  scopeInCallback?: boolean
  /** The token endpoint takes GET alone. */
  tokenMethod?: 'GET'
  /** The token endpoint reads the query alone. */
  tokenParamsIn?: 'query'
  /** The token endpoint reads JSON alone. */
  tokenBody?: 'json'
  /** The only ways in which a client may authenticate. */
  clientAuth?: FakeClientAuth | readonly FakeClientAuth[]
  /** Parameters without which a token request is refused; an empty value stands for any. */
  requiredTokenParams?: Readonly<Record<string, string>>
  /** Parameters with which a token request is refused. */
  refusedTokenParams?: readonly string[]
  /** The grant_type of a code; an empty one stands for none. */
  grantType?: string
  /** Token and refresh requests must repeat the scope. */
  tokenNeedsScope?: boolean
  /** A code buys a token of no use, which a GET with this grant_type and `access_token` exchanges for one that the API takes. */
  exchangeGrantType?: string
  /** Headers without which token and API requests are refused. */
  requiredHeaders?: readonly string[]
  /** How token answers are written. `form-unless-json`: JSON only to who accepts it. Default: JSON; a form with `oauth1`. */
  tokenFormat?: 'form' | 'form-unless-json' | 'xml' | 'jsonp' | 'text' | 'json'
  /** Where in the token answer the tokens are: `data`, `a.b`. */
  tokenPath?: string
  /** Standard name → other name, in token answers. */
  tokenFields?: Readonly<Record<string, string>>
  /** null leaves it out. */
  tokenType?: string | null
  /** How the lifetime is told: as a string, 0, not at all, or under another name, in seconds, ISO 8601 or milliseconds. */
  expires?: 'string' | 'zero' | 'absent' | 'expires' | 'expires_at' | 'expires_at_iso' | 'expires_at_ms'
  /** How the granted scope is told. */
  scopeAnswer?: 'array' | 'comma' | 'null' | 'absent'
  /** Status of the token endpoint's errors. */
  errorStatus?: number
  /** Shape of the token endpoint's errors. */
  errorFormat?: 'object' | 'list' | 'message' | 'errcode' | 'meta'
  /** Member of the token answer that holds the user; with `oauth1`, their id. */
  identityIn?: string
  /** Member of the token answer that holds the API's base URL. */
  apiBaseIn?: string
  /** Refreshes have an address of their own. */
  refreshPath?: string
  refreshMethod?: 'GET'
  /** `reusable`: the same one for ever, not repeated in the answer. `none`: none is given. Default: it rotates, and reuse revokes all. */
  refreshTokens?: 'reusable' | 'none'
  /** Parameters that a refresh must repeat. */
  refreshNeeds?: readonly string[]
  /** Scheme of the Authorization header; an empty one stands for the bare token. */
  tokenScheme?: string
  /** Where userinfo and API look for the token. */
  tokenIn?: `query:${string}` | `header:${string}` | `body:${string}`
  userinfoMethod?: 'POST'
  /** Parameters without which userinfo is refused; an empty value stands for any. */
  userinfoQuery?: Readonly<Record<string, string>>
  /** Where in the userinfo the profile is: `data`, `response.user`, `data[]` in a list. */
  userinfoPath?: string
  /** The user's id belongs at the end of the userinfo URL. */
  userinfoIdInPath?: boolean
  /** Userinfo and API want `appsecret_proof`: HMAC-SHA256 of the token with the client's secret, in hex. */
  appsecretProof?: boolean
  /** The nonce is left out of id_tokens. */
  nonce?: 'not-echoed'
  /** Algorithm of id_tokens. Default: ES256. */
  idTokenAlg?: 'ES256' | 'RS256' | 'PS256' | 'EdDSA' | 'HS256'
  /** iss of id_tokens, where it is not the issuer of the metadata. */
  idTokenIssuer?: string
  /** Userinfo is a signed JWT. */
  userinfoJwt?: boolean
  /** email_verified and its like are the words "true" and "false". */
  stringBooleans?: boolean
  /** OAuth 1.0a: the signature methods that are taken. Default: all. */
  signatureMethods?: readonly OAuth1SignatureMethod[]
  /** OAuth Core 1.0 before its revision A: no `oauth_callback_confirmed`, no verifier. */
  verifier?: 'absent'
  /** OAuth 1.0a: the callback is named at the authorization page instead of in the request for temporary credentials. */
  callbackOn?: 'authorize'
  /** OAuth 1.0a: temporary and token credentials have one URL. */
  oneUrl?: boolean
  /** OAuth 1.0a: how a refusal comes back: with the verifier `denied`, with nothing but the token, or as `denied=<token>`. Default: `oauth_problem`. */
  denial?: 'verifier' | 'bare' | 'denied'
}

/**
 * A fault by its name. Names with an underscore are error codes of RFC 6749 and are answered as such.
 * `docs/reference/testing.md` says what each does.
 */
export type FakeFault =
  | 'refuse' | 'reset' | 'slow-drip' | 'status-429' | 'status-500' | 'html' | 'truncated' | 'huge' | 'gzip-bomb' | 'wrong-content-type'
  | 'lost-refresh' | 'invalid_grant' | 'error-in-200'
  | 'form-encoded' | 'nested-tokens' | 'no-token-type' | 'odd-token-type' | 'string-expires-in'
  | 'wrong-iss' | 'wrong-aud' | 'wrong-nonce' | 'alg-none' | 'key-rotated' | 'unknown-key' | 'clock-off'
  | 'access_denied' | 'server_error' | 'temporarily_unavailable' | 'wrong-state' | 'no-state' | 'wrong-callback-iss'

export interface FakeFaultOptions {
  /** The endpoint whose requests fail. Default: each where the fault belongs; connections and statuses at any but the pages. */
  at?: FakeEndpoint
  /** Of `clock-off`: how far the provider's clock is ahead. Default: 600. */
  seconds?: number
  /** Of `status-429`, in seconds. Default: 5. */
  retryAfter?: number
  /** Of `huge` and `gzip-bomb`. Default: 8 MiB and 16 MiB. */
  bytes?: number
}
