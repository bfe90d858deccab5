// A store that fails, loses its answers, or is slow.
import t from 'tap'
import { errorOf, expired, failing, hour, startKeeper, until } from '../fixtures/grants.js'
import type { StoreMethod } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const failed = { code: 'FST_OAUTH_STORE_FAILED', statusCode: 503, retryAfter: 1 }

t.test('a store that is down fails every question, naming it, and nothing is taken for missing', async (t) => {
  const { keeper, store, provider, login } = await expired({ leaseTime: 100 })
  store.before = failing('get', 'put', 'delete', 'list', 'lease', 'claim')
  const questions: Array<[what: string, ask: () => Promise<unknown>]> = [
    ['list grants', () => keeper.find(alice)], ['read a grant', () => keeper.find({ ...alice, account: 'default' })], ['list grants', () => keeper.list('alice')],
    ['list grants', () => keeper.fresh(provider, alice)], ['read a grant', () => login()], ['list grants', () => keeper.remove(alice)],
    ['list grants', () => keeper.move('alice', 'bob')], ['claim a login', () => keeper.claim('one', 1_000)]
  ]
  for (const [what, ask] of questions) {
    const error = await errorOf(ask())
    t.match(error, { ...failed, message: `The grant store failed to ${what}` })
    t.match((error as Error).cause, { message: 'the store is down' })
  }
  store.before = failing('lease')
  t.match(await errorOf(keeper.fresh(provider, alice)), { message: 'The grant store failed to lease a grant' })
  t.same(provider.sent, [], 'without a lease no refresh token is sent')
  store.before = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('a write whose answer was lost is found to have been made', async (t) => {
  for (const refreshToken of [undefined, 'refresh-0']) {
    const { keeper, store, provider, clock } = await expired()
    if (refreshToken !== undefined) provider.answer = { refreshToken }
    let lost = 0
    store.after = method => { if (method === 'put' && lost++ === 0) throw new Error('connection reset') }
    t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
    t.match(await keeper.find(alice), { accessToken: 'access-1', refreshToken: refreshToken ?? 'refresh-1' })
    t.same(provider.sent, ['refresh-0'])
    t.equal(clock.now > 0 && lost > 1, true)
  }
})

t.test('a login whose write lost its answer is stored', async (t) => {
  const { keeper, store, login } = startKeeper()
  let lost = 0
  store.after = method => { if (method === 'put' && lost++ === 0) throw new Error('connection reset') }
  t.match(await login(), { accessToken: 'access-0' })
  t.match(await keeper.find(alice), { accessToken: 'access-0', refreshToken: 'refresh-0' })
})

t.test('a login whose write lost its answer does not write over what others have made of it', async (t) => {
  const { keeper, store, login, clock, provider } = startKeeper()
  store.after = async (method) => {
    if (method !== 'put') return
    store.after = () => {}
    clock.now += hour
    await keeper.fresh(provider, alice)
    throw new Error('connection reset')
  }
  t.match(await login(), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 3 })
  clock.now += hour
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2' })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('a login whose write lost its answer, and whose grant was removed since, has failed', async (t) => {
  const { keeper, store, login } = startKeeper()
  store.after = async (method) => {
    if (method !== 'put') return
    store.after = () => {}
    await keeper.remove(alice)
    await store.inner.put({ owner: 'alice', provider: 'test', account: 'default', refreshing: null, authorizedAt: 1, sealed: 'in the way' }, 0)
    await store.inner.put({ owner: 'alice', provider: 'test', account: 'default', refreshing: null, authorizedAt: 1, sealed: 'in the way' }, 1)
    throw new Error('connection reset')
  }
  store.before = method => method === 'get' && store.count('put') === 2 ? store.inner.delete({ ...alice, account: 'default' }) : undefined
  t.match(await errorOf(login()), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.equal(await keeper.find(alice), null, 'a logout stays one')
})

t.test('a login whose write failed, while a refresh was stored, is stored on top of it', async (t) => {
  const { keeper, store, login, clock, provider } = await expired()
  store.before = async (method) => {
    if (method !== 'put') return
    store.before = () => {}
    await keeper.fresh(provider, alice)
    throw new Error('connection reset')
  }
  clock.now++
  t.match(await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } }), { accessToken: 'of the login', version: 4 })
  t.match(await keeper.find(alice), { accessToken: 'of the login', refreshToken: 'refresh of the login', version: 4 })
})

t.test('a login waits a while for a store that does not write, and then fails', async (t) => {
  const { store, login } = startKeeper({ leaseTime: 1_000 })
  store.before = failing('put')
  t.match(await errorOf(login()), failed)
  t.ok(store.count('put') > 1, 'it has tried again')
})

t.test('a removal that fails in the middle fails as a whole, and works the next time', async (t) => {
  const { keeper, store } = await expired({ leaseTime: 100 })
  store.before = failing('delete')
  t.match(await errorOf(keeper.remove(alice)), { ...failed, message: 'The grant store failed to delete a grant' })
  t.match(await keeper.find(alice), { refreshToken: 'refresh-0' })
  store.before = () => {}
  t.match(await keeper.remove(alice), { refreshToken: 'refresh-0' })
})

t.test('a store that throws instead of rejecting is a store that failed', async (t) => {
  const { keeper, store } = startKeeper()
  store.list = () => { throw new Error('thrown') }
  t.match(await errorOf(keeper.list('alice')), { ...failed, cause: { message: 'thrown' } })
})

t.test('F14: a store that does not answer is given up on after its time', async (t) => {
  const { keeper, store, provider } = await expired({ storeTime: 50, leaseTime: 100 })
  const asked: StoreMethod[] = []
  store.before = (method) => { asked.push(method); return new Promise(() => {}) }
  for (const call of [() => keeper.find(alice), () => keeper.fresh(provider, alice), () => keeper.remove(alice), () => keeper.move('alice', 'bob'), () => keeper.claim('one', 1)]) {
    t.match(await errorOf(call()), { ...failed, cause: { message: 'no answer within 50 ms' } })
  }
  t.equal(asked.length, 5)
})

t.test('F14: an answer that comes too late does no harm', async (t) => {
  const { keeper, store, provider } = await expired({ storeTime: 50 })
  const late: Array<() => void> = []
  store.before = method => method === 'put' && late.length === 0 ? new Promise<void>(resolve => { late.push(resolve) }) : undefined
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', version: 3 })
  for (const answer of late) answer()
  await until(() => store.calls.at(-1) === 'release')
  t.match(await keeper.find(alice), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 3 })
  t.same(provider.sent, ['refresh-0'])
})
