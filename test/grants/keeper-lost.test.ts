// Refresh tokens whose fate is unknown, or that were marked and not sent.
import t from 'tap'
import { errorOf, expired, failing, failingOnceSent, gate, hour, outage, refusal, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const key = { ...alice, account: 'default' }
const lost = () => { throw outage({ unspent: false }) }

t.test('before a refresh token is sent the store knows that it is, and afterwards that it was answered', async (t) => {
  const { keeper, provider, store, clock } = await expired()
  const marks: Array<string | null | undefined> = []
  const mark = async () => { marks.push((await store.inner.get(key))?.refreshing) }
  provider.before = mark
  await keeper.fresh(provider, alice)
  await mark()
  t.match(JSON.parse(String(marks[0])), { attempt: 1, sentAt: clock.now, hash: /^[\w-]{22}$/ })
  t.equal(marks[1], null)
})

t.test('an answer that was lost: the refresh token is not sent again, by this process or another; a login is due', async (t) => {
  const { keeper, provider, another, login, warnings } = await expired()
  provider.before = lost
  await errorOf(keeper.fresh(provider, alice))
  provider.before = () => {}
  const other = another()
  for (const one of [other, { keeper }, other]) t.equal(await one.keeper.fresh(provider, alice), null)
  t.equal(provider.sent.length, 1)
  t.match([...warnings, ...other.warnings].filter(({ message }) => message.includes('may be spent')), [{}], 'it is warned of, once')
  await login({ tokens: { refreshToken: 'refresh of the login' } })
  t.match(await keeper.fresh(provider, alice), { refreshToken: 'refresh of the login' })
})

t.test('within the grace of its provider it is sent again, by whichever process, and counted', async (t) => {
  const { keeper, provider, store, clock, another } = await expired()
  Object.assign(provider, { refreshGrace: 1_000 })
  provider.before = lost
  for (const one of [keeper, another().keeper]) await errorOf(one.fresh(provider, alice))
  t.match(JSON.parse(String((await store.inner.get(key))?.refreshing)), { attempt: 2, sentAt: clock.now })
  provider.before = () => {}
  clock.now += 999
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('a provider whose last answer brought no new refresh token is sent it again', async (t) => {
  const { keeper, provider, clock } = await expired()
  const answer = { tokenType: 'bearer', accessToken: 'access-1', refreshToken: undefined, idToken: undefined, scope: undefined, claims: undefined, raw: {} }
  const outcomes: Array<'lost' | 'answered'> = ['answered', 'lost', 'lost', 'answered']
  provider.refresh = async () => {
    if (outcomes.shift() === 'lost') return lost()
    return { ...answer, expiresAt: clock.now + hour }
  }
  await keeper.fresh(provider, alice)
  clock.now += hour
  for (let time = 0; time < 2; time++) t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', refreshToken: 'refresh-0' })
})

t.test('a failure that is not of this plugin says nothing of what was sent', async (t) => {
  const { keeper, provider } = await expired()
  provider.before = () => { throw Object.assign(new Error('foreign'), { providerError: 'invalid_grant' }) }
  await t.rejects(keeper.fresh(provider, alice), /foreign/)
  t.equal(await keeper.fresh(provider, alice), null)
  t.equal(provider.sent.length, 1)
})

t.test('a grant that is given up while a login comes in stays the login\'s', async (t) => {
  const { keeper, provider, store, login } = await expired()
  provider.before = lost
  await errorOf(keeper.fresh(provider, alice))
  const puts = store.count('put')
  store.before = async method => {
    if (method !== 'put' || store.count('put') !== puts + 1) return
    store.before = () => {}
    await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login', refreshToken: 'refresh of the login' })
})

t.test('a login between the reading of a grant and its mark: nothing is sent, the login\'s grant is answered', async (t) => {
  const { keeper, provider, store, login, clock } = await expired()
  const puts = store.count('put')
  store.before = async method => {
    if (method !== 'put' || store.count('put') !== puts + 1) return
    store.before = () => {}
    clock.now++
    await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login' })
  t.same(provider.sent, [])
})

t.test('a mark that others overtake again and again is given up on', async (t) => {
  const { keeper, provider, store } = await expired()
  store.put = async () => false
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.same(provider.sent, [])
})

t.test('a mark whose writing lost its answer is found to be there', async (t) => {
  const { keeper, provider, store } = await expired()
  let writes = 0
  store.after = method => { if (method === 'put' && ++writes === 1) throw new Error('connection reset') }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', refreshToken: 'refresh-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('a mark that is stored although its writing failed is no loss: nothing was sent', async (t) => {
  const { keeper, provider, store } = await expired({ leaseTime: 100 })
  store.after = failing('put')
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_STORE_FAILED' })
  t.not((await store.inner.get(key))?.refreshing, null)
  store.after = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('nor is it where a login that kept the refresh token was stored on top of it', async (t) => {
  const { keeper, provider, store, login, clock } = await expired()
  let writes = 0
  store.after = async method => {
    if (method !== 'put' || ++writes !== 1) return
    clock.now++
    await login({ tokens: { accessToken: 'of the login', refreshToken: undefined, expiresAt: clock.now } })
    throw new Error('connection reset')
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', refreshToken: 'refresh-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('what was not spent is unmarked also beneath a login that kept the refresh token', async (t) => {
  const { keeper, provider, login, clock, store } = await expired()
  provider.before = async () => {
    clock.now++
    await login({ tokens: { accessToken: 'of the login', refreshToken: undefined, expiresAt: clock.now } })
    throw outage()
  }
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  t.equal((await store.inner.get(key))?.refreshing, null)
  provider.before = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('what was not spent, and could not be unmarked, is warned of and unmarked later, also where another process gave up on it', async (t) => {
  for (const givenUp of [false, true]) {
    const { keeper, provider, store, warnings, another } = await expired({ leaseTime: 100 })
    provider.before = () => {
      store.before = failing('put')
      throw refusal('temporarily_unavailable')
    }
    t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_TOKEN_REFUSED' })
    t.match(warnings, [{ message: /was not spent, and that could not be stored/, error: { code: 'FST_OAUTH_STORE_FAILED' } }])
    store.before = () => {}
    provider.before = () => {}
    if (givenUp) t.equal(await another().keeper.fresh(provider, alice), null)
    t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  }
})

t.test('tokens that were received are stored by themselves once the store is back, also where another process gave up, and a login came', async (t) => {
  for (const meanwhile of ['nothing', 'given up', 'login'] as const) {
    const { keeper, provider, store, clock, another } = await expired({ leaseTime: 100 })
    failingOnceSent(store, provider)
    await errorOf(keeper.fresh(provider, alice))
    store.before = method => { if (method === 'lease') throw new Error('not yet') }
    await new Promise(resolve => setTimeout(resolve, 60))
    const other = another({ store: store.inner })
    if (meanwhile !== 'nothing') t.equal(await other.keeper.fresh(provider, alice), null)
    clock.now++
    if (meanwhile === 'login') await other.login({ tokens: { accessToken: 'of the login', refreshToken: undefined } })
    store.before = () => {}
    await until(async () => (await other.keeper.find(alice))?.refreshToken === 'refresh-1')
    t.match(await other.keeper.find(alice), { accessToken: meanwhile === 'login' ? 'of the login' : 'access-1', refreshToken: 'refresh-1', status: 'active' }, meanwhile)
    t.same(provider.sent, ['refresh-0'])
  }
})

t.test('while a provider is left alone nothing is asked of it, and the log says nothing more', async (t) => {
  const { keeper, provider, warnings, clock, login } = await expired()
  provider.before = () => { throw outage() }
  for (let fault = 0; fault < 5; fault++) await errorOf(keeper.fresh(provider, alice))
  t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_PROVIDER_RESTING', statusCode: 503, retryAfter: Number })
  t.equal(provider.sent.length, 5)
  await login({ owner: 'bob', tokens: { expiresAt: clock.now + 1, refreshToken: 'of bob' } })
  clock.now += 0.95
  t.match(await keeper.fresh(provider, { ...alice, owner: 'bob' }), { accessToken: 'access-0' })
  await keeper.drain()
  t.same(warnings, [])
  t.equal(provider.sent.length, 5)
})

t.test('beyond five thousand callers who wait, the next is told to come back', async (t) => {
  const { keeper, provider } = await expired()
  const { opened, open } = gate()
  provider.before = () => opened
  const waiting = Array.from({ length: 5_000 }, () => keeper.fresh(provider, key))
  await until(() => provider.sent.length === 1)
  t.match(await errorOf(keeper.fresh(provider, key)), { code: 'FST_OAUTH_GRANT_BUSY', statusCode: 503, retryAfter: 1 })
  open()
  await Promise.all(waiting)
  t.match(await keeper.fresh(provider, key), { accessToken: 'access-1' })
})

t.test('F18: drain waits for no longer than a lease lasts, and says so', async (t) => {
  const { keeper, provider, warnings } = await expired({ leaseTime: 50 })
  const { opened, open } = gate()
  provider.before = () => opened
  const refreshing = keeper.fresh(provider, alice)
  await until(() => provider.sent.length === 1)
  await keeper.drain()
  t.match(warnings.at(-1)?.message, /under way still/)
  open()
  t.match(await refreshing, { accessToken: 'access-1' })
  const told = warnings.length
  await keeper.drain()
  await new Promise(resolve => setTimeout(resolve, 60))
  t.equal(warnings.length, told, 'and not where all has ended')
})

t.test('a renewal that finds a mark of another process\'s refresh sends nothing itself', async (t) => {
  const { keeper, login, provider, another, store } = startKeeper()
  const refused = await login()
  const { opened, open } = gate()
  provider.before = () => opened
  const first = keeper.renew(provider, refused)
  await until(() => provider.sent.length === 1)
  const second = another().keeper.renew(provider, refused)
  await until(() => store.count('lease') > 2)
  open()
  t.match(await Promise.all([first, second]), [{ accessToken: 'access-1' }, { accessToken: 'access-1' }])
  t.same(provider.sent, ['refresh-0'])
})

t.test('a renewal goes on where only the bookkeeping of the grant has changed', async (t) => {
  const { keeper, login, provider, another, store } = startKeeper()
  const refused = await login()
  provider.before = () => { throw outage() }
  const { opened, open } = gate()
  store.before = method => method === 'lease' && store.count('lease') === 1 ? opened : undefined
  const renewing = keeper.renew(provider, refused)
  await until(() => store.count('lease') === 1)
  store.before = () => {}
  await errorOf(another().keeper.renew(provider, refused))
  provider.before = () => {}
  open()
  t.match(await renewing, { accessToken: 'access-1', version: 5 })
})
