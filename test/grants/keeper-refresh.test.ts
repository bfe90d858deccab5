// One refresh at a time for each grant, whoever asks for it.
import t from 'tap'
import { gate, hour, outage, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }

t.test('500 callers of one expired grant share one refresh', async (t) => {
  const { keeper, login, clock, provider, store } = startKeeper()
  await login()
  clock.now += hour
  const { opened, open } = gate()
  provider.before = () => opened
  const callers = Array.from({ length: 500 }, () => keeper.fresh(provider, alice))
  await until(() => provider.sent.length > 0)
  open()
  const grants = await Promise.all(callers)
  t.same(provider.sent, ['refresh-0'])
  t.same([...new Set(grants.map(grant => grant?.accessToken))], ['access-1'])
  t.equal(store.count('lease'), 1)
})

t.test('a caller that comes with the old grant after the refresh is given the new one', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const old = await login()
  clock.now += hour
  await keeper.ready(provider, old)
  t.match(await keeper.ready(provider, old), { accessToken: 'access-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('a caller whose old grant was replaced by one that has expired as well gets a new token', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const old = await login()
  clock.now += hour
  await keeper.ready(provider, old)
  clock.now += hour
  t.match(await keeper.ready(provider, old), { accessToken: 'access-2', version: 5 })
  t.same(provider.sent, ['refresh-0', 'refresh-1'])
})

t.test('a caller whose old grant was replaced by a login gets that one', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const old = await login()
  clock.now += hour
  await keeper.remove(alice)
  await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
  t.match(await keeper.ready(provider, old), { accessToken: 'of the login', version: 1 }, 'though its version is the same')
  t.same(provider.sent, [])
})

t.test('A45: refreshes are never shared across owner, provider or account', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const keys = ['alice', 'bob', 'a","b'].flatMap(owner => ['test', 'test2'].flatMap(name => ['first', 'second'].map(account => ({ owner, provider: name, account }))))
  for (const [index, key] of keys.entries()) await login({ ...key, tokens: { refreshToken: `refresh of ${index}` } })
  clock.now += hour
  const { opened, open } = gate()
  provider.before = () => opened
  const callers = keys.flatMap(key => Array.from({ length: 10 }, async () => ({ key, grant: await keeper.fresh(provider, key) })))
  await until(() => provider.sent.length === keys.length)
  open()
  const tokens = new Map<string, string>()
  for (const { key, grant } of await Promise.all(callers)) {
    t.match(grant, { ...key, version: 3 })
    tokens.set(JSON.stringify(key), String(grant?.accessToken))
  }
  t.same(provider.sent.sort(), keys.map((_, index) => `refresh of ${index}`).sort())
  t.equal(new Set(tokens.values()).size, keys.length)
})

t.test('A45: 1 000 owners at once, answers in random order: each gets the token that was given for its own', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const owners = Array.from({ length: 1_000 }, (_, index) => `owner-${index}`)
  for (const owner of owners) await login({ owner, tokens: { refreshToken: `refresh of ${owner}` } })
  clock.now += hour
  provider.refresh = async ({ owner, refreshToken }) => {
    await new Promise(resolve => setTimeout(resolve, Math.random() * 50))
    return { tokenType: 'bearer', accessToken: `access of ${owner} for ${refreshToken}`, refreshToken: undefined, idToken: undefined, scope: undefined, expiresAt: clock.now + hour, claims: undefined, raw: {} }
  }
  const grants = await Promise.all(owners.map(owner => keeper.fresh(provider, { owner, provider: 'test' })))
  t.same(grants.map(grant => grant?.accessToken), owners.map(owner => `access of ${owner} for refresh of ${owner}`))
})

t.test('a refresh that is waited for is tried again at once: the rest is for those behind', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  provider.before = () => { throw outage() }
  await t.rejects(keeper.fresh(provider, alice), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  provider.before = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
})

t.test('all who wait for a refresh that fails are told why, and the grant is as it was', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  const { opened, open } = gate()
  provider.before = async () => { await opened; throw outage() }
  const callers = Array.from({ length: 50 }, () => t.rejects(keeper.fresh(provider, alice), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' }))
  await until(() => provider.sent.length > 0)
  open()
  await Promise.all(callers)
  t.equal(provider.sent.length, 1)
  t.match(await keeper.find(alice), { accessToken: 'access-0', refreshToken: 'refresh-0', version: 3 })
})
