// Logins at a real OpenID provider, and what they leave behind.
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { freePort, startApp } from '../fixtures/app.js'
import type { TestApp } from '../fixtures/app.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'
import type { ProviderOptions, TestProvider } from '../fixtures/openid-provider.js'

/** An application with a guarded page that calls the provider's API. */
async function setUp (t: Test, options: Partial<ProviderOptions> = {}): Promise<TestApp & { provider: TestProvider }> {
  const port = await freePort()
  const provider = await startOpenIdProvider({ redirectUris: [`http://127.0.0.1:${port}/oauth/test/callback`], ...options })
  t.teardown(() => provider.close())
  const { issuer, clientId, clientSecret, apiBaseUrl } = provider
  const isPublic = options.clientAuth === 'none'
  const app = await startApp(t, {
    providers: { test: { issuer, clientId, ...(isPublic ? {} : { clientSecret }), apiBaseUrl, scope: ['openid', 'profile', 'email'] } }
  }, {
    port,
    routes (app) {
      app.get('/things', { config: { oauth: { provider: 'test', scope: ['read'] } } }, async (request) => {
        const { statusCode, body } = await request.oauth.get('things')
        return { statusCode, body: await body.json(), profile: await request.oauth.profile() }
      })
      app.get('/accounts', async (request) => (await request.oauth.grants()).map(({ account }) => account).sort())
    }
  })
  return { ...app, provider }
}

t.test('a guarded page: login, consent, and back where it started', async (t) => {
  const { url, logs } = await setUp(t)

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

for (const clientAuth of ['client_secret_basic', 'client_secret_post', 'none'] as const) {
  t.test(`a client that authenticates by ${clientAuth}`, async (t) => {
    const { url, provider } = await setUp(t, { clientAuth, configuration: { clientAuthMethods: [clientAuth] } })
    const page = await new Browser().open(`${url}/things`)
    t.equal(page.status, 200, page.text)
    t.equal(provider.requests.filter(request => request === 'POST /token').length, 1)
  })
}

t.test('a user who says no ends with 403 and nothing else', async (t) => {
  const { url, provider } = await setUp(t)
  provider.refuses = 'everything'
  const browser = new Browser()
  const page = await browser.open(`${url}/things`)
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_ACCESS_DENIED')
  t.equal(provider.requests.filter(request => request === 'POST /token').length, 0)
  t.equal((await browser.open(`${url}/accounts`)).text, '[]')
})

t.test('a user who allows less than the page needs ends with 403, and keeps what was allowed', async (t) => {
  const { url, provider } = await setUp(t)
  provider.refuses = ['read']
  const browser = new Browser()
  t.match(await browser.open(`${url}/things`), { status: 403, text: 'FST_OAUTH_INSUFFICIENT_SCOPE' })
  t.equal((await browser.open(`${url}/accounts`)).text, '["user-1"]')
})

t.test('logout revokes at the provider, and the next page asks again', async (t) => {
  const { url, provider } = await setUp(t)
  const browser = new Browser()
  await browser.open(`${url}/things`)
  const answer = await browser.request(`${url}/oauth/test/logout`, { method: 'POST', headers: { accept: 'application/json' } })
  t.match(await answer.json(), { removed: true, provider: 'revoked', endSessionUrl: `${provider.issuer}/session/end?` })
  t.ok(provider.requests.includes('POST /token/revocation'))
  const page = await browser.open(`${url}/things`)
  t.equal(page.status, 200)
  t.ok(page.hops.some(hop => hop.startsWith(`${provider.issuer}/auth?`)))
})

t.test('two tabs, whose logins end in the other order', async (t) => {
  const { url, provider } = await setUp(t)
  const browser = new Browser()
  const first = await browser.openUntil(`${url}/things?tab=1`, `${url}/oauth/test/callback`)
  const second = await browser.openUntil(`${url}/things?tab=2`, `${url}/oauth/test/callback`)
  t.equal((await browser.open(second)).url, `${url}/things?tab=2`)
  t.equal((await browser.open(first)).url, `${url}/things?tab=1`)
  t.equal((await browser.open(`${url}/accounts`)).text, '["user-1"]')
  t.equal(provider.requests.filter(request => request === 'POST /token').length, 2)
})
