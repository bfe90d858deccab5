// A grant: the value, its expiry, and its form at rest.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import type { Cipher } from './cipher.js'

/** How much of a token's lifetime is left: `fresh`, `aging` (use it and refresh behind), `expired`. */
export type Freshness = 'fresh' | 'aging' | 'expired'

const softWindow = 60_000
const softPart = 0.1
// What may be printed; whatever else a grant holds may not.
const shown: ReadonlySet<string> = new Set(['provider', 'owner', 'account', 'subject', 'tokenType', 'scope', 'expiresAt', 'version', 'authorizedAt', 'updatedAt'])

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

/** One text for a key, and no other key has it. */
export function idOf ({ owner, provider, account }: GrantKey): string {
  return JSON.stringify([owner, provider, account])
}

/**
 * Makes a grant, frozen. Its tokens, `raw` and `claims` are not enumerable: they are read by name, but JSON.stringify,
 * console.log, a spread, and loggers (pino walks the members of what it is given, toJSON or not) pass them by.
 */
export function createGrant (values: OAuthGrant): OAuthGrant {
  const grant = {}
  for (const [name, value] of Object.entries(membersOf(values))) Object.defineProperty(grant, name, { value, enumerable: shown.has(name) })
  return Object.freeze(grant as OAuthGrant)
}

/** The same grant with other values. */
export function changed (grant: OAuthGrant, changes: Partial<OAuthGrant>): OAuthGrant {
  return createGrant({ ...membersOf(grant), ...changes })
}

/** The grant as it is after a refresh: a missing refresh token or scope keeps the old one (RFC 6749 section 6). */
export function refreshed (grant: OAuthGrant, tokens: OAuthTokenSet, now: number): OAuthGrant {
  return changed(grant, {
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
  const { owner, provider, account, authorizedAt, version, ...secret } = membersOf(grant)
  return { owner, provider, account, authorizedAt, sealed: cipher.seal('grant', idOf(grant), JSON.stringify(secret)) }
}

/** Decrypts a grant of a store; null where its key is gone, or it was copied from under another key. */
export function openGrant (cipher: Cipher, stored: StoredGrant): OAuthGrant | null {
  const { owner, provider, account, version, authorizedAt } = stored
  const plain = cipher.open('grant', idOf(stored), stored.sealed)
  return plain === null ? null : createGrant({ ...JSON.parse(plain), owner, provider, account, version, authorizedAt })
}

function membersOf (grant: OAuthGrant): OAuthGrant {
  return Object.fromEntries(Object.getOwnPropertyNames(grant).map(name => [name, grant[name as keyof OAuthGrant]])) as unknown as OAuthGrant
}
