// Everything at once, from two processes: what must hold in the end, and all the while.
import type { GrantStore } from '../../types/store.js'
import { atOnce, expect, key, row, ttl } from './expect.js'
import type { Rules } from './expect.js'

const rounds = 50
const longLease = ttl * 30

export const concurrencyTests: Rules = {
  'of 50 mixed calls at once, none undoes another': async (under) => {
    const counts = { writes: 0, holders: 0, holdersAtMost: 0 }
    await under.store.put(row({ sealed: '1' }), 0)
    await atOnce(under, rounds, (store, index) => calls[index % calls.length as 0](store, counts))
    expect('holders of one lease at once', counts.holdersAtMost <= 1, true)
    const stored = await under.store.get(key)
    expect('the version counts the writes that were answered', stored?.version, counts.writes + 1)
    expect('what is stored is the last of them', stored?.sealed, `${stored?.version}`)
  },

  'of 50 deletes and writes at once, every one that was answered was made': async (under) => {
    const counts = { puts: 0, deletes: 0 }
    await atOnce(under, rounds, async (store, index) => {
      for (let round = 0; round < 5; round++) {
        const put = index % 4 < 2
        const done = put ? await store.put(row(), 0) : await store.delete(key, 1)
        counts[put ? 'puts' : 'deletes'] += Number(done)
      }
    })
    const stored = await under.other.list(key.owner)
    expect('grants that are left: writes less deletes', stored.length, counts.puts - counts.deletes)
    expect('get', [await under.other.get(key)].filter(one => one !== null), stored)
  }
}

interface Counts { writes: number, holders: number, holdersAtMost: number }

const calls = [addOne, underLease, readOnly, addOne, wrongDelete] as const

// Tries until it has written, as a login does.
async function addOne (store: GrantStore, counts: Counts, fence?: number): Promise<void> {
  let written = false
  // With every try that fails, another has written.
  for (let tries = 0; !written && tries < rounds * 10; tries++) {
    const version = (await store.get(key))?.version ?? 0
    written = await store.put(row({ sealed: `${version + 1}` }), version, fence)
  }
  expect('a write on top of the version that was read, in the end', written, true)
  counts.writes++
}

async function underLease (store: GrantStore, counts: Counts): Promise<void> {
  const lease = await store.lease(key, longLease)
  if (lease === null) return
  counts.holdersAtMost = Math.max(counts.holdersAtMost, ++counts.holders)
  await addOne(store, counts, lease.fence)
  counts.holders--
  await lease.release()
}

async function readOnly (store: GrantStore): Promise<void> {
  for (const found of [await store.get(key), ...await store.list(key.owner)]) {
    expect('a row is read as it was written', found?.sealed, `${found?.version}`)
  }
}

async function wrongDelete (store: GrantStore): Promise<void> {
  expect('delete at a version that is not stored', await store.delete(key, rounds * 10), false)
}
