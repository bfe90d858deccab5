// What the parts of the store suite share.
import type { Test } from 'tap'
import type { GrantKey, GrantStore, StoredGrant } from '../../types/store.js'

/** An empty store, and what a test needs besides. */
export interface StoreUnderTest {
  store: GrantStore
  /** The same data as another process sees it. */
  other: GrantStore
  /** Lets this many milliseconds pass for the store. */
  pass: (ms: number) => Promise<void>
}

export type CreateStore = (t: Test) => Promise<StoreUnderTest>

export const key: GrantKey = { owner: 'alice', provider: 'test', account: 'default' }

/** A row to be put. */
export function row (given: Partial<StoredGrant> = {}): Omit<StoredGrant, 'version'> {
  return { ...key, authorizedAt: 1_750_000_000_123, refreshing: null, sealed: 'v1.abc.sealed', ...given }
}
