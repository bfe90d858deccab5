// OAuth 1.0a through the real plugin: logins, calls, refusals, and what providers do differently.
import t from 'tap'
import type { FakeQuirks } from '../../lib/testing/index.js'
import { startFakeApp } from '../fixtures/fake-app.js'

for (const listens of [false, true]) {
  t.test(`${listens ? 'over loopback' : 'in the process'}: a login from start to end, and a signed call`, async (t) => {
    const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oauth1', users: [{ sub: 'ada', name: 'Ada' }] }, listens })
    const session = await fake.loginAs(app, 'ada', { provider: 'fake', returnTo: '/me' })
    t.equal(session.location, '/me')
    t.match((await app.inject({ url: '/me', ...session })).json(), { subject: 'ada', tokenType: 'oauth1', refreshes: false })
    t.match((await app.inject({ url: '/call', ...session })).json(), { path: '/api/items', method: 'GET', sub: 'ada' })
    t.match((await app.inject({ url: '/profile', ...session })).json(), { id: 'ada', name: 'Ada' })
  })
}

t.test('what providers do differently', async (t) => {
  const all: FakeQuirks[] = [{ verifier: 'absent' }, { callbackOn: 'authorize' }, { tokenMethod: 'GET' }, { oneUrl: true }, { tokenFormat: 'json' }]
  for (const quirks of all) {
    const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oauth1', quirks } })
    const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
    t.match((await app.inject({ url: '/call', ...session })).json(), { sub: 'user-1' }, JSON.stringify(quirks))
  }
})

t.test('a refusal, however it is told', async (t) => {
  for (const denial of [undefined, 'verifier', 'denied'] as const) {
    const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oauth1', quirks: denial === undefined ? {} : { denial } } })
    const { response } = await fake.loginAs(app, 'user-1', { provider: 'fake', deny: true })
    t.equal(response.statusCode, 403, String(denial))
    t.match(response.body, 'FST_OAUTH_ACCESS_DENIED')
  }
})

t.test('a token that the provider took back is a 401 with its problem', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oauth1' } })
  const session = await fake.loginAs(app, 'user-1', { provider: 'fake' })
  fake.revokeAll()
  const response = await app.inject({ url: '/call', ...session })
  t.match(response.json(), { code: 'FST_OAUTH_API_PROBLEM' })
  t.match(response.json().message, 'token_rejected')
})

t.test('faults on the wire', async (t) => {
  const { app, fake } = await startFakeApp(t, { fake: { protocol: 'oauth1' } })
  for (const [name, status] of [['status-500', 503], ['html', 502], ['truncated', 503]] as const) {
    const { response } = await fake.failWith(app, name, { provider: 'fake' })
    t.equal(response.statusCode, status, name)
  }
})
