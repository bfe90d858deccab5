// Client credentials end to end, against a real authorization server.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import type { OAuthClient, OAuthPluginOptions, OAuthProviderOptions } from '../../lib/index.js'
import { startApp } from '../fixtures/app.js'
import type { AppOptions } from '../fixtures/app.js'
import { read } from '../fixtures/login.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'

const secret = 'a secret of 32 bytes for the tests'

async function startService (t: Test, { client = {}, provider = {}, plugin = {}, app = {} }: { client?: object, provider?: Partial<OAuthProviderOptions>, plugin?: OAuthPluginOptions, app?: AppOptions } = {}) {
  const server = await startOpenIdProvider({
    redirectUris: [],
    client: { grant_types: ['client_credentials'], response_types: [], scope: 'read write', ...client },
    configuration: {
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_ctx, resource) => ({ scope: 'read write', audience: `audience of ${resource}`, accessTokenFormat: 'opaque', accessTokenTTL: 3_600 })
        }
      },
      ttl: { ClientCredentials: 3_600 }
    }
  })
  t.teardown(() => server.close())
  const { issuer, clientId, clientSecret, apiBaseUrl } = server
  const billing = { grant: 'client_credentials' as const, issuer, clientId, clientSecret, apiBaseUrl, scope: ['read'], ...provider }
  const another = { issuer: 'https://sso.example', clientId: 'id', clientSecret: 'secret' }
  const options = { secret, ...plugin, providers: { billing, another } }
  const start = () => startApp(t, options, app)
  return { ...await start(), server, start, requests: () => server.requests.filter(request => request === 'POST /token').length }
}

async function call (client: OAuthClient): Promise<Record<string, unknown>> {
  const { statusCode, body } = await client.get('things')
  return { statusCode, ...await body.json() as object }
}

t.test('calls in the application\'s own name', async (t) => {
  const { app, requests } = await startService(t)
  const answers = await Promise.all(Array.from({ length: 20 }, () => call(app.oauth.client('billing'))))
  t.match(answers, answers.map(() => ({ statusCode: 200, scope: 'read', url: '/api/things' })))
  t.equal(answers[0]?.sub, undefined)
  t.equal(requests(), 1)
  const response = await app.oauth.client('billing').fetch('things')
  t.match(await response.json(), { scope: 'read' })
  t.equal(requests(), 1, 'all of them with one token')
})

t.test('bound to a key of their own (RFC 9449)', async (t) => {
  const { app, requests } = await startService(t, { client: { dpop_bound_access_tokens: true }, provider: { dpop: true } })
  t.match(await call(app.oauth.client('billing')), { statusCode: 200, scope: 'read' })
  t.match(await call(app.oauth.client('billing')), { statusCode: 200 })
  t.equal(requests(), 1)
})

t.test('a token for each audience, resource and set of scopes', async (t) => {
  const { app, requests } = await startService(t)
  t.match(await call(app.oauth.client('billing', { scope: ['write', 'read'] })), { scope: 'read write' })
  t.match(await call(app.oauth.client('billing', { scope: ['read', 'write', 'read'] })), { scope: 'read write' })
  t.equal(requests(), 1, 'whatever their order')
  t.match(await call(app.oauth.client('billing', { resource: 'urn:test:one' })), { aud: 'audience of urn:test:one', scope: 'read' })
  t.match(await call(app.oauth.client('billing', { resource: ['urn:test:one'] })), { aud: 'audience of urn:test:one' })
  t.match(await call(app.oauth.client('billing', { resource: ['urn:test:two'] })), { aud: 'audience of urn:test:two' })
  t.equal(requests(), 3)
  await call(app.oauth.client('billing', { audience: 'one' }))
  await call(app.oauth.client('billing', { audience: ['two', 'one'] }))
  await call(app.oauth.client('billing', { audience: ['one', 'two'] }))
  t.equal(requests(), 5)
  await t.rejects(call(app.oauth.client('billing', { scope: ['profile'] })), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_scope' })
})

t.test('processes that share a store share the token', async (t) => {
  const { app, start, requests } = await startService(t, { plugin: { store: new MemoryGrantStore() } })
  const other = await start()
  const answers = await Promise.all([app, other.app].flatMap(one => Array.from({ length: 10 }, () => call(one.oauth.client('billing')))))
  t.strictSame(answers.map(({ statusCode }) => statusCode), answers.map(() => 200))
  t.equal(requests(), 1)
})

t.test('a token that has expired is replaced, and one that is refused, once', async (t) => {
  let now = Date.now()
  const { app, server, requests } = await startService(t, { plugin: { clock: () => now } })
  const client = app.oauth.client('billing')
  await call(client)
  now += 3_600_000
  t.match(await call(client), { statusCode: 200 })
  t.equal(requests(), 2)
  await server.revokeAccessTokens()
  await delay(1_000 - Date.now() % 1_000)
  const calls = await Promise.all(Array.from({ length: 5 }, () => call(client)))
  t.strictSame(calls.map(({ statusCode }) => statusCode), calls.map(() => 200))
  t.equal(requests(), 3)
  await server.revokeAccessTokens()
  const { statusCode, body } = await client.post('things', { body: 'x', retry: false })
  await body.dump()
  t.equal(statusCode, 401)
  t.equal(requests(), 3)
})

t.test('a provider without logins has none', async (t) => {
  let ran = 0
  const { app, url } = await startService(t, {
    app: {
      routes (app) {
        app.get('/guarded', { config: { oauth: 'billing' } }, async () => { ran++; return 'open' })
        app.get('/called', async () => { await (await app.oauth.client('billing').get('things')).body.dump(); return 'called' })
        app.get('/get', async ({ oauth }) => { await oauth.use('billing').get('things'); return 'open' })
        app.get('/load', async ({ oauth }) => oauth.use('billing').loadGrant())
        app.get('/revoke', async ({ oauth }) => oauth.use('billing').revoke())
        app.get('/authorize', async ({ oauth }, reply) => oauth.use('billing').authorize(reply))
      }
    }
  })
  t.equal((await read(await fetch(`${url}/called`))).text, 'called')
  for (const path of ['/oauth/billing', '/oauth/billing/callback?code=x&state=y', '/guarded', '/get', '/load', '/revoke', '/authorize']) {
    const { status, json } = await read(await fetch(`${url}${path}`, { headers: { accept: 'application/json' }, redirect: 'manual' }))
    t.match({ status, json }, { status: 404, json: { code: 'FST_OAUTH_NO_LOGINS' } }, path)
  }
  t.match(await read(await fetch(`${url}/oauth/billing/logout`, { method: 'POST' })), { status: 404 })
  const page = await read(await fetch(`${url}/oauth/billing`, { headers: { accept: 'text/html' } }))
  t.match(page, { status: 404, text: /Nobody logs in at this provider/ })
  t.notMatch(page.text, /<a /, 'there is nothing to try again')
  t.equal(ran, 0)
  t.strictSame(await app.oauth.grants.list({ owner: 'client:billing' }), [], 'and no owner has its token, whatever he is called')
})

t.test('what a client cannot be made for', async (t) => {
  const { app } = await startService(t)
  const { oauth } = app
  t.throws(() => oauth.client('another'), { code: 'FST_OAUTH_INVALID_CALL', message: /The call to another cannot be made: it has no owner/ })
  t.throws(() => oauth.client('another', { owner: 'alice', audience: 'one' }), { code: 'FST_OAUTH_INVALID_CALL', message: /Use exchange/ })
  t.throws(() => oauth.client('another', { owner: 'alice', scope: ['one'] }), { code: 'FST_OAUTH_INVALID_CALL', message: /Use exchange/ })
  t.throws(() => oauth.client('billing', { owner: 'alice' }), { code: 'FST_OAUTH_INVALID_CALL', message: /neither owner nor account/ })
  t.throws(() => oauth.client('billing', { account: 'one' }), { code: 'FST_OAUTH_INVALID_CALL', message: /neither owner nor account/ })
  t.throws(() => oauth.client('another', { owner: '' }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /app\.oauth\.client\(\)\.owner is ""; allowed is a non-empty string/ })
  t.throws(() => oauth.client('billing', { resource: 'not absolute' }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /client\(\)\.resource is .*; allowed is an absolute URI without a fragment/ })
  t.throws(() => oauth.client('nobody'), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
})
