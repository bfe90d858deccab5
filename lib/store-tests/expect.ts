// What the rules of a store share: their rows, and assertions that say which rule was broken.
import { AssertionError } from 'node:assert'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import type { StoreUnderTest } from '../../types/store-tests.js'

/** The rules of one part of the interface, by name. */
export type Rules = Record<string, (under: StoreUnderTest) => Promise<void>>

/** Milliseconds of a lease or claim: long enough that no test outlives one by being slow. */
export const ttl = 2_000

export const key: GrantKey = { owner: 'alice', provider: 'test', account: 'default' }

/** A row to be put. */
export function row (given: Partial<StoredGrant> = {}): Omit<StoredGrant, 'version'> {
  return { ...key, authorizedAt: 1_750_000_000_123, refreshing: null, sealed: 'v1.abc.sealed', ...given }
}

/** Deep and strict, with a message that names the rule; rows are long, so it is cut short. */
export function expect (rule: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  const message = `${rule}: expected ${short(expected)}, got ${short(actual)}`
  throw new AssertionError({ message, actual, expected, operator: 'expect', stackStartFn: expect })
}

/** Takes a lease that must be free. */
export async function taken (store: GrantStore, time = ttl): Promise<GrantLease> {
  const lease = await store.lease(key, time)
  if (lease === null) throw new AssertionError({ message: 'a lease that nobody holds is given out: expected a lease, got null', stackStartFn: taken })
  return lease
}

/** Whether the lease of a key was given out now. */
export async function isFree (store: GrantStore, time = ttl, of: GrantKey = key): Promise<boolean> {
  return await store.lease(of, time) !== null
}

/** Runs `times` calls at once, every second one by the other process. */
export function atOnce <T> ({ store, other }: StoreUnderTest, times: number, call: (store: GrantStore, index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => call(index % 2 === 0 ? store : other, index)))
}

function short (value: unknown): string {
  return inspect(value, { breakLength: Infinity, maxStringLength: 60, maxArrayLength: 5 })
}
