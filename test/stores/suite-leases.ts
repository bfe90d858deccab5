// The part of the store suite that is about leases and claims.
import type { Test } from 'tap'
import type { GrantLease } from '../../types/store.js'
import { key, row } from './under-test.js'
import type { CreateStore, StoreUnderTest } from './under-test.js'

// Long enough that no test outlives one by being slow.
const ttl = 2_000

async function taken ({ store }: Pick<StoreUnderTest, 'store'>, time = ttl): Promise<GrantLease> {
  const lease = await store.lease(key, time)
  if (lease === null) throw new Error('the lease is held by another')
  return lease
}

export function testLeases (t: Test, create: CreateStore): void {
  testHolding(t, create)
  testFences(t, create)
}

function testHolding (t: Test, create: CreateStore): void {
  t.test('a lease is held by one at a time, for each key', async (t) => {
    const under = await create(t)
    const { store, other } = under
    const lease = await taken(under)
    t.equal(await store.lease(key, ttl), null)
    t.equal(await other.lease(key, ttl), null)
    for (const another of [{ ...key, owner: 'bob' }, { ...key, provider: 'test2' }, { ...key, account: 'second' }]) {
      t.not(await other.lease(another, ttl), null, JSON.stringify(another))
    }
    await lease.release()
    t.not(await other.lease(key, ttl), null, 'given back')
  })

  t.test('of 50 who ask for a lease at once, one has it', async (t) => {
    const { store, other } = await create(t)
    const leases = await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? store : other).lease(key, ttl)))
    t.equal(leases.filter(lease => lease !== null).length, 1)
  })

  t.test('a lease that is not given back ends by itself', async (t) => {
    const under = await create(t)
    await taken(under)
    await under.pass(ttl / 2)
    t.equal(await under.other.lease(key, ttl), null, 'not before its time')
    await under.pass(ttl)
    t.not(await under.other.lease(key, ttl), null)
  })

  t.test('a renewed lease lasts from then', async (t) => {
    const under = await create(t)
    const lease = await taken(under)
    await under.pass(ttl / 2)
    t.equal(await lease.renew(ttl * 2), true)
    await under.pass(ttl)
    t.equal(await under.other.lease(key, ttl), null)
    await under.pass(ttl * 2)
    t.not(await under.other.lease(key, ttl), null)
  })

  t.test('a lost lease cannot be renewed or given back', async (t) => {
    const under = await create(t)
    const lease = await taken(under, ttl / 4)
    await under.pass(ttl)
    t.equal(await lease.renew(ttl), false, 'its time was over')
    const next = await under.other.lease(key, ttl * 2)
    t.not(next, null)
    t.equal(await lease.renew(ttl), false, 'another has it')
    await lease.release()
    t.equal(await under.store.lease(key, ttl), null, 'the other still has it')
    t.equal(await next?.renew(ttl), true)
  })

  t.test('a lease that was given back is over', async (t) => {
    const under = await create(t)
    const lease = await taken(under)
    await lease.release()
    t.equal(await lease.renew(ttl), false)
    await lease.release()
    t.not(await under.other.lease(key, ttl), null)
  })
}

function testFences (t: Test, create: CreateStore): void {
  t.test('fences rise with every lease of a key', async (t) => {
    const under = await create(t)
    const fences = []
    for (let index = 0; index < 5; index++) {
      const lease = await taken(index % 2 === 0 ? under : { store: under.other })
      fences.push(lease.fence)
      await lease.release()
    }
    t.same(fences, [...new Set(fences)].sort((a, b) => a - b))
  })

  t.test('the holder of the newest lease writes, also when its time is over', async (t) => {
    const under = await create(t)
    const lease = await taken(under)
    t.equal(await under.store.put(row(), 0, lease.fence), true)
    await lease.release()
    t.equal(await under.store.put(row(), 1, lease.fence), true)
  })

  t.test('the holder of an older lease is refused, whatever version it names', async (t) => {
    const under = await create(t)
    const old = await taken(under, ttl / 4)
    await under.store.put(row({ sealed: 'first' }), 0, old.fence)
    await under.pass(ttl)
    const newer = await taken({ store: under.other })
    t.equal(await under.store.put(row({ sealed: 'stale' }), 1, old.fence), false, 'while the newer is held')
    await newer.release()
    t.equal(await under.store.put(row({ sealed: 'stale' }), 1, old.fence), false, 'after it was given back')
    t.equal(await under.other.put(row({ sealed: 'newer' }), 1, newer.fence), true)
    t.equal(await under.store.put(row({ sealed: 'stale' }), 2, old.fence), false)
    t.match(await under.store.get(key), { sealed: 'newer', version: 2 })
  })

  t.test('the holder of an older lease brings no deleted grant back', async (t) => {
    const under = await create(t)
    const old = await taken(under, ttl / 4)
    await under.store.put(row(), 0, old.fence)
    await under.pass(ttl)
    const newer = await taken({ store: under.other })
    await under.other.delete(key)
    await newer.release()
    for (const version of [0, 1]) t.equal(await under.store.put(row(), version, old.fence), false)
    t.equal(await under.store.get(key), null)
  })

  t.test('a write without a fence asks for no lease: a login waits for nobody', async (t) => {
    const under = await create(t)
    const lease = await taken({ store: under.other })
    t.equal(await under.store.put(row({ sealed: 'login' }), 0), true)
    t.equal(await under.other.put(row({ sealed: 'refresh' }), 1, lease.fence), true)
  })

  t.test('the fence of another key does not count', async (t) => {
    const under = await create(t)
    const lease = await taken(under)
    await (await under.store.lease({ ...key, owner: 'bob' }, ttl))?.release()
    t.equal(await under.store.put(row(), 0, lease.fence), true)
  })
}

export function testClaims (t: Test, create: CreateStore): void {
  t.test('a claim is made once within its time, by any process', async (t) => {
    const { store, other } = await create(t)
    t.equal(await store.claim('one', ttl), true)
    t.equal(await store.claim('one', ttl), false)
    t.equal(await other.claim('one', ttl), false)
    t.equal(await other.claim('two', ttl), true)
    t.equal(await other.claim('One', ttl), true)
  })

  t.test('of 100 claims at once, one is made', async (t) => {
    const { store, other } = await create(t)
    const claims = await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? store : other).claim('one', ttl)))
    t.equal(claims.filter(Boolean).length, 1)
  })

  t.test('a claim ends after its time, and a refused one does not prolong it', async (t) => {
    const { store, other, pass } = await create(t)
    t.equal(await store.claim('one', ttl), true)
    await pass(ttl / 2)
    t.equal(await other.claim('one', ttl * 10), false)
    await pass(ttl)
    t.equal(await other.claim('one', ttl), true)
    t.equal(await store.claim('one', ttl), false)
  })

  t.test('claims have nothing to do with leases and grants of the same name', async (t) => {
    const { store } = await create(t)
    t.equal(await store.claim('alice', ttl), true)
    t.not(await store.lease(key, ttl), null)
    t.equal(await store.put(row(), 0), true)
  })
}
