import type { FastifyRequest } from 'fastify'

/** A value, or a function of the request that answers it; undefined asks for nothing. */
export type OAuthOfRequest<T> = T | ((request: FastifyRequest) => T | undefined | Promise<T | undefined>)

/** What is to be authorized, in more words than a scope has (RFC 9396 section 2). What else it holds depends on its type. */
export interface OAuthAuthorizationDetail {
  type: string
  [member: string]: unknown
}

/** Single claims that are asked for (OpenID Connect Core 1.0 section 5.5): by name, null or `{ essential, value, values }`. */
export interface OAuthClaimsRequest {
  userinfo?: Record<string, unknown>
  id_token?: Record<string, unknown>
}

/** What a login asks for besides scopes. */
export interface OAuthLoginParameters {
  /** Where the token is to be used (RFC 8707): absolute URIs. Sent with every request for a token of this login too, refreshes included. */
  resource?: string | readonly string[]
  /** Sent as JSON (RFC 9396). */
  authorizationDetails?: readonly OAuthAuthorizationDetail[]
  /** Sent as JSON (OpenID Connect Core 1.0 section 5.5). */
  claims?: OAuthClaimsRequest
  /** Languages for the provider's pages, the most wanted first (BCP 47). */
  uiLocales?: string | readonly string[]
}

/** What every login at a provider asks for (OpenID Connect Core 1.0 section 3.1.2.1): each a value, or a function of the request. */
export interface OAuthRequestOptions {
  resource?: OAuthOfRequest<NonNullable<OAuthLoginParameters['resource']>>
  authorizationDetails?: OAuthOfRequest<NonNullable<OAuthLoginParameters['authorizationDetails']>>
  claims?: OAuthOfRequest<OAuthClaimsRequest>
  uiLocales?: OAuthOfRequest<NonNullable<OAuthLoginParameters['uiLocales']>>
  /** Wanted, not required: what a route requires is its own `acr`. */
  acrValues?: OAuthOfRequest<string | readonly string[]>
  /** Seconds since the user was authenticated at most. A login whose id_token says otherwise, or nothing, is refused. OpenID providers alone. */
  maxAge?: OAuthOfRequest<number>
  /** `none`, `login`, `consent`, `select_account`, or the provider's own. */
  prompt?: OAuthOfRequest<string>
  loginHint?: OAuthOfRequest<string>
}
