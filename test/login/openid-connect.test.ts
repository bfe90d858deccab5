// A login at a real OpenID provider, and what it leaves behind.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { freePort, startApp } from '../fixtures/app.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'

t.test('a guarded page: login, consent, and back where it started', async (t) => {
  const port = await freePort()
  const provider = await startOpenIdProvider({ redirectUris: [`http://127.0.0.1:${port}/oauth/test/callback`] })
  t.teardown(() => provider.close())
  const { issuer, clientId, clientSecret, apiBaseUrl } = provider
  const { url, logs } = await startApp(t, { providers: { test: { issuer, clientId, clientSecret, apiBaseUrl, scope: ['openid', 'profile', 'email'] } } }, {
    port,
    routes (app) {
      app.get('/things', { config: { oauth: { provider: 'test', scope: ['read'] } } }, async (request) => {
        const { statusCode, body } = await request.oauth.get('things')
        return { statusCode, body: await body.json(), profile: await request.oauth.profile() }
      })
    }
  })

  const page = await new Browser().open(`${url}/things?sort=up`)

  t.equal(page.status, 200, page.text)
  t.equal(page.url, `${url}/things?sort=up`)
  t.match(JSON.parse(page.text), {
    statusCode: 200,
    body: { sub: 'user-1', scope: 'openid profile email read', method: 'GET', url: '/api/things' },
    profile: { id: 'user-1', name: 'Name of user-1', email: 'user-1@mail.example', emailVerified: true, picture: 'https://pictures.example/user-1' }
  })
  t.notMatch(logs.join(''), /code=/, 'no log line holds the query of the callback')
})
