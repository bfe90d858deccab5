/** Another name by the standard one, such as `{ client_id: 'appid' }`. */
export interface OAuthParamNames {
  /** In the authorization request (RFC 6749 section 4.1.1). */
  authorize?: Record<string, string>
  /** In the callback: where `state`, `code` and `error` are found. */
  callback?: Record<string, string>
  /** In requests to the token and revocation endpoints. */
  token?: Record<string, string>
}

/** What is different in requests to the token endpoint (RFC 6749 section 3.2), the refresh among them. */
export interface OAuthTokenRequestQuirks {
  /** Where the parameters stand. `query`: in the URL of a POST without a body. Default: in a form. */
  body?: 'json' | 'query'
  /** Parameters that are not sent, such as `grant_type`. Default: all are. */
  omit?: readonly string[]
  /** Sent as `grant_type` with a code. Default: `authorization_code`. */
  grantType?: string
  /** Whether the scopes that the provider's options name are sent with the code. Default: false. */
  scope?: boolean
  /** Sent with the code, also where the name is one of the protocol's. Default: none. */
  params?: Record<string, string>
  /** Parameters of the callback that are sent with the code. Default: none. */
  callbackParams?: readonly string[]
  /** The header that the client's secret is sent in, with `client_secret_post`. Default: it is a parameter. */
  secretHeader?: string
}

/** What is different in the refresh (RFC 6749 section 6). */
export interface OAuthRefreshQuirks {
  /** Default: `accessTokenUrl`. */
  url?: string
  /** Added to the request, also where the name is one of the protocol's. Default: none. */
  params?: Record<string, string>
  /** Whether the scopes that the provider's options name are sent again. Default: false. */
  scope?: boolean
}

/** Where a token answer holds what it should name otherwise. Pointers are JSON pointers (RFC 6901). */
export interface OAuthTokenAnswerQuirks {
  /** Pointer to the object with the tokens; what stands beside it is dropped. Where it leads nowhere, the answer itself is read. Default: the answer. */
  path?: string
  /** Pointer by standard member, such as `{ access_token: '/accessToken' }`, from the object with the tokens. */
  fields?: Record<string, string>
  /** The time of the token's end, where the answer states no lifetime: in seconds or milliseconds since the epoch, or as an ISO 8601 date. */
  expiresAt?: { pointer: string, unit: 's' | 'ms' | 'date' }
  /** How an answer without a token says what failed. Default: `error` and `error_description` (RFC 6749 section 5.2). */
  error?: {
    /** Pointer to a code, a text or a number. */
    code: string
    /** Pointer to a text. */
    description?: string
    /** Codes, or whole descriptions, that mean `invalid_grant`: the code or the refresh token is not good. Default: `invalid_grant` alone. */
    invalidGrant?: readonly string[]
  }
}

/** Where the access token stands: behind a scheme (the empty one: alone), in a header, or in a parameter of the query (RFC 6750 section 2.3), which logs keep. */
export type OAuthTokenPlacement = { scheme: string, header?: never, query?: never } | { header: string, scheme?: string, query?: never } | { query: string, scheme?: never, header?: never }

/** How the userinfo is asked for. */
export interface OAuthUserinfoQuirks {
  /** Default: `GET`. */
  method?: 'GET' | 'POST'
  /** Body of a POST, sent as JSON, such as a GraphQL query. A text that is `{accessToken}` or `{clientId}`, at any depth, stands for itself, as in `form`. */
  json?: Record<string, unknown>
  /** Body of a POST, sent as a form. `{accessToken}` and `{clientId}` stand for themselves; with `{accessToken}` the token is sent here alone. */
  form?: Record<string, string>
  /** `token-answer`: there is no request; the answer that brought the token describes the user. Default: the request. */
  from?: 'token-answer'
}

/**
 * Headers by which a provider says when it may be asked again, where it sends no `Retry-After` (RFC 9110 section 10.2.3) with a 429. They count
 * in the plugin's own calls: token, userinfo and revocation endpoints, and those of OAuth 1.0a.
 */
export interface OAuthRateLimit {
  /** The header, in lower case, that tells when the limit ends. */
  reset: string
  /** What it holds: `seconds` from now, the `epoch`'s seconds, or a `date` that `Date.parse` reads, such as one of ISO 8601. */
  unit: 'seconds' | 'epoch' | 'date'
  /** The header, in lower case, that is `0` when a 403 means that the limit was reached, as GitHub's. Default: a 403 never means that. */
  remaining?: string
}
