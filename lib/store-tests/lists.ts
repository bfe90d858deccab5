// Lists of an owner, and the scan over all.
import type { StoredGrant } from '../../types/store.js'
import { expect, key, row } from './expect.js'
import type { Rules } from './expect.js'

const many = 300

export const listTests: Rules = {
  "lists hold every grant of an owner, or those at one provider, and nobody else's": async ({ store, other }) => {
    const keys: Array<[string, string, string]> = [
      ['alice', 'test', 'one'], ['alice', 'test', 'two'], ['alice', 'test2', 'one'],
      ['alic', 'test', 'one'], ['alice2', 'test', 'one'], ['a%', 'test', 'one'], ['alice*', 'test', 'one']
    ]
    for (const [owner, provider, account] of keys) await store.put(row({ owner, provider, account }), 0)
    const list = async (owner: string, provider?: string) => (await other.list(owner, provider)).map(nameOf).sort()
    expect('list', await list('alice'), ['alice test one 1', 'alice test two 1', 'alice test2 one 1'])
    expect('list at test', await list('alice', 'test'), ['alice test one 1', 'alice test two 1'])
    expect('list at test2', await list('alice', 'test2'), ['alice test2 one 1'])
    expect('list at the beginning of a name', await list('alice', 'tes'), [])
    expect('list of an owner that is a pattern', await list('a%'), ['a% test one 1'])
    expect('list of another', await list('alice*'), ['alice* test one 1'])
    expect('list of nobody', await list('nobody'), [])
    await store.delete({ owner: 'alice', provider: 'test', account: 'one' })
    expect('list after a delete', await list('alice'), ['alice test two 1', 'alice test2 one 1'])
  },

  'a list holds what is stored now: rewritten grants once, and what came back after a delete': async ({ store, other }) => {
    await store.put(row(), 0)
    await store.put(row({ sealed: 'second', refreshing: 'now' }), 1)
    expect('list', await other.list('alice'), [{ ...row({ sealed: 'second', refreshing: 'now' }), version: 2 }])
    await store.delete(key, 2)
    await store.put(row({ sealed: 'third' }), 0)
    expect('list', await other.list('alice'), [{ ...row({ sealed: 'third' }), version: 1 }])
  },

  'a scan, where the store has one, answers every grant of every owner': async ({ store, other }) => {
    if (store.scan === undefined) return
    expect('scan of nothing', await scanned(store.scan()), [])
    for (let index = 0; index < many; index++) await other.put(row({ owner: `owner ${index % 50}`, account: `account ${index}`, refreshing: 'now' }), 0)
    await store.delete({ ...key, owner: 'owner 7', account: 'account 7' })
    const expected = Array.from({ length: many }, (_, index) => `owner ${index % 50} test account ${index} 1`).filter((_, index) => index !== 7).sort()
    expect('scan', await scanned(store.scan()), expected)
    for await (const found of store.scan()) {
      expect('a row of a scan', found, { ...row({ owner: found.owner, account: found.account, refreshing: 'now' }), version: 1 })
    }
  },

  'a scan answers what is stored all the while, whatever is written meanwhile': async ({ store, other }) => {
    if (store.scan === undefined) return
    for (let index = 0; index < many; index++) await store.put(row({ owner: `owner ${index}` }), 0)
    const found = new Set<string>()
    let step = 0
    for await (const { owner, version } of store.scan()) {
      found.add(owner)
      if (step++ >= many) continue
      // As a rewrap does, beside those who log in and out.
      await other.put(row({ owner, sealed: 'wrapped anew' }), version)
      await other.put(row({ owner: `new ${step}` }), 0)
      await other.delete({ ...key, owner: `new ${step - 1}` })
    }
    const missing = Array.from({ length: many }, (_, index) => `owner ${index}`).filter(owner => !found.has(owner))
    expect('grants that a scan left out', missing, [])
  },

  'a scan can be left early': async ({ store }) => {
    if (store.scan === undefined) return
    for (let index = 0; index < 50; index++) await store.put(row({ account: `account ${index}` }), 0)
    const scan = store.scan()[Symbol.asyncIterator]()
    expect('the first row', (await scan.next()).value?.owner, 'alice')
    await scan.return?.()
    expect('a list after it', (await store.list('alice')).length, 50)
  }
}

function nameOf ({ owner, provider, account, version }: StoredGrant): string {
  return `${owner} ${provider} ${account} ${version}`
}

// Each at least once: so twice is allowed.
async function scanned (rows: AsyncIterable<StoredGrant>): Promise<string[]> {
  const names = new Set<string>()
  for await (const found of rows) names.add(nameOf(found))
  return [...names].sort()
}
