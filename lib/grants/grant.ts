// A grant: the value, its expiry, and its form at rest.
import type { OAuthGrant, OAuthGrantStatus, OAuthProviderSession, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import { placeIn, placeOf } from '../place.js'
import type { Place } from '../place.js'
import type { Cipher } from './cipher.js'

/** How much of a token's lifetime is left: `fresh`, `aging` (use it and refresh behind), `expired`. */
export type Freshness = 'fresh' | 'aging' | 'expired'

const softWindow = 60_000
const softPart = 0.1

/** A refresh token that was sent, and whose answer is not stored. */
export interface Refreshing {
  /** Of the refresh token. */
  hash: string
  /** How often it was sent. */
  attempt: number
  /** When it was sent first, in milliseconds since the epoch. */
  sentAt: number
  /** Of the lease under which it was sent last. */
  fence: number
}

/** What is kept of a grant besides its value. */
export interface Kept {
  refreshing: Refreshing | null
  /** A refresh token that was dropped, since it was refused or may be spent: its hash, and the login that it belonged to. */
  dropped: { hash: string, login: number } | undefined
  /** Whether the provider takes a refresh token more than once, as its last answer told. */
  reusable: boolean
  /** The user's session at the provider, where that may end it by itself. */
  session: OAuthProviderSession | undefined
  /** To whom a grant of this login is being moved: where that one has it, its refresh token is no longer this grant's to send. */
  movingTo?: { owner: string, login: number } | undefined
}

/** A grant's members but for those that are told of it. */
export type GrantValues = Omit<OAuthGrant, 'status'>

/** What is encrypted of a grant: all but what its row says. */
type Sealed = Omit<GrantValues, 'owner' | 'provider' | 'tenant' | 'account' | 'authorizedAt' | 'version'> & Omit<Kept, 'refreshing'>

/** Tells how a grant stands that can still be refreshed, as far as it is known. */
export type Judge = (grant: GrantValues) => OAuthGrantStatus

export const nothingKept: Kept = { refreshing: null, dropped: undefined, reusable: false, session: undefined }

type Hidden = Pick<OAuthGrant, 'accessToken' | 'tokenSecret' | 'dpopKey' | 'refreshToken' | 'idToken' | 'claims' | 'authorizationDetails' | 'raw'>

/** Judges by the stated lifetime alone; a grant without one is fresh. */
export function freshnessOf (grant: GrantValues, now: number): Freshness {
  if (grant.expiresAt === undefined) return 'fresh'
  const left = grant.expiresAt - now
  if (left <= 0) return 'expired'
  return left <= Math.min(softWindow, (grant.expiresAt - grant.updatedAt) * softPart) ? 'aging' : 'fresh'
}

/** Whether a grant holds every one of these scopes. */
export function covers (grant: OAuthGrant, scope: readonly string[]): boolean {
  return scope.every(name => grant.scope.includes(name))
}

/** Names a grant: as its owner sees it, or as a store does, with the tenant in the place of the provider. */
export type GrantName = GrantKey & Place

/** As a store sees it. */
export function keyOf (name: GrantName): GrantKey {
  return { owner: name.owner, provider: placeOf(name), account: name.account }
}

/** One text for a grant, and no other has it. */
export function idOf (name: GrantName): string {
  return JSON.stringify([name.owner, placeOf(name), name.account])
}

/**
 * Makes a grant, frozen. Its tokens, its key, `raw`, `claims` and `authorizationDetails` are getters of its class: they are read by name, but JSON.stringify,
 * console.log, a spread, and loggers (pino walks the members of what it is given, toJSON or not) pass them by.
 */
export function createGrant (values: GrantValues, kept = nothingKept, judge: Judge = () => 'active'): OAuthGrant {
  const isDropped = kept.dropped?.login === values.authorizedAt
  return Object.freeze(new Grant(values, { kept, status: isDropped ? 'reauthorization_required' : judge(values) }))
}

/** What is kept of a grant that was made here. */
export function keptOf (grant: OAuthGrant): Kept {
  return Grant.keptOf(grant as Grant)
}

class Grant implements OAuthGrant {
  readonly provider: string
  declare readonly tenant?: string
  readonly owner: string
  readonly account: string
  readonly subject: string | undefined
  readonly tokenType: string
  readonly scope: readonly string[]
  readonly expiresAt: number | undefined
  readonly resource?: readonly string[]
  readonly version: number
  readonly authorizedAt: number
  readonly updatedAt: number
  readonly status: OAuthGrantStatus
  readonly #hidden: Hidden
  readonly #kept: Kept

  static keptOf (grant: Grant): Kept {
    return grant.#kept
  }

  constructor (values: GrantValues, { kept, status }: { kept: Kept, status: OAuthGrantStatus }) {
    this.provider = values.provider
    if (values.tenant !== undefined) this.tenant = values.tenant
    this.owner = values.owner
    this.account = values.account
    this.subject = values.subject
    this.tokenType = values.tokenType
    this.scope = values.scope
    this.expiresAt = values.expiresAt
    this.version = values.version
    this.authorizedAt = values.authorizedAt
    this.updatedAt = values.updatedAt
    if (values.resource !== undefined) this.resource = values.resource
    this.#hidden = hiddenOf(values)
    this.#kept = kept
    this.status = status
  }

  get accessToken (): string { return this.#hidden.accessToken }
  get tokenSecret (): string | undefined { return this.#hidden.tokenSecret }
  get dpopKey (): OAuthGrant['dpopKey'] { return this.#hidden.dpopKey }
  get refreshToken (): string | undefined { return this.#hidden.refreshToken }
  get idToken (): string | undefined { return this.#hidden.idToken }
  get claims (): OAuthGrant['claims'] { return this.#hidden.claims }
  get authorizationDetails (): OAuthGrant['authorizationDetails'] { return this.#hidden.authorizationDetails }
  get raw (): OAuthGrant['raw'] { return this.#hidden.raw }
}

/** The same grant with other values. */
export function changed (grant: OAuthGrant, changes: Partial<GrantValues>, kept: Partial<Kept> = {}): OAuthGrant {
  return createGrant({ ...membersOf(grant), ...changes }, { ...keptOf(grant), ...kept })
}

/** The same grant, removed. */
export function revoked (grant: OAuthGrant): OAuthGrant {
  return createGrant(membersOf(grant), { ...keptOf(grant), dropped: undefined }, () => 'revoked')
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
    resource: tokens.resource ?? grant.resource,
    authorizationDetails: tokens.authorizationDetails ?? grant.authorizationDetails,
    claims: tokens.claims === undefined ? grant.claims : { ...authenticationOf(grant), ...tokens.claims },
    raw: tokens.raw,
    version: grant.version + 1,
    updatedAt: now
  }, { refreshing: null, dropped: undefined, reusable: tokens.refreshToken === undefined || tokens.refreshToken === grant.refreshToken })
}

// A refresh authenticates nobody anew, and need not repeat how it was done (OpenID Connect Core 1.0 section 12.2).
function authenticationOf ({ claims = {} }: OAuthGrant): Record<string, unknown> {
  return Object.fromEntries(['acr', 'amr', 'auth_time'].filter(name => claims[name] !== undefined).map(name => [name, claims[name]]))
}

/** Encrypts a grant for a store. */
export function sealGrant (cipher: Cipher, grant: OAuthGrant): Omit<StoredGrant, 'version'> {
  const { refreshing, dropped, reusable, session, movingTo } = keptOf(grant)
  const { subject, tokenType, scope, resource, expiresAt, updatedAt } = grant
  const { accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, authorizationDetails, raw } = grant
  // By name, as below.
  const secret: Sealed & Record<keyof Sealed, unknown> = {
    subject, tokenType, scope, resource, expiresAt, updatedAt, accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, authorizationDetails, raw, dropped, reusable, session, movingTo
  }
  const { owner, provider, account } = keyOf(grant)
  const sealed = cipher.seal('grant', idOf(grant), JSON.stringify(secret))
  return { owner, provider, account, authorizedAt: grant.authorizedAt, refreshing: refreshing === null ? null : JSON.stringify(refreshing), sealed }
}

/** Decrypts a grant of a store; null where its key is gone, or it was copied from under another key. */
export function openGrant (cipher: Cipher, stored: StoredGrant, judge?: Judge): OAuthGrant | null {
  const { owner, provider, account, version, authorizedAt } = stored
  const plain = cipher.open('grant', idOf(stored), stored.sealed)
  if (plain === null) return null
  const secret: Sealed = JSON.parse(plain)
  // Requests share it for a while: none can change it for another.
  Object.values(secret).forEach(freeze)
  const { dropped, reusable = false, session, movingTo } = secret
  // On top of it: a rest pattern, and a reviver that freezes, take longer than the decryption.
  const values: GrantValues = Object.assign(secret, { owner, ...placeIn(provider), account, version, authorizedAt })
  const kept = { refreshing: stored.refreshing === null ? null : JSON.parse(stored.refreshing), dropped, reusable, session, movingTo }
  return createGrant(values, kept, judge)
}

function freeze (value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.values(value).forEach(freeze)
  Object.freeze(value)
}

/** The same grant as it stands now. */
export function judged (grant: OAuthGrant, judge?: Judge): OAuthGrant {
  const kept = keptOf(grant)
  if (kept.dropped?.login === grant.authorizedAt) return grant
  const status = judge?.(grant) ?? 'active'
  return status === grant.status ? grant : createGrant(membersOf(grant), kept, () => status)
}

// By name: a spread has the members, not the getters, and takes several times as long. Its type lets none be forgotten.
function membersOf (grant: OAuthGrant): GrantValues & Record<keyof GrantValues, unknown> {
  const { provider, tenant, owner, account, subject, tokenType, scope, resource, expiresAt, version, authorizedAt, updatedAt } = grant
  return { provider, tenant, owner, account, subject, tokenType, scope, resource, expiresAt, version, authorizedAt, updatedAt, ...hiddenOf(grant) }
}

function hiddenOf ({ accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, authorizationDetails, raw }: GrantValues): Hidden & Record<keyof Hidden, unknown> {
  return { accessToken, tokenSecret, dpopKey, refreshToken, idToken, claims, authorizationDetails, raw }
}
