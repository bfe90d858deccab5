// How strongly, and how lately, a user was authenticated: acr and auth_time of the id_token (RFC 9470 section 4, OpenID Connect Core 1.0 section 2).
import type { OAuthGrant } from '../../types/grant.js'

/** What an authentication must be, at least. */
export interface AuthenticationNeeds {
  /** One of these. Where none is named, every one suffices. */
  acr?: readonly string[] | undefined
  /** Seconds. */
  maxAge?: number | undefined
}

/** Seconds: for clocks that differ, and for the way back from the provider. Without it, maxAge 0 would ask for ever. */
const tolerance = 60

/** Whether the id_token says that the user was authenticated so. What it does not say, it does not prove. */
export function isAuthenticated ({ claims }: Pick<OAuthGrant, 'claims'>, { acr = [], maxAge }: AuthenticationNeeds, now: number): boolean {
  if (acr.length > 0 && !acr.some(value => value === claims?.acr)) return false
  if (maxAge === undefined) return true
  const since = now / 1_000 - Number(claims?.auth_time ?? Number.NaN)
  return since <= maxAge + tolerance && since >= -tolerance
}

/** Parameters of an authorization request that ask for it. */
export function authenticationParams ({ acr = [], maxAge }: AuthenticationNeeds): Record<string, string> {
  return { ...(acr.length === 0 ? {} : { acr_values: acr.join(' ') }), ...(maxAge === undefined ? {} : { max_age: String(maxAge) }) }
}

/** The needs in words, for a message. */
export function describeNeeds (needs: AuthenticationNeeds): string {
  return Object.entries(authenticationParams(needs)).map(([name, value]) => `${name} ${value}`).join(', ')
}
