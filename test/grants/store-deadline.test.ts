// The time that a store may take is the store's: a process that was too busy to read its answer does not count as one.
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import t from 'tap'
import { errorOf, startKeeper } from '../fixtures/grants.js'

const random = promisify(randomBytes)
const storeTime = 50

function block (ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) { /* busy */ }
}

t.test('an answer that came while the process was busy is taken, late as it is', async (t) => {
  const { keeper, store, login } = startKeeper({ storeTime })
  await login()
  // From another thread, and told when the event loop asks.
  store.before = async () => { await random(16) }
  const found = keeper.find({ owner: 'alice', provider: 'test', account: 'default' })
  block(10 * storeTime)
  t.match(await found, { owner: 'alice' })
})

t.test('a question that had not left a process when it was stopped gets its time once more', async (t) => {
  const { keeper, store, login } = startKeeper({ storeTime })
  await login()
  let answer = () => {}
  store.before = () => new Promise<void>(resolve => { answer = resolve })
  const find = () => keeper.find({ owner: 'alice', provider: 'test', account: 'default' })
  const found = find()
  block(10 * storeTime)
  setTimeout(() => answer(), 0)
  t.match(await found, { owner: 'alice' })

  const failed = errorOf(find())
  block(10 * storeTime)
  t.match(await failed, { code: 'FST_OAUTH_STORE_FAILED' }, 'and no more than that')
})

t.test('an answer that did not come is not waited for', async (t) => {
  const { keeper, store, login } = startKeeper({ storeTime })
  await login()
  store.before = () => new Promise(() => {})
  const failed = errorOf(keeper.find({ owner: 'alice', provider: 'test', account: 'default' }))
  t.match(await failed, { code: 'FST_OAUTH_STORE_FAILED', cause: { message: `no answer within ${storeTime} ms` } })
})
