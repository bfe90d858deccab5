// The part of the store suite that is about rows: reading, writing, deleting and listing them.
import type { Test } from 'tap'
import type { StoredGrant } from '../../types/store.js'
import { key, row } from './under-test.js'
import type { CreateStore } from './under-test.js'

export function testRows (t: Test, create: CreateStore): void {
  t.test('nothing is stored at first', async (t) => {
    const { store } = await create(t)
    t.equal(await store.get(key), null)
    t.same(await store.list('alice'), [])
    t.equal(await store.delete(key), false)
  })

  t.test('what was put is answered as it was, with version 1, to every process', async (t) => {
    const { store, other } = await create(t)
    const sealed = `v1.${'x_-'.repeat(20_000)}`
    t.equal(await store.put(row({ sealed }), 0), true)
    const expected = { ...row({ sealed }), version: 1 }
    t.strictSame(await store.get(key), expected)
    t.strictSame(await other.get(key), expected)
  })

  t.test('a write counts the version up, and only on top of the version it names', async (t) => {
    const { store } = await create(t)
    t.equal(await store.put(row(), 1), false, 'nothing is stored yet')
    t.equal(await store.get(key), null, 'so nothing was written')
    await store.put(row({ sealed: 'first' }), 0)
    for (const version of [0, 2, 3]) t.equal(await store.put(row({ sealed: 'wrong' }), version), false, `on top of ${version}`)
    t.match(await store.get(key), { sealed: 'first', version: 1 })
    t.equal(await store.put(row({ sealed: 'second', authorizedAt: 5 }), 1), true)
    t.strictSame(await store.get(key), { ...row({ sealed: 'second', authorizedAt: 5 }), version: 2 })
  })

  t.test('of 50 writes at once on top of one version, one is made', async (t) => {
    const { store, other } = await create(t)
    for (const version of [0, 1]) {
      const written = await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? store : other).put(row({ sealed: `writer ${index}` }), version)))
      t.equal(written.filter(Boolean).length, 1)
      t.match(await store.get(key), { sealed: `writer ${written.indexOf(true)}`, version: version + 1 })
    }
  })

  t.test('a deleted grant is gone once, and what is put then counts from 1', async (t) => {
    const { store, other } = await create(t)
    await store.put(row(), 0)
    await store.put(row(), 1)
    t.equal(await other.delete(key), true)
    t.equal(await store.get(key), null)
    t.same(await store.list('alice'), [])
    t.equal(await store.delete(key), false)
    t.equal(await store.put(row(), 2), false)
    t.equal(await store.put(row(), 0), true)
    t.match(await store.get(key), { version: 1 })
  })

  t.test('answers are copies, and so is what is kept', async (t) => {
    const { store } = await create(t)
    const given = row({ sealed: 'as it was' })
    await store.put(given, 0)
    given.sealed = 'changed by the caller'
    const answers = [await store.get(key), ...await store.list('alice')] as StoredGrant[]
    t.equal(answers.length, 2)
    for (const answer of answers) {
      t.equal(answer.sealed, 'as it was')
      answer.sealed = 'changed by a reader'
    }
    const list = await store.list('alice')
    list.length = 0
    t.match(await store.list('alice'), [{ sealed: 'as it was', version: 1 }])
    t.match(await store.get(key), { sealed: 'as it was' })
  })
}

export function testKeys (t: Test, create: CreateStore): void {
  // Each differs from its neighbours by what a careless store glues together, folds, escapes or cuts off.
  const texts = ['a', 'A', 'a ', 'a:b', 'a/b', 'a","b', 'a\\', "a'--", 'a%', 'a_', 'a*', 'ä', 'a\u0308', '日本', '😀', '__proto__', 'constructor', 'x'.repeat(1_000), `${'x'.repeat(1_000)}y`]

  t.test('keys that resemble each other name different grants', async (t) => {
    const { store } = await create(t)
    const keys = [
      ...texts.flatMap(text => [{ ...key, owner: text }, { ...key, account: text }]),
      { owner: 'a:b', provider: 'c', account: 'd' }, { owner: 'a', provider: 'b:c', account: 'd' }, { owner: 'a', provider: 'b', account: 'c:d' }
    ]
    for (const [index, one] of keys.entries()) t.equal(await store.put(row({ ...one, sealed: `grant ${index}` }), 0), true, JSON.stringify(one).slice(0, 80))
    for (const [index, one] of keys.entries()) t.match(await store.get(one), { ...one, sealed: `grant ${index}`, version: 1 })
    t.equal(await store.delete({ ...key, owner: 'a' }), true)
    t.match(await store.get({ ...key, owner: 'A' }), { owner: 'A' })
    t.match(await store.get({ ...key, owner: 'a ' }), { owner: 'a ' })
  })
}

export function testLists (t: Test, create: CreateStore): void {
  t.test('lists hold every grant of an owner, or those at one provider, and nobody else\'s', async (t) => {
    const { store, other } = await create(t)
    const keys = [['alice', 'test', 'one'], ['alice', 'test', 'two'], ['alice', 'test2', 'one'], ['alic', 'test', 'one'], ['alice2', 'test', 'one'], ['a%', 'test', 'one'], ['alice*', 'test', 'one']]
    for (const [owner, provider, account] of keys as Array<[string, string, string]>) await store.put(row({ owner, provider, account }), 0)
    const list = async (owner: string, provider?: string) => (await other.list(owner, provider)).map(found => `${found.owner} ${found.provider} ${found.account} ${found.version}`).sort()
    t.same(await list('alice'), ['alice test one 1', 'alice test two 1', 'alice test2 one 1'])
    t.same(await list('alice', 'test'), ['alice test one 1', 'alice test two 1'])
    t.same(await list('alice', 'test2'), ['alice test2 one 1'])
    t.same(await list('alice', 'tes'), [])
    t.same(await list('a%'), ['a% test one 1'])
    t.same(await list('alice*'), ['alice* test one 1'])
    t.same(await list('nobody'), [])
    await store.delete({ owner: 'alice', provider: 'test', account: 'one' })
    t.same(await list('alice'), ['alice test two 1', 'alice test2 one 1'])
  })
}
