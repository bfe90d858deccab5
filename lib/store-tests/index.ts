// fastify-oauth/stores/testing: what every GrantStore must do, for any test runner.
import type { CreateStore, GrantStoreTest, StoreUnderTest } from '../../types/store-tests.js'
import { claimTests } from './claims.js'
import { concurrencyTests } from './concurrency.js'
import { fenceTests } from './fences.js'
import { keyTests } from './keys.js'
import { leaseTests } from './leases.js'
import { listTests } from './lists.js'
import { rowTests } from './rows.js'

export type { CreateStore, GrantStoreTest, StoreUnderTest } from '../../types/store-tests.js'

const rules = { ...rowTests, ...keyTests, ...listTests, ...leaseTests, ...fenceTests, ...claimTests, ...concurrencyTests }

/**
 * The tests that a store must pass, each on a store of its own. `create` answers an empty one.
 *
 * @example for (const { name, run } of grantStoreTests(create)) test(name, run)
 */
export function grantStoreTests (create: CreateStore): GrantStoreTest[] {
  return Object.entries(rules).map(([name, rule]) => ({ name, run: () => runOn(create, rule) }))
}

async function runOn (create: CreateStore, rule: (under: StoreUnderTest) => Promise<void>): Promise<void> {
  const under = await create()
  try {
    await rule(under)
  } finally {
    await under.close?.()
  }
}
