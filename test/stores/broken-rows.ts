// Stores that break one rule about rows each.
import type { GrantKey, StoredGrant } from '../../lib/index.js'
import { WholeStore } from './whole-store.js'
import type { BrokenStores, Row } from './whole-store.js'

/** A store that changes a row on its way in. */
function keeping (change: (grant: Row) => Row): typeof WholeStore {
  return class extends WholeStore {
    override put (grant: Row, version: number, fence?: number) { return super.put(change(grant), version, fence) }
  }
}

/** A store that looks first and acts later. */
class Unhurried extends WholeStore {
  override async put (grant: Row, version: number, fence?: number) {
    if (((await this.get(grant))?.version ?? 0) !== version) return false
    await undefined
    await super.delete(grant)
    for (let index = 0; index < version; index++) await super.put(grant, index)
    await super.put(grant, version, fence)
    return true
  }
}

export const brokenRows: BrokenStores = {
  'starts with rows': {
    Store: class extends WholeStore { override async list (owner: string, provider?: string) { return [...await super.list(owner, provider), {} as StoredGrant] } },
    fails: 'nothing is stored at first'
  },
  'answers undefined for nothing': {
    Store: class extends WholeStore { override async get (key: GrantKey) { return await super.get(key) ?? undefined as unknown as null } },
    fails: 'nothing is stored at first'
  },
  'deletes what is not there': {
    Store: class extends WholeStore { override async delete (key: GrantKey, version?: number) { return await super.delete(key, version) || version === 0 } },
    fails: 'nothing is stored at first'
  },
  'answers texts for numbers': {
    Store: class extends WholeStore {
      override async get (key: GrantKey) {
        const found = await super.get(key)
        return found === null ? null : { ...found, version: String(found.version) as unknown as number }
      }
    },
    fails: 'what was put is answered as it was'
  },
  'answers members of its own': {
    Store: class extends WholeStore {
      override async get (key: GrantKey) {
        const found = await super.get(key)
        return found === null ? null : { ...found, id: 1 }
      }
    },
    fails: 'what was put is answered as it was'
  },
  'cuts long texts': { Store: keeping(grant => ({ ...grant, sealed: grant.sealed.slice(0, 65_535) })), fails: 'a sealed grant of 100 KB' },
  'changes long texts': {
    Store: keeping(grant => ({ ...grant, sealed: grant.sealed.length > 65_535 ? 'x'.repeat(grant.sealed.length) : grant.sealed })),
    fails: 'a sealed grant of 100 KB'
  },
  'keeps seconds': { Store: keeping(grant => ({ ...grant, authorizedAt: Math.trunc(grant.authorizedAt / 1_000) * 1_000 })), fails: 'times are kept to the millisecond' },
  'keeps 32 bits': { Store: keeping(grant => ({ ...grant, authorizedAt: grant.authorizedAt % 2 ** 32 })), fails: 'times are kept to the millisecond' },
  'keeps no marks of a refresh': { Store: keeping(grant => ({ ...grant, refreshing: null })), fails: 'refreshing is kept' },
  'takes an empty mark for none': { Store: keeping(grant => ({ ...grant, refreshing: grant.refreshing || null })), fails: 'refreshing is kept' },
  'cuts marks': { Store: keeping(grant => ({ ...grant, refreshing: grant.refreshing?.slice(0, 199) ?? null })), fails: 'refreshing is kept' },
  'lists rows without marks': {
    Store: class extends WholeStore { override async list (owner: string, provider?: string) { return (await super.list(owner, provider)).map(found => ({ ...found, refreshing: null })) } },
    fails: 'a list holds what is stored now'
  },
  'writes over any version': {
    Store: class extends WholeStore {
      override async put (grant: Row, version: number, fence?: number) { return super.put(grant, version === 0 ? 0 : (await this.get(grant))?.version ?? 0, fence) }
    },
    fails: 'a write counts the version up'
  },
  'writes in two steps': { Store: Unhurried, fails: 'of 50 writes at once' },
  'lets writers undo each other': { Store: Unhurried, fails: 'of 50 mixed calls' },
  'answers writes that were not made': {
    Store: class extends WholeStore { override async put (grant: Row, version: number, fence?: number) { return await super.put(grant, version, fence) || version === 0 } },
    fails: 'of 50 deletes and writes'
  },
  'writes nothing under a lease': {
    Store: class extends WholeStore { override async put (grant: Row, version: number, fence?: number) { return fence === undefined ? super.put(grant, version) : false } },
    fails: 'of 50 mixed calls'
  },
  'answers whether it deleted with true': {
    Store: class extends WholeStore { override async delete (key: GrantKey, version?: number) { return await super.delete(key, version) || true } },
    fails: 'a deleted grant is gone, once'
  },
  'counts on after a delete': {
    Store: class extends WholeStore {
      #deleted = 0
      override async get (key: GrantKey) {
        const found = await super.get(key)
        return found === null ? null : { ...found, version: found.version + this.#deleted }
      }

      override async delete (key: GrantKey, version?: number) {
        const deleted = await super.delete(key, version)
        if (deleted) this.#deleted++
        return deleted
      }
    },
    fails: 'a deleted grant is gone, once'
  },
  'deletes any version': { Store: class extends WholeStore { override delete (key: GrantKey) { return super.delete(key) } }, fails: 'delete with a version' },
  'keeps what it was given': {
    Store: class extends WholeStore {
      #rows = new Map<string, Row>()
      override put (grant: Row, version: number, fence?: number) {
        this.#rows.set(grant.account, grant)
        return super.put(grant, version, fence)
      }

      override async get (key: GrantKey) {
        const found = await super.get(key)
        return found === null ? null : Object.assign(found, this.#rows.get(key.account))
      }
    },
    fails: 'answers are copies'
  },
  'answers one list': {
    Store: class extends WholeStore {
      #list: StoredGrant[] | undefined
      override async list (owner: string, provider?: string) { return (this.#list ??= await super.list(owner, provider)) }
    },
    fails: 'answers are copies'
  }
}
