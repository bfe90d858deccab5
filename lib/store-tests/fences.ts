// Fences: who comes back late with an older lease writes nothing.
import type { GrantStore } from '../../types/store.js'
import { expect, isFree, key, row, taken, ttl } from './expect.js'
import type { Rules } from './expect.js'

export const fenceTests: Rules = {
  'fences rise with every lease of a key': async ({ store, other, pass }) => {
    const fences = []
    for (let index = 0; index < 6; index++) {
      const lease = await taken(index % 2 === 0 ? store : other, index < 5 ? ttl : 1)
      fences.push(lease.fence)
      if (index < 5) await lease.release()
    }
    await pass(20)
    fences.push((await taken(store)).fence)
    expectRising(fences)
  },

  'fences go on rising after the grant was deleted': async ({ store, other }) => {
    const fences = []
    for (const one of [store, other, store]) {
      fences.push(await fenceOf(one))
      await one.put(row(), 0)
      await one.delete(key)
    }
    fences.push(await fenceOf(other))
    expectRising(fences)
  },

  'the holder of the newest lease writes, also when its time is over': async ({ store }) => {
    const lease = await taken(store)
    expect('put while it is held', await store.put(row(), 0, lease.fence), true)
    await lease.release()
    expect('put after it was given back', await store.put(row(), 1, lease.fence), true)
  },

  'the holder of an older lease is refused, whatever version it names': async ({ store, other, pass }) => {
    const old = await taken(store, ttl / 4)
    await store.put(row({ sealed: 'first' }), 0, old.fence)
    await pass(ttl)
    const newer = await taken(other)
    expect('put while the newer is held', await store.put(row({ sealed: 'stale' }), 1, old.fence), false)
    await newer.release()
    expect('put after the newer was given back', await store.put(row({ sealed: 'stale' }), 1, old.fence), false)
    expect('put by the holder of the newer', await other.put(row({ sealed: 'newer' }), 1, newer.fence), true)
    expect('put on top of that', await store.put(row({ sealed: 'stale' }), 2, old.fence), false)
    expect('get', await store.get(key), { ...row({ sealed: 'newer' }), version: 2 })
  },

  'an older lease stays refused after the newer has ended by itself': async ({ store, other, pass }) => {
    const old = await taken(store, 1)
    await pass(20)
    await taken(other, 1)
    await pass(20)
    expect('put', await store.put(row(), 0, old.fence), false)
    expect('get', await store.get(key), null)
  },

  'the holder of an older lease brings no deleted grant back': async ({ store, other, pass }) => {
    const old = await taken(store, ttl / 4)
    await store.put(row(), 0, old.fence)
    await pass(ttl)
    const newer = await taken(other)
    await other.delete(key)
    await newer.release()
    for (const version of [0, 1]) expect(`put on top of ${version}`, await store.put(row(), version, old.fence), false)
    expect('get', await store.get(key), null)
  },

  'the newest fence does not excuse a wrong version': async ({ store }) => {
    await store.put(row(), 0)
    const { fence } = await taken(store)
    for (const version of [0, 2]) expect(`put on top of ${version} where 1 is stored`, await store.put(row(), version, fence), false)
  },

  'a write without a fence asks for no lease: a login waits for nobody': async ({ store, other }) => {
    const lease = await taken(other)
    expect('put without a fence', await store.put(row({ sealed: 'login' }), 0), true)
    expect('put with one', await other.put(row({ sealed: 'refresh' }), 1, lease.fence), true)
  },

  'the fence of another key does not count': async ({ store }) => {
    const lease = await taken(store)
    for (const another of [{ ...key, owner: 'bob' }, { ...key, provider: 'test2' }, { ...key, account: 'second' }]) {
      expect('lease of another key', await isFree(store, ttl, another), true)
    }
    expect('put', await store.put(row(), 0, lease.fence), true)
  }
}

async function fenceOf (store: GrantStore): Promise<number> {
  const lease = await taken(store)
  await lease.release()
  return lease.fence
}

function expectRising (fences: number[]): void {
  expect('fences', fences, [...new Set(fences)].sort((a, b) => a - b))
  expect('fences are exact numbers', fences.every(Number.isSafeInteger), true)
}
