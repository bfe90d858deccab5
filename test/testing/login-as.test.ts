// loginAs: the application's real routes, and the provider's pages, in the process and over loopback.
import t from 'tap'
import { loginAs } from '../../lib/testing/index.js'
import { startFakeApp } from '../fixtures/fake-app.js'

for (const listens of [false, true]) {
  for (const protocol of ['oidc', 'oauth2'] as const) {
    t.test(`${protocol}, ${listens ? 'over loopback' : 'in the process'}: a login from start to end`, async (t) => {
      const { app, fake } = await startFakeApp(t, { fake: { protocol, users: [{ sub: 'ada', name: 'Ada', email: 'ada@example.com', email_verified: true }] }, listens })

      const session = await loginAs(app, 'ada', { provider: 'fake', returnTo: '/me' })

      t.equal(session.response.statusCode, 303)
      t.equal(session.location, '/me')
      t.strictSame(Object.keys(session.cookies), ['sessionId'], 'the cookie of the login under way is gone')
      const me = await app.inject({ url: '/me', ...session })
      t.match(me.json(), { subject: 'ada', tokenType: 'bearer', refreshes: true, scope: protocol === 'oidc' ? ['openid', 'profile', 'email'] : [] })
      t.match((await app.inject({ url: '/profile', ...session })).json(), { id: 'ada', name: 'Ada', email: 'ada@example.com', emailVerified: true })
      t.match((await app.inject({ url: '/call', ...session })).json(), { path: '/api/items', method: 'GET', sub: 'ada', clientId: fake.options.clientId })
      t.equal((await app.inject({ url: '/call', headers: { accept: 'application/json' } })).statusCode, 401, 'and nobody else is logged in')
    })
  }
}
