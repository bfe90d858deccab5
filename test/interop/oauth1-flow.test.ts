// Whole logins and API calls of OAuth 1.0a through the plugin, against a server in another language.
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthProviderOptions } from '../../lib/index.js'
import type { RequestOAuth } from '../../types/fastify.js'
import { startApp } from '../fixtures/app.js'
import type { TestApp } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import { signatureMethods } from '../fixtures/oauth1-exchange.js'
import { startOAuthlibServer } from '../fixtures/oauthlib-server.js'
import type { Echo } from '../fixtures/oauthlib-server.js'

const server = await startOAuthlibServer(t)

type Call = (oauth: RequestOAuth) => ReturnType<RequestOAuth['get']>

const form = { 'a b': 'ü ~*\'()', plus: '1+1', percent: '100%', none: '' }

const calls: Array<{ what: string, call: Call, expected: Partial<Echo> }> = [
  {
    what: 'GET with a query',
    call: oauth => oauth.get('photos?flag&b=2&b=1&space=1+1', { query: { 'a b': 'ü ~*\'()', plus: '1+1', 'list[]': 'x' } }),
    expected: { query: [['flag', ''], ['b', '2'], ['b', '1'], ['space', '1 1'], ['a b', 'ü ~*\'()'], ['plus', '1+1'], ['list[]', 'x']] }
  },
  {
    what: 'POST of a form',
    call: oauth => oauth.post('photos?a=0', { form }),
    expected: { method: 'POST', query: [['a', '0']], form: Object.entries(form) }
  },
  {
    what: 'POST of JSON',
    call: oauth => oauth.post('photos?a=1', { json: { a: '1&b=2' } }),
    expected: { method: 'POST', query: [['a', '1']], bodyLength: '{"a":"1&b=2"}'.length }
  },
  {
    what: 'PUT of a form',
    call: oauth => oauth.put('photos/1', { form: { a: '1' } }),
    expected: { method: 'PUT', path: '/api/photos/1', form: [['a', '1']] }
  },
  {
    what: 'PATCH of JSON',
    call: oauth => oauth.patch('photos/1', { json: {} }),
    expected: { method: 'PATCH', path: '/api/photos/1', bodyLength: '{}'.length }
  },
  {
    what: 'DELETE',
    call: oauth => oauth.delete('photos/a%20b;v=1?a=1'),
    expected: { method: 'DELETE', path: '/api/photos/a%20b;v=1', query: [['a', '1']] }
  }
]

interface LoggedInApp extends TestApp { browser: Browser, json (path: string): Promise<{ status: number, json: Record<string, unknown> }> }

async function start (t: Test, options: Partial<OAuthProviderOptions> = {}): Promise<LoggedInApp> {
  const { requestTokenUrl, authorizeUrl, accessTokenUrl, apiBaseUrl, clientId, clientSecret, privateKey } = server
  const key = options.signatureMethod?.startsWith('RSA') ? { clientKey: privateKey } : { clientSecret }
  const app = await startApp(t, {
    secret: 'a secret of the plugin in a test, long enough',
    providers: { peer: { requestTokenUrl, authorizeUrl, accessTokenUrl, apiBaseUrl, clientId, ...key, ...options } }
  }, {
    routes (app) {
      const config = { oauth: 'peer' }
      app.get('/calls', { config }, async ({ oauth }) => {
        const echoes = []
        for (const { call } of calls) echoes.push(await (await call(oauth)).body.json())
        return echoes
      })
      app.get('/profile', { config }, async ({ oauth }) => oauth.profile())
      app.get('/grant', { config }, async ({ oauth }) => ({ tokenType: oauth.grant?.tokenType, raw: oauth.grant?.raw }))
    }
  })
  const browser = new Browser()
  return {
    ...app,
    browser,
    async json (path) {
      const response = await browser.request(`${app.url}${path}`, { headers: { accept: 'application/json' } })
      return { status: response.status, json: await response.json() as Record<string, unknown> }
    }
  }
}

async function logsInAndCalls (t: Test, options: Partial<OAuthProviderOptions>): Promise<void> {
  const before = await server.log()
  const { url, browser } = await start(t, options)
  const { accessTokenMethod = 'POST', quirks: { oauth1Parameters: place = 'header', oauth1RequestTokenMethod = accessTokenMethod } = {} } = options

  const page = await browser.open(`${url}/calls`)

  const { accepted, refused } = await server.log()
  t.same(refused.slice(before.refused.length), [], 'nothing was refused')
  t.same(accepted.slice(before.accepted.length, before.accepted.length + 2), [`${oauth1RequestTokenMethod} /request_token`, `${accessTokenMethod} /access_token`])
  t.equal(page.status, 200)
  t.same(page.hops.map(hop => hop.replace(/\?.*/, '')), [`${url}/calls`, server.authorizeUrl, `${url}/oauth/peer/callback`, `${url}/calls`])
  const echoes = JSON.parse(page.text) as Echo[]
  for (const [at, { what, expected }] of calls.entries()) {
    const { bodyLength = 0, ...echo } = echoes[at] as Echo
    const { bodyLength: length = 0, form = [], ...rest } = expected
    // Where there is no form, they stand in the query.
    const signedIn = place === 'body' && form.length === 0 ? 'query' : place
    t.same(echo, { method: 'GET', path: '/api/photos', query: [], ...rest, form, signedIn }, what)
    if (form.length === 0) t.equal(bodyLength, length)
  }
}

for (const signatureMethod of signatureMethods) {
  t.test(`${signatureMethod}: a login and calls`, async (t) => {
    await logsInAndCalls(t, { signatureMethod })
    await logsInAndCalls(t, { signatureMethod, accessTokenMethod: 'GET', realm: 'photos' })
  })
}

t.test('the parameters in the query, and in the form', async (t) => {
  for (const oauth1Parameters of ['query', 'body'] as const) {
    for (const accessTokenMethod of ['GET', 'POST'] as const) await logsInAndCalls(t, { accessTokenMethod, quirks: { oauth1Parameters } })
  }
})

t.test('parameters of the provider\'s own, and the hash of a body', async (t) => {
  await logsInAndCalls(t, {
    signatureMethod: 'HMAC-SHA256',
    requestTokenParams: { expires: 'never, ü' },
    accessTokenParams: { 'a b': '1+1' },
    quirks: { oauth1BodyHash: true, oauth1RequestTokenMethod: 'GET' }
  })
})

t.test('what came with the token says who the user is', async (t) => {
  const app = await start(t, { profile: ({ user_id: id, screen_name: name }) => ({ id: String(id), name: String(name) }) })

  const page = await app.browser.open(`${app.url}/profile`)

  t.match(JSON.parse(page.text), { id: '42', name: 'Zoë Ω' })
  t.match((await app.json('/grant')).json, { tokenType: 'oauth1', raw: { user_id: '42' } })
})

t.test('the user denies, in both of the forms in which providers say so', async (t) => {
  for (const say of ['user_refused', 'denied']) {
    const app = await start(t, { authorizeParams: { decision: 'deny', say } })

    const page = await app.browser.open(`${app.url}/calls`)

    t.equal(page.status, 403)
    t.match(page.text, 'FST_OAUTH_ACCESS_DENIED')
    t.equal((await app.json('/grant')).status, 401, 'nothing was granted')
  }
})

t.test('a client that the provider does not know, and one with another secret', async (t) => {
  for (const [options, problem] of [[{ clientId: 'anotherClientAltogether' }, 'consumer_key_unknown'], [{ clientSecret: 'another' }, 'signature_invalid']] as const) {
    const app = await start(t, options)

    const page = await app.browser.open(`${app.url}/calls`)

    t.equal(page.status, 502)
    t.match(page.text, 'FST_OAUTH_TOKEN_REFUSED')
    t.match(app.logs.join(''), problem)
  }
})
