// MemoryGrantStore: what every store must do, and its bounds.
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { grantStoreTests } from '../../lib/store-tests/index.js'
import type { StoredGrant } from '../../lib/index.js'

const key = { owner: 'alice', provider: 'test', account: 'default' }

function row (given: Partial<StoredGrant> = {}): Omit<StoredGrant, 'version'> {
  return { ...key, authorizedAt: 1_750_000_000_123, refreshing: null, sealed: 'v1.abc.sealed', ...given }
}

t.test('MemoryGrantStore passes the suite of every store', async (t) => {
  const tests = grantStoreTests(() => {
    let now = 1_750_000_000_000
    const store = new MemoryGrantStore({ clock: () => now })
    return { store, other: store, pass: async ms => { now += ms } }
  })
  for (const { name, run } of tests) t.test(name, async (t) => { await t.resolves(run()) })
})

t.test('beyond max the grant written longest ago is dropped', async (t) => {
  const store = new MemoryGrantStore({ max: 3 })
  for (const account of ['a', 'b', 'c']) await store.put(row({ account }), 0)
  await store.put(row({ account: 'a', sealed: 'written again' }), 1)
  await store.put(row({ account: 'd', owner: 'bob' }), 0)
  t.equal(await store.get({ ...key, account: 'b' }), null, 'b was')
  t.same((await store.list('alice')).map(({ account }) => account).sort(), ['a', 'c'])
  t.equal((await store.list('bob')).length, 1)
})

t.test('a grant that was not written again within ttl is dropped, whoever asks', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ ttl: 1_000, clock: () => now })
  for (const account of ['a', 'b', 'c', 'd', 'e']) await store.put(row({ account }), 0)
  now += 999
  t.equal(await store.put(row({ account: 'e' }), 1), true, 'written again')
  now += 1
  t.equal(await store.get({ ...key, account: 'a' }), null)
  t.equal(await store.delete({ ...key, account: 'b' }), false)
  t.equal(await store.put(row({ account: 'c' }), 1), false)
  t.same((await store.list('alice')).map(({ account }) => account), ['e'])
  const scanned = []
  for await (const { account } of store.scan()) scanned.push(account)
  t.same(scanned, ['e'])
})

t.test('a scan and a write drop what is past its time', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ ttl: 1_000, clock: () => now })
  await store.put(row(), 0)
  now += 1_000
  for await (const { account } of store.scan()) t.fail(account)
  await store.put(row(), 0)
  now += 1_000
  await store.put(row({ owner: 'bob' }), 0)
  t.same(await store.list('alice'), [])
})

t.test('an owner whose last grant was dropped has an empty list', async (t) => {
  const store = new MemoryGrantStore({ max: 1 })
  await store.put(row(), 0)
  await store.put(row({ owner: 'bob' }), 0)
  t.same(await store.list('alice'), [])
  t.equal(await store.put(row(), 0), true, 'and can have grants again')
  t.equal((await store.list('alice')).length, 1)
})

t.test('beyond max the oldest claim is dropped, and one that still counts is not dropped by a second try', async (t) => {
  const store = new MemoryGrantStore({ max: 3 })
  for (const id of ['a', 'b', 'c']) await store.claim(id, 60_000)
  for (const id of ['a', 'b', 'c']) t.equal(await store.claim(id, 60_000), false, id)
  t.equal(await store.claim('d', 60_000), true)
  t.equal(await store.claim('b', 60_000), false)
  t.equal(await store.claim('a', 60_000), true, 'a was dropped')
})

t.test('claims that have ended make room for new ones', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ max: 2, clock: () => now })
  await store.claim('a', 10)
  now += 10
  await store.claim('b', 60_000)
  await store.claim('c', 60_000)
  t.equal(await store.claim('b', 60_000), false, 'b is still there')
  t.equal(await store.claim('a', 60_000), true)
})

t.test('a claim made anew counts from then, so it is not the first to be dropped', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ max: 2, clock: () => now })
  await store.claim('a', 10)
  await store.claim('b', 60_000)
  now += 10
  await store.claim('a', 60_000)
  await store.claim('c', 60_000)
  t.equal(await store.claim('a', 60_000), false)
  t.equal(await store.claim('b', 60_000), true, 'b was the oldest')
})

t.test('beyond max leases none is given, and none that is held is dropped', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ max: 2, clock: () => now })
  const [a, b, c] = ['a', 'b', 'c'].map(account => ({ ...key, account })) as [typeof key, typeof key, typeof key]
  const first = await store.lease(a, 1_000)
  await store.lease(b, 60_000)
  t.equal(await store.lease(c, 1_000), null, 'no room')
  t.equal(await store.lease(a, 1_000), null, 'a is still held')
  await first?.release()
  const again = await store.lease(a, 1_000)
  t.not(again, null, 'a key that had a lease needs no room')
  now += 1_000
  t.not(await store.lease(c, 1_000), null, 'one that has ended makes room')
  t.equal(await store.lease(b, 1_000), null, 'b is still held')
})

t.test('where a lease was dropped for room, the version alone decides', async (t) => {
  const store = new MemoryGrantStore({ max: 1 })
  const lease = await store.lease(key, 60_000)
  await lease?.release()
  await store.lease({ ...key, account: 'second' }, 60_000)
  t.equal(await store.put(row(), 1, lease?.fence), false)
  t.equal(await store.put(row(), 0, lease?.fence), true)
})

t.test('with a time to live, a grant that was not written again within it is gone', async (t) => {
  let now = 1_000
  const store = new MemoryGrantStore({ ttl: 100, clock: () => now })
  await store.put(row({ account: 'a' }), 0)
  await store.put(row({ account: 'b' }), 0)
  now += 60
  t.equal(await store.put(row({ account: 'b' }), 1), true)
  now += 40
  t.equal(await store.get({ ...key, account: 'a' }), null)
  t.same((await store.list('alice')).map(({ account }) => account), ['b'])
  t.equal(await store.put(row({ account: 'a' }), 1), false)
  t.equal(await store.put(row({ account: 'a' }), 0), true, 'it can be stored anew')
  now += 60
  const scanned = []
  for await (const { account } of store.scan()) scanned.push(account)
  t.same(scanned, ['a'])
})
