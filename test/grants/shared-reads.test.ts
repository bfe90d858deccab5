// Reads that become one, and what none of them may miss.
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { MemoryGrantStore } from '../../lib/grants/memory-store.js'
import { SealedStore } from '../../lib/grants/sealed-store.js'
import { SharedReads } from '../../lib/grants/shared-reads.js'
import { FaultyStore, errorOf, gate, startKeeper } from '../fixtures/grants.js'

/** Reads that the test answers, in the order in which they began. */
function startReads () {
  const reads = new SharedReads<string>()
  const begun: Array<{ answer: (answer: string) => void, fail: (error: Error) => void }> = []
  const get = (id = 'a') => reads.get(id, () => new Promise<string>((resolve, reject) => { begun.push({ answer: resolve, fail: reject }) }))
  return { get, begun }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

t.test('who comes while a read is under way shares the next one', async (t) => {
  const { get, begun } = startReads()
  const first = get()
  const later = Array.from({ length: 100 }, () => get())
  t.equal(begun.length, 1)
  begun[0]?.answer('old')
  t.equal(await first, 'old')
  await turn()
  t.equal(begun.length, 2)
  const latest = get()
  begun[1]?.answer('new')
  t.strictSame([...new Set(await Promise.all(later))], ['new'])
  await turn()
  begun[2]?.answer('newest')
  t.equal(await latest, 'newest', 'and so on')
  const alone = get()
  t.equal(begun.length, 4, 'afterwards a read begins at once')
  begun[3]?.answer('x')
  t.equal(await alone, 'x')
})

t.test('reads of something else do not wait', async (t) => {
  const { get, begun } = startReads()
  const both = [get('a'), get('b')]
  begun.forEach(({ answer }, index) => answer(`${index}`))
  t.strictSame(await Promise.all(both), ['0', '1'])
})

t.test('a read that fails does not fail the next one', async (t) => {
  const { get, begun } = startReads()
  const failed = errorOf(get())
  const [second, third] = [get(), get()]
  begun[0]?.fail(new Error('down'))
  t.match(await failed, { message: 'down' })
  await turn()
  begun[1]?.answer('up')
  t.strictSame(await Promise.all([second, third]), ['up', 'up'])
})

t.test('a read that is slow is not waited for, and ends for those who had asked', async (t) => {
  const { get, begun } = startReads()
  const slow = get()
  const next = get()
  const isOver = await Promise.race([next, new Promise(resolve => setTimeout(resolve, 100, 'waiting'))])
  t.equal(isOver, 'waiting')
  while (begun.length < 2) await turn()
  begun[0]?.answer('late')
  t.equal(await slow, 'late')
  const third = get()
  t.equal(begun.length, 2, 'the newest read is waited for still')
  begun[1]?.answer('next')
  t.equal(await next, 'next')
  await turn()
  begun[2]?.answer('third')
  t.equal(await third, 'third')
})

t.test('500 callers ask the store for a grant, and for a list, a few times', async (t) => {
  const { keeper, store, login } = startKeeper()
  await login()
  store.before = turn
  const call = (account?: string) => Promise.all(Array.from({ length: 500 }, () => keeper.find({ owner: 'alice', provider: 'test', account })))
  store.calls.length = 0
  const found = [...await call('default'), ...await call()]
  t.ok(found.every(grant => grant?.accessToken === 'access-0'))
  t.strictSame([store.count('get'), store.count('list')], [2, 2])
})

t.test('lists of an owner, and of one provider of it, are two', async (t) => {
  const { keeper, login } = startKeeper()
  await login()
  await login({ provider: 'other' })
  const lists = await Promise.all([keeper.list('alice'), keeper.list('alice', 'other'), keeper.list('alice', 'test'), keeper.list('alice')])
  t.strictSame(lists.map(list => list.map(({ provider }) => provider).sort()), [['other', 'test'], ['other'], ['test'], ['other', 'test']])
})

t.test('what was written before a read is in its answer, although another read was under way', async (t) => {
  const store = new FaultyStore(new MemoryGrantStore())
  const grants = new SealedStore({ store, cipher: new Cipher(['a secret of 32 bytes for the tests']), warn: message => t.fail(message) })
  const key = { owner: 'alice', provider: 'test', account: 'default' }
  const held = gate()
  // Its answer is of before the write.
  store.after = () => held.opened
  const before = grants.row(key)
  await turn()
  store.after = () => {}
  await store.put({ ...key, authorizedAt: 1, refreshing: null, sealed: 'sealed' }, 0)
  const after = grants.row(key)
  held.open()
  t.equal(await before, null)
  t.match(await after, { version: 1 })
})
