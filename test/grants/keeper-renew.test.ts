// What becomes of a token, or a refresh token, that was refused.
import t from 'tap'
import { errorOf, hour, refusal, startKeeper } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }

t.test('500 calls that were refused with one token cause one refresh', async (t) => {
  const { keeper, login, provider } = startKeeper()
  const refused = await login()
  const renewed = await Promise.all(Array.from({ length: 500 }, () => keeper.renew(provider, refused)))
  t.same([...new Set(renewed.map(grant => grant?.accessToken))], ['access-1'])
  t.match(await keeper.renew(provider, refused), { accessToken: 'access-1' }, 'a late one is given the same')
  t.same(provider.sent, ['refresh-0'])
})

t.test('a token that was refused is not refreshed when a login brought another meanwhile', async (t) => {
  const { keeper, login, provider } = startKeeper()
  const refused = await login()
  await login({ tokens: { accessToken: 'of the login' } })
  t.match(await keeper.renew(provider, refused), { accessToken: 'of the login' })
  await keeper.remove(alice)
  await login({ tokens: { accessToken: 'of the next login' } })
  t.match(await keeper.renew(provider, refused), { accessToken: 'of the next login', version: 1 })
  t.same(provider.sent, [])
})

t.test('the token that took the refused one\'s place is refreshed when it has expired', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const refused = await login()
  await login({ tokens: { accessToken: 'of the login', refreshToken: 'refresh of the login' } })
  clock.now += hour
  t.match(await keeper.renew(provider, refused), { accessToken: 'access-1' })
  t.same(provider.sent, ['refresh of the login'])
})

t.test('no newer token is to be had: no grant, no refresh token, or the provider gives the same again', async (t) => {
  const { keeper, login, provider } = startKeeper()
  const refused = await login({ tokens: { refreshToken: undefined } })
  t.equal(await keeper.renew(provider, refused), null)
  await keeper.remove(alice)
  t.equal(await keeper.renew(provider, refused), null)
  const again = await login()
  provider.answer = { accessToken: 'access-0' }
  t.equal(await keeper.renew(provider, again), null)
  t.same(provider.sent, ['refresh-0'])
})

t.test('F22: a refresh token that was refused is dropped, and the access token serves to its end, then a login', async (t) => {
  const { keeper, login, clock, provider, warnings } = startKeeper()
  await login()
  clock.now += hour - 60_000
  provider.before = () => { throw refusal('invalid_grant') }
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })
  await keeper.drain()
  t.equal(warnings.length, 1)
  t.match(warnings[0], { message: /refuses the refresh token .* log in again/, error: { providerError: 'invalid_grant' } })
  const kept = await keeper.find(alice)
  t.match(kept, { accessToken: 'access-0', version: 3, status: 'reauthorization_required' })
  t.equal(kept?.refreshToken, undefined)
  clock.now += 59_999
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-0' })
  clock.now += 1
  t.equal(await keeper.fresh(provider, alice), null)
  t.equal(provider.sent.length, 1, 'it is not sent again')
})

t.test('F22: a refused refresh token of an expired grant asks for a login, at once and without a loop', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  provider.before = () => { throw refusal('invalid_grant') }
  for (let call = 0; call < 3; call++) t.equal(await keeper.fresh(provider, alice), null)
  t.equal(provider.sent.length, 1)
})

t.test('F22: a refused call with a refused refresh token leaves the API\'s answer as it is', async (t) => {
  const { keeper, login, provider } = startKeeper()
  const refused = await login()
  provider.before = () => { throw refusal('invalid_grant') }
  t.equal(await keeper.renew(provider, refused), null)
  t.equal(await keeper.renew(provider, refused), null)
  t.equal(provider.sent.length, 1)
})

t.test('any other error of the provider keeps the refresh token', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login()
  clock.now += hour
  for (const code of ['invalid_request', 'invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope', 'server_error', 'INVALID_GRANT']) {
    provider.before = () => { throw refusal(code) }
    t.match(await errorOf(keeper.fresh(provider, alice)), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: code })
  }
  t.match(await keeper.find(alice), { refreshToken: 'refresh-0', version: 15 })
})

t.test('F16: a client that is refused raises one alarm for each provider, until a refresh comes through', async (t) => {
  const { keeper, login, clock, provider, warnings } = startKeeper()
  for (const owner of ['alice', 'bob', 'carol']) await login({ owner })
  await login({ provider: 'test2' })
  clock.now += hour - 60_000
  provider.before = () => { throw refusal('invalid_client') }
  const alarms = () => warnings.filter(({ message }) => /refuses this client/.test(message)).length
  for (const owner of ['alice', 'bob', 'carol']) {
    await keeper.fresh(provider, { owner, provider: 'test' })
    await keeper.drain()
  }
  t.equal(alarms(), 1)
  t.equal(warnings.length, 1, 'and nothing else is said')
  await keeper.fresh(provider, { owner: 'alice', provider: 'test2' })
  await keeper.drain()
  t.equal(alarms(), 2)
  clock.now += 60_000
  await t.rejects(keeper.fresh(provider, alice), { code: 'FST_OAUTH_TOKEN_REFUSED' })
  t.equal(alarms(), 2)
  provider.before = () => {}
  t.match(await keeper.fresh(provider, alice), { accessToken: 'access-1' }, 'no grant was touched')
  provider.before = () => { throw refusal('unauthorized_client') }
  await t.rejects(keeper.fresh(provider, { owner: 'bob', provider: 'test' }))
  t.equal(alarms(), 3, 'the next time is told again')
})
