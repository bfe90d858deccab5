// Grants of tenants: what differs by the tenant alone is another grant, in stores, caches, leases and events.
import t from 'tap'
import { channels } from '../../lib/grants/events.js'
import { createGrant, idOf, keyOf, openGrant, sealGrant } from '../../lib/grants/grant.js'
import { exchangedKey } from '../../lib/grants/obtained-key.js'
import { Cipher } from '../../lib/grants/cipher.js'
import { expired, errorOf, grantValues, hour, outage, startKeeper } from '../fixtures/grants.js'

const cipher = new Cipher(['a secret of 32 bytes for the tests'])

t.test('a grant has its tenant, and its row has both in the place of the provider', async (t) => {
  const grant = createGrant(grantValues({ tenant: 'acme' }))
  const row = { ...sealGrant(cipher, grant), version: 1 }
  t.match(row, { owner: 'alice', provider: 'test/acme', account: 'default' })
  t.strictSame(keyOf(row), keyOf(grant))
  t.equal(idOf(row), idOf(grant))
  t.match(openGrant(cipher, row), { provider: 'test', tenant: 'acme', accessToken: 'access-0' })
  t.match(JSON.parse(JSON.stringify(grant)), { provider: 'test', tenant: 'acme' })
  t.notOk('tenant' in createGrant(grantValues()), 'others have none')
  for (const provider of ['test/globex', 'test', 'test/']) t.equal(openGrant(cipher, { ...row, provider }), null, provider)
  t.match(exchangedKey(grant, []), { provider: 'exchanged:test/acme' })
})

t.test('each tenant has its own grant of one owner, account and provider', async (t) => {
  const { keeper, login, store } = startKeeper()
  await login({ tenant: 'acme', tokens: { accessToken: 'of acme' } } as never)
  await login({ tenant: 'globex', tokens: { accessToken: 'of globex' } } as never)
  await login({ tokens: { accessToken: 'of none' } })
  const find = async (tenant?: string) => (await keeper.find({ owner: 'alice', provider: 'test', tenant }))?.accessToken
  t.strictSame([await find('acme'), await find('globex'), await find(), await find('other')], ['of acme', 'of globex', 'of none', undefined])
  t.strictSame((await keeper.list('alice', 'test/acme')).map(({ tenant }) => tenant), ['acme'])
  t.equal((await store.list('alice')).length, 3)

  t.equal(await keeper.move('alice', 'bob'), 3)
  t.match(await keeper.find({ owner: 'bob', provider: 'test', tenant: 'globex', account: 'default' }), { tenant: 'globex', accessToken: 'of globex' })
  t.match(await keeper.remove({ owner: 'bob', provider: 'test', tenant: 'acme' }), { tenant: 'acme', accessToken: 'of acme' })
  t.equal((await keeper.list('bob')).length, 2)
})

t.test('a refresh is of the tenant\'s grant, and events name it', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  const events: unknown[] = []
  const listen = (event: unknown) => { events.push(event) }
  channels.refreshStart.subscribe(listen)
  t.teardown(() => channels.refreshStart.unsubscribe(listen))
  await login({ tenant: 'acme' } as never)
  await login({ tenant: 'globex', tokens: { refreshToken: 'refresh-g' } } as never)
  clock.now += hour
  t.match(await keeper.fresh(provider, { owner: 'alice', provider: 'test', tenant: 'globex' }), { tenant: 'globex', accessToken: 'access-1' })
  t.strictSame(provider.sent, ['refresh-g'])
  t.match(await keeper.find({ owner: 'alice', provider: 'test', tenant: 'acme' }), { accessToken: 'access-0' })
  t.strictSame(events, [{ provider: 'test', tenant: 'globex', owner: 'alice', account: 'default' }])
})

t.test('a tenant whose provider keeps failing leaves the others alone', async (t) => {
  const { keeper, login, clock, provider } = startKeeper()
  await login({ tenant: 'acme' } as never)
  await login({ tenant: 'globex', tokens: { refreshToken: 'refresh-g' } } as never)
  clock.now += hour
  const fresh = (tenant: string) => keeper.fresh(provider, { owner: 'alice', provider: 'test', tenant })
  provider.before = (_token, { tenant }) => { if (tenant === 'acme') throw outage() }
  for (let failure = 0; failure < 5; failure++) t.match(await errorOf(fresh('acme')), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  t.match(await errorOf(fresh('acme')), { code: 'FST_OAUTH_PROVIDER_RESTING' })
  t.match(await keeper.find({ owner: 'alice', provider: 'test', tenant: 'acme' }), { status: 'provider_unavailable' })
  t.match(await fresh('globex'), { accessToken: 'access-1' })
})

t.test('without a tenant, what is stored is as it always was', async (t) => {
  const { store } = await expired()
  t.match(await store.list('alice', 'test'), [{ provider: 'test' }])
})
