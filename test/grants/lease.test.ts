// The right to change one grant: one holder at a time, in this process and over all.
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { Leases } from '../../lib/grants/lease.js'
import { SealedStore } from '../../lib/grants/sealed-store.js'
import { FaultyStore, errorOf, gate, hour, startKeeper, until } from '../fixtures/grants.js'

const key = { owner: 'alice', provider: 'test', account: 'default' }
const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

function startLeases (leaseTime = 20_000, store = new FaultyStore()) {
  const grants = new SealedStore({ store, cipher: new Cipher(['a secret of at least 32 characters']), warn () {} })
  return { store, leases: new Leases({ grants, leaseTime, warn () {} }) }
}

t.test('whoever asks for one grant runs one after the other, in this process and in another', async (t) => {
  const { store, leases } = startLeases()
  const other = startLeases(20_000, store).leases
  let running = 0
  let most = 0
  const results = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? leases : other).exclusively(key, async () => {
    most = Math.max(most, ++running)
    await pause(1)
    running--
    return index
  })))
  t.equal(most, 1)
  t.same(results, Array.from({ length: 20 }, (_, index) => index), 'each with its own result')
})

t.test('different grants do not wait for each other', async (t) => {
  const { leases } = startLeases()
  const { opened, open } = gate()
  const first = leases.exclusively(key, () => opened)
  await leases.exclusively({ ...key, owner: 'bob' }, async () => {})
  await leases.exclusively({ ...key, account: 'second' }, async () => {})
  open()
  await first
})

t.test('a holder that fails gives the lease back, and its failure is told', async (t) => {
  const { store, leases } = startLeases()
  await t.rejects(leases.exclusively(key, async () => { throw new Error('failed') }), /failed/)
  t.equal(store.count('release'), 1)
  t.equal(await leases.exclusively(key, async () => 'next'), 'next')
})

t.test('within one process a lease that ran out under its holder lets nobody in', async (t) => {
  const { leases } = startLeases(30)
  const { opened, open } = gate()
  let inside = false
  const first = leases.exclusively(key, async () => {
    inside = true
    await opened
    inside = false
  })
  await pause(60)
  t.match(await errorOf(leases.exclusively(key, async () => inside)), { code: 'FST_OAUTH_GRANT_BUSY' })
  open()
  await first
  t.equal(await leases.exclusively(key, async () => inside), false)
})

t.test('a lease is renewed before a step that cannot be taken back, once half of it is used', async (t) => {
  const { store, leases } = startLeases(4_000)
  await leases.exclusively(key, async lease => {
    const end = lease.until
    await lease.secure()
    t.equal(store.count('renew'), 0, 'not before')
    t.equal(lease.until, end)
    await pause(2_010)
    await lease.secure()
    t.equal(store.count('renew'), 1)
    t.ok(lease.until > end)
    await lease.secure()
    t.equal(store.count('renew'), 1, 'it lasts again')
  })
})

t.test('F19: a process that was stopped past its lease sends no refresh token when it goes on', async (t) => {
  const { keeper, login, clock, provider, store, another } = startKeeper({ leaseTime: 200 })
  await login()
  clock.now += hour
  const { opened, open } = gate()
  store.before = method => method === 'get' ? opened : undefined
  const stopped = keeper.fresh(provider, { owner: 'alice', provider: 'test' })
  await until(() => store.count('get') === 2)
  store.before = () => {}
  clock.now += 200
  t.match(await another().keeper.fresh(provider, key), { accessToken: 'access-1' })
  await pause(210)
  open()
  t.match(await stopped, { accessToken: 'access-1' }, 'it reads what the other has stored')
  t.same(provider.sent, ['refresh-0'])
})

t.test('F19: a process that had read the grant when it was stopped sends nothing, and removes nothing', async (t) => {
  for (const step of ['fresh', 'remove', 'move'] as const) {
    const { keeper, login, clock, provider, store, another } = startKeeper({ leaseTime: 200 })
    await login()
    clock.now += hour
    const { opened, open } = gate()
    store.after = method => method === 'get' && store.count('lease') === 1 ? opened : undefined
    const stopped = errorOf(step === 'fresh' ? keeper.fresh(provider, key) : step === 'remove' ? keeper.remove(key) : keeper.move('alice', 'bob'))
    await until(() => store.calls.at(-1) === 'get' && store.count('lease') === 1)
    store.after = () => {}
    clock.now += 200
    t.match(await another().keeper.fresh(provider, key), { accessToken: 'access-1' })
    await pause(210)
    open()
    t.match(await stopped, { code: 'FST_OAUTH_GRANT_BUSY' }, step)
    t.match(await keeper.list('alice'), [{ accessToken: 'access-1', refreshToken: 'refresh-1' }])
    t.same(await keeper.list('bob'), [])
    t.same(provider.sent, ['refresh-0'])
  }
})

t.test('F19: the write of a process whose lease another has taken is refused, and the caller is told to try again', async (t) => {
  const { keeper, login, clock, provider, store } = startKeeper()
  await login()
  clock.now += hour
  provider.before = async () => {
    clock.now += 20_000
    await store.inner.lease(key, 20_000)
  }
  t.match(await errorOf(keeper.fresh(provider, key)), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.match(await keeper.find(key), { refreshToken: 'refresh-0', version: 2 })
  provider.before = () => {}
  clock.now += 20_000
  t.match(await keeper.fresh(provider, key), { accessToken: 'access-1' }, 'where the other has stored nothing, what was received counts')
  t.same(provider.sent, ['refresh-0'])
})

t.test('a lease is renewed while its holder works, for longer than it lasts', async (t) => {
  const { store, leases } = startLeases(60)
  const other = startLeases(60, store).leases
  await leases.exclusively(key, async lease => {
    const first = lease.until
    await until(() => store.count('renew') > 3)
    t.ok(lease.until > first)
  })
  const renewed = store.count('renew')
  await other.exclusively(key, async () => {})
  await pause(40)
  t.equal(store.count('renew'), renewed, 'and no longer')
})

t.test('a renewal that fails is warned of, and spoils nothing', async (t) => {
  const store = new FaultyStore()
  const warnings: string[] = []
  const grants = new SealedStore({ store, cipher: new Cipher(['a secret of at least 32 characters']), warn () {} })
  const leases = new Leases({ grants, leaseTime: 60, warn: message => { warnings.push(message) } })
  store.before = method => { if (method === 'renew' && store.count('renew') === 1) throw new Error('not now') }
  t.equal(await leases.exclusively(key, async () => { await until(() => store.count('renew') > 1); return 'done' }), 'done')
  t.same(warnings, ['A lease could not be renewed'])
})
