// How a grant stands, as it is told to the application.
import type { OAuthGrantStatus } from '../../types/grant.js'
import { freshnessOf } from './grant.js'
import type { GrantValues } from './grant.js'

/** Of a grant whose refresh token, if it has one, was not refused. `isResting`: its provider is left alone at the moment. */
export function statusOf (grant: GrantValues, { now, isResting }: { now: number, isResting: boolean }): OAuthGrantStatus {
  const freshness = freshnessOf(grant, now)
  if (freshness === 'fresh') return 'active'
  if (grant.refreshToken === undefined) return freshness === 'expired' ? 'reauthorization_required' : 'expiring'
  return isResting ? 'provider_unavailable' : 'expiring'
}
