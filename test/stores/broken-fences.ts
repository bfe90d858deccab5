// Stores that break one rule about fences or claims each.
import type { GrantKey } from '../../lib/index.js'
import { changed, WholeStore } from './whole-store.js'
import type { BrokenStores, Row } from './whole-store.js'

export const brokenFences: BrokenStores = {
  'has one fence': {
    Store: class extends WholeStore { override async lease (key: GrantKey, ttl: number) { return changed(await super.lease(key, ttl), { fence: 1 }) } },
    fails: 'fences rise'
  },
  'has fences beyond exact numbers': {
    Store: class extends WholeStore {
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        return changed(lease, { fence: 2 ** 60 + (lease?.fence ?? 0) * 2 ** 10 })
      }
    },
    fails: 'fences rise'
  },
  'asks for a lease that is held': {
    Store: class extends WholeStore {
      readonly #released = new Set<number>()
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        return changed(lease, {
          release: async () => {
            this.#released.add(lease?.fence ?? 0)
            await lease?.release()
          }
        })
      }

      override async put (grant: Row, version: number, fence?: number) { return this.#released.has(fence ?? 0) ? false : super.put(grant, version, fence) }
    },
    fails: 'the holder of the newest lease writes'
  },
  'does not look at fences': {
    Store: class extends WholeStore { override put (grant: Row, version: number) { return super.put(grant, version) } },
    fails: 'the holder of an older lease is refused'
  },
  'looks at fences when nothing is stored only': {
    Store: class extends WholeStore { override put (grant: Row, version: number, fence?: number) { return super.put(grant, version, version === 0 ? fence : undefined) } },
    fails: 'the holder of an older lease is refused'
  },
  'looks at fences when something is stored only': {
    Store: class extends WholeStore { override put (grant: Row, version: number, fence?: number) { return super.put(grant, version, version === 0 ? undefined : fence) } },
    fails: 'the holder of an older lease brings no deleted grant back'
  },
  'forgets a lease that ended by itself': {
    Store: class extends WholeStore {
      override async put (grant: Row, version: number, fence?: number) {
        const lease = await super.lease(grant, 1)
        await lease?.release()
        return super.put(grant, version, lease === null ? fence : undefined)
      }
    },
    fails: 'an older lease stays refused'
  },
  'trusts the newest fence blindly': {
    Store: class extends WholeStore {
      override async put (grant: Row, version: number, fence?: number) {
        const stored = fence === undefined ? version : (await super.get(grant))?.version ?? 0
        return super.put(grant, stored, fence)
      }
    },
    fails: 'the newest fence does not excuse'
  },
  'lets logins wait': {
    Store: class extends WholeStore {
      override async put (grant: Row, version: number, fence?: number) {
        if (fence !== undefined) return super.put(grant, version, fence)
        const lease = await super.lease(grant, 1)
        return lease !== null && super.put(grant, version)
      }
    },
    fails: 'a write without a fence'
  },
  'compares fences over all keys': {
    Store: class extends WholeStore {
      #newest = 0
      override async lease (key: GrantKey, ttl: number) {
        const lease = await super.lease(key, ttl)
        this.#newest = lease?.fence ?? this.#newest
        return lease
      }

      override async put (grant: Row, version: number, fence = this.#newest) { return fence >= this.#newest && super.put(grant, version, fence) }
    },
    fails: 'the fence of another key'
  },
  'makes every claim': { Store: class extends WholeStore { override async claim () { return true } }, fails: 'of 100 claims' },
  'makes claims for ever': { Store: class extends WholeStore { override claim (id: string) { return super.claim(id, 1e12) } }, fails: 'a claim of a millisecond' },
  'prolongs claims': {
    Store: class extends WholeStore {
      #until = new Map<string, number>()
      override async claim (id: string, ttl: number) {
        const now = this.clock()
        const free = (this.#until.get(id) ?? 0) <= now
        this.#until.set(id, now + ttl)
        return free
      }
    },
    fails: 'a claim ends after its time'
  },
  'takes whole milliseconds only': {
    Store: class extends WholeStore {
      override async claim (id: string, ttl: number) {
        if (!Number.isInteger(ttl)) throw new RangeError('not an integer')
        return super.claim(id, ttl)
      }
    },
    fails: 'a claim for part of a millisecond'
  },
  'keeps claims among the grants': {
    Store: class extends WholeStore {
      override claim (id: string) { return super.put({ owner: id, provider: '', account: '', authorizedAt: 0, refreshing: null, sealed: '' }, 0) }
    },
    fails: 'claims have nothing to do'
  },
  'keeps claims among the leases': {
    Store: class extends WholeStore {
      override async claim (id: string, ttl: number) { return await super.lease({ owner: 'alice', provider: 'test', account: id }, ttl) !== null }
    },
    fails: 'claims have nothing to do'
  }
}
