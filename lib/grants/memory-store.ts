// The default store: one process, lost with it. Bounded: beyond `max` grants the one written longest ago is dropped.
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import { ExpiringSet } from './bounded.js'
import { idOf } from './grant.js'

interface Lease { fence: number, expiresAt: number }

/** Keeps grants in the memory of this process. For development, tests, and applications that may lose their grants at a restart. */
export class MemoryGrantStore implements GrantStore {
  readonly #max: number
  readonly #clock: () => number
  // In the order of their last write, so that the first is the oldest.
  readonly #grants = new Map<string, StoredGrant>()
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #leases = new Map<string, Lease>()
  readonly #claims: ExpiringSet
  #fence = 0

  /** @param options `max`: grants, claims and leases at most, each (default 100 000); `clock`: milliseconds since the epoch */
  constructor ({ max = 100_000, clock = Date.now }: { max?: number, clock?: () => number } = {}) {
    this.#max = max
    this.#claims = new ExpiringSet(max)
    this.#clock = clock
  }

  async get (key: GrantKey): Promise<StoredGrant | null> {
    const stored = this.#grants.get(idOf(key))
    return stored === undefined ? null : { ...stored }
  }

  async put (grant: Omit<StoredGrant, 'version'>, expectedVersion: number, fence?: number): Promise<boolean> {
    const id = idOf(grant)
    if ((this.#grants.get(id)?.version ?? 0) !== expectedVersion) return false
    if (fence !== undefined && fence < (this.#leases.get(id)?.fence ?? 0)) return false
    this.#remove(id)
    this.#grants.set(id, { ...grant, version: expectedVersion + 1 })
    this.#owned(grant.owner).add(id)
    if (this.#grants.size > this.#max) this.#remove(this.#grants.keys().next().value as string)
    return true
  }

  async delete (key: GrantKey): Promise<boolean> {
    return this.#remove(idOf(key))
  }

  async list (owner: string, provider?: string): Promise<StoredGrant[]> {
    const found = []
    for (const id of this.#byOwner.get(owner) ?? []) {
      const stored = this.#grants.get(id) as StoredGrant
      if (provider === undefined || stored.provider === provider) found.push({ ...stored })
    }
    return found
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

  #owned (owner: string): Set<string> {
    const owned = this.#byOwner.get(owner) ?? new Set()
    this.#byOwner.set(owner, owned)
    return owned
  }

  #remove (id: string): boolean {
    const stored = this.#grants.get(id)
    if (stored === undefined) return false
    this.#grants.delete(id)
    const owned = this.#owned(stored.owner)
    owned.delete(id)
    if (owned.size === 0) this.#byOwner.delete(stored.owner)
    return true
  }
}
