/** Who signed in, in the same shape for every provider. */
export interface OAuthProfile {
  /** The provider's own, stable identifier of the account: `sub` in OpenID Connect. Never an e-mail address. */
  id: string | undefined
  name: string | undefined
  email: string | undefined
  /** True only where the provider says so itself. */
  emailVerified: boolean
  /** The name by which the provider's users know each other. It may change, and be given to somebody else. */
  username: string | undefined
  /** URL of a picture. */
  picture: string | undefined
  /** id_token claims and userinfo as they came, userinfo winning. */
  raw: Record<string, unknown>
}

/**
 * Where a member of the profile is found: a JSON pointer (RFC 6901) from `root`; the parts of `join` that are there, with a space
 * between them; a `template` with `{/pointers}`, where all of them lead somewhere; or a list, of which the first that is there counts.
 */
export type OAuthProfileSource = string | { join: readonly string[] } | { template: string } | ReadonlyArray<string | { join: readonly string[] } | { template: string }>

/** A declared map from what the provider answers to a profile. What it does not name is not in the profile. */
export interface OAuthProfileMap {
  /** JSON pointer to the object that describes the user, such as `/data`. Default: the answer itself. */
  root?: string
  /** Without any member a map reads OpenID Connect's standard claims under `root`. */
  id?: OAuthProfileSource
  name?: OAuthProfileSource
  email?: OAuthProfileSource
  /** Leads to `true` or `'true'` where the address is verified. Default: it is not. */
  emailVerified?: OAuthProfileSource
  username?: OAuthProfileSource
  picture?: OAuthProfileSource
  /** A second, signed request for e-mail addresses. Where it is refused, `email` is what the first one said. */
  emails?: OAuthProfileEmails
}

/** A list of e-mail addresses. Of it the primary one is taken if it is verified, else the first that is verified. */
export interface OAuthProfileEmails {
  /** On an origin that the access token may go to: that of `userinfoUrl`, `apiBaseUrl` or `apiOrigins`. */
  url: string
  /** JSON pointer to the list. Default: the answer itself. */
  list?: string
  /** JSON pointer to the address, from an entry of the list. */
  email: string
  /** JSON pointer to `true` where it is verified. */
  verified: string
  /** JSON pointer to `true` where it is the primary one. */
  primary?: string
}
