// Calls that a proxy makes with the token of the request's owner.
import { request } from 'undici'
import t from 'tap'
import { read } from '../fixtures/login.js'
import { startProxiedApi } from '../fixtures/proxied-api.js'

const own = { 'sec-fetch-site': 'same-origin' }

t.test('the API gets the token, through either proxy, and nothing of the session', async (t) => {
  const { call, api } = await startProxiedApi(t)
  for (const path of ['/api/items', '/from']) {
    const { status, text } = await read(await call(path))
    t.equal(status, 200)
    t.match(text, /Bearer access-token-canary-granted/)
    const { headers } = api.calls.at(-1) ?? {}
    t.match(headers?.authorization, /^Bearer access-token-canary-granted/)
    t.notOk(headers?.cookie, 'no cookie')
  }
})

t.test('cookies that are named stay', async (t) => {
  const { call, api, browser, url } = await startProxiedApi(t, { inject: { request: true, cookies: ['theme', 'lang'] } })
  const session = browser.cookieHeader(new URL(url))
  await read(await call('/api/items', { headers: { cookie: `${session}; theme=dark; themes=1; lang="a=b"` } }))
  t.equal(api.calls.at(-1)?.headers.cookie, 'theme=dark; lang="a=b"')
  await read(await call('/api/items', { headers: { cookie: session } }))
  t.notOk(api.calls.at(-1)?.headers.cookie)
})

t.test('an expired token is refreshed on the way', async (t) => {
  let now = Math.floor(Date.now() / 1_000) * 1_000
  const { call, api, wire } = await startProxiedApi(t, { plugin: () => ({ clock: () => now }) })
  await read(await call())
  const first = api.calls.at(-1)?.headers.authorization
  now += 3_600_000
  wire.claims = { iat: now / 1_000, exp: now / 1_000 + 300 }
  t.equal((await read(await call())).status, 200)
  t.match(api.calls.at(-1)?.headers.authorization, /^Bearer /)
  t.not(api.calls.at(-1)?.headers.authorization, first)
  t.equal(wire.to('/token').length, 2)
})

t.test('a token that is refused before its time is refreshed for the next request', async (t) => {
  const { call, api, wire } = await startProxiedApi(t)
  for (const path of ['/api/items', '/from']) {
    const refreshes = wire.to('/token').length
    await read(await call(path))
    const revoked = api.calls.at(-1)?.headers.authorization
    api.handler = ({ headers }) => headers.authorization === revoked ? { status: 401, body: 'revoked' } : { body: 'in' }
    const refused = await read(await call(path))
    t.strictSame([refused.status, refused.text], [401, 'revoked'], 'what the API said')
    t.equal((await read(await call(path))).text, 'in')
    t.equal(wire.to('/token').length, refreshes + 1, 'once')
  }
  api.handler = () => ({ status: 403 })
  const before = wire.to('/token').length
  await read(await call())
  t.equal(wire.to('/token').length, before, 'for nothing else')
})

t.test('where it cannot be refreshed, what the API said goes on', async (t) => {
  const { call, api, wire, logs } = await startProxiedApi(t)
  api.handler = () => ({ status: 401, body: 'revoked' })
  wire.on('/token', () => ({ status: 503 }))
  t.equal((await read(await call())).text, 'revoked')
  t.match(logs.join(''), 'The API refused a token, and it could not be refreshed')
  t.notMatch(logs.join(''), 'canary-granted')

  const ended = await startProxiedApi(t)
  ended.api.handler = () => ({ status: 401, body: 'revoked' })
  ended.wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
  t.equal((await read(await ended.call())).text, 'revoked')
  const refreshes = ended.wire.to('/token').length
  t.equal((await read(await ended.call())).text, 'revoked')
  t.equal(ended.wire.to('/token').length, refreshes, 'a refresh token that was refused is not tried again')
})

t.test('tokens of the application\'s own, of nobody, and of a provider that is gone are not refreshed', async (t) => {
  const own = await startProxiedApi(t, { provider: () => ({ tokenGetter: () => ({ accessToken: 'own-canary' }) }), logIn: false })
  own.api.handler = () => ({ status: 401, body: 'no' })
  t.equal((await read(await own.call())).text, 'no')
  t.equal(own.api.calls.at(-1)?.headers.authorization, 'Bearer own-canary')
  const none = await startProxiedApi(t, { optional: true, logIn: false })
  none.api.handler = () => ({ status: 401, body: 'no' })
  t.equal((await read(await none.call())).text, 'no')
  const gone = await startProxiedApi(t)
  gone.api.handler = () => {
    gone.app.oauth.providers.unregister('wire')
    return { status: 401, body: 'no' }
  }
  t.equal((await read(await gone.call())).text, 'no')
})

t.test('a token in the query does not go on, in whatever spelling', async (t) => {
  const { call, api } = await startProxiedApi(t)
  const cases = {
    'access_token=x': '',
    'a=b&access_token=x&c=%20d': '?a=b&c=%20d',
    access_token: '',
    'a&access_token=x&access_token=y': '?a',
    'a=b;access_token=x;c': '?a=b;c',
    'Access_Token=x': '',
    'access%5Ftoken=x': '',
    '%61ccess%5ftoken=x&e=%zz': '?e=%zz',
    'access-token=x': '',
    'access_token[]=x&access_token[0]=y': '',
    'access+token=x&access.token=y': '',
    'accessToken=x&z=access_token': '?z=access_token',
    'a=b?access_token=x': '?a=b?access_token=x',
    'my_access_token=x&access_tokens=y': '?my_access_token=x&access_tokens=y',
    'a=b': '?a=b'
  }
  for (const [query, left] of Object.entries(cases)) {
    t.equal((await read(await call(`/api/items?${query}`))).status, 200)
    t.equal(api.calls.at(-1)?.path, `/items${left}`, query)
  }
})

t.test('nor by a handler that forwards what Fastify has read of it', async (t) => {
  const { call } = await startProxiedApi(t, {
    routes (app) {
      app.get('/query', { config: { oauth: { provider: 'wire', inject: { request: true } } } }, async ({ query, url }) => ({ query, url }))
      app.get('/left', { config: { oauth: 'wire' } }, async ({ query }) => query)
    }
  })
  t.strictSame((await read(await call('/query?a=b&access_token=x&access%5Ftoken=y'))).json, { query: { a: 'b' }, url: '/query?a=b' })
  t.strictSame((await read(await call('/left?access_token=x'))).json, { access_token: 'x' }, 'routes without injection are left alone')
})

t.test('without a grant nothing reaches the API', async (t) => {
  const { url, api } = await startProxiedApi(t)
  for (const path of ['/api/items', '/from']) {
    const { status, json } = await read(await fetch(`${url}${path}`, { headers: { authorization: 'Bearer mine', accept: 'application/json' } }))
    t.equal(status, 401)
    t.equal(json.code, 'FST_OAUTH_GRANT_REQUIRED')
  }
  t.equal(api.calls.length, 0)
})

t.test('where the grant is optional, who has none reaches the API without any credentials', async (t) => {
  const { url, api, call } = await startProxiedApi(t, { optional: true })
  for (const path of ['/api/items', '/from']) {
    t.equal((await read(await fetch(`${url}${path}`, { headers: { authorization: 'Bearer mine', cookie: 'a=b', ...own } }))).status, 200)
    t.notOk(api.calls.at(-1)?.headers.authorization, path)
    t.notOk(api.calls.at(-1)?.headers.cookie)
    await read(await call(path))
    t.match(api.calls.at(-1)?.headers.authorization, /^Bearer access-token-canary/)
  }
})

t.test('bodies go on as they are, the session goes on living', async (t) => {
  const { url, api, browser, call } = await startProxiedApi(t)
  const cookie = browser.cookieHeader(new URL(url))
  const { statusCode, body } = await request(`${url}/api/items`, { method: 'POST', headers: { ...own, cookie, 'content-type': 'application/json' }, body: '{"a":1}' })
  t.equal(statusCode, 200)
  await body.dump()
  t.equal(api.calls.at(-1)?.body, '{"a":1}')
  t.equal((await read(await call())).status, 200)
})
