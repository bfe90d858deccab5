// A28: what is configured wrong, or breaks, closes a route; it never opens one.
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { MemoryGrantStore, oauthPlugin } from '../../lib/index.js'
import type { OAuthPluginOptions } from '../../lib/index.js'
import { startScene } from '../fixtures/scene.js'

/** Starts an application without a port; answers why it does not start. */
async function start (options: OAuthPluginOptions, routes: (app: FastifyInstance) => void = () => {}): Promise<void> {
  const app = Fastify() as unknown as FastifyInstance
  try {
    await app.register(oauthPlugin, { session: { secret: 'a secret for the sessions of a test' }, ...options })
    routes(app)
    await app.ready()
  } finally {
    await app.close()
  }
}

t.test('A28: a broken configuration of a route fails at the start', async (t) => {
  for (const broken of [null, '', false, true, 5, {}, [], ['test'], { provider: '' }, { provider: 5 }, { provider: 'test', scope: 'read' }, { provider: 'test', scope: ['a b'] }, { provider: 'test', scopes: ['read'] }, { provider: 'test', optional: 1 }, { provider: 'test', acr: [''] }, { provider: 'test', acr: 7 }, { provider: 'test', maxAge: -1 }, { provider: 'test', account: 7 }, { provider: 'test', onUnauthorized: 'x' }, { provider: 'nobody' }, 'nobody', undefined, { scope: ['read'] }, () => 'test']) {
    const starting = start({ providers: { test: { clientId: 'x', issuer: 'https://a.example' } } }, app => { app.get('/repos', { config: { oauth: broken as never } }, async () => 'open') })
    await t.rejects(starting, { code: 'FST_OAUTH_INVALID_OPTIONS' }, String(JSON.stringify(broken)))
  }
})

t.test('A28: broken options of a provider fail at the start', async (t) => {
  const broken: unknown[] = [null, 'test', {}, { clientId: '' }, { clientId: 'x' }, { clientId: 'x', issuer: 'no url' }, { clientId: 'x', issuer: 'http://issuer.example' }, { clientId: 'x', issuer: 'https://issuer.example/?tenant=1' }, { clientId: 'x', authorizeUrl: 'https://a.example' }, { clientId: 'x', authorizeUrl: 'javascript:1', accessTokenUrl: 'https://a.example' }, { clientId: 'x', authorizeUrl: 'https://a.example', accessTokenUrl: 'http://a.example' }, { clientId: 'x', issuer: 'https://a.example', apiBaseUrl: 'http://api.example' }, { clientId: 'x', issuer: 'https://a.example', apiOrigins: ['https://api.example/path'] }, { clientId: 'x', issuer: 'https://a.example', clientAuth: 'client_secret_basic' }, { clientId: 'x', issuer: 'https://a.example', defaultReturnTo: '//evil.example' }, { clientId: 'x', issuer: 'https://a.example', unknown: 1 }]
  for (const options of broken) {
    await t.rejects(start({ providers: { broken: options } } as OAuthPluginOptions), { code: 'FST_OAUTH_INVALID_OPTIONS' }, JSON.stringify(options))
  }
})

t.test('A28: a broken configuration of the plugin fails at the start', async (t) => {
  const broken: unknown[] = [{ secret: 'short' }, { secret: [] }, { secret: '' }, { secret: null }, { baseUrl: 'app.example' }, { baseUrl: 'https://user@app.example' }, { prefix: '//evil.example' }, { prefix: '' }, { returnTo: '//evil.example' }, { returnTo: 'https://evil.example' }, { store: {} }, { owner: 'owner' }, { loginTimeout: 0 }, { timeout: -1 }, { clock: 5 }, { session: { secret: 'short' } }, { unknown: true }, { providers: { 'a/b': {} } }]
  for (const options of broken) await t.rejects(start(options as OAuthPluginOptions), { code: 'FST_OAUTH_INVALID_OPTIONS' }, JSON.stringify(options))
  await t.rejects(start({ session: {} }), { code: 'FST_OAUTH_SESSION_REQUIRED' }, 'and nobody to own the grants')
})

t.test('A28: what breaks at run time closes the route', async (t) => {
  const faults: Record<string, { plugin?: OAuthPluginOptions, unregister?: boolean }> = {
    'a provider that is gone': { unregister: true },
    'a store that fails': { plugin: { owner: () => 'owner', store: Object.assign(new MemoryGrantStore(), { list: async () => { throw new Error('down') } }) } },
    'a store that answers nonsense': { plugin: { owner: () => 'owner', store: Object.assign(new MemoryGrantStore(), { list: async () => [{ owner: 'owner', provider: 'test', account: 'x', version: 1, authorizedAt: 1, sealed: 'nonsense' }] }) } },
    'an owner function that throws': { plugin: { owner: () => { throw new Error('broken') } } },
    'an owner function that rejects': { plugin: { owner: async () => { throw new Error('broken') } } }
  }
  for (const [name, { plugin = {}, unregister = false }] of Object.entries(faults)) {
    const ran: string[] = []
    const scene = await startScene(t, {
      plugin,
      app: { routes (app) { app.get('/repos', { config: { oauth: 'test' } }, async () => { ran.push(name) }) } }
    })
    if (unregister) scene.app.oauth.providers.unregister('test')
    for (const accept of ['text/html', 'application/json']) {
      const { status } = await fetch(`${scene.url}/repos`, { redirect: 'manual', headers: { accept } })
      t.ok(status >= 400 || status === 303, `${name}: ${status}`)
    }
    t.strictSame(ran, [], name)
  }
})

t.test('A28: discovery that fails closes the login, not only now', async (t) => {
  const scene = await startScene(t)
  for (const body of ['', 'null', '[]', '{}', '"text"', '<html>', '{"issuer":1}', JSON.stringify({ issuer: scene.provider.issuer })]) {
    scene.provider.on('/.well-known/openid-configuration', () => ({ body }))
    const { status } = await fetch(`${scene.url}/guarded`, { redirect: 'manual', headers: { accept: 'text/html' } })
    t.equal(status, 503, body)
  }
})

t.test('A28: a scope that is lacking is asked for, and the handler waits', async (t) => {
  const ran: string[] = []
  const scene = await startScene(t, {
    app: { routes (app) { app.get('/admin', { config: { oauth: { provider: 'test', scope: ['admin'] } } }, async () => { ran.push('admin') }) } }
  })
  const browser = await scene.login()
  t.equal((await browser.request(`${scene.url}/admin`, { headers: { accept: 'application/json' } })).status, 403)
  t.equal((await browser.request(`${scene.url}/admin`)).status, 303)
  t.strictSame(ran, [])
})
