// The suite of every store: it passes a store that keeps the rules, and each rule that is broken fails its test.
import { AssertionError } from 'node:assert'
import t from 'tap'
import type { GrantStore } from '../../lib/index.js'
import { grantStoreTests } from '../../lib/store-tests/index.js'
import { brokenFences } from './broken-fences.js'
import { brokenLeases } from './broken-leases.js'
import { brokenLists } from './broken-lists.js'
import { brokenRows } from './broken-rows.js'
import { WholeStore, withoutScan } from './whole-store.js'

const brokenStores = { ...brokenRows, ...brokenLists, ...brokenLeases, ...brokenFences }

function suiteOf (create: (clock: () => number) => GrantStore, closed = () => {}) {
  return grantStoreTests(() => {
    let now = 1_750_000_000_000
    const store = create(() => now)
    return { store, other: store, pass: async ms => { now += ms }, close: async () => closed() }
  })
}

async function failures (create: (clock: () => number) => GrantStore): Promise<Map<string, unknown>> {
  const failed = new Map<string, unknown>()
  for (const { name, run } of suiteOf(create)) await run().catch((error: unknown) => failed.set(name, error))
  return failed
}

t.test('a store that keeps the rules passes, and every store is closed', async (t) => {
  let closed = 0
  const tests = suiteOf(clock => new WholeStore(clock), () => { closed++ })
  for (const { run } of tests) await run()
  t.equal(closed, tests.length)
  t.equal(new Set(tests.map(({ name }) => name)).size, tests.length)
})

t.test('a store without scan passes, and one that is made in a promise without close', async (t) => {
  t.strictSame([...(await failures(withoutScan)).keys()], [])
  let now = 1
  const tests = grantStoreTests(async () => {
    const store = new WholeStore(() => now)
    return { store, other: store, pass: async ms => { now += ms } }
  })
  for (const { run } of tests) await t.resolves(run())
})

for (const [rule, { Store, fails }] of Object.entries(brokenStores)) {
  t.test(`a store that ${rule}`, async (t) => {
    const failed = await failures(clock => new Store(clock))
    const error = [...failed].find(([name]) => name.startsWith(fails))?.[1]
    t.ok(error instanceof Error, `fails '${fails}', failed ${[...failed.keys()].join('; ')}`)
    if (rule !== 'takes whole milliseconds only') t.ok(error instanceof AssertionError)
    t.ok((error as Error).message.length < 1_000, 'in few words')
  })
}

t.test('every test is failed by some store', async (t) => {
  const names = suiteOf(clock => new WholeStore(clock)).map(({ name }) => name)
  t.strictSame(names.filter(name => !Object.values(brokenStores).some(({ fails }) => name.startsWith(fails))), [])
  t.strictSame(Object.values(brokenStores).filter(({ fails }) => names.filter(name => name.startsWith(fails)).length !== 1), [], 'and each is named by its beginning')
})

t.test('a failed test closes its store, and says which rule was broken', async (t) => {
  let closed = 0
  class Broken extends WholeStore { override async claim () { return false } }
  const test = suiteOf(clock => new Broken(clock), () => { closed++ }).find(({ name }) => name.startsWith('a claim is made once'))
  await t.rejects(async () => test?.run(), { message: 'claim: expected true, got false', actual: false, expected: true, code: 'ERR_ASSERTION' })
  t.equal(closed, 1)
})
