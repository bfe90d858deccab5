// Rows: reading, writing and deleting them.
import type { StoredGrant } from '../../types/store.js'
import { atOnce, expect, key, row } from './expect.js'
import type { Rules } from './expect.js'

export const rowTests: Rules = {
  'nothing is stored at first': async ({ store }) => {
    expect('get', await store.get(key), null)
    expect('list', await store.list('alice'), [])
    expect('delete', await store.delete(key), false)
    expect('delete at version 0', await store.delete(key, 0), false)
  },

  'what was put is answered as it was, with version 1, to every process': async ({ store, other }) => {
    expect('put', await store.put(row(), 0), true)
    const expected = { ...row(), version: 1 }
    expect('get', await store.get(key), expected)
    expect('get by another process', await other.get(key), expected)
    expect('list by another process', await other.list('alice'), [expected])
  },

  'a sealed grant of 100 KB is kept whole': async ({ store, other }) => {
    const sealed = `v1.${'x_-'.repeat(34_000)}`
    expect('put', await store.put(row({ sealed }), 0), true)
    const read = await other.get(key)
    expect('the length of what was read', read?.sealed.length, sealed.length)
    expect('what was read is what was written', read?.sealed === sealed, true)
  },

  'times are kept to the millisecond, however far': async ({ store }) => {
    for (const [version, authorizedAt] of [0, 2 ** 32 + 1, 1_750_000_000_123, 8_640_000_000_000_000].entries()) {
      await store.put(row({ authorizedAt }), version)
      expect('authorizedAt', (await store.get(key))?.authorizedAt, authorizedAt)
    }
  },

  'refreshing is kept: a text of up to 200 characters, or null': async ({ store, other }) => {
    const marks = [null, 'since 1750000000123', 'x'.repeat(200), 'ä'.repeat(200), 'null', '', null]
    for (const [version, refreshing] of marks.entries()) {
      expect('put', await store.put(row({ refreshing }), version), true)
      expect('get', (await other.get(key))?.refreshing, refreshing)
      expect('list', (await other.list('alice'))[0]?.refreshing, refreshing)
    }
  },

  'a write counts the version up, and only on top of the version it names': async ({ store }) => {
    expect('put on top of 1 where nothing is stored', await store.put(row(), 1), false)
    expect('a refused write writes nothing', await store.get(key), null)
    await store.put(row({ sealed: 'first' }), 0)
    for (const version of [0, 2, 3]) expect(`put on top of ${version} where 1 is stored`, await store.put(row({ sealed: 'wrong' }), version), false)
    expect('a refused write changes nothing', await store.get(key), { ...row({ sealed: 'first' }), version: 1 })
    expect('put on top of 1', await store.put(row({ sealed: 'second', authorizedAt: 5, refreshing: 'now' }), 1), true)
    expect('get', await store.get(key), { ...row({ sealed: 'second', authorizedAt: 5, refreshing: 'now' }), version: 2 })
  },

  'of 50 writes at once on top of one version, one is made': async (under) => {
    for (const version of [0, 1]) {
      const written = await atOnce(under, 50, (store, index) => store.put(row({ sealed: `writer ${index}` }), version))
      expect('writes that were made', written.filter(Boolean).length, 1)
      expect('get', await under.store.get(key), { ...row({ sealed: `writer ${written.indexOf(true)}` }), version: version + 1 })
    }
  },

  'a deleted grant is gone, once, and what is put then counts from 1': async ({ store, other }) => {
    await store.put(row(), 0)
    await store.put(row(), 1)
    expect('delete', await other.delete(key), true)
    expect('get', await store.get(key), null)
    expect('list', await store.list('alice'), [])
    expect('delete again', await store.delete(key), false)
    expect('put on top of the version that was deleted', await store.put(row(), 2), false)
    expect('put', await store.put(row(), 0), true)
    expect('version', (await store.get(key))?.version, 1)
  },

  'delete with a version deletes that version only': async ({ store, other }) => {
    await store.put(row(), 0)
    await store.put(row({ sealed: 'second' }), 1)
    for (const version of [0, 1, 3]) expect(`delete at version ${version} where 2 is stored`, await other.delete(key, version), false)
    expect('get', await store.get(key), { ...row({ sealed: 'second' }), version: 2 })
    expect('delete at version 2', await other.delete(key, 2), true)
    expect('get', await store.get(key), null)
    expect('delete at version 2 again', await store.delete(key, 2), false)
  },

  'answers are copies, and so is what is kept': async ({ store }) => {
    const given = row({ sealed: 'as it was' })
    await store.put(given, 0)
    given.sealed = 'changed by the caller'
    const expected = { ...row({ sealed: 'as it was' }), version: 1 }
    for (const answer of [await store.get(key), ...await store.list('alice')]) {
      expect('what was answered', answer, expected)
      const changed = answer as StoredGrant
      changed.sealed = 'changed by a reader'
    }
    const list = await store.list('alice')
    list.length = 0
    expect('list', await store.list('alice'), [expected])
    expect('get', await store.get(key), expected)
  }
}
