// Stores that break one rule about leases each.
import { MemoryGrantStore } from '../../lib/index.js'
import type { GrantKey, GrantLease } from '../../lib/index.js'
import { changed, WholeStore } from './whole-store.js'
import type { BrokenStores } from './whole-store.js'

class Forgetful extends WholeStore {
  forgotten = this.#new()

  #new () { return new MemoryGrantStore({ clock: this.clock }) }
  override lease (key: GrantKey, ttl: number) { return this.forgotten.lease(key, ttl) }
  override async delete (key: GrantKey, version?: number) {
    const deleted = await super.delete(key, version)
    if (deleted) this.forgotten = this.#new()
    return deleted
  }
}

export const brokenLeases: BrokenStores = {
  'gives leases to all': { Store: class extends WholeStore { override lease (key: GrantKey, ttl: number) { return super.lease({ ...key, account: `${Math.random()}` }, ttl) } }, fails: 'of 50 who ask' },
  'has two holders': {
    Store: class extends WholeStore { override lease (key: GrantKey, ttl: number) { return super.lease({ ...key, account: `${Math.random()}` }, ttl) } },
    fails: 'of 50 mixed calls'
  },
  'has one lease for an owner': {
    Store: class extends WholeStore { override lease (key: GrantKey, ttl: number) { return super.lease({ ...key, account: 'any' }, ttl) } },
    fails: 'a lease is held by one at a time'
  },
  'gives no leases': { Store: class extends WholeStore { override async lease () { return null } }, fails: 'a lease of a millisecond' },
  'never ends a lease': { Store: class extends WholeStore { override lease (key: GrantKey) { return super.lease(key, 1e12) } }, fails: 'a lease that is not given back' },
  'does not renew': {
    Store: class extends WholeStore { override async lease (key: GrantKey, ttl: number) { return changed(await super.lease(key, ttl), { renew: async () => true }) } },
    fails: 'a renewed lease'
  },
  'only prolongs': {
    Store: class extends WholeStore {
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        return changed(lease, { renew: async time => lease?.renew(Math.max(time, ttl)) ?? false })
      }
    },
    fails: 'a lease may be renewed'
  },
  'renews what is lost': {
    Store: class extends WholeStore {
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        return changed(lease, { renew: async time => await lease?.renew(time) || true })
      }
    },
    fails: 'a lost lease'
  },
  'renews what was given back': {
    Store: class extends WholeStore {
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        const until = this.clock() + ttl
        return changed(lease, { renew: async time => await lease?.renew(time) || this.clock() < until })
      }
    },
    fails: 'a lease that was given back'
  },
  "gives back another's lease": {
    Store: class extends WholeStore {
      #held = new Map<string, GrantLease>()
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        if (lease !== null) this.#held.set(key.account, lease)
        return changed(lease, { release: async () => this.#held.get(key.account)?.release() })
      }
    },
    fails: 'a lost lease'
  },
  'ends a lease with its grant': { Store: Forgetful, fails: 'a lease outlives the grant' },
  'forgets fences with the grant': { Store: Forgetful, fails: 'fences go on rising after' }
}
