// A refresh that is not alone: logins, logouts and moves meanwhile, and other processes on the same store.
import t from 'tap'
import { errorOf, gate, hour, refusal, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const key = { ...alice, account: 'default' }

/** A keeper with an expired grant whose refresh is held at the provider until `open()`. */
async function midRefresh () {
  const parts = startKeeper()
  await parts.login()
  parts.clock.now += hour
  const { opened, open } = gate()
  parts.provider.before = () => opened
  const refreshing = parts.keeper.fresh(parts.provider, alice)
  await until(() => parts.provider.sent.length === 1)
  return { ...parts, open, refreshing }
}

t.test('a login during a refresh wins, with the refresh token that it brings', async (t) => {
  const { keeper, login, open, refreshing, provider } = await midRefresh()
  await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
  open()
  t.match(await refreshing, { accessToken: 'of the login' })
  t.match(await keeper.find(alice), { accessToken: 'of the login', refreshToken: 'refresh of the login', version: 3 })
  t.same(provider.sent, ['refresh-0'])
})

t.test('a login during a refresh that brings no refresh token is given the rotated one: the one it kept is spent', async (t) => {
  const { keeper, login, open, refreshing, clock, provider } = await midRefresh()
  await login({ tokens: { accessToken: 'of the login', refreshToken: undefined, scope: ['more'] } })
  open()
  t.match(await refreshing, { accessToken: 'of the login', refreshToken: 'refresh-1', scope: ['more'] })
  t.match(await keeper.find(alice), { accessToken: 'of the login', refreshToken: 'refresh-1', scope: ['more'], version: 4 })
  clock.now += hour
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-2' })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('a login during a refresh that is refused does not keep the refused refresh token', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  provider.before = async () => {
    await login({ tokens: { accessToken: 'of the login', refreshToken: undefined } })
    throw refusal('invalid_grant')
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the login' })
  const kept = await keeper.find(alice)
  t.match(kept, { accessToken: 'of the login', version: 4 })
  t.equal(kept?.refreshToken, undefined)
})

t.test('F22: a refused refresh token does no harm to what another process has stored meanwhile', async (t) => {
  const { keeper, login, clock, provider, another } = startKeeper()
  await login()
  clock.now += hour
  const other = another()
  provider.before = async () => {
    await other.login({ tokens: { accessToken: 'of the other process', refreshToken: 'refresh of the other process' } })
    throw refusal('invalid_grant')
  }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'of the other process' })
  t.match(await keeper.find(alice), { accessToken: 'of the other process', refreshToken: 'refresh of the other process', version: 3 })
})

t.test('a grant that is removed during its refresh is removed after it, with its newest tokens', async (t) => {
  const { keeper, store, open, refreshing } = await midRefresh()
  const removing = keeper.remove(alice)
  open()
  t.match(await refreshing, { accessToken: 'access-1' })
  t.match(await removing, { accessToken: 'access-1', refreshToken: 'refresh-1' }, 'those are the ones to revoke')
  t.equal(await keeper.find(alice), null)
  t.equal(store.count('delete'), 1)
})

t.test('a refresh that waited for a removal finds nothing, and brings nothing back', async (t) => {
  const { keeper, login, clock, provider, store } = startKeeper()
  await login()
  clock.now += hour
  const { opened, open } = gate()
  store.before = method => method === 'delete' ? opened : undefined
  const removing = keeper.remove(alice)
  await until(() => store.count('delete') === 1)
  const refreshing = keeper.fresh(provider, alice)
  open()
  t.match(await removing, { refreshToken: 'refresh-0' })
  t.equal(await refreshing, null)
  t.equal(await keeper.find(alice), null)
  t.same(provider.sent, [])
})

t.test('a grant that another process removes or replaces during a refresh that outlasts its lease stays so', async (t) => {
  for (const replaced of [false, true]) {
    const { keeper, clock, open, refreshing, another } = await midRefresh()
    clock.now += 20_000
    const other = another()
    t.match(await other.keeper.remove(alice), { refreshToken: 'refresh-0' })
    if (replaced) await other.login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
    open()
    const expected = replaced ? { accessToken: 'of the login', version: 1 } : null
    t.match(await refreshing, expected)
    t.match(await keeper.find(alice), expected)
  }
})

t.test('a move during a refresh takes the new tokens along', async (t) => {
  const { keeper, open, refreshing } = await midRefresh()
  const moving = keeper.move('alice', 'alice after login')
  open()
  t.match(await refreshing, { owner: 'alice', accessToken: 'access-1' })
  await moving
  t.same(await keeper.list('alice'), [])
  t.match(await keeper.list('alice after login'), [{ accessToken: 'access-1', refreshToken: 'refresh-1', version: 1 }])
})

t.test('the lease of another process is waited for, and what it stored is taken', async (t) => {
  const { open, refreshing, provider, another, store } = await midRefresh()
  const other = another()
  const waiting = Array.from({ length: 50 }, () => other.keeper.fresh(provider, alice))
  const asked = store.count('lease')
  await until(() => store.count('lease') > asked + 1)
  open()
  const grants = await Promise.all([refreshing, ...waiting])
  t.same([...new Set(grants.map(grant => grant?.accessToken))], ['access-1'])
  t.same(provider.sent, ['refresh-0'])
})

t.test('a process that died with its lease holds others up until the lease ends', async (t) => {
  const { keeper, login, clock, provider, store } = startKeeper()
  await login()
  clock.now += hour
  await store.inner.lease(key, 20_000)
  const waiting = keeper.fresh(provider, alice)
  await until(() => store.count('lease') > 2)
  t.same(provider.sent, [])
  clock.now += 20_000
  t.match(await waiting, { accessToken: 'access-1' })
})

t.test('a lease that never ends is given up on, by everybody who waits', async (t) => {
  const { keeper, login, clock, provider, store } = startKeeper({ leaseTime: 100 })
  await login()
  clock.now += hour
  await store.inner.lease(key, 20_000)
  const waiting = [keeper.fresh(provider, alice), keeper.fresh(provider, alice), keeper.remove(alice), keeper.move('alice', 'bob')]
  for (const error of await Promise.all(waiting.map(errorOf))) {
    t.match(error, { code: 'FST_OAUTH_GRANT_BUSY', statusCode: 503, retryAfter: 1 })
  }
  t.same(provider.sent, [])
  t.match(await keeper.find(alice), { accessToken: 'access-0' }, 'nothing was changed')
})

t.test('a login that others overtake again and again is given up on', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login()
  const writes: boolean[] = []
  const put = store.put.bind(store)
  store.put = async (grant, version, fence) => {
    await store.inner.put(grant, version, fence)
    const written = await put(grant, version, fence)
    writes.push(written)
    return written
  }
  t.match(await errorOf(login()), { code: 'FST_OAUTH_GRANT_BUSY' })
  t.same(writes, [false, false, false, false])
  store.put = put
  t.match(await login({ tokens: { accessToken: 'at last' } }), { accessToken: 'at last' })
  t.match(await keeper.find(alice), { accessToken: 'at last' })
})
