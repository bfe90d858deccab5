// loginAs: the application's real routes, and the provider's pages, in the process and over loopback.
import Fastify from 'fastify'
import t from 'tap'
import { Agent } from 'undici'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { createFakeNetwork, loginAs } from '../../lib/testing/index.js'
import { startFake, startFakeApp } from '../fixtures/fake-app.js'

for (const listens of [false, true]) {
  for (const protocol of ['oidc', 'oauth2'] as const) {
    t.test(`${protocol}, ${listens ? 'over loopback' : 'in the process'}: a login from start to end`, async (t) => {
      const { app, fake } = await startFakeApp(t, { fake: { protocol, users: [{ sub: 'ada', name: 'Ada', email: 'ada@example.com', email_verified: true }] }, listens })

      const session = await loginAs(app, { sub: 'ada' }, { provider: 'fake', returnTo: '/me?a=1' })

      t.equal(session.response.statusCode, 303)
      t.equal(session.location, '/me?a=1')
      t.strictSame(Object.keys(session.cookies), ['sessionId'], 'the cookie of the login under way is gone')
      const me = await app.inject({ url: '/me', ...session })
      t.match(me.json(), { subject: 'ada', tokenType: 'bearer', refreshes: true, scope: protocol === 'oidc' ? ['openid', 'profile', 'email'] : [] })
      t.match((await app.inject({ url: '/profile', ...session })).json(), { id: 'ada', name: 'Ada', email: 'ada@example.com', emailVerified: true })
      t.match((await app.inject({ url: '/call', ...session })).json(), { path: '/api/items', method: 'GET', sub: 'ada', clientId: fake.options.clientId })
      t.equal((await app.inject({ url: '/call', headers: { accept: 'application/json' } })).statusCode, 401, 'and nobody else is logged in')
    })
  }
}

t.test('the user denies, or grants less or other scopes', async (t) => {
  const { app, fake } = await startFakeApp(t)
  const denied = await fake.loginAs(app, 'user-1', { provider: 'fake', deny: true })
  t.equal(denied.response.statusCode, 403)
  t.match(denied.response.body, 'FST_OAUTH_ACCESS_DENIED')
  t.strictSame((await app.inject({ url: '/me', ...denied })).json(), {})

  const some = await fake.loginAs(app, 'user-1', { provider: 'fake', scope: ['openid', 'admin'] })
  t.strictSame((await app.inject({ url: '/me', ...some })).json().scope, ['openid', 'admin'])
})

t.test('a login that starts from a guarded page, and fails its purpose', async (t) => {
  const { app, fake } = await startFakeApp(t, {
    routes (app) {
      app.get('/repos', { config: { oauth: { provider: 'fake', scope: ['repo'] } } }, async (request) => ({ has: request.oauth.has('repo') }))
    }
  })
  const session = await loginAs(app, 'user-1', { provider: 'fake', start: '/repos' })
  t.equal(session.location, '/repos')
  t.strictSame((await app.inject({ url: '/repos', ...session })).json(), { has: true })

  const error = await loginAs(app, 'user-1', { provider: 'fake', start: '/repos', scope: ['openid'] }).catch((reason: unknown) => reason)
  t.match(error, { code: 'FST_OAUTH_TESTING_LOGIN_FAILED', message: /status 403 FST_OAUTH_INSUFFICIENT_SCOPE/, response: { statusCode: 403, body: /more access/ } })
  t.equal(fake.requests.filter(({ endpoint }) => endpoint === 'token').length, 2)
})

t.test('a second provider in the same session', async (t) => {
  const second = await startFake(t, { protocol: 'oauth2', origin: 'https://second.test', clients: [{ clientId: 'public' }] })
  const first = await startFake(t)
  const { app } = await startFakeApp(t, {
    plugin: { dispatcher: createFakeNetwork(first, second), providers: { fake: first.options, second: second.options } },
    routes (app) {
      app.get('/both', async (request) => (await request.oauth.use('fake').grants()).map(({ provider, subject }) => `${provider} ${subject}`).sort())
    }
  })

  const one = await loginAs(app, 'user-1', { provider: 'fake' })
  const two = await loginAs(app, 'user-1', { provider: 'second', cookies: one.cookies })

  t.strictSame((await app.inject({ url: '/both', ...two })).json(), ['fake user-1', 'second user-1'])
})

t.test('form_post, also with cookies that a cross-site POST does not bring', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { quirks: { responseMode: 'form_post' } }, provider: { authorizeParams: { response_mode: 'form_post' } } })
  const session = await loginAs(app, 'user-1', { provider: 'fake' })
  t.equal((await app.inject({ url: '/me', ...session })).json().subject, 'user-1')
  const again = await loginAs(app, 'user-1', { provider: 'fake', cookies: { ...session.cookies, theme: 'dark' } })
  t.equal(again.response.statusCode, 303)
  t.equal(again.location, '/')
  t.equal(again.cookies.theme, 'dark')
  t.equal(fake.requests.filter(({ endpoint }) => endpoint === 'token').length, 2)
})

t.test('a form_post that fails leads nowhere', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { quirks: { responseMode: 'form_post' } }, provider: { authorizeParams: { response_mode: 'form_post' } } })
  const { response, location } = await fake.failWith(app, 'wrong-nonce', { provider: 'fake' })
  t.equal(response.statusCode, 400)
  t.equal(location, undefined)
})

t.test('a public address under https, behind a proxy that takes a path off', async (t) => {
  const { app } = await startFakeApp(t, { plugin: { baseUrl: 'https://app.example.com/shop/' }, secure: true, fastify: { trustProxy: true } })
  const session = await loginAs(app, 'user-1', { provider: 'fake', returnTo: '/me' })
  t.equal(session.location, '/me')
  const headers = { ...session.headers, host: 'app.example.com', 'x-forwarded-proto': 'https' }
  t.equal((await app.inject({ url: '/me', headers })).json().subject, 'user-1')
})

t.test('a callback URL of its own, outside of the public path', async (t) => {
  const { app } = await startFakeApp(t, { plugin: { baseUrl: 'http://localhost/shop' }, provider: { callbackUrl: 'http://localhost/old/callback' } })
  t.equal((await loginAs(app, 'user-1', { provider: 'fake' })).location, '/')
})

t.test('what cannot be driven is an error that says why', async (t) => {
  const { app } = await startFakeApp(t)
  const failed = (message: RegExp) => ({ code: 'FST_OAUTH_TESTING_LOGIN_FAILED', message })
  await t.rejects(loginAs(app, 'user-1', { provider: 'fack' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER', message: /nearest names are "fake"/ })
  await t.rejects(loginAs(app, 'nobody', { provider: 'fake' }), failed(/there is no user nobody/))
  await t.rejects(loginAs(app, 'user-1', { provider: 'fake', start: '/nowhere' }), failed(/status 404 and no code/))
  const without = Fastify()
  t.teardown(() => without.close())
  await t.rejects(loginAs(without, 'user-1', { provider: 'fake' }), failed(/not registered/))
})

t.test('no browser is sent to where there is no fake provider', async (t) => {
  const elsewhere: OAuthProviderOptions = { authorizeUrl: 'https://sso.example.com/a', accessTokenUrl: 'https://sso.example.com/t', clientId: 'x' }
  const { app } = await startFakeApp(t, { provider: { ...elsewhere, issuer: undefined } as never, fake: { protocol: 'oauth2' } })
  await t.rejects(loginAs(app, 'user-1', { provider: 'fake' }), { message: /serves https:\/\/fake-provider.test and makes no request to https:\/\/sso.example.com/ })
  const agent = new Agent()
  t.teardown(() => agent.close())
  const real = await startFakeApp(t, { provider: elsewhere, fake: { protocol: 'oauth2' }, plugin: { dispatcher: agent } })
  await t.rejects(loginAs(real.app, 'user-1', { provider: 'fake' }), { message: /leads to https:\/\/sso.example.com, which is neither in this process/ })
})

t.test('a fault at the pages is told too', async (t) => {
  const { app, fake } = await startFakeApp(t)
  fake.faults.next('status-500', 1, { at: 'authorize' })
  await t.rejects(loginAs(app, 'user-1', { provider: 'fake' }), { message: /status 500 and no page to fill in/ })
})
