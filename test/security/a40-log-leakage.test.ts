// A40: no token, secret, code or verifier in a log line, an error or a reply, whatever goes well or wrong
// (CVE-2022-31186). The log is at trace level, and holds Fastify's own lines. Here: logins.
import t from 'tap'
import { watch } from '../fixtures/canaries.js'
import { WireProvider } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const api = { accept: 'application/json' }

t.test('A40: everything that goes well', async (t) => {
  const { scene, browser, tick, finish } = await watch(t)
  const user = browser()
  await user.open(`${scene.url}/guarded`)
  await scene.login(user)
  for (const path of ['/guarded', '/call', '/fetch', '/strict', '/profile', '/grants', '/logged']) {
    t.equal((await user.request(`${scene.url}${path}`, { headers: api })).status, 200, path)
  }
  tick(3_601_000)
  t.equal((await user.request(`${scene.url}/call`, { headers: api })).status, 200, 'after a refresh')
  scene.provider.on('/api', ({ headers }) => headers.authorization?.includes('refreshed-5') ? { status: 401, body: { echo: headers.authorization } } : undefined)
  t.equal((await user.request(`${scene.url}/call`, { headers: api })).status, 200)
  t.equal((await user.request(`${scene.url}/oauth/test/logout`, { method: 'POST' })).status, 303)
  t.equal(scene.provider.to('/revoke').length, 2)
  finish(t, { errors: 0 })
})

t.test('A40: a login by form_post, with client_secret_post', async (t) => {
  const { scene, browser, finish } = await watch(t, { provider: { clientAuth: 'client_secret_post', authorizeParams: { response_mode: 'form_post' } } })
  for (const crossSite of [true, false]) {
    const user = browser()
    await user.open(`${scene.url}/plant`)
    const callback = new URL(await scene.callback(user))
    const form = Object.fromEntries(callback.searchParams)
    const headers: Record<string, string> = crossSite ? { cookie: user.cookieHeader(callback).split('; ').filter(pair => pair.startsWith('oauth-')).join('; ') } : {}
    const page = await user.open(`${callback.origin}${callback.pathname}`, { method: 'POST', form, headers })
    t.equal(page.status, 200, page.text)
  }
  t.match(scene.provider.to('/token')[0]?.body, 'client_secret=client-secret-canary')
  finish(t, { errors: 0 })
})

t.test('A40: callbacks that are refused', async (t) => {
  let user = 'alice'
  const other = await WireProvider.start()
  t.teardown(() => other.close())
  const { scene, browser, tick, finish } = await watch(t, { plugin: { owner: () => user, providers: { other: { issuer: other.issuer, clientId: other.clientId, clientSecret: other.clientSecret } } } })
  const changes: Record<string, (callback: URL, state: string) => void> = {
    'no state': ({ searchParams }) => searchParams.delete('state'),
    'another state': ({ searchParams }) => searchParams.set('state', 'code-canary-as-state'),
    'two states': ({ searchParams }) => searchParams.append('state', 'code-canary-as-state'),
    'two codes': ({ searchParams }) => searchParams.append('code', 'code-canary-more'),
    'another issuer': ({ searchParams }) => searchParams.set('iss', 'https://code-canary.example'),
    'no code': ({ searchParams }) => searchParams.delete('code'),
    'an error that repeats the code': ({ searchParams }) => { searchParams.set('error', 'server_error'); searchParams.set('error_description', `bad code ${searchParams.get('code')}`) },
    'an error that is the code': ({ searchParams }) => searchParams.set('error', String(searchParams.get('code'))),
    'a denial that repeats the code': ({ searchParams }) => { searchParams.set('error', 'access_denied'); searchParams.set('error_description', String(searchParams.get('code'))) },
    'another provider': (callback) => { callback.pathname = '/oauth/other/callback' },
    'an unknown provider': (callback) => { callback.pathname = '/oauth/nobody/callback' },
    'another owner': () => { user = 'bob' },
    'too late': () => tick(700_000),
    'a response_mode of its own': ({ searchParams }) => searchParams.set('response', String(searchParams.get('code'))),
    'a form that was passed on': ({ searchParams }) => searchParams.set('form_post', String(searchParams.get('code')))
  }
  for (const [name, change] of Object.entries(changes)) {
    for (const headers of [api, { accept: 'text/html' }]) {
      user = 'alice'
      const visitor = browser()
      const callback = new URL(await scene.callback(visitor))
      change(callback, String(callback.searchParams.get('state')))
      t.ok((await visitor.request(callback.href, { headers })).status >= 300, name)
      await visitor.request(callback.href, { headers })
      await visitor.request(`${callback.origin}${callback.pathname}`, { method: 'POST', form: Object.fromEntries(callback.searchParams), headers })
    }
  }
  t.ok(scene.logs.filter(line => line.includes('FST_OAUTH_')).length >= 40)
  finish(t, { errors: 40 })
})

t.test('A40: callbacks whose body is refused before it is read', async (t) => {
  const { scene, browser, finish } = await watch(t)
  const form = `state=x&code=code-canary-${'x'.repeat(100_000)}`
  for (const [type, body] of [['application/x-www-form-urlencoded', form], ['application/json', '{"code":"code-canary'], ['text/plain', 'code=code-canary'], ['application/octet-stream', 'code=code-canary'], ['multipart/form-data; boundary=x', '--x\r\ncode-canary']] as const) {
    const visitor = browser()
    const response = await fetch(`${scene.url}/oauth/test/callback?code=code-canary-in-query`, { method: 'POST', headers: { 'content-type': type, ...api }, body })
    visitor.replies.push({ url: response.url.split('?')[0] ?? '', status: response.status, headers: [...response.headers].map(([name, value]) => `${name}: ${value}`), text: await response.text() })
    t.ok(response.status >= 400, type)
  }
  finish(t, { errors: 3 })
})

t.test('A40: the code in an address that is nearly the callback, or asked by another method', async (t) => {
  // Link checkers ask by HEAD; proxies and people add a slash.
  const requests: Array<[string, string]> = [['HEAD', ''], ['OPTIONS', ''], ['PUT', ''], ['GET', '/']]
  for (const [method, slash] of requests) {
    await t.test(`${method} /oauth/test/callback${slash}`, async (t) => {
      const { scene, browser, finish } = await watch(t)
      const visitor = browser()
      const callback = await scene.callback(visitor)
      const response = await visitor.request(callback.replace('/callback?', `/callback${slash}?`), { method, headers: api })
      t.equal(response.status, slash === '' ? 405 : 303)
      finish(t, { errors: 0 })
    })
  }
})
