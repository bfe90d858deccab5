// Stores that break one rule about keys, lists or scans each.
import type { GrantKey } from '../../lib/index.js'
import { WholeStore } from './whole-store.js'
import type { BrokenStores, Row } from './whole-store.js'

/** A store whose keys are not told apart as they should be. */
function keyedBy (fold: (text: string) => string): typeof WholeStore {
  const folded = (key: GrantKey) => ({ ...key, owner: fold(key.owner), provider: fold(key.provider), account: fold(key.account) })
  return class extends WholeStore {
    override get (key: GrantKey) { return super.get(folded(key)) }
    override put (grant: Row, version: number, fence?: number) { return super.put({ ...grant, ...folded(grant) }, version, fence) }
    override lease (key: GrantKey, ttl: number) { return super.lease(folded(key), ttl) }
    override delete (key: GrantKey, version?: number) { return super.delete(folded(key), version) }
  }
}

export const brokenLists: BrokenStores = {
  'folds case': { Store: keyedBy(text => text.toLowerCase()), fails: 'keys that resemble each other name different grants' },
  'normalizes letters': { Store: keyedBy(text => text.normalize('NFC')), fails: 'keys that resemble each other name different grants' },
  'trims keys': { Store: keyedBy(text => text.trim()), fails: 'keys that resemble each other have leases' },
  'cuts keys': { Store: keyedBy(text => text.slice(0, 1_000)), fails: 'keys that resemble each other have leases' },
  'folds claims': {
    Store: class extends WholeStore { override claim (id: string, ttl: number) { return super.claim(id.toLowerCase(), ttl) } },
    fails: 'a claim is made once'
  },
  'lists by pattern': {
    Store: class extends WholeStore {
      override async list (owner: string, provider?: string) {
        const found = []
        for await (const one of this.scan()) if (one.owner.startsWith(owner.replace(/[%*]$/, '')) && (provider ?? one.provider) === one.provider) found.push(one)
        return found
      }
    },
    fails: 'lists hold every grant of an owner'
  },
  'lists every provider': { Store: class extends WholeStore { override list (owner: string) { return super.list(owner) } }, fails: 'lists hold every grant of an owner' },
  'scans the first hundred': {
    Store: class extends WholeStore {
      override async * scan () {
        let count = 0
        for await (const found of super.scan()) if (count++ < 100) yield found
      }
    },
    fails: 'a scan, where the store has one'
  },
  'scans names only': {
    Store: class extends WholeStore { override async * scan () { for await (const found of super.scan()) yield { ...found, sealed: '' } } },
    fails: 'a scan, where the store has one'
  },
  'ends a scan at the first change': {
    Store: class extends WholeStore {
      #writes = 0
      override put (grant: Row, version: number, fence?: number) {
        this.#writes++
        return super.put(grant, version, fence)
      }

      override async * scan () {
        const writes = this.#writes
        for await (const found of super.scan()) {
          if (this.#writes !== writes) return
          yield found
        }
      }
    },
    fails: 'a scan answers what is stored all the while'
  },
  'fails after a scan was left': {
    Store: class extends WholeStore {
      #scanning = false
      override async * scan () {
        this.#scanning = true
        yield * super.scan()
        this.#scanning = false
      }

      override async list (owner: string, provider?: string) { return this.#scanning ? [] : super.list(owner, provider) }
    },
    fails: 'a scan can be left early'
  }
}
