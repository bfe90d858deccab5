// A store that goes away and comes back: no lease is left to nobody, and what took longer than a token lasts is refreshed again.
import t from 'tap'
import { errorOf, expired, failing, gate, hour, refusal, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const failed = { code: 'FST_OAUTH_STORE_FAILED', statusCode: 503, retryAfter: 1 }

t.test('a lease that cannot be given back is reported when it has ended, and spoils nothing', async (t) => {
  const { keeper, store, provider, warnings, clock } = await expired({ leaseTime: 800 })
  store.before = failing('release')
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  t.same(warnings, [])
  await until(() => warnings.length > 0)
  t.match(warnings, [{ message: /could not be given back/, error: { cause: { message: 'the store is down' } } }])
  t.equal(store.count('release'), 3)
  clock.now += hour
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2' }, 'it ends by itself')
})

t.test('F13: a lease that could not be given back is given back when the store is there again: others do not wait for its end', async (t) => {
  const { keeper, store, provider, warnings, clock, another } = await expired()
  store.before = failing('release')
  await keeper.fresh(provider, alice)
  clock.now += hour - 10_000
  store.before = () => {}
  await until(() => store.count('release') > 1)
  t.not(await store.inner.lease({ ...alice, account: 'default' }, 1), null)
  clock.now += 10_000
  t.match(await another().keeper.fresh(provider, alice), { accessToken: 'access-2' })
  t.same(warnings, [])
})

t.test('F14: a lease that the store gives to nobody, for it took too long, is given back', async (t) => {
  const { keeper, store, provider } = await expired({ storeTime: 50 })
  const { opened, open } = gate()
  store.after = method => method === 'lease' ? opened : undefined
  t.match(await errorOf(keeper.fresh(provider, alice)), { ...failed, message: 'The grant store failed to lease a grant' })
  t.equal(await store.inner.lease({ ...alice, account: 'default' }, 1), null, 'it is held')
  open()
  await until(() => store.count('release') === 1)
  store.after = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('F14: a store that says late that others hold a lease has given none', async (t) => {
  const { keeper, store, provider } = await expired({ storeTime: 50 })
  const lease = await store.inner.lease({ ...alice, account: 'default' }, 20_000)
  const { opened, open } = gate()
  store.after = method => method === 'lease' ? opened : undefined
  t.match(await errorOf(keeper.fresh(provider, alice)), failed)
  open()
  store.after = () => {}
  await lease?.release()
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('F13: a token that has expired before the store could take it is refreshed again, and nobody is asked to log in', async (t) => {
  const { keeper, store, provider, clock } = await expired()
  store.before = async method => {
    if (method !== 'put' || store.count('put') !== 3) return
    clock.now += hour
    throw new Error('not now')
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2' })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('F13: a store that takes longer for every write than tokens last makes callers come back', async (t) => {
  const { keeper, store, provider, clock } = await expired()
  store.before = method => { if (method === 'put') clock.now += hour }
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_GRANT_BUSY', retryAfter: 1 })
  t.equal(provider.sent.length, 3)
})

t.test('F13: a token without a refresh token that has expired before the store could take it asks for a login', async (t) => {
  const { keeper, store, provider, clock } = await expired()
  provider.before = () => {
    store.before = method => {
      if (method !== 'put') return
      store.before = () => {}
      clock.now += 2 * hour
    }
    throw refusal('invalid_grant')
  }
  t.equal(await keeper.fresh(provider, alice), null)
})
