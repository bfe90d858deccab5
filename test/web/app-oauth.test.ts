import t from 'tap'
import { read, setUp } from '../fixtures/login.js'

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
