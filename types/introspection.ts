/** How a token is asked about (RFC 7662 section 2.1). */
export interface OAuthIntrospectOptions {
  /** Whose provider is asked. Required where each tenant has its own; allowed nowhere else. */
  tenant?: string
  /** What kind of token it is likely to be. */
  hint?: 'access_token' | 'refresh_token'
  /** Milliseconds for which an answer that says `active` may be used again, at most to the token's end. Default: 0. */
  cacheFor?: number
  /** Ask for a signed answer (RFC 9701), and accept no other. Default: false. */
  signed?: boolean
}

/** A token that is worth nothing: unknown, expired, revoked, or none of the client's business. */
export interface OAuthInactiveToken {
  readonly active: false
}

/** A token that is good (RFC 7662 section 2.2). What the server does not say is undefined, and lists are empty. */
export interface OAuthActiveToken {
  readonly active: true
  /** `sub` */
  readonly subject: string | undefined
  /** The client that it was issued to. */
  readonly clientId: string | undefined
  readonly username: string | undefined
  readonly scope: readonly string[]
  /** `aud` */
  readonly audience: readonly string[]
  /** `iss` */
  readonly issuer: string | undefined
  /** In lower case. */
  readonly tokenType: string | undefined
  /** `jti` */
  readonly id: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined
  /** Milliseconds since the epoch. */
  readonly issuedAt: number | undefined
  /** Milliseconds since the epoch. */
  readonly notBefore: number | undefined
  /** `cnf`: what a bound token must be proven by (RFC 7800; `jkt` of RFC 9449, `x5t#S256` of RFC 8705). */
  readonly confirmation: Readonly<Record<string, unknown>> | undefined
  /** All that the server said. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** What an authorization server says of a token. */
export type OAuthIntrospection = OAuthActiveToken | OAuthInactiveToken
