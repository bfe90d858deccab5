// A move that ends in the middle: at no step are there two who send one refresh token, and the next who needs it settles it.
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { FaultyStore, errorOf, gate, hour, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test', account: 'default' }
const bob = { ...alice, owner: 'bob' }
const cipher = new Cipher(['a secret of 32 bytes for the tests'])
const leaseTime = 2_000
const never = new Promise<never>(() => {})

/** A move by a process that dies at a step, counted from 0; the others live. Whether it died is told. */
async function dyingMove (step: number) {
  const parts = startKeeper({ cipher, leaseTime })
  await parts.login()
  const store = new FaultyStore(parts.store.inner)
  let steps = 0
  let died = () => {}
  const death = new Promise<'died'>(resolve => { died = () => resolve('died') })
  store.before = store.after = () => {
    if (steps++ < step) return undefined
    died()
    return never
  }
  const mover = startKeeper({ cipher, leaseTime, storeTime: 500 }, { ...parts, store })
  const end = await Promise.race([mover.keeper.move('alice', 'bob'), death])
  parts.clock.now += leaseTime
  return { ...parts, isDead: end === 'died' }
}

/** Does this after a death at each step. Answers how many steps a move has. */
async function atEachStep (check: (parts: Awaited<ReturnType<typeof dyingMove>>, what: string) => Promise<void>): Promise<number> {
  for (let step = 0; ; step++) {
    const parts = await dyingMove(step)
    if (!parts.isDead) return step
    await check(parts, `step ${step}`)
  }
}

const rows = async ({ store }: Awaited<ReturnType<typeof dyingMove>>) => [...await store.inner.list('alice'), ...await store.inner.list('bob')]

t.test('a process that dies in a move: one owner has the grant, and no refresh token is sent twice', async (t) => {
  const steps = await atEachStep(async (parts, what) => {
    const { keeper, provider, clock } = parts
    t.ok((await keeper.list('alice')).length + (await keeper.list('bob')).length > 0, `${what}: it is there`)
    for (let count = 0; count < 2; count++) {
      clock.now += hour
      const grants = [await keeper.fresh(provider, alice), await keeper.fresh(provider, bob)].filter(grant => grant !== null)
      t.equal(grants.length, 1, what)
    }
    t.equal((await rows(parts)).length, 1, what)
    t.strictSame(provider.sent, ['refresh-0', 'refresh-1'], what)
  })
  t.ok(steps > 10, `${steps} steps`)
})

t.test('the other owner may be the first to refresh', async (t) => {
  await atEachStep(async (parts, what) => {
    const { keeper, provider, clock } = parts
    clock.now += hour
    const grants = [await keeper.fresh(provider, bob), await keeper.fresh(provider, alice)].filter(grant => grant !== null)
    t.equal(grants.length, 1, what)
    t.strictSame(provider.sent, ['refresh-0'], what)
    t.equal((await rows(parts)).length, 1, what)
  })
})

t.test('a move that is made again ends the one that died, whether or not the other has refreshed since', async (t) => {
  for (const isRefreshed of [false, true]) {
    await atEachStep(async (parts, what) => {
      const { keeper, provider, clock } = parts
      if (isRefreshed) {
        clock.now += hour
        await keeper.fresh(provider, bob)
      }
      await keeper.move('alice', 'bob')
      clock.now += hour
      t.not(await keeper.fresh(provider, bob), null, what)
      t.strictSame(await keeper.list('alice'), [], what)
      t.equal(new Set(provider.sent).size, provider.sent.length, what)
    })
  }
})

t.test('until it is due, it serves both, and is not refreshed ahead; a call that was refused settles it', async (t) => {
  const { keeper, store, provider, clock, login } = startKeeper({ cipher, leaseTime: 100 })
  await login()
  store.before = method => { if (method === 'delete') throw new Error('down') }
  t.match(await errorOf(keeper.move('alice', 'bob')), { code: 'FST_OAUTH_STORE_FAILED' })
  store.before = () => {}
  clock.now += hour - 30_000
  const before = store.calls.length
  const old = await keeper.fresh(provider, alice)
  t.match(old, { accessToken: 'access-0' })
  t.strictSame(store.calls.slice(before), ['get'])
  t.match(await keeper.fresh(provider, bob), { accessToken: 'access-0' })
  await until(() => provider.sent.length === 1)
  t.equal(old === null ? undefined : await keeper.renew(provider, old), null)
  t.strictSame(await keeper.list('alice'), [])
  t.strictSame(provider.sent, ['refresh-0'])
})

t.test('a later login of the old owner stays, but for a refresh token that it kept and the other has', async (t) => {
  for (const [refreshToken, isPlaced, expected] of [[undefined, true, null], [undefined, false, 'refresh-0'], ['its own', true, 'its own']] as const) {
    const { keeper, store, provider, clock, login } = startKeeper({ cipher, leaseTime: 100 })
    await login()
    store.before = method => { if (method === (isPlaced ? 'delete' : 'get') && store.count('put') > 1) throw new Error('down') }
    await errorOf(keeper.move('alice', 'bob'))
    store.before = () => {}
    clock.now++
    await login({ tokens: { accessToken: 'of the login', refreshToken } })
    t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login' })
    clock.now += hour
    const grant = await keeper.fresh(provider, alice)
    t.strictSame(provider.sent, expected === null ? [] : [expected])
    t.equal(grant?.accessToken ?? null, expected === null ? null : 'access-1')
  }
})

t.test('a refresh that finds a move begun sends nothing; the caller comes again', async (t) => {
  const { keeper, store, provider, clock, login } = startKeeper({ cipher, leaseTime: 100 })
  await login()
  clock.now += hour
  const known = await keeper.find(alice)
  store.before = method => { if (method === 'delete') throw new Error('down') }
  await errorOf(keeper.move('alice', 'bob'))
  store.before = () => {}
  t.match(await errorOf(known === null ? Promise.resolve() : keeper.ready(provider, known)), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.equal(await keeper.fresh(provider, alice), null)
  t.match(await keeper.fresh(provider, bob), { accessToken: 'access-1' })
  t.strictSame(provider.sent, ['refresh-0'])
})

t.test('a move that others settle meanwhile is left as they left it', async (t) => {
  const { keeper, store, provider, clock, login, another } = startKeeper({ cipher, leaseTime: 100 })
  await login()
  clock.now += hour
  store.before = method => { if (method === 'delete') throw new Error('down') }
  await errorOf(keeper.move('alice', 'bob'))
  store.before = () => {}
  const { opened, open } = gate()
  store.after = method => method === 'list' || (method === 'get' && store.count('lease') === 1) ? opened : undefined
  const late = keeper.fresh(provider, alice)
  store.after = () => {}
  t.equal(await another().keeper.fresh(provider, alice), null)
  open()
  t.equal(await late, null)
})

t.test('a login while a move is undone is not written over', async (t) => {
  const { keeper, store, provider, clock, login } = startKeeper({ cipher, leaseTime: 100 })
  await login()
  clock.now += hour
  store.before = method => { if (method === 'get' && store.count('put') > 1) throw new Error('down') }
  await errorOf(keeper.move('alice', 'bob'))
  store.before = async method => {
    if (method !== 'put') return
    store.before = () => {}
    await login({ tokens: { accessToken: 'of the login' } })
  }
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login' })
})
