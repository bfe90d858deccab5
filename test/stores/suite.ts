// What every GrantStore must do. A store's own test calls this with a way to make an empty one.
import type { Test } from 'tap'
import { testClaims, testLeases } from './suite-leases.js'
import { testKeys, testLists, testRows } from './suite-rows.js'
import type { CreateStore } from './under-test.js'

export function testStore (t: Test, create: CreateStore): void {
  testRows(t, create)
  testKeys(t, create)
  testLists(t, create)
  testLeases(t, create)
  testClaims(t, create)
}
