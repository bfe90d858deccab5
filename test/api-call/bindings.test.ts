// Whose token a call carries: by route, by request.oauth.use(), by app.oauth.client(), or nobody's.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { freePort, startApp } from '../fixtures/app.js'
import { startOpenIdProvider } from '../fixtures/openid-provider.js'
import { startSignedIn } from '../fixtures/signed-in.js'

t.test('a job calls in the name of an owner, without a request', async (t) => {
  const { app, logIn, provider, api } = await startSignedIn(t)
  const owner = await logIn()
  const client = app.oauth.client('test', { owner })
  const { statusCode, body } = await client.get('things')
  t.match([statusCode, await body.json()], [200, { sub: 'user-1', url: '/api/things' }])
  const response = await client.fetch(`${api.url}/x`)
  t.equal(response.status, 200)
  t.match(api.calls, [{ path: '/x', headers: { authorization: provider.apiCalls[0]?.headers.authorization } }])
  await t.rejects(client.get('http://localhost/'), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
})

t.test('a job for an owner without a grant, or for a provider that is not registered', async (t) => {
  const { app, provider } = await startSignedIn(t)
  const client = app.oauth.client('test', { owner: 'nobody' })
  const required = { code: 'FST_OAUTH_GRANT_REQUIRED', statusCode: 401 }
  await t.rejects(client.get('things'), required)
  await t.rejects(client.post('things', { json: {} }), required)
  await t.rejects(client.fetch('things'), required)
  await t.rejects(client.fetch('things', { method: 'POST', body: 'text' }), required)
  t.throws(() => app.oauth.client('tset', { owner: 'nobody' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER', message: /test/ })
  t.equal(provider.apiCalls.length, 0)
})

t.test('a request without a grant: 401 FST_OAUTH_GRANT_REQUIRED, and nothing is sent', async (t) => {
  const { url, provider } = await startSignedIn(t, {
    routes (app) {
      for (const how of ['get', 'fetch'] as const) app.get(`/${how}`, async (request) => (await request.oauth[how]('things')) && 'sent')
    }
  })
  const stranger = new Browser()
  for (const how of ['get', 'fetch']) {
    const response = await stranger.request(`${url}/${how}`)
    t.match([response.status, await response.json()], [401, { code: 'FST_OAUTH_GRANT_REQUIRED', message: 'Nothing was granted at test yet: a login is needed' }], how)
  }
  t.equal(provider.apiCalls.length, 0)
})

t.test('a route without config.oauth calls with the grant of the only provider', async (t) => {
  const { call } = await startSignedIn(t, {
    routes (app) {
      app.get('/', async (request) => (await request.oauth.get('things')).body.json())
    }
  })
  t.match(await call('/'), { status: 200, json: { sub: 'user-1' } })
})

t.test('two users: each call carries the token of its own', async (t) => {
  const { url, logIn, provider, browser, app } = await startSignedIn(t, {
    routes (app) {
      app.get('/me', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get('things')).body.json())
    }
  })
  const other = new Browser()
  const owners = [await logIn(), await logIn('user-2', other)]
  const subjects = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    const response = await (index % 2 === 0 ? browser : other).request(`${url}/me`)
    return (await response.json() as { sub: string }).sub
  }))
  t.same(subjects, Array.from({ length: 20 }, (_, index) => index % 2 === 0 ? 'user-1' : 'user-2'))
  const jobs = await Promise.all(owners.map(async owner => (await app.oauth.client('test', { owner }).get('things')).body.json()))
  t.match(jobs, [{ sub: 'user-1' }, { sub: 'user-2' }])
  t.equal(new Set(provider.apiCalls.map(({ headers }) => headers.authorization)).size, 2)
})

t.test('two accounts of one owner: the last login by default, each by its name', async (t) => {
  const { call, logIn, app } = await startSignedIn(t, {
    plugin: { owner: () => 'the team' },
    routes (app) {
      app.get('/me', { config: { oauth: 'test' } }, async (request) => {
        const subjects = []
        for (const oauth of [request.oauth, request.oauth.use('test'), request.oauth.use('test', { account: 'user-1' }), request.oauth.use('test', { account: 'user-2' })]) {
          subjects.push((await (await oauth.get('things')).body.json() as { sub: string }).sub)
        }
        return subjects
      })
      app.get('/nobody', async (request) => request.oauth.use('test', { account: 'user-3' }).get('things'))
    }
  })
  t.equal(await logIn('user-2', new Browser()), 'the team')
  t.same((await call('/me')).json, ['user-2', 'user-2', 'user-1', 'user-2'])
  t.match(await call('/nobody'), { status: 401, json: { code: 'FST_OAUTH_GRANT_REQUIRED' } })
  for (const account of ['user-1', 'user-2']) {
    const { body } = await app.oauth.client('test', { owner: 'the team', account }).get('things')
    t.match(await body.json(), { sub: account })
  }
})

t.test('two providers: each is called with its own token, and to be chosen where the route does not', async (t) => {
  const port = await freePort()
  const names = ['one', 'two'] as const
  const [one, two] = await Promise.all(names.map(name => startOpenIdProvider({ redirectUris: [`http://127.0.0.1:${port}/oauth/${name}/callback`] })))
  if (one === undefined || two === undefined) throw new Error('two providers were started')
  t.teardown(() => Promise.all([one.close(), two.close()]))
  one.user = 'user-of-one'
  two.user = 'user-of-two'
  const optionsOf = ({ issuer, clientId, clientSecret, apiBaseUrl }: typeof one) => ({ issuer, clientId, clientSecret, apiBaseUrl })
  const { url } = await startApp(t, { secret: 'a secret of 32 bytes for the tests', providers: { one: optionsOf(one), two: optionsOf(two) } }, {
    port,
    routes (app) {
      app.get('/', async () => 'home')
      app.get('/bound', { config: { oauth: 'one' } }, async (request) => {
        const [first, second] = await Promise.all([request.oauth.get('things'), request.oauth.use('two').get('things')])
        const cross = await request.oauth.get(`${two.apiBaseUrl}things`).catch(error => error.code)
        return [await first.body.json(), await second.body.json(), cross]
      })
      app.get('/free', async (request) => (await request.oauth.use('two').get('things')).body.json())
      app.get('/unbound/:how', async (request) => {
        const { how } = request.params as { how: 'get' | 'fetch' }
        return (await request.oauth[how]('things')) && 'sent'
      })
      app.get('/dispatcher', async (request) => request.oauth.dispatcher && 'there')
      app.get('/unknown', async (request) => request.oauth.use('tow').get('things'))
    }
  })
  const browser = new Browser()
  const read = async (path: string) => {
    const response = await browser.request(`${url}${path}`, { headers: { accept: 'application/json' } })
    return [response.status, await response.json()]
  }
  await browser.open(`${url}/oauth/one`)
  t.match(await read('/free'), [401, { code: 'FST_OAUTH_GRANT_REQUIRED', message: /at two/ }])
  await browser.open(`${url}/oauth/two`)
  t.match(await read('/bound'), [200, [{ sub: 'user-of-one' }, { sub: 'user-of-two' }, 'FST_OAUTH_ORIGIN_NOT_ALLOWED']])
  t.match(await read('/free'), [200, { sub: 'user-of-two' }])
  for (const path of ['/unbound/get', '/unbound/fetch', '/dispatcher']) t.match(await read(path), [500, { code: 'FST_OAUTH_PROVIDER_NOT_CHOSEN' }], path)
  t.match(await read('/unknown'), [404, { code: 'FST_OAUTH_UNKNOWN_PROVIDER', message: /two/ }])
  t.same([one, two].map(({ apiCalls }) => new Set(apiCalls.map(({ headers }) => headers.authorization)).size), [1, 1])
})
