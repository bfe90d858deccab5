// How a grant stands.
import t from 'tap'
import { statusOf } from '../../lib/grants/status.js'
import { expired, failingOnceSent, errorOf, grantValues, hour, outage, refusal, startKeeper } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }

t.test('the status follows from what is left of the access token, the refresh token, and the provider', (t) => {
  const expiresAt = hour
  const cases: Array<[left: number | undefined, refreshToken: string | undefined, isResting: boolean, status: string]> = [
    [hour, 'refresh-0', false, 'active'],
    [hour, 'refresh-0', true, 'active'],
    [hour, undefined, false, 'active'],
    [undefined, undefined, false, 'active'],
    [60_000, 'refresh-0', false, 'expiring'],
    [60_000, 'refresh-0', true, 'provider_unavailable'],
    [60_000, undefined, true, 'expiring'],
    [0, 'refresh-0', false, 'expiring'],
    [0, 'refresh-0', true, 'provider_unavailable'],
    [0, undefined, false, 'reauthorization_required']
  ]
  for (const [left, refreshToken, isResting, status] of cases) {
    const grant = grantValues({ refreshToken, expiresAt: left === undefined ? undefined : expiresAt })
    t.equal(statusOf(grant, { now: expiresAt - (left ?? 0), isResting }), status, JSON.stringify([left, refreshToken, isResting]))
  }
  t.end()
})

t.test('a grant is told with its status: when it is stored, found, dropped, revoked', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  t.equal((await login()).status, 'active')
  t.equal((await keeper.find(alice))?.status, 'active')
  clock.now += hour - 60_000
  t.match(await keeper.list('alice'), [{ status: 'expiring' }])
  provider.before = () => { throw refusal('invalid_grant') }
  await keeper.fresh(provider, alice)
  await keeper.drain()
  t.equal((await keeper.find(alice))?.status, 'reauthorization_required', 'though its access token still serves')
  t.equal((await login({ tokens: { refreshToken: undefined } })).status, 'active', 'a login is one, also where it brings no refresh token')
  t.equal((await keeper.find(alice))?.status, 'active')
})

t.test('a grant that is due while its provider is left alone has an unavailable provider', async (t) => {
  const { keeper, provider, clock } = await expired()
  provider.before = () => { throw outage() }
  for (let fault = 0; fault < 5; fault++) await errorOf(keeper.fresh(provider, alice))
  t.equal((await keeper.find(alice))?.status, 'provider_unavailable')
  clock.now += 1_250
  t.equal((await keeper.find(alice))?.status, 'expiring')
})

t.test('what became of a grant is told: authorized, refreshed, expired, moved, revoked', async (t) => {
  const told: string[] = []
  const { keeper, login, clock, provider } = startKeeper({ onChange: ({ type, grant }) => { told.push(`${type} ${grant.owner} ${grant.accessToken} ${grant.status}`) } })
  await login()
  clock.now += hour
  await keeper.fresh(provider, alice)
  await keeper.move('alice', 'bob')
  await keeper.remove({ ...alice, owner: 'bob' })
  await login({ tokens: { refreshToken: 'refresh of the login' } })
  clock.now += hour
  provider.before = () => { throw refusal('invalid_grant') }
  await keeper.fresh(provider, alice)
  t.same(told, [
    'authorized alice access-0 active',
    'refreshed alice access-1 active',
    'moved bob access-1 active',
    'revoked bob access-1 revoked',
    'authorized alice access-0 active',
    'expired alice access-0 reauthorization_required'
  ])
})

t.test('a refresh that could be saved only later is told then; one that sent nothing is not told', async (t) => {
  const told: string[] = []
  const { keeper, store, provider } = await expired({ leaseTime: 100, onChange: ({ type }) => { told.push(type) } })
  provider.before = () => { throw outage() }
  await errorOf(keeper.fresh(provider, alice))
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  t.same(told, ['authorized'])
  store.before = () => {}
  await keeper.drain()
  t.same(told, ['authorized', 'refreshed'])
})

t.test('a refresh whose write lost its answer is told', async (t) => {
  const told: string[] = []
  const { keeper, store, provider } = await expired({ onChange: ({ type }) => { told.push(type) } })
  let writes = 0
  store.after = method => { if (method === 'put' && ++writes === 2) throw new Error('connection reset') }
  await keeper.fresh(provider, alice)
  t.same(told, ['authorized', 'refreshed'])
})

t.test('a lost answer that makes a grant unfit for a refresh is told as its end, once', async (t) => {
  const told: string[] = []
  const { keeper, provider } = await expired({ onChange: ({ type, grant }) => { told.push(`${type} ${grant.status}`) } })
  provider.before = () => { throw outage({ unspent: false }) }
  await errorOf(keeper.fresh(provider, alice))
  t.same(told, ['authorized active'])
  for (let time = 0; time < 3; time++) t.equal(await keeper.fresh(provider, alice), null)
  t.same(told, ['authorized active', 'expired reauthorization_required'])
})

t.test('an application that fails when it is told fails alone, and is warned of', async (t) => {
  for (const onChange of [() => { throw new Error('of the application') }, async () => { throw new Error('of the application') }]) {
    const { login, warnings } = startKeeper({ onChange })
    t.match(await login(), { accessToken: 'access-0' })
    await new Promise(resolve => setImmediate(resolve))
    t.match(warnings, [{ message: 'The option onGrantChange failed', error: { message: 'of the application' } }])
  }
})
