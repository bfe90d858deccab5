import t from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import type { GrantKey } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { FaultyStore } from '../fixtures/grants.js'
import { discovered, read, setUp } from '../fixtures/login.js'

const alice = { plugin: () => ({ owner: () => 'alice' }) }

t.test('client() signs calls in the name of an owner, without a request', async (t) => {
  const { app, wire, logIn } = await setUp(t, alice)
  const client = app.oauth.client('wire', { owner: 'alice' })
  await t.rejects(client.get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await logIn()
  const { body } = await client.post('api', { json: { a: 1 } })
  t.match(await body.json(), { authorization: /^Bearer access-token-canary-granted/, method: 'POST', body: '{"a":1}' })

  wire.on('/api', ({ headers }) => headers.authorization?.includes('refreshed') ? undefined : { status: 401 })
  const refreshed = await client.get('api')
  t.equal(refreshed.statusCode, 200, 'a refused token is renewed')
  await refreshed.body.dump()
})

t.test('settings: what is in force', async (t) => {
  const { app } = await setUp(t, { plugin: () => ({ baseUrl: 'http://localhost/app/', prefix: '/auth' }) })
  t.match(app.oauth.settings, { baseUrl: 'http://localhost/app', prefix: '/auth' })
  t.type(app.oauth.settings.dispatcher.dispatch, 'function')
  t.ok(Object.isFrozen(app.oauth.settings))
})

t.test('client() takes an account, and the origin rule of the provider', async (t) => {
  const { app, logIn } = await setUp(t, alice)
  await logIn('/oauth/wire', 'user-1')
  await logIn('/oauth/wire', 'user-2')
  for (const account of ['user-1', 'user-2']) {
    const { body } = await app.oauth.client('wire', { owner: 'alice', account }).get('api')
    t.match(await body.json(), { authorization: /^Bearer / })
  }
  await t.rejects(app.oauth.client('wire', { owner: 'alice', account: 'user-3' }).get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await t.rejects(app.oauth.client('wire', { owner: 'bob' }).get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await t.rejects(app.oauth.client('wire', { owner: 'alice' }).get('https://elsewhere.example/'), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
  t.throws(() => app.oauth.client('nobody', { owner: 'alice' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
})

t.test('grants are listed and revoked by owner', async (t) => {
  const { app, wire, logIn } = await setUp(t, alice)
  await logIn('/oauth/wire', 'user-1')
  await logIn('/oauth/wire', 'user-2')
  const accounts = async () => (await app.oauth.grants.list({ owner: 'alice' })).map(({ account }) => account).sort()
  t.strictSame(await accounts(), ['user-1', 'user-2'])
  t.strictSame(await app.oauth.grants.list({ owner: 'bob' }), [])

  t.strictSame(await app.oauth.grants.revoke('wire', { owner: 'alice', account: 'user-1' }), { removed: true, provider: 'revoked' })
  t.strictSame(await accounts(), ['user-2'])
  t.equal(wire.to('/revoke').length, 2)
  t.strictSame(await app.oauth.grants.revoke('wire', { owner: 'alice' }), { removed: true, provider: 'revoked' })
  t.strictSame(await app.oauth.grants.revoke('wire', { owner: 'alice' }), { removed: false, provider: 'unsupported' })
  await t.rejects(async () => app.oauth.grants.revoke('nobody', { owner: 'alice' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
})

t.test('grants are listed by provider too', async (t) => {
  const { app, wire, logIn } = await setUp(t, alice)
  app.oauth.providers.register('second', discovered(wire))
  await logIn('/oauth/wire')
  await logIn('/oauth/second')
  const listed = async (provider?: string) => (await app.oauth.grants.list({ owner: 'alice', ...(provider === undefined ? {} : { provider }) })).map(grant => grant.provider).sort()
  t.strictSame(await listed(), ['second', 'wire'])
  t.strictSame(await listed('second'), ['second'])
  t.strictSame(await listed('third'), [])
})

t.test('revokeAll() revokes every grant of an owner, and no other, whatever becomes of one', async (t) => {
  const store = new FaultyStore()
  const { app, wire, logIn, url } = await setUp(t, { plugin: () => ({ store, owner: request => String(request.headers['x-user'] ?? 'alice') }) })
  for (const name of ['refused', 'closed', 'gone']) app.oauth.providers.register(name, discovered(wire))
  for (const user of ['user-1', 'user-2']) await logIn('/oauth/wire', user)
  for (const name of ['refused', 'closed', 'gone']) await logIn(`/oauth/${name}`)
  const bob = new Browser()
  const asBob = { headers: { 'x-user': 'bob' } }
  await bob.request(wire.callbackFor(String((await bob.request(`${url}/oauth/wire`, asBob)).headers.get('location'))), asBob)
  app.oauth.providers.unregister('gone')
  const [refused] = await app.oauth.grants.list({ owner: 'alice', provider: 'refused' })
  wire.on('/revoke', ({ form }) => form.get('token') === refused?.refreshToken ? { status: 400, body: { error: 'invalid_request' } } : undefined)
  store.inner.delete = ((remove) => (key: GrantKey, version?: number) => {
    if (key.provider === 'closed') throw new Error('the store is closed')
    return remove.call(store.inner, key, version)
  })(store.inner.delete)

  const answers = await app.oauth.grants.revokeAll({ owner: 'alice' })
  const of = (provider: string) => answers.filter(({ grant }) => grant.provider === provider)
  t.equal(answers.length, 5)
  t.match(of('wire').sort((a, b) => a.grant.account < b.grant.account ? -1 : 1), [
    { grant: { provider: 'wire', account: 'user-1' }, removed: true, provider: 'revoked' },
    { grant: { provider: 'wire', account: 'user-2' }, removed: true, provider: 'revoked' }
  ])
  t.match(of('refused'), [{ removed: true, provider: 'failed', error: { code: 'FST_OAUTH_TOKEN_REFUSED' } }])
  t.match(of('gone'), [{ removed: true, provider: 'failed', error: { code: 'FST_OAUTH_UNKNOWN_PROVIDER' } }])
  t.match(of('closed'), [{ removed: false, provider: 'failed', error: { code: 'FST_OAUTH_STORE_FAILED' } }])
  t.match(await app.oauth.grants.list({ owner: 'alice' }), [{ provider: 'closed' }])
  t.equal((await app.oauth.grants.list({ owner: 'bob' })).length, 1)
  t.strictSame(await app.oauth.grants.revokeAll({ owner: 'nobody' }), [])
})

t.test('rewrap() encrypts every grant with the first secret, so that the old one can go', async (t) => {
  const [old, next] = ['the old secret of at least 32 bytes', 'the next secret of at least 32 bytes']
  const store = new MemoryGrantStore()
  const before = await setUp(t, { plugin: () => ({ store, owner: () => 'alice', secret: old }) })
  for (const user of ['user-1', 'user-2']) await before.logIn('/oauth/wire', user)
  const during = await setUp(t, { plugin: () => ({ store, owner: () => 'alice', secret: [next, old] }) })
  await during.logIn('/oauth/wire', 'user-3')
  t.equal(await during.app.oauth.grants.rewrap(), 2)
  t.equal(await during.app.oauth.grants.rewrap(), 0)
  const after = await setUp(t, { plugin: () => ({ store, owner: () => 'alice', secret: next }) })
  t.equal((await after.app.oauth.grants.list({ owner: 'alice' })).length, 3)
})

t.test('onGrantChange is told of logins and revocations', async (t) => {
  const told: string[] = []
  const { app, logIn } = await setUp(t, { plugin: () => ({ owner: () => 'alice', onGrantChange: ({ type, grant }) => { told.push(`${type} ${grant.account}`) } }) })
  await logIn()
  await app.oauth.grants.revoke('wire', { owner: 'alice' })
  t.strictSame(told, ['authorized user-1', 'revoked user-1'])
})

t.test('nothing of app.oauth can be replaced', async (t) => {
  const { app } = await setUp(t)
  t.ok(Object.isFrozen(app.oauth) && Object.isFrozen(app.oauth.grants))
})

t.test('a provider that is registered after the start logs in', async (t) => {
  const { app, url, wire, browser } = await setUp(t, { plugin: () => ({ providers: {} }) })
  t.equal((await read(await fetch(`${url}/oauth/later`))).status, 404)
  app.oauth.providers.register('later', { issuer: wire.issuer, clientId: wire.clientId, clientSecret: wire.clientSecret })
  const page = await browser.open(`${url}/oauth/later?returnTo=/oauth/nobody`)
  t.equal(page.url, `${url}/oauth/nobody`)
  t.equal(wire.to('/token').length, 1)

  app.oauth.providers.unregister('later')
  t.equal((await read(await fetch(`${url}/oauth/later`))).status, 404, 'and does not once it is gone')
})
