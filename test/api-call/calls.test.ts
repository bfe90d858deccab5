// Signed calls from handlers, through the whole application to a real provider's API.
import { Readable } from 'node:stream'
import t from 'tap'
import { fetch, request as undiciRequest } from 'undici'
import { startSignedIn } from '../fixtures/signed-in.js'

const verbs = ['get', 'post', 'put', 'patch', 'delete'] as const

t.test('every verb reaches the API with the token of its owner', async (t) => {
  const { call, provider } = await startSignedIn(t, {
    routes (app) {
      app.get('/:verb', { config: { oauth: 'test' } }, async (request) => {
        const { verb } = request.params as { verb: typeof verbs[number] }
        const { statusCode, body } = await request.oauth[verb]('things', { query: { sort: 'up', tag: ['a', 'b'] }, headers: { 'x-verb': verb } })
        return { statusCode, body: await body.json() }
      })
      app.get('/head', { config: { oauth: 'test' } }, async (request) => {
        const { statusCode, headers, body } = await request.oauth.head('things')
        return { statusCode, body: await body.text(), type: headers['content-type'] }
      })
    }
  })
  for (const verb of verbs) {
    t.match(await call(`/${verb}`), {
      status: 200,
      json: { statusCode: 200, body: { sub: 'user-1', method: verb.toUpperCase(), url: '/api/things?sort=up&tag=a&tag=b' } }
    })
    t.equal(provider.apiCalls.at(-1)?.headers['x-verb'], verb)
  }
  t.match(await call('/head'), { json: { statusCode: 200, body: '', type: /json/ } })
  t.equal(provider.apiCalls.length, 6)
  t.equal(new Set(provider.apiCalls.map(({ headers }) => headers.authorization)).size, 1)
})

t.test('json, form, a text and a stream arrive', async (t) => {
  const { call, provider } = await startSignedIn(t, {
    routes (app) {
      app.get('/send', { config: { oauth: 'test' } }, async (request) => {
        const { oauth } = request
        const answers = [
          await oauth.post('json', { json: { name: 'Zoë' } }),
          await oauth.put('form', { form: { name: 'Zoë', list: [1, 2] } }),
          await oauth.patch('text', { body: 'text' }),
          await oauth.request('POST', 'stream', { body: Readable.from(['a ', 'stream']) })
        ]
        return answers.map(({ statusCode }) => statusCode)
      })
    }
  })
  t.same((await call('/send')).json, [200, 200, 200, 200])
  t.match(provider.apiCalls, [
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Zoë"}' },
    { method: 'PUT', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=Zo%C3%AB&list=1&list=2' },
    { method: 'PATCH', body: 'text' },
    { method: 'POST', body: 'a stream' }
  ])
})

t.test("fetch() and dispatcher sign as the verbs do, for Fastify's own request body too", async (t) => {
  const { call, provider } = await startSignedIn(t, {
    routes (app) {
      app.get('/fetch', { config: { oauth: 'test' } }, async (request) => (await request.oauth.fetch('things')).json())
      app.get('/request', { config: { oauth: 'test' } }, async (request) => {
        const { body } = await undiciRequest(`${provider.apiBaseUrl}things`, { dispatcher: request.oauth.dispatcher })
        return body.json()
      })
      app.get('/undici', { config: { oauth: 'test' } }, async (request) => (await fetch(`${provider.apiBaseUrl}things`, { dispatcher: request.oauth.dispatcher })).json())
    }
  })
  for (const path of ['/fetch', '/request', '/undici']) t.match(await call(path), { status: 200, json: { sub: 'user-1', method: 'GET', url: '/api/things' } }, path)
})

t.test('the body of an answer is piped to the reply, and that of a request to the API', async (t) => {
  const big = 'x'.repeat(3_000_000)
  const { browser, url, api } = await startSignedIn(t, {
    api: ({ method, body }) => method === 'PUT' ? { body: String(body.length) } : { headers: { 'content-type': 'text/x-big' }, body: big },
    routes (app, api) {
      app.addContentTypeParser('text/x-big', (_request, payload, done) => done(null, payload))
      app.get('/down', { config: { oauth: 'test' } }, async (request, reply) => {
        const { statusCode, headers, body } = await request.oauth.get(`${api.url}/file`)
        return reply.code(statusCode).type(String(headers['content-type'])).send(body)
      })
      app.put('/up', { config: { oauth: 'test' } }, async (request, reply) => {
        const { body } = await request.oauth.put(`${api.url}/file`, { body: request.body as Readable })
        return reply.send(body)
      })
    }
  })
  const down = await browser.request(`${url}/down`)
  t.equal(down.headers.get('content-type'), 'text/x-big')
  t.ok(await down.text() === big, 'the whole of it arrives')
  const cookie = browser.cookieHeader(new URL(url))
  const up = await globalThis.fetch(`${url}/up`, { method: 'PUT', body: big, headers: { cookie, 'content-type': 'text/x-big' } })
  t.same([up.status, await up.text()], [200, String(big.length)])
  t.same(api.calls.map(({ headers }) => /^Bearer ./.test(String(headers.authorization))), [true, true])
})

t.test('an error of the API is an answer, or FST_OAUTH_API_ERROR where the handler asks for it', async (t) => {
  const { call, logs } = await startSignedIn(t, {
    api: () => ({ status: 404, body: { error: 'body-canary' } }),
    routes (app, api) {
      app.get('/answer', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get(api.url)).statusCode)
      app.get('/error', { config: { oauth: 'test' } }, async (request) => request.oauth.get(api.url, { throwOnError: true }))
    }
  })
  t.same(await call('/answer'), { status: 200, json: 404 })
  const { status, json } = await call('/error')
  t.match({ status, json }, { status: 502, json: { code: 'FST_OAUTH_API_ERROR', message: 'The API of test answered with status 404' } })
  t.notMatch(JSON.stringify(json) + logs.join(''), /body-canary/, 'what the API said is in no reply and no log line')
})

t.test('another origin throws, and no token leaves', async (t) => {
  const { call, provider, api } = await startSignedIn(t, {
    plugin: {},
    routes (app) {
      app.get('/call', { config: { oauth: 'test' } }, async (request) => {
        const { url, how } = request.query as { url: string, how: 'get' | 'fetch' }
        return (await request.oauth[how](url)) && 'sent'
      })
    }
  })
  const host = new URL(api.url).host
  const stranger = `localhost:${host.split(':')[1]}`
  for (const target of [`http://${stranger}/`, `//${stranger}/x`, `http://127.0.0.1@${stranger}/`, 'https://api.example.com/']) {
    for (const how of ['get', 'fetch']) {
      const { status, json } = await call(`/call?how=${how}&url=${encodeURIComponent(target)}`)
      t.match({ status, json }, { status: 500, json: { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' } }, `${how} ${target}`)
    }
  }
  t.same([api.connections, provider.apiCalls.length], [0, 0])
})

t.test('a redirect of the API to another origin is followed without the token', async (t) => {
  const { call, api, provider } = await startSignedIn(t, {
    // Another name of this machine: another origin.
    api: ({ path, headers }) => path === '/signed'
      ? { status: 302, headers: { location: `http://localhost:${String(headers.host).split(':')[1]}/unsigned` } }
      : { body: { authorization: headers.authorization ?? 'none' } },
    routes (app, api) {
      app.get('/:how', { config: { oauth: 'test' } }, async (request) => {
        const { how } = request.params as { how: string }
        if (how === 'fetch') return (await request.oauth.fetch(`${api.url}/signed`)).json()
        const { body } = await request.oauth.get(`${api.url}/signed`)
        return body.json()
      })
    }
  })
  for (const how of ['/get', '/fetch']) t.same((await call(how)).json, { authorization: 'none' }, how)
  t.same(api.calls.map(({ path, headers }) => [path, headers.authorization !== undefined]), [['/signed', true], ['/unsigned', false], ['/signed', true], ['/unsigned', false]])
  t.equal(provider.apiCalls.length, 0)
})

t.test('timeout and signal end a call of a handler', async (t) => {
  const { call } = await startSignedIn(t, {
    api: () => undefined,
    routes (app, api) {
      app.get('/timeout', { config: { oauth: 'test' } }, async (request) => request.oauth.get(api.url, { timeout: 100 }))
      app.get('/signal', { config: { oauth: 'test' } }, async (request) => {
        const reason = Object.assign(new Error('the handler has had enough'), { statusCode: 418 })
        return request.oauth.get(api.url, { signal: AbortSignal.abort(reason) })
      })
    }
  })
  t.match(await call('/timeout'), { status: 504, json: { code: 'FST_OAUTH_API_TIMEOUT' } })
  t.match(await call('/signal'), { status: 418, json: { message: 'the handler has had enough' } })
})
