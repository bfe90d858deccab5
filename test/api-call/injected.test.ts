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
