// Claims and userinfo (OpenID Connect Core 1.0 sections 5.1 and 5.3) as one profile.
import type { OAuthProfile } from '../../types/profile.js'

export type ProfileMap = (userinfo: Record<string, unknown>) => Partial<Omit<OAuthProfile, 'raw'>>

/** Maps claims to a profile: by the provider's own map, else by OpenID Connect's standard claims. */
export function toProfile (raw: Record<string, unknown>, map: ProfileMap = standardClaims): OAuthProfile {
  const { id, name, email, emailVerified, picture } = map(raw)
  return { id: textOf(id), name, email, emailVerified: emailVerified ?? false, picture, raw }
}

function standardClaims (claims: Record<string, unknown>): Omit<OAuthProfile, 'raw'> {
  return {
    id: textOf(claims.sub ?? claims.id),
    name: textOf(claims.name ?? claims.preferred_username),
    email: textOf(claims.email),
    // Apple and Amazon Cognito send the words.
    emailVerified: claims.email_verified === true || claims.email_verified === 'true',
    picture: textOf(claims.picture)
  }
}

function textOf (value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}
