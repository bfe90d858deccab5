// A store that does not write: a rotated refresh token is not lost, and no spent one is sent again.
import t from 'tap'
import { errorOf, expired, failing, failingOnceSent, hour, refusal } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const failed = { code: 'FST_OAUTH_STORE_FAILED', statusCode: 503, retryAfter: 1 }

t.test('F11: a write that fails for a moment after a rotation is tried again under the lease', async (t) => {
  const { keeper, store, provider } = await expired()
  store.before = method => { if (method === 'put' && store.count('put') > 2 && store.count('put') < 6) throw new Error('not now') }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  t.equal(store.count('put'), 6, 'the login\'s, the mark, three that failed, and one')
  t.equal(store.count('lease'), 1)
  t.same(provider.sent, ['refresh-0'])
})

t.test('F11: a write that fails for longer than the lease is made up for by the next caller, and the old token is not sent again', async (t) => {
  const { keeper, store, provider } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  t.match(await errorOf(keeper.fresh(provider, alice)), { ...failed, message: 'The grant store failed to write a grant' })
  t.match(await errorOf(keeper.fresh(provider, alice)), failed)
  store.before = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 3 })
  t.match(await keeper.find(alice), { refreshToken: 'refresh-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('F11: what could not be saved and has expired since is refreshed with the rotated token', async (t) => {
  const { keeper, store, provider, clock } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  store.before = () => {}
  clock.now += hour
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2', version: 5 })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('F11: what could not be saved gives way to a login, and is given to one that brought no refresh token', async (t) => {
  for (const [refreshToken, expected] of [['refresh of the login', 'refresh of the login'], [undefined, 'refresh-1']]) {
    const { keeper, store, provider, clock, login } = await expired({ leaseTime: 100 })
    failingOnceSent(store, provider)
    await errorOf(keeper.fresh(provider, alice))
    store.before = () => {}
    await login({ tokens: { accessToken: 'of the login', refreshToken } })
    clock.now += hour
    t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2' })
    t.same(provider.sent, ['refresh-0', expected])
  }
})

t.test('F11: a logout or a move takes along what could not be saved', async (t) => {
  for (const leave of ['remove', 'move'] as const) {
    const { keeper, store, provider, login, clock } = await expired({ leaseTime: 100 })
    failingOnceSent(store, provider)
    await errorOf(keeper.fresh(provider, alice))
    store.before = () => {}
    if (leave === 'remove') t.match(await keeper.remove(alice), { refreshToken: 'refresh-1' })
    else await keeper.move('alice', 'bob')
    t.match(await keeper.list('bob'), leave === 'move' ? [{ refreshToken: 'refresh-1' }] : [])
    await login({ tokens: { refreshToken: 'refresh of the login' } })
    clock.now += hour
    await keeper.fresh(provider, alice)
    t.same(provider.sent, ['refresh-0', 'refresh of the login'], 'and it is forgotten')
  }
})

t.test('F11: a store that fails to say what stands in the way of a rotation is asked again, before another process is let in', async (t) => {
  const { keeper, store, provider, clock, login, another } = await expired()
  let failures = 0
  provider.before = async () => {
    provider.before = () => {}
    await login({ tokens: { accessToken: 'of the login', refreshToken: undefined } })
    store.before = method => { if (method === 'get' && store.calls.at(-2) !== 'lease' && failures++ < 3) throw new Error('not now') }
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login', refreshToken: 'refresh-1' })
  t.ok(failures > 3)
  t.equal(store.count('lease'), 1)
  clock.now += hour
  t.match(await another().keeper.fresh(provider, alice), { accessToken: 'access-2' })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('F11: a refusal that could not be saved is not asked for again', async (t) => {
  const { keeper, store, provider } = await expired({ leaseTime: 100 })
  provider.before = () => {
    store.before = failing('put')
    throw refusal('invalid_grant')
  }
  t.match(await errorOf(keeper.fresh(provider, alice)), failed)
  store.before = () => {}
  t.equal(await keeper.fresh(provider, alice), null)
  t.equal(provider.sent.length, 1)
})

t.test('F18: drain saves what could not be saved', async (t) => {
  const { keeper, store, provider, another } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  await keeper.drain()
  t.match(await keeper.find(alice), { refreshToken: 'refresh-0' }, 'where the store still fails it ends all the same')
  store.before = () => {}
  await keeper.drain()
  t.match(await another().keeper.find(alice), { refreshToken: 'refresh-1', version: 3 })
})
