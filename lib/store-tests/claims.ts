// Claims: once within their time, for whoever comes first.
import { atOnce, expect, isFree, key, row, ttl } from './expect.js'
import type { Rules } from './expect.js'

export const claimTests: Rules = {
  'a claim is made once within its time, by any process': async ({ store, other }) => {
    expect('claim', await store.claim('one', ttl), true)
    expect('claim again', await store.claim('one', ttl), false)
    expect('claim by another process', await other.claim('one', ttl), false)
    expect('claim of another id', await other.claim('two', ttl), true)
    expect('claim in capitals', await other.claim('One', ttl), true)
  },

  'of 100 claims at once, one is made': async (under) => {
    const claims = await atOnce(under, 100, store => store.claim('one', ttl))
    expect('claims that were made', claims.filter(Boolean).length, 1)
  },

  'a claim ends after its time, and a refused one does not prolong it': async ({ store, other, pass }) => {
    expect('claim', await store.claim('one', ttl), true)
    await pass(ttl / 2)
    expect('claim within its time', await other.claim('one', ttl * 10), false)
    await pass(ttl)
    expect('claim after its time', await other.claim('one', ttl), true)
    expect('claim after that', await store.claim('one', ttl), false)
  },

  'a claim of a millisecond is one': async ({ store, other, pass }) => {
    expect('claim', await store.claim('one', 1), true)
    await pass(20)
    expect('claim after its time', await other.claim('one', ttl), true)
    expect('claim after that', await store.claim('one', ttl), false)
  },

  'a claim for part of a millisecond is one': async ({ store, pass }) => {
    expect('claim', await store.claim('one', 0.25), true)
    await pass(20)
    expect('claim after its time', await store.claim('one', 1_000.5), true)
  },

  'claims have nothing to do with leases and grants of the same name': async ({ store }) => {
    expect('claim', await store.claim('alice', ttl), true)
    expect('lease', await isFree(store, ttl, { ...key, account: 'alice' }), true)
    expect('put', await store.put(row({ account: 'alice' }), 0), true)
    expect('list', (await store.list('alice')).length, 1)
  }
}
