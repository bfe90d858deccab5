import type { GrantStore } from './store.js'

/** An empty store, and what its tests need besides. */
export interface StoreUnderTest {
  store: GrantStore
  /** The same data as another process sees it: a second connection, or `store` itself where there is only one process. */
  other: GrantStore
  /** Lets this many milliseconds pass for the store: a pause, or a clock that is put forward. */
  pass: (ms: number) => Promise<void>
  /** Called when the test has ended, however it ended. */
  close?: () => Promise<void>
}

/** Makes a store that holds nothing: called once for each test. */
export type CreateStore = () => StoreUnderTest | Promise<StoreUnderTest>

/** One rule of the interface, for any test runner. */
export interface GrantStoreTest {
  name: string
  /** Rejects with an AssertionError where the store breaks the rule. */
  run: () => Promise<void>
}
