// A grant: the value, its expiry, and its form at rest.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import type { Cipher } from './cipher.js'

/** How much of a token's lifetime is left: `fresh`, `aging` (use it and refresh behind), `expired`. */
export type Freshness = 'fresh' | 'aging' | 'expired'

const softWindow = 60_000
const softPart = 0.1

/** Judges by the stated lifetime alone; a grant without one is fresh. */
export function freshnessOf (grant: OAuthGrant, now: number): Freshness {
  if (grant.expiresAt === undefined) return 'fresh'
  const left = grant.expiresAt - now
  if (left <= 0) return 'expired'
  return left <= Math.min(softWindow, (grant.expiresAt - grant.updatedAt) * softPart) ? 'aging' : 'fresh'
}

/** Whether a grant holds every one of these scopes. */
export function covers (grant: OAuthGrant, scope: readonly string[]): boolean {
  return scope.every(name => grant.scope.includes(name))
}

/** Freezes a grant and hides its tokens from JSON.stringify, and so from loggers. */
export function createGrant (values: OAuthGrant): OAuthGrant {
  const grant = { ...values }
  Object.defineProperty(grant, 'toJSON', { value: withoutSecrets, enumerable: false })
  return Object.freeze(grant)
}

function withoutSecrets (this: OAuthGrant) {
  const { accessToken, refreshToken, idToken, raw, claims, ...rest } = this
  return rest
}

/** The grant as it is after a refresh: a missing refresh token or scope keeps the old one (RFC 6749 section 6). */
export function refreshed (grant: OAuthGrant, tokens: OAuthTokenSet, now: number): OAuthGrant {
  return createGrant({
    ...grant,
    tokenType: tokens.tokenType,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken ?? grant.refreshToken,
    idToken: tokens.idToken ?? grant.idToken,
    scope: tokens.scope ?? grant.scope,
    expiresAt: tokens.expiresAt,
    claims: tokens.claims ?? grant.claims,
    raw: tokens.raw,
    version: grant.version + 1,
    updatedAt: now
  })
}

/** Encrypts a grant for a store. */
export function sealGrant (cipher: Cipher, grant: OAuthGrant): Omit<StoredGrant, 'version'> {
  const { owner, provider, account, authorizedAt, version, ...secret } = grant
  return { owner, provider, account, authorizedAt, sealed: cipher.seal('grant', contextOf(grant), JSON.stringify(secret)) }
}

/** Decrypts a grant of a store; null where its key is gone, or it was copied from under another key. */
export function openGrant (cipher: Cipher, stored: StoredGrant): OAuthGrant | null {
  const { owner, provider, account, version, authorizedAt } = stored
  const plain = cipher.open('grant', contextOf(stored), stored.sealed)
  return plain === null ? null : createGrant({ ...JSON.parse(plain), owner, provider, account, version, authorizedAt })
}

function contextOf ({ owner, provider, account }: GrantKey): string {
  return JSON.stringify([owner, provider, account])
}
