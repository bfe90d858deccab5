import type { OAuthParamNames, OAuthRateLimit, OAuthRefreshQuirks, OAuthTokenAnswerQuirks, OAuthTokenPlacement, OAuthTokenRequestQuirks, OAuthUserinfoQuirks } from './wire-quirks.js'

/**
 * A missing scope told of in JSON, also in an answer of 200. Looked for when a caller reads the answer by `body.json()`, which then
 * fails; a body that is read otherwise, or streamed, is left alone.
 */
export interface OAuthScopeInBody {
  /** JSON pointer (RFC 6901) to what tells of it, such as `/error`. */
  pointer: string
  /** What stands there, such as `missing_scope`. */
  value: string | number | boolean
  /** JSON pointer to the scopes that are needed: an array, or a text with commas or spaces. */
  scope?: string
}

/** One request of a long-lived token, by GET. */
export interface OAuthLongLivedStep { url: string, /** Its `grant_type`. */ grantType: string }

/**
 * What no option describes, by the name of its code.
 *
 * - `signed-callback`: the callback has `hmac`, HMAC-SHA256 of its other parameters by the client's secret, as Shopify's.
 * - `long-lived-token`: the token of a login is exchanged for one of weeks, which is renewed by itself, as Instagram's and Threads'.
 * - `secret-hash`: SHA-256 of the client's secret, `|` and the code or refresh token is sent, in hex, as `hash` in the place of the secret,
 *   as Smartsheet wants it. With `clientAuth` `client_secret_post`.
 * - `app-token`: the token endpoint answers a token of the application, with which `userUrl` (a GET; `{accessToken}` and `{code}` in it are
 *   filled) tells whose the code is, as WeCom's. The grant's token is the application's: it may do for one user what it may for all.
 * - `signed-parameters`: tokens and userinfo are asked for at a gateway, by methods of these names and with parameters that the client's RSA
 *   key signs (RS256), as Alipay's.
 */
export type OAuthStrategy =
  | { name: 'signed-callback' }
  | { name: 'long-lived-token', exchange: OAuthLongLivedStep, refresh: OAuthLongLivedStep }
  | { name: 'secret-hash' }
  | { name: 'app-token', userUrl: string }
  | { name: 'signed-parameters', tokenMethod: string, userinfoMethod: string }

/** Declared deviations from the RFCs. */
export interface OAuthQuirks {
  /** `unsupported`: the provider fails when it is sent PKCE (RFC 7636). `plain`: it knows no other method. Default: S256, always. */
  pkce?: 'unsupported' | 'plain'
  /** What separates scopes in the authorization request and in the token answer. Default: a space; in the answer a comma too. */
  scopeDelimiter?: string
  /** `not-echoed`: the provider leaves the nonce out of its id_tokens. Default: it is required. */
  nonce?: 'not-echoed'
  /**
   * The issuer in the metadata of a provider whose `issuer` is that of many tenants, with `{tenantid}` in it, such as
   * `https://login.microsoftonline.com/{tenantid}/v2.0`: the claim `tid` of each id_token fills it. Where the metadata name one
   * tenant's issuer, that alone counts. Default: the option `issuer`.
   */
  tenantIssuer?: string
  /**
   * How the API says that a scope is missing, where it is not `insufficient_scope` in `WWW-Authenticate` of a 403 (RFC 6750 section
   * 3.1): this status, with this `error` there, with this text in its body, and with this in its JSON; what is not given does not
   * count. A text is looked for with `throwOnError: true` alone.
   */
  insufficientScope?: { status?: number, error?: string, bodyContains?: string, body?: OAuthScopeInBody }
  /** How the provider says when it may be asked again. Default: by `Retry-After`, which always counts first. */
  rateLimit?: OAuthRateLimit
  /** `raw`: the server does not decode what `client_secret_basic` encodes (RFC 6749 section 2.3.1). Default: form-encoded. */
  basicAuth?: 'raw'
  /** What the end session endpoint calls `post_logout_redirect_uri`, such as Auth0's `returnTo`. */
  endSessionReturnParam?: string
  /** `token-endpoint`: client assertions name the token endpoint as their audience (RFC 7523 section 3). Default: the issuer, where there is one. */
  assertionAudience?: 'token-endpoint'
  /** The name of the parameter that scopes are asked for in, such as Flickr's `perms`. Default: `scope`. */
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
  /** OAuth 2: other names of the protocol's parameters. */
  paramNames?: OAuthParamNames
  /** OAuth 2: appended to the authorization URL after `#`, as WeChat wants it. Default: none. */
  authorizeFragment?: string
  /** OAuth 2: sent as `redirect_uri` in place of the callback URL that it stands for, such as eBay's RuName. Default: the callback URL. */
  redirectUri?: string
  /** OAuth 2: parameters of the callback that are kept, in `grant.raw.callback`. Default: none. */
  callbackParams?: readonly string[]
  /** OAuth 2: what is different in requests to the token endpoint. */
  tokenRequest?: OAuthTokenRequestQuirks
  /** OAuth 2: what is different in the refresh. */
  refresh?: OAuthRefreshQuirks
  /** OAuth 2: where the token endpoint's answer holds what RFC 6749 section 5 names. */
  tokenAnswer?: OAuthTokenAnswerQuirks
  /**
   * OAuth 2: headers of every request to the provider, of API calls too. `{clientId}` stands for itself. What a call sets itself is
   * replaced. Default: none.
   */
  headers?: Record<string, string>
  /** OAuth 2: where the access token stands in calls. Default: `Authorization: Bearer` (RFC 6750 section 2.1). */
  accessTokenIn?: OAuthTokenPlacement
  /** OAuth 2: how the userinfo is asked for. Default: by GET. */
  userinfo?: OAuthUserinfoQuirks
  /** OAuth 2: a named strategy for what needs code. Default: none. */
  strategy?: OAuthStrategy
}
