// The default store: one process, lost with it. Bounded: beyond `max` grants the one written longest ago is dropped.
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import { ExpiringSet } from './bounded.js'
import { idOf } from './grant.js'

interface Lease { fence: number, expiresAt: number }

/** Keeps grants in the memory of this process. For development, tests, and applications that may lose their grants at a restart. */
export class MemoryGrantStore implements GrantStore {
  readonly #max: number
  readonly #ttl: number
  readonly #clock: () => number
  // In the order of their last write, so that the first is the oldest.
  readonly #grants = new Map<string, { grant: StoredGrant, writtenAt: number }>()
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #leases = new Map<string, Lease>()
  readonly #claims: ExpiringSet
  #fence = 0

  /**
   * @param options `max`: grants, claims and leases at most, each (default 100 000); `ttl`: milliseconds after which a grant
   * that was not written again is dropped (default: never); `clock`: milliseconds since the epoch
   */
  constructor ({ max = 100_000, ttl = Number.POSITIVE_INFINITY, clock = Date.now }: { max?: number, ttl?: number, clock?: () => number } = {}) {
    this.#max = max
    this.#ttl = ttl
    this.#claims = new ExpiringSet(max)
    this.#clock = clock
  }

  async get (key: GrantKey): Promise<StoredGrant | null> {
    const stored = this.#living(idOf(key))
    return stored === undefined ? null : { ...stored }
  }

  async put (grant: Omit<StoredGrant, 'version'>, expectedVersion: number, fence?: number): Promise<boolean> {
    const id = idOf(grant)
    if ((this.#living(id)?.version ?? 0) !== expectedVersion) return false
    if (fence !== undefined && fence < (this.#leases.get(id)?.fence ?? 0)) return false
    this.#remove(id)
    const { owner, provider, account, authorizedAt, refreshing, sealed } = grant
    this.#grants.set(id, { grant: { owner, provider, account, authorizedAt, refreshing, sealed, version: expectedVersion + 1 }, writtenAt: this.#clock() })
    this.#owned(owner).add(id)
    const oldest = this.#grants.keys().next().value as string
    if (this.#grants.size > this.#max) this.#remove(oldest)
    else this.#living(oldest)
    return true
  }

  async delete (key: GrantKey, expectedVersion?: number): Promise<boolean> {
    const id = idOf(key)
    const stored = this.#living(id)
    if (stored === undefined || (expectedVersion !== undefined && stored.version !== expectedVersion)) return false
    return this.#remove(id)
  }

  async list (owner: string, provider?: string): Promise<StoredGrant[]> {
    const found: StoredGrant[] = []
    for (const id of this.#byOwner.get(owner) ?? []) {
      const stored = this.#living(id)
      if (stored !== undefined && (provider === undefined || stored.provider === provider)) found.push({ ...stored })
    }
    return found
  }

  async * scan (): AsyncIterable<StoredGrant> {
    for (const id of this.#grants.keys()) {
      const stored = this.#living(id)
      if (stored !== undefined) yield { ...stored }
    }
  }

  async lease (key: GrantKey, ttl: number): Promise<GrantLease | null> {
    const id = idOf(key)
    const held = this.#leases.get(id)
    if (held !== undefined && held.expiresAt > this.#clock()) return null
    if (held === undefined && !this.#hasRoomForLease()) return null
    this.#leases.delete(id)
    const lease = { fence: ++this.#fence, expiresAt: this.#clock() + ttl }
    this.#leases.set(id, lease)
    const holds = () => this.#leases.get(id) === lease && lease.expiresAt > this.#clock()
    return {
      fence: lease.fence,
      renew: async (ttl) => {
        if (!holds()) return false
        lease.expiresAt = this.#clock() + ttl
        return true
      },
      // Its fence is remembered: a holder that comes back late is still refused.
      release: async () => { lease.expiresAt = 0 }
    }
  }

  async claim (id: string, ttl: number): Promise<boolean> {
    const now = this.#clock()
    if (this.#claims.has(id, now)) return false
    this.#claims.add(id, now, ttl)
    return true
  }

  // Leases that have ended are kept for their fence, as long as there is room; one that is held is never dropped.
  #hasRoomForLease (): boolean {
    for (const [id, { expiresAt }] of this.#leases) {
      if (this.#leases.size < this.#max) break
      if (expiresAt <= this.#clock()) this.#leases.delete(id)
    }
    return this.#leases.size < this.#max
  }

  // What is past its time is dropped when it is asked for, and the oldest with every write.
  #living (id: string): StoredGrant | undefined {
    const stored = this.#grants.get(id)
    if (stored === undefined || this.#clock() - stored.writtenAt < this.#ttl) return stored?.grant
    this.#remove(id)
    return undefined
  }

  #owned (owner: string): Set<string> {
    const owned = this.#byOwner.get(owner) ?? new Set()
    this.#byOwner.set(owner, owned)
    return owned
  }

  #remove (id: string): boolean {
    const stored = this.#grants.get(id)
    if (stored === undefined) return false
    const { owner } = stored.grant
    this.#grants.delete(id)
    const owned = this.#owned(owner)
    owned.delete(id)
    if (owned.size === 0) this.#byOwner.delete(owner)
    return true
  }
}
