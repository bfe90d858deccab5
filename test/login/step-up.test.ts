// Step-up at a real OpenID provider: more scopes, a stronger authentication, a newer one (RFC 9470).
import { interactionPolicy } from 'oidc-provider'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { freePort, startApp } from '../fixtures/app.js'
import type { TestApp } from '../fixtures/app.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'
import type { TestProvider } from '../fixtures/openid-provider.js'

interface Setup extends TestApp { provider: TestProvider, browser: Browser, ahead: number }

/** A provider that authenticates its users anew where their acr is none of those asked for. */
function policy () {
  const { Check, base } = interactionPolicy
  const prompts = base()
  prompts.get('login')?.checks.add(new Check('acr_values', 'a stronger authentication is needed', 'login_required', ({ oidc }) => {
    const asked = String(oidc.params?.acr_values ?? '').split(' ').filter(value => value !== '')
    const isDone = oidc.result?.login !== undefined || asked.length === 0 || asked.includes(String(oidc.session?.acr))
    return isDone ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
  }))
  return prompts
}

async function setUp (t: Test): Promise<Setup> {
  const port = await freePort()
  const provider = await startOpenIdProvider({
    redirectUris: [`http://127.0.0.1:${port}/oauth/test/callback`],
    configuration: {
      acrValues: ['silver', 'gold'],
      claims: { openid: ['sub'], acr: null, auth_time: null },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}`, policy: policy() },
      ttl: { IdToken: 36_000, AccessToken: 36_000, Session: 36_000, Grant: 36_000, Interaction: 600, AuthorizationCode: 60, RefreshToken: 36_000 }
    },
    client: { default_acr_values: [], require_auth_time: true }
  })
  t.teardown(() => provider.close())
  const { issuer, clientId, clientSecret, apiBaseUrl } = provider
  const setup = { ahead: 0 } as Setup
  const app = await startApp(t, { providers: { test: { issuer, clientId, clientSecret, apiBaseUrl } }, clock: () => Date.now() + setup.ahead }, {
    port,
    routes (app) {
      const answer = async ({ oauth }: { oauth: { grant: { scope: readonly string[], claims: unknown } | null } }) => ({ scope: oauth.grant?.scope, acr: (oauth.grant?.claims as { acr?: string }).acr })
      app.get('/any', { config: { oauth: 'test' } }, answer)
      app.get('/write', { config: { oauth: { provider: 'test', scope: ['write'] } } }, answer)
      app.get('/gold', { config: { oauth: { provider: 'test', acr: ['gold'] } } }, answer)
      app.get('/recent', { config: { oauth: { provider: 'test', maxAge: 600 } } }, answer)
      app.get('/now', { config: { oauth: { provider: 'test', maxAge: 0 } } }, answer)
    }
  })
  return Object.assign(setup, app, { provider, browser: new Browser() })
}

t.test('more scopes: the union is asked for, and the page resumes', async (t) => {
  const { url, browser } = await setUp(t)
  t.equal((await browser.open(`${url}/any`)).status, 200)
  const page = await browser.open(`${url}/write?a=b`)
  t.strictSame([page.status, page.url], [200, `${url}/write?a=b`])
  t.strictSame(JSON.parse(page.text).scope, ['openid', 'write'])
})

t.test('a consent that is narrower, or refused: 403, once, and the grant stays', async (t) => {
  const { url, browser, provider } = await setUp(t)
  await browser.open(`${url}/any`)
  for (const refuses of [['write'], 'everything'] as const) {
    provider.refuses = typeof refuses === 'string' ? refuses : [...refuses]
    const before = provider.requests.length
    const page = await browser.open(`${url}/write`)
    t.equal(page.status, 403, String(refuses))
    t.equal(provider.requests.slice(before).filter(request => request === 'GET /auth').length, 1)
    t.equal((await browser.open(`${url}/any`)).status, 200)
  }
})

t.test('acr: a stronger authentication is asked for; one that is too weak again ends with 403', async (t) => {
  const { url, browser, provider } = await setUp(t)
  provider.acr = 'silver'
  t.equal((await browser.open(`${url}/any`)).status, 200)

  const asked = await browser.request(`${url}/gold`, { headers: { accept: 'application/json' } })
  t.equal(asked.status, 401)
  t.equal(asked.headers.get('www-authenticate'), 'Bearer realm="test", error="insufficient_user_authentication", acr_values="gold"')
  t.match(await asked.json(), { statusCode: 401, code: 'FST_OAUTH_INSUFFICIENT_AUTHENTICATION', error: 'Unauthorized', acr: ['gold'] })

  const weak = await browser.open(`${url}/gold`)
  t.equal(weak.status, 403, weak.hops.join(' '))
  t.match(weak.text, 'FST_OAUTH_INSUFFICIENT_AUTHENTICATION')
  t.match(weak.hops[1], 'acr_values=gold')

  provider.acr = 'gold'
  const strong = await browser.open(`${url}/gold`)
  t.strictSame([strong.status, strong.url], [200, `${url}/gold`])
  t.equal(JSON.parse(strong.text).acr, 'gold')
  t.equal((await browser.open(`${url}/gold`)).hops.length, 1, 'and is not asked for again')
})

t.test('maxAge: an authentication that is too old is asked for anew', async (t) => {
  const setup = await setUp(t)
  const { url, browser } = setup
  const first = await browser.open(`${url}/recent`)
  t.equal(first.status, 200)
  t.match(first.hops[1], 'max_age=600')
  t.equal((await browser.open(`${url}/recent`)).hops.length, 1)

  setup.ahead = 1_200_000
  const asked = await browser.request(`${url}/recent`, { headers: { accept: 'application/json' } })
  t.equal(asked.headers.get('www-authenticate'), 'Bearer realm="test", error="insufficient_user_authentication", max_age="600"')
  t.match(await asked.json(), { maxAge: 600 })
  const old = await browser.open(`${url}/recent`)
  t.equal(old.status, 403, 'the provider thinks it is recent: no loop')
  t.match(old.text, 'FST_OAUTH_INSUFFICIENT_AUTHENTICATION')

  setup.ahead = 0
  t.equal((await browser.open(`${url}/now`)).status, 200, 'maxAge 0 authenticates, and lets in')
})
