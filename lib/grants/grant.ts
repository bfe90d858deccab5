// A grant: the value, its expiry, and its form at rest.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import type { Cipher } from './cipher.js'

/** How much of a token's lifetime is left: `fresh`, `aging` (use it and refresh behind), `expired`. */
export type Freshness = 'fresh' | 'aging' | 'expired'

const softWindow = 60_000
const softPart = 0.1

type Hidden = Pick<OAuthGrant, 'accessToken' | 'tokenSecret' | 'dpopKey' | 'refreshToken' | 'idToken' | 'claims' | 'raw'>

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
 * Makes a grant, frozen. Its tokens, its key, `raw` and `claims` are getters of its class: they are read by name, but JSON.stringify,
 * console.log, a spread, and loggers (pino walks the members of what it is given, toJSON or not) pass them by.
 */
export function createGrant (values: OAuthGrant): OAuthGrant {
  return Object.freeze(new Grant(values))
}

class Grant implements OAuthGrant {
  readonly provider: string
  readonly owner: string
  readonly account: string
  readonly subject: string | undefined
  readonly tokenType: string
  readonly scope: readonly string[]
  readonly expiresAt: number | undefined
  readonly version: number
  readonly authorizedAt: number
  readonly updatedAt: number
  readonly #hidden: Hidden

  constructor (values: OAuthGrant) {
    this.provider = values.provider
    this.owner = values.owner
    this.account = values.account
    this.subject = values.subject
    this.tokenType = values.tokenType
    this.scope = values.scope
    this.expiresAt = values.expiresAt
    this.version = values.version
    this.authorizedAt = values.authorizedAt
    this.updatedAt = values.updatedAt
    const { accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, raw } = values
    this.#hidden = { accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, raw }
  }

  get accessToken (): string { return this.#hidden.accessToken }
  get tokenSecret (): string | undefined { return this.#hidden.tokenSecret }
  get dpopKey (): OAuthGrant['dpopKey'] { return this.#hidden.dpopKey }
  get refreshToken (): string | undefined { return this.#hidden.refreshToken }
  get idToken (): string | undefined { return this.#hidden.idToken }
  get claims (): OAuthGrant['claims'] { return this.#hidden.claims }
  get raw (): OAuthGrant['raw'] { return this.#hidden.raw }
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
    tokenSecret: tokens.tokenSecret,
    dpopKey: tokens.dpopKey,
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
  return { owner, provider, account, authorizedAt, refreshing: null, sealed: cipher.seal('grant', idOf(grant), JSON.stringify(secret)) }
}

/** Decrypts a grant of a store; null where its key is gone, or it was copied from under another key. */
export function openGrant (cipher: Cipher, stored: StoredGrant): OAuthGrant | null {
  const { owner, provider, account, version, authorizedAt } = stored
  const plain = cipher.open('grant', idOf(stored), stored.sealed)
  return plain === null ? null : createGrant({ ...JSON.parse(plain), owner, provider, account, version, authorizedAt })
}

// A spread has the members, not the getters.
function membersOf (grant: OAuthGrant): OAuthGrant {
  const { accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, raw } = grant
  return { ...grant, accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, raw }
}
