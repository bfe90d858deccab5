// The keeper: what a login stores, what is found again, and when it is refreshed.
import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { Cipher } from '../../lib/grants/cipher.js'
import { FaultyStore, hour, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }

t.test('a login is stored, sealed, and found again', async (t) => {
  const { keeper, store, login, clock } = startKeeper()
  const saved = await login({ tokens: { idToken: 'id-0', claims: { sub: 'user-1' }, raw: { extra: 1 } } })
  t.match(saved, { ...alice, account: 'default', accessToken: 'access-0', refreshToken: 'refresh-0', idToken: 'id-0', claims: { sub: 'user-1' }, raw: { extra: 1 }, scope: ['read'], version: 1, authorizedAt: clock.now, updatedAt: clock.now })
  const found = await keeper.find(alice)
  for (const name of [...Object.keys(saved), 'accessToken', 'refreshToken', 'idToken', 'claims', 'raw']) t.strictSame(Reflect.get(found as object, name), Reflect.get(saved, name), name)
  t.notMatch(JSON.stringify(await store.inner.list('alice')), 'access-0')
})

t.test('nothing is found where nothing was granted', async (t) => {
  const { keeper, provider, login } = startKeeper()
  await login()
  for (const selector of [{ owner: 'bob', provider: 'test' }, { owner: 'alice', provider: 'test2' }, { ...alice, account: 'second' }]) {
    t.equal(await keeper.find(selector), null)
    t.equal(await keeper.fresh(provider, selector), null)
    t.equal(await keeper.remove(selector), null)
  }
  t.same(await keeper.list('bob'), [])
})

t.test('scopes that the answer does not name are those that were asked for (RFC 6749 section 5.1)', async (t) => {
  const { login } = startKeeper()
  t.same((await login({ tokens: { scope: undefined } })).scope, ['asked'])
  t.same((await login({ tokens: { scope: ['less'] } })).scope, ['less'])
})

t.test('a second login replaces the grant, and keeps its refresh token where it brings none', async (t) => {
  const { keeper, login } = startKeeper()
  await login({ tokens: { refreshToken: 'refresh-0' } })
  const second = await login({ tokens: { accessToken: 'second', refreshToken: undefined } })
  t.match(second, { accessToken: 'second', refreshToken: 'refresh-0', version: 2 })
  await login({ tokens: { accessToken: 'third', refreshToken: 'refresh-3' } })
  t.match(await keeper.find(alice), { accessToken: 'third', refreshToken: 'refresh-3', version: 3 })
})

t.test('two accounts at one provider are two grants; the latest login wins where none is named', async (t) => {
  const { keeper, login, clock } = startKeeper()
  await login({ account: 'second', tokens: { accessToken: 'of second' } })
  clock.now += 1
  await login({ account: 'first', tokens: { accessToken: 'of first' } })
  t.match(await keeper.find(alice), { account: 'first' })
  t.match(await keeper.find({ ...alice, account: 'second' }), { accessToken: 'of second', version: 1 })
  clock.now += 1
  await login({ account: 'second', tokens: { accessToken: 'of second again' } })
  t.match(await keeper.find(alice), { accessToken: 'of second again', version: 2 })
  t.same((await keeper.list('alice')).map(grant => grant.account).sort(), ['first', 'second'])
})

t.test('a refresh of one account is no login: the other stays the latest', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login({ account: 'old' })
  clock.now += 1
  await login({ account: 'new' })
  clock.now += hour
  t.match(await keeper.fresh(provider, { ...alice, account: 'old' }), { account: 'old', version: 3 })
  t.match(await keeper.find(alice), { account: 'new' })
})

t.test('a fresh token is answered without a question to the provider', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour - 60_001
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })
  t.same(provider.sent, [])
})

t.test('an expired token is refreshed before it is answered', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1', refreshToken: 'refresh-1', version: 3, expiresAt: clock.now + hour })
  t.match(await keeper.find(alice), { accessToken: 'access-1', refreshToken: 'refresh-1', scope: ['read'] })
  t.same(provider.sent, ['refresh-0'])
})

t.test('an expired token without a refresh token asks for a login; a valid one serves to its end', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login({ tokens: { refreshToken: undefined } })
  clock.now += hour - 1
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })
  clock.now += 1
  t.equal(await keeper.fresh(provider, alice), null)
  t.match(await keeper.find(alice), { accessToken: 'access-0' }, 'the grant is kept')
  t.same(provider.sent, [])
})

t.test('a refreshed token that is expired when it arrives asks for a login', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  provider.answer = { expiresAt: clock.now }
  t.equal(await keeper.fresh(provider, alice), null)
})

t.test('a removed grant is answered once more, and is gone', async (t) => {
  const { keeper, login } = startKeeper()
  await login({ account: 'kept' })
  await login({ account: 'dropped' })
  t.match(await keeper.remove({ ...alice, account: 'dropped' }), { refreshToken: 'refresh-0' })
  t.same((await keeper.list('alice')).map(grant => grant.account), ['kept'])
  t.match(await keeper.remove(alice), { account: 'kept' })
  t.equal(await keeper.find(alice), null)
})

t.test('a grant that cannot be decrypted counts as missing, and is reported without its content', async (t) => {
  const { keeper, login, another, store } = startKeeper()
  await login({ tokens: { scope: ['first'] } })
  const stranger = another({ cipher: new Cipher(['another secret of 32 characters or more']) })
  t.equal(await stranger.keeper.find(alice), null)
  t.equal(await stranger.keeper.fresh(stranger.provider, alice), null)
  t.same(await stranger.keeper.list('alice'), [])
  t.equal(stranger.warnings.length, 3)
  t.match(stranger.warnings[0]?.message, /at test cannot be decrypted/)
  t.match(await keeper.find(alice), { scope: ['first'] }, 'it is kept for whoever has its key')
  t.equal(await stranger.keeper.remove(alice), null)
  t.same(await store.inner.list('alice'), [], 'but a logout drops it: it must not come back with its key')
})

t.test('a login replaces a grant that cannot be decrypted', async (t) => {
  const { login, another } = startKeeper()
  await login()
  const stranger = another({ cipher: new Cipher(['another secret of 32 characters or more']) })
  t.match(await stranger.login({ tokens: { accessToken: 'new', refreshToken: undefined } }), { accessToken: 'new', version: 2 })
  t.match(await stranger.keeper.find(alice), { accessToken: 'new' })
})

t.test('a claim is made once, over all processes, within its time', async (t) => {
  const { keeper, another, clock } = startKeeper()
  const other = another().keeper
  const claims = await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? keeper : other).claim('login:1', 60_000)))
  t.equal(claims.filter(Boolean).length, 1)
  clock.now += 60_000
  t.equal(await other.claim('login:1', 60_000), true)
})

t.test('drain ends when the refreshes under way have ended, those that begin meanwhile too', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login({ account: 'first' })
  await login({ account: 'second' })
  clock.now += hour - 1
  let second = false
  provider.before = async (_token, { account }) => {
    await new Promise(resolve => setTimeout(resolve, 20))
    if (account !== 'first') return
    await keeper.fresh(provider, { ...alice, account: 'second' })
    second = true
  }
  await keeper.fresh(provider, { ...alice, account: 'first' })
  await until(() => provider.sent.length > 0)
  await keeper.drain()
  t.equal(second, true)
  t.same((await keeper.list('alice')).map(grant => grant.version), [3, 3])
  await keeper.drain()
})

t.test('a store of a keeper may be bounded: a dropped grant is a missing one', async (t) => {
  const { keeper, login, provider } = startKeeper({ store: new FaultyStore(new MemoryGrantStore({ max: 1 })) })
  await login()
  await login({ owner: 'bob' })
  t.equal(await keeper.fresh(provider, alice), null)
})
