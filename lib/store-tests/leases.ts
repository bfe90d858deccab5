// Leases: one holder at a time, and none for ever.
import { atOnce, expect, isFree, key, row, taken, ttl } from './expect.js'
import type { Rules } from './expect.js'

export const leaseTests: Rules = {
  'a lease is held by one at a time, for each key': async ({ store, other }) => {
    const lease = await taken(store)
    expect('lease by the same process', await isFree(store), false)
    expect('lease by another process', await isFree(other), false)
    for (const another of [{ ...key, owner: 'bob' }, { ...key, provider: 'test2' }, { ...key, account: 'second' }]) {
      expect(`lease of ${JSON.stringify(another)}`, await isFree(other, ttl, another), true)
    }
    await lease.release()
    expect('lease after it was given back', await isFree(other), true)
  },

  'of 50 who ask for a lease at once, one has it': async (under) => {
    const leases = await atOnce(under, 50, store => store.lease(key, ttl))
    expect('leases that were given out', leases.filter(lease => lease !== null).length, 1)
  },

  'a lease that is not given back ends by itself': async ({ store, other, pass }) => {
    await taken(store)
    await pass(ttl / 2)
    expect('lease before its time', await isFree(other), false)
    await pass(ttl)
    expect('lease after its time', await isFree(other), true)
  },

  'a lease of a millisecond is one': async ({ store, other, pass }) => {
    expect('fence', (await taken(store, 1)).fence > 0, true)
    await pass(20)
    expect('lease after its time', await isFree(other), true)
  },

  'a renewed lease lasts from then': async ({ store, other, pass }) => {
    const lease = await taken(store)
    await pass(ttl / 2)
    expect('renew', await lease.renew(ttl * 2), true)
    await pass(ttl)
    expect('lease before the new end', await isFree(other), false)
    await pass(ttl * 2)
    expect('lease after it', await isFree(other), true)
  },

  'a lease may be renewed to end sooner': async ({ store, other, pass }) => {
    const lease = await taken(store, ttl * 20)
    expect('renew', await lease.renew(1), true)
    await pass(20)
    expect('lease after the new end', await isFree(other), true)
  },

  'a lost lease cannot be renewed or given back': async ({ store, other, pass }) => {
    const lease = await taken(store, ttl / 4)
    await pass(ttl)
    expect('renew after its time', await lease.renew(ttl), false)
    const next = await taken(other, ttl * 2)
    expect('renew while another has it', await lease.renew(ttl), false)
    await lease.release()
    expect('lease while the other has it', await isFree(store), false)
    expect('renew by the other', await next.renew(ttl), true)
  },

  'a lease that was given back is over': async ({ store, other }) => {
    const lease = await taken(store)
    await lease.release()
    expect('renew', await lease.renew(ttl), false)
    await lease.release()
    expect('lease', await isFree(other), true)
  },

  'a lease outlives the grant it is for': async ({ store, other }) => {
    const lease = await taken(store)
    await store.put(row(), 0)
    await other.delete(key)
    expect('lease after a delete', await isFree(other), false)
    expect('renew after a delete', await lease.renew(ttl), true)
  }
}
