/** Who signed in, in the same shape for every provider. */
export interface OAuthProfile {
  /** The provider's own, stable identifier of the account: `sub` in OpenID Connect. Never an e-mail address. */
  id: string | undefined
  name: string | undefined
  email: string | undefined
  /** True only where the provider says so itself. */
  emailVerified: boolean
  /** URL of a picture. */
  picture: string | undefined
  /** id_token claims and userinfo as they came, userinfo winning. */
  raw: Record<string, unknown>
}
