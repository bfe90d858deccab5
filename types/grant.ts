import type { OAuthAuthorizationDetail } from './authorization-request.js'
import type { OAuthDpopKey } from './client-auth.js'

/**
 * What an owner was granted at a provider: the tokens and what is known of them.
 * `JSON.stringify`, `console.log`, loggers and a spread see it without its tokens, its key, `raw` and `claims`: read those by name.
 */
export interface OAuthGrant {
  readonly provider: string
  /** Whose provider it is, where a function answers the provider's options. */
  readonly tenant?: string | undefined
  readonly owner: string
  /** Tells two accounts at one provider apart: the subject, or `default` where the provider names none. */
  readonly account: string
  /** Subject at the provider: `sub` of the id_token, or the profile's id. */
  readonly subject: string | undefined
  /** In lower case, as RFC 6749 section 5.1 compares it: `bearer`, or `dpop` (RFC 9449). `oauth1` for OAuth 1.0a. */
  readonly tokenType: string
  readonly accessToken: string
  /** OAuth 1.0a: the shared secret of the token (RFC 5849 section 2.3). */
  readonly tokenSecret: string | undefined
  /** The private key that tokens of the type `dpop` are bound to. */
  readonly dpopKey?: Readonly<OAuthDpopKey> | undefined
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  /** Granted scopes: those of the token answer, or those requested where it names none (RFC 6749 section 5.1). */
  readonly scope: readonly string[]
  /** Milliseconds since the epoch; undefined where the provider states no lifetime. */
  readonly expiresAt: number | undefined
  /** Verified id_token claims (OpenID Connect Core 1.0 section 2). */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** Where the tokens are to be used (RFC 8707), as the login asked for it. */
  readonly resource?: readonly string[] | undefined
  /** What was authorized (RFC 9396), as the provider's answers tell. */
  readonly authorizationDetails?: readonly Readonly<OAuthAuthorizationDetail>[] | undefined
  /** Every other member of the last token answer. */
  readonly raw: Readonly<Record<string, unknown>>
  /** Counts the writes of this grant, from 1. */
  readonly version: number
  /** When the last login ended, in milliseconds since the epoch. */
  readonly authorizedAt: number
  /** When the tokens were last received, in milliseconds since the epoch. */
  readonly updatedAt: number
  /** How it stands, as of when it was loaded. */
  readonly status: OAuthGrantStatus
}

/**
 * How a grant stands: `active`; `expiring`, the access token has expired or soon will, and is refreshed at its next use;
 * `reauthorization_required`, it cannot be refreshed: its access token serves to its end, then a login is needed;
 * `revoked`, it was removed; `provider_unavailable`, it is due for a refresh, and its provider fails.
 */
export type OAuthGrantStatus = 'active' | 'expiring' | 'reauthorization_required' | 'revoked' | 'provider_unavailable'

/**
 * What became of a grant: `authorized` by a login, `refreshed`, `expired` for good (a login is needed), `moved` to another owner,
 * `revoked`, or `logged_out` by its provider (OpenID Connect Back-Channel Logout 1.0).
 */
export interface OAuthGrantChange {
  type: 'authorized' | 'refreshed' | 'expired' | 'moved' | 'revoked' | 'logged_out'
  grant: OAuthGrant
}

/** As a revocation endpoint calls tokens (RFC 7009 section 2.1). */
export type OAuthTokenName = 'refresh_token' | 'access_token'

/** A user's session at an OpenID provider, as the id_token of the login told of it. */
export interface OAuthProviderSession {
  issuer: string
  subject: string
  /** Session id: where the provider tells it. */
  sid: string | undefined
  /** `iat`, in seconds since the epoch, by the provider's clock. */
  since: number
}

/** What happened to a grant that was revoked. */
export interface OAuthRevocation {
  /** Whether a grant was there to be removed from the store. */
  removed: boolean
  /** What the provider said: `revoked`, `unsupported` where it has no revocation endpoint (RFC 7009), `failed`. */
  provider: 'revoked' | 'unsupported' | 'failed'
  /** Where the provider failed: which tokens may still be good. */
  notRevoked?: readonly OAuthTokenName[]
  /** Why it failed: the provider's part, or, where nothing was removed, the store's. */
  error?: Error
}

/** What happened to one of several grants that were revoked. */
export interface OAuthGrantRevocation extends OAuthRevocation {
  /** Which grant it was. */
  grant: { provider: string, tenant?: string, account: string }
}

/** What a provider granted in one answer, whatever the protocol. */
export interface OAuthTokenSet {
  /** In lower case. */
  tokenType: string
  accessToken: string
  /** Of OAuth 1.0a alone. */
  tokenSecret?: string | undefined
  /** Of a token that is bound to it. */
  dpopKey?: OAuthDpopKey | undefined
  refreshToken: string | undefined
  idToken: string | undefined
  /** Undefined where the answer names none. */
  scope: string[] | undefined
  /** Milliseconds since the epoch. */
  expiresAt: number | undefined
  /** Verified id_token claims. */
  claims: Record<string, unknown> | undefined
  /** RFC 8707. */
  resource?: readonly string[] | undefined
  /** RFC 9396. Undefined where the answer names none. */
  authorizationDetails?: readonly OAuthAuthorizationDetail[] | undefined
  /** Every other member of the answer. */
  raw: Record<string, unknown>
}
