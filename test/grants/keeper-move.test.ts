// Grants that pass from one owner to another when a session is renewed.
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { errorOf, hour, startKeeper } from '../fixtures/grants.js'
import type { FaultyStore } from '../fixtures/grants.js'

t.test('a move gives every grant to the new owner, and leaves the old one with nothing', async (t) => {
  const { keeper, login } = startKeeper()
  await login({ account: 'first', tokens: { idToken: 'id-0', claims: { sub: 'first' }, raw: { extra: 1 } } })
  await login({ account: 'first', tokens: { refreshToken: 'refresh-1' } })
  await login({ account: 'second' })
  await login({ provider: 'test2' })
  await login({ owner: 'carol' })
  await keeper.move('alice', 'bob')
  t.same(await keeper.list('alice'), [])
  const moved = await keeper.list('bob')
  t.same(moved.map(grant => `${grant.provider} ${grant.account} ${grant.version}`).sort(), ['test first 1', 'test second 1', 'test2 default 1'])
  t.match(await keeper.find({ owner: 'bob', provider: 'test', account: 'first' }), { owner: 'bob', accessToken: 'access-0', refreshToken: 'refresh-1', subject: 'first' })
  t.equal((await keeper.list('carol')).length, 1)
})

t.test('a moved grant is refreshed under its new owner', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  await keeper.move('alice', 'bob')
  clock.now += hour
  t.match(await keeper.fresh(provider, { owner: 'bob', provider: 'test' }), { owner: 'bob', accessToken: 'access-1', version: 3 })
  t.equal(await keeper.fresh(provider, { owner: 'alice', provider: 'test' }), null)
})

t.test('the time of the login moves along, so the latest account stays the latest', async (t) => {
  const { keeper, login, clock } = startKeeper()
  await login({ account: 'old' })
  clock.now += 1
  await login({ account: 'new' })
  clock.now += 1
  await keeper.move('alice', 'bob')
  t.match(await keeper.find({ owner: 'bob', provider: 'test' }), { account: 'new' })
})

t.test('a grant that the new owner holds already stays, and the old owner\'s is dropped', async (t) => {
  const { keeper, login } = startKeeper()
  await login({ tokens: { accessToken: 'of alice' } })
  await login({ owner: 'bob', tokens: { accessToken: 'of bob' } })
  await keeper.move('alice', 'bob')
  t.match(await keeper.list('bob'), [{ accessToken: 'of bob', version: 1 }])
  t.same(await keeper.list('alice'), [])
})

t.test('a move to the same owner, or of nothing, changes nothing', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login()
  await keeper.move('alice', 'alice')
  await keeper.move('nobody', 'bob')
  t.match(await keeper.list('alice'), [{ accessToken: 'access-0', version: 1 }])
  t.equal(store.count('delete'), 0)
})

t.test('moves at once, each of its own process, leave one grant', async (t) => {
  const { keeper, login, another } = startKeeper()
  await login()
  const other = another().keeper
  await Promise.all([keeper.move('alice', 'bob'), other.move('alice', 'bob'), keeper.move('alice', 'bob')])
  t.match(await keeper.list('bob'), [{ accessToken: 'access-0', refreshToken: 'refresh-0' }])
  t.same(await keeper.list('alice'), [])
})

t.test('a lease on the new owner\'s key does not stand in the way, whatever its fence', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login()
  for (let index = 0; index < 5; index++) await (await store.inner.lease({ owner: 'bob', provider: 'test', account: 'default' }, 1_000))?.release()
  await keeper.move('alice', 'bob')
  t.equal((await keeper.list('bob')).length, 1)
})

t.test('a grant that cannot be decrypted cannot be moved, and goes with its owner', async (t) => {
  const { login, another, store } = startKeeper()
  await login()
  const stranger = another({ cipher: new Cipher(['another secret of 32 characters or more']) })
  await stranger.keeper.move('alice', 'bob')
  t.same([...await store.inner.list('alice'), ...await store.inner.list('bob')], [])
})

t.test('a move whose last step failed for a moment leaves no second copy of the refresh token', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login()
  store.before = method => { if (method === 'delete' && store.count('delete') < 3) throw new Error('not now') }
  await keeper.move('alice', 'bob')
  t.equal(store.count('delete'), 3)
  t.same(await keeper.list('alice'), [])
  t.equal((await keeper.list('bob')).length, 1)
})

t.test('a later login of the old owner replaces what the new owner has', async (t) => {
  const { keeper, login, clock } = startKeeper()
  await login({ owner: 'bob', tokens: { accessToken: 'older' } })
  clock.now++
  await login({ tokens: { accessToken: 'newer' } })
  t.equal(await keeper.move('alice', 'bob'), 1)
  t.match(await keeper.list('bob'), [{ accessToken: 'newer', version: 2 }])
})

t.test('a login of the old owner during the move is moved as well: its refresh token may be the one that has gone', async (t) => {
  const { keeper, login, store, clock } = startKeeper()
  await login()
  store.before = async method => {
    if (method !== 'delete') return
    store.before = () => {}
    clock.now++
    await login({ tokens: { accessToken: 'of the login', refreshToken: undefined } })
  }
  t.equal(await keeper.move('alice', 'bob'), 1)
  t.same(await keeper.list('alice'), [])
  t.match(await keeper.list('bob'), [{ accessToken: 'of the login', refreshToken: 'refresh-0' }])
})

t.test('a move whose deletion lost its answer has been made', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login()
  store.after = method => { if (method === 'delete' && store.count('delete') === 1) throw new Error('connection reset') }
  t.equal(await keeper.move('alice', 'bob'), 1)
  t.same(await keeper.list('alice'), [])
  t.equal((await keeper.list('bob')).length, 1)
})

t.test('a move that others overtake again and again is given up on, at either end', async (t) => {
  const overtaken: Array<(store: FaultyStore) => void> = [
    store => { store.put = async () => false },
    store => { store.put = async (grant, ...rest) => grant.owner === 'alice' && store.inner.put(grant, ...rest) },
    store => { store.delete = async () => false }
  ]
  for (const overtake of overtaken) {
    const { keeper, login, store } = startKeeper()
    await login()
    overtake(store)
    t.match(await errorOf(keeper.move('alice', 'bob')), { code: 'FST_OAUTH_GRANT_BUSY' })
    t.match(await keeper.list('alice'), [{ refreshToken: 'refresh-0' }])
  }
})
