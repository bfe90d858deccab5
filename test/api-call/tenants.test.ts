// Calls for tenants: in requests, in jobs, in the client's own name, with exchanged tokens and with the application's own.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { request as send } from 'undici'
import type { OAuthTenantFunction } from '../../lib/index.js'
import { startTenants, startWireTenants, tenantNames } from '../fixtures/tenants.js'
import type { TenantName } from '../fixtures/tenants.js'

t.test('each call is signed with the tenant\'s own token, by every way there is, and refreshed at its own provider', async (t) => {
  const { browser, at, call, providers, app } = await startTenants(t, {
    plugin: { owner: () => 'everyone' },
    routes (app) {
      app.get('/get', async (request) => (await request.oauth.get('things')).body.json())
      app.get('/fetch', async (request) => (await request.oauth.fetch('things')).json())
      app.get('/dispatcher/:tenant', async ({ oauth, params }) => {
        const { tenant } = params as { tenant: TenantName }
        return (await send(`${providers[tenant].apiBaseUrl}things`, { dispatcher: oauth.use('sso').dispatcher })).body.json()
      })
      app.get('/profile', async (request) => request.oauth.profile())
    }
  })
  for (const name of tenantNames) {
    providers[name].user = `user of ${name}`
    await browser.open(`${at[name]}/guarded`)
  }
  const job = async (name: TenantName) => (await app.oauth.client('sso', { owner: 'everyone', tenant: name }).get('things')).body.json()
  for (const name of tenantNames) {
    for (const way of ['/get', '/fetch', `/dispatcher/${name}`]) t.match((await call(name, way)).json, { sub: `user of ${name}` }, `${way} at ${name}`)
    t.match((await call(name, '/profile')).json, { id: `user of ${name}` })
    t.match(await job(name), { sub: `user of ${name}` })
  }
  t.match(await call('acme', '/dispatcher/globex'), { status: 500, json: { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' } }, 'one tenant\'s dispatcher serves no other tenant\'s API')

  await providers.acme.revokeAccessTokens()
  // The provider knows the time of issue to the second.
  await delay(1_001 - Date.now() % 1_000)
  const refreshes = () => tenantNames.map(name => providers[name].requests.filter(one => one === 'POST /token').length)
  t.strictSame(refreshes(), [1, 1])
  t.match(await job('acme'), { sub: 'user of acme' })
  t.strictSame(refreshes(), [2, 1])
})

t.test('a client without a request asks for the options at each call, and names its tenant', async (t) => {
  const { app, login, options, asked, providers } = await startWireTenants(t, { plugin: { owner: () => 'everyone', providers: { fixed: { clientId: 'id', issuer: 'https://fixed.example' } } } })
  await login('acme')
  asked.length = 0
  const client = app.oauth.client('sso', { owner: 'everyone', tenant: 'acme' })
  for (let call = 0; call < 2; call++) await (await client.get('api')).body.dump()
  t.strictSame(asked, ['no request, acme', 'no request, acme'])
  if (options.acme !== undefined) options.acme.apiBaseUrl = `${providers.acme.issuer}/moved/`
  await (await client.get('api')).body.dump()
  t.ok(providers.acme.requests.some(({ path }) => path === '/moved/api'), 'what has changed counts at once')

  t.throws(() => app.oauth.client('sso', { owner: 'everyone' }), { code: 'FST_OAUTH_INVALID_CALL' })
  t.throws(() => app.oauth.client('fixed', { owner: 'everyone', tenant: 'acme' }), { code: 'FST_OAUTH_INVALID_CALL' })
  t.throws(() => app.oauth.grants.revoke('sso', { owner: 'everyone' }), { code: 'FST_OAUTH_INVALID_CALL' })
  await t.rejects(app.oauth.client('sso', { owner: 'everyone', tenant: 'gone' }).get('api'), { code: 'FST_OAUTH_UNKNOWN_TENANT' })
  await t.rejects(app.oauth.client('sso', { owner: 'everyone', tenant: 'globex' }).get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await t.rejects(app.oauth.client('sso', { tenant: 'acme' }).get('api'), { code: 'FST_OAUTH_INVALID_CALL', message: /no owner/ })
})

t.test('a call whose token was refused is made again with the tenant\'s new one', async (t) => {
  const { app, login, providers } = await startWireTenants(t, { plugin: { owner: () => 'everyone' } })
  await login('acme')
  const sent: unknown[] = []
  providers.acme.on('/api', ({ headers }) => { sent.push(headers.authorization); return { status: sent.length === 1 ? 401 : 200, body: {} } })
  t.equal((await app.oauth.client('sso', { owner: 'everyone', tenant: 'acme' }).get('api')).statusCode, 200)
  t.equal(new Set(sent).size, 2)
  t.equal(providers.globex.to('/token').length, 0)
})

t.test('revocation, one by one and all at once, also of tenants that are gone', async (t) => {
  const { app, login, options, providers } = await startWireTenants(t, { plugin: { owner: () => 'everyone' } })
  for (const name of tenantNames) {
    providers[name].metadata = { revocation_endpoint: `${providers[name].issuer}/revoke` }
    await login(name)
  }
  t.strictSame(await app.oauth.grants.revoke('sso', { owner: 'everyone', tenant: 'acme' }), { removed: true, provider: 'revoked' })
  t.equal(providers.globex.to('/revoke').length, 0)
  await login('acme')
  options.globex = undefined
  const all = await app.oauth.grants.revokeAll({ owner: 'everyone' })
  t.match(all.sort((one, other) => String(one.grant.tenant).localeCompare(String(other.grant.tenant))), [
    { grant: { provider: 'sso', tenant: 'acme', account: 'user-1' }, removed: true, provider: 'revoked' },
    { grant: { provider: 'sso', tenant: 'globex', account: 'user-1' }, removed: true, provider: 'failed', error: { code: 'FST_OAUTH_UNKNOWN_TENANT' } }
  ])
  t.strictSame(await app.oauth.grants.list({ owner: 'everyone' }), [])
})

t.test('tokens of the client itself, and exchanged ones, are those of a tenant', async (t) => {
  const services: OAuthTenantFunction = async (_request, tenant) => ({ tenant: String(tenant), clientId: `client of ${tenant}`, clientSecret: 'a-secret', grant: 'client_credentials', accessTokenUrl: addresses[tenant as TenantName] ?? '', apiBaseUrl: 'http://127.0.0.1:9/', allowedAddresses: ['127.0.0.1'] })
  const addresses: Partial<Record<TenantName, string>> = {}
  const { app, login, providers, call } = await startWireTenants(t, {
    plugin: { owner: () => 'everyone', providers: { services, crm: async (request, tenant) => ({ ...await services(request, tenant), grant: undefined, authorizeUrl: 'https://crm.example/' }) as never } },
    routes (app) {
      app.get('/exchange', { config: { oauth: 'sso' } }, async ({ oauth }) => (await oauth.exchange().get('api')).statusCode)
      app.get('/crm', { config: { oauth: 'sso' } }, async ({ oauth }) => oauth.exchange({ provider: 'crm' }).get('/').catch(({ code }) => ({ code })))
    }
  })
  for (const name of tenantNames) {
    addresses[name] = `${providers[name].issuer}/token`
    providers[name].on('/token', ({ form }) => form.get('grant_type') === 'authorization_code' ? undefined : { body: { access_token: `${form.get('grant_type')} at ${name}`, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'bearer', expires_in: 3_600 } })
    await login(name)
  }
  for (const name of tenantNames) {
    await app.oauth.client('services', { tenant: name }).get('/').catch(({ code }) => t.equal(code, 'FST_OAUTH_API_UNREACHABLE'))
    t.match(providers[name].to('/token').at(-1)?.form.get('grant_type'), 'client_credentials')
    t.match((await call(name, '/exchange')).status, 200)
    t.match(providers[name].to('/api').at(-1)?.headers.authorization, `Bearer urn:ietf:params:oauth:grant-type:token-exchange at ${name}`)
    t.match((await call(name, '/crm')).json, { code: 'FST_OAUTH_API_UNREACHABLE' })
    t.match(providers[name].to('/token').at(-1)?.headers.authorization, `Basic ${Buffer.from(`client+of+${name}:a-secret`).toString('base64')}`, 'the provider of the same tenant')
    const job = app.oauth.client('sso', { owner: 'everyone', tenant: name })
    t.equal((await job.exchange({ scope: ['more'] }).get('api')).statusCode, 200)
  }
})

t.test('tokens that the application keeps itself are asked for with the tenant', async (t) => {
  const asked: unknown[] = []
  const tokenGetter = ({ tenant, owner }: { tenant?: string | undefined, owner: string | undefined }) => {
    asked.push({ tenant, owner })
    return { accessToken: `token of ${tenant}` }
  }
  const { app, call, providers } = await startWireTenants(t, {
    plugin: { owner: () => 'everyone' },
    tenant: () => ({ tokenGetter }),
    routes (app) { app.get('/call', { config: { oauth: 'sso' } }, async ({ oauth }) => { await oauth.get('api'); return { tenant: oauth.grant?.tenant } }) }
  })
  t.match((await call('acme', '/call')).json, { tenant: 'acme' })
  await app.oauth.client('sso', { tenant: 'globex' }).get('api')
  t.strictSame(tenantNames.map(name => providers[name].to('/api').map(({ headers }) => headers.authorization)), [['Bearer token of acme'], ['Bearer token of globex']])
  t.match(asked, [{ tenant: 'acme', owner: 'everyone' }])
})

t.test('what a route wants of a provider is checked when the tenant is known', async (t) => {
  const { call, login, providers, options } = await startWireTenants(t, {
    routes (app) {
      app.get('/strong', { config: { oauth: { provider: 'sso', maxAge: 60 } } }, async () => ({}))
      app.get('/inject', { config: { oauth: { provider: 'sso', inject: { request: true } } } }, async ({ headers }) => ({ authorization: headers.authorization }))
      app.get('/challenge', { config: { oauth: 'sso' } }, async (request, reply) => {
        try {
          return await request.oauth.get('api')
        } catch (error) {
          return request.oauth.challenge(reply, error)
        }
      })
      app.get('/optional', { config: { oauth: { provider: 'sso', optional: true } } }, async ({ oauth }) => ({ grant: oauth.grant }))
    }
  })
  const json = { headers: { accept: 'application/json' } }
  t.strictSame((await call('acme', '/optional')).json, { grant: null })
  await login('acme', '/guarded')
  t.match((await call('acme', '/inject')).json, { authorization: /^Bearer / })
  providers.acme.on('/api', () => ({ status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope="more"' }, body: {} }))
  t.match(await call('acme', '/challenge', json), { status: 403, json: { scope: ['more'], authorizeUrl: /login=/ } })

  options.globex = { tenant: 'globex', clientId: 'id', clientSecret: 'x', requestTokenUrl: 'https://one.example/', authorizeUrl: 'https://one.example/', accessTokenUrl: 'https://one.example/' }
  t.match(await call('globex', '/strong', json), { status: 500, json: { message: /acr and maxAge are for OpenID providers/ } })
  t.match(await call('globex', '/inject', json), { status: 500, json: { message: /inject of GET \/inject is set for sso/ } })
})
