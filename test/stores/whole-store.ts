// A store that keeps every rule, for others to break.
import { MemoryGrantStore } from '../../lib/index.js'
import type { GrantLease, GrantStore, StoredGrant } from '../../lib/index.js'

export type Row = Omit<StoredGrant, 'version'>
type Clock = () => number

/** A rule in words → a store that breaks it, and the beginning of the name of a test that must fail. */
export type BrokenStores = Record<string, { Store: typeof WholeStore, fails: string }>

/** What every broken store begins with. */
export class WholeStore extends MemoryGrantStore {
  readonly clock: Clock

  constructor (clock: Clock) {
    super({ clock })
    this.clock = clock
  }
}

/** A lease, with something about it changed. */
export function changed (lease: GrantLease | null, change: Partial<GrantLease>): GrantLease | null {
  return lease === null ? null : { fence: lease.fence, renew: ttl => lease.renew(ttl), release: () => lease.release(), ...change }
}

/** A store without what is optional. */
export function withoutScan (clock: Clock): GrantStore {
  const store = new WholeStore(clock)
  return {
    get: key => store.get(key),
    put: (grant, version, fence) => store.put(grant, version, fence),
    delete: (key, version) => store.delete(key, version),
    list: (owner, provider) => store.list(owner, provider),
    lease: (key, ttl) => store.lease(key, ttl),
    claim: (id, ttl) => store.claim(id, ttl)
  }
}
