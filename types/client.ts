import type { Dispatcher, fetch, RequestInfo, RequestInit } from 'undici'
import type { OAuthProviderName } from './providers.js'

/** Values of a query or a form: an array repeats the name, undefined and null leave it out. */
export type OAuthParameters = Record<string, string | number | boolean | null | undefined | Array<string | number | boolean>>

/** Options of a signed API call. At most one of `json`, `form` and `body`. */
export interface OAuthCallOptions {
  /** Added to the query that the URL may already have. */
  query?: OAuthParameters | URLSearchParams
  headers?: Record<string, string | string[] | undefined>
  /** Sent as application/json. */
  json?: unknown
  /** Sent as application/x-www-form-urlencoded. */
  form?: OAuthParameters | URLSearchParams
  /** Sent as it is. A stream can be sent once only: it is not replayed after a 401 or a redirect. */
  body?: Dispatcher.DispatchOptions['body']
  signal?: AbortSignal
  /** Milliseconds for the whole call, its body included. Default: undici's own limits. */
  timeout?: number
  /** Whether a 401 refreshes the token and sends the call once more. Default: true. */
  retry?: boolean
  /**
   * Whether a status of 400 and above throws FST_OAUTH_API_ERROR. Default: only an answer that asks for more throws, as
   * FST_OAUTH_API_INSUFFICIENT_SCOPE or FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION, and a 401 that names an `oauth_problem`, as
   * FST_OAUTH_API_PROBLEM; with false, nothing does.
   */
  throwOnError?: boolean
}

/** What an API asked for when it refused a call (RFC 6750 section 3, RFC 9470 section 3). */
export interface OAuthChallenge {
  provider: string
  error: 'insufficient_scope' | 'insufficient_user_authentication'
  /** Scopes that it named. */
  scope: readonly string[]
  /** `acr_values`, the most wanted first. */
  acr: readonly string[]
  /** Seconds since the user was authenticated, at most. */
  maxAge: number | undefined
}

/** undici's answer: `statusCode`, `headers`, and `body` with `json()`, `text()` or as a stream. */
export type OAuthResponse = Dispatcher.ResponseData

/**
 * Signed calls to a provider's API. The token goes to the origins of `apiBaseUrl` and `apiOrigins` alone:
 * another origin throws FST_OAUTH_ORIGIN_NOT_ALLOWED, and a redirect to one is followed without the token.
 */
export interface OAuthClient {
  request(method: string, url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  get(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  head(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  post(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  put(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  patch(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  delete(url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse>
  /** The same through undici's fetch. */
  fetch(input: RequestInfo, init?: RequestInit): ReturnType<typeof fetch>
  /** An undici Dispatcher that signs, for any other client built on undici. It follows no redirect by itself. */
  readonly dispatcher: Dispatcher
}

/** What an access token is asked for. The order of the members of a list does not matter. */
export interface OAuthTokenTarget {
  /** Names of the services that it is for (RFC 8693 section 2.1). */
  audience?: string | readonly string[]
  /** Addresses of the services that it is for: absolute URIs without a fragment (RFC 8707 section 2). */
  resource?: string | readonly string[]
  scope?: readonly string[]
}

/** What the owner's access token is exchanged for (RFC 8693 section 2.1). */
export interface OAuthExchangeOptions extends OAuthTokenTarget {
  /** `requested_token_type`, such as `urn:ietf:params:oauth:token-type:jwt`. Default: the provider's choice. */
  requestedTokenType?: string
  /** Whose token endpoint is asked, and whose API is called with the new token. Default: the bound provider. */
  provider?: OAuthProviderName
}

/** A client whose token can be exchanged for one of another service. */
export interface OAuthTokenClient extends OAuthClient {
  /**
   * The same calls with a token that was exchanged for this client's (RFC 8693), when they need it. Throws
   * FST_OAUTH_INVALID_OPTIONS and FST_OAUTH_UNKNOWN_PROVIDER; its calls also FST_OAUTH_GRANT_REQUIRED and FST_OAUTH_TOKEN_REFUSED.
   */
  exchange(options?: OAuthExchangeOptions): OAuthClient
}
