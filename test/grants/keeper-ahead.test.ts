// The soft window: a token near its end is used, and refreshed without anybody waiting.
import t from 'tap'
import { gate, hour, outage, refusal, startKeeper, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }

t.test('in the soft window the token is used at once, and refreshed behind, once', async (t) => {
  const { keeper, login, clock, provider, warnings } = startKeeper()
  await login()
  clock.now += hour - 60_000
  const { opened, open } = gate()
  provider.before = () => opened
  const grants = await Promise.all(Array.from({ length: 500 }, () => keeper.fresh(provider, alice)))
  t.same([...new Set(grants.map(grant => grant?.accessToken))], ['access-0'])
  await until(() => provider.sent.length > 0)
  open()
  await keeper.drain()
  t.same(provider.sent, ['refresh-0'])
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  t.same(warnings, [])
})

t.test('a refresh behind that is under way when the token expires is the one that is waited for', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour - 1
  const { opened, open } = gate()
  provider.before = () => opened
  await keeper.fresh(provider, alice)
  clock.now += 1
  const waiting = keeper.fresh(provider, alice)
  await until(() => provider.sent.length > 0)
  open()
  t.match(await waiting, { accessToken: 'access-1' })
  t.same(provider.sent, ['refresh-0'])
})

t.test('a refresh behind that fails is reported once, not thrown, and not tried again for a while', async (t) => {
  const { keeper, login, clock, provider, warnings } = startKeeper()
  await login()
  clock.now += hour - 60_000
  provider.before = () => { throw outage() }
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 100 }, async () => t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })))
    await keeper.drain()
  }
  t.equal(provider.sent.length, 1)
  t.equal(warnings.length, 1)
  t.match(warnings[0], { message: /at test could not be refreshed ahead/, error: { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' } })
  provider.before = () => {}
  clock.now += 7_000
  await keeper.fresh(provider, alice)
  await keeper.drain()
  t.match(await keeper.find(alice), { accessToken: 'access-1' }, 'then it is')
})

t.test('a refresh behind rests for as long as the provider asks', async (t) => {
  for (const rest of [1, 30]) {
    const { keeper, login, clock, provider } = startKeeper()
    await login()
    clock.now += hour - 60_000
    provider.before = () => { throw Object.assign(refusal('slow_down'), { retryAfter: rest }) }
    await keeper.fresh(provider, alice)
    await keeper.drain()
    clock.now += rest * 1_000 - 1
    await keeper.fresh(provider, alice)
    await keeper.drain()
    t.equal(provider.sent.length, 1, `${rest} s are not over`)
    clock.now += rest * 250 + 1
    await keeper.fresh(provider, alice)
    await keeper.drain()
    t.equal(provider.sent.length, 2, `${rest} s and a quarter are`)
  }
})

t.test('a refresh behind does not rest into the life of the next token', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour - 60_000
  provider.before = () => { throw Object.assign(refusal('slow_down'), { retryAfter: 86_400 }) }
  await keeper.fresh(provider, alice)
  await keeper.drain()
  provider.before = () => {}
  clock.now += 60_000
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  clock.now += hour - 60_000
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' })
  await keeper.drain()
  t.match(await keeper.find(alice), { accessToken: 'access-2' })
})

t.test('a refresh behind that fails for a reason of nobody knows rests as well', async (t) => {
  const { keeper, login, clock, provider, warnings } = startKeeper()
  await login()
  clock.now += hour - 60_000
  provider.before = () => { throw new Error('foreign') }
  for (let round = 0; round < 3; round++) {
    t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })
    await keeper.drain()
  }
  t.equal(provider.sent.length, 1)
  t.equal(warnings.length, 1)
})
