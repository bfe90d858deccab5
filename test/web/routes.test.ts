import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, secret, setUp } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

const statusOf = async (url: string, init: RequestInit = {}) => (await read(await fetch(url, { redirect: 'manual', ...init }))).status

t.test('the prefix, with and without a slash at the end', async (t) => {
  for (const prefix of ['/auth/in', '/auth/in/']) {
    const { url, wire, browser, start } = await setUp(t, { plugin: () => ({ prefix }) })
    const callback = wire.callbackFor(await start('/auth/in/wire'))
    t.match(callback, `${url}/auth/in/wire/callback?`)
    t.equal((await read(await browser.request(callback))).status, 303)
    t.equal(await statusOf(`${url}/oauth/wire`), 404)
  }
})

t.test('each route can be switched off', async (t) => {
  const requests = { login: ['GET', '/oauth/wire'], callback: ['GET', '/oauth/wire/callback'], logout: ['POST', '/oauth/wire/logout'] } as const
  for (const off of Object.keys(requests)) {
    const { url } = await setUp(t, { plugin: () => ({ routes: { [off]: false } }), provider: () => ({ callbackUrl: 'http://localhost/known/from-before' }) })
    for (const [name, [method, path]] of Object.entries(requests)) {
      t.equal(await statusOf(`${url}${path}`, { method }) === 404, name === off, `without ${off}: ${name}`)
    }
    t.equal(await statusOf(`${url}/oauth/wire/callback`, { method: 'POST' }) === 404, off === 'callback')
    t.equal(await statusOf(`${url}/known/from-before`) === 404, off === 'callback')
  }
})

t.test('each route takes Fastify\'s route options', async (t) => {
  const seen: string[] = []
  const route = (name: string) => ({ config: { name } as object, preHandler: async (request: { routeOptions: { config: object } }) => { seen.push(`${name}: ${Reflect.get(request.routeOptions.config, 'name')}`) } })
  const { url, browser, logIn } = await setUp(t, { plugin: () => ({ routes: { login: route('login'), callback: route('callback'), logout: route('logout') } }) })
  await logIn()
  await browser.request(`${url}/oauth/wire/logout`, { method: 'POST' })
  t.strictSame(seen, ['login: login', 'callback: callback', 'logout: logout'])
})

t.test('route options cannot change what a route is', async (t) => {
  const login = { url: '/elsewhere', method: 'DELETE', handler: async () => 'mine', logSerializers: {}, exposeHeadRoute: true }
  const { url, logs } = await setUp(t, { plugin: () => ({ routes: { login: login as never } }) })
  t.equal(await statusOf(`${url}/oauth/wire?a=canary`), 303)
  t.equal(await statusOf(`${url}/oauth/wire`, { method: 'HEAD' }), 404)
  t.equal(await statusOf(`${url}/elsewhere`, { method: 'DELETE' }), 404)
  t.notMatch(logs.join(''), 'canary')
})

t.test('a callback URL with a path of its own becomes a route, for GET and POST', async (t) => {
  const { url, wire, browser, start, app } = await setUp(t, {
    plugin: wire => ({
      providers: {
        wire: { ...discovered(wire), callbackUrl: 'http://127.0.0.1:1/known/from-before' },
        usual: { ...discovered(wire), callbackUrl: 'http://127.0.0.1:1/oauth/usual/callback' }
      }
    })
  })
  const login = await start()
  t.equal(new URL(login).searchParams.get('redirect_uri'), 'http://127.0.0.1:1/known/from-before')
  const callback = wire.callbackFor(login).replace('http://127.0.0.1:1', url)
  t.equal((await read(await browser.request(callback))).status, 303)
  t.equal(wire.to('/token')[0]?.form.get('redirect_uri'), 'http://127.0.0.1:1/known/from-before')
  t.equal((await read(await fetch(`${url}/known/from-before`, { method: 'POST', body: new URLSearchParams({ code: 'x' }) }))).json.code, 'FST_OAUTH_STATE_MISSING')
  t.ok(app.hasRoute({ method: 'GET', url: '/oauth/:provider/callback' }), 'the usual one is there too')
  t.equal(app.hasRoute({ method: 'GET', url: '/oauth/usual/callback' }), false, 'and not twice')
})

t.test('a callback takes a slash at its end, and no other methods', async (t) => {
  const { url, wire, browser, start } = await setUp(t)
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']) {
    for (const path of ['callback', 'callback/']) {
      const { status, headers, text } = await read(await fetch(`${url}/oauth/wire/${path}?code=x`, { method }))
      t.match({ status, allow: headers.get('allow'), store: headers.get('cache-control') }, { status: 405, allow: 'GET, POST', store: 'no-store' }, `${method} ${path}`)
      if (method !== 'HEAD') t.match(text, 'FST_OAUTH_METHOD_NOT_ALLOWED')
    }
  }
  t.equal((await read(await browser.request(wire.callbackFor(await start()).replace('/callback?', '/callback/?')))).status, 303)
})

t.test('routers that ignore a slash at the end', async (t) => {
  const settings = [{ routerOptions: { ignoreTrailingSlash: true } }, { ignoreTrailingSlash: true }]
  for (const fastify of settings) {
    const { url } = await setUp(t, { fastify })
    for (const path of ['callback', 'callback/']) t.equal(await statusOf(`${url}/oauth/wire/${path}`), 400, path)
  }
})

t.test('a provider that is added later takes the callback path of another, or the usual one, and no path that is no route', async (t) => {
  const before = 'http://localhost/known/from-before'
  const { url, wire, app } = await setUp(t, { provider: () => ({ callbackUrl: before }) })
  const { providers } = app.oauth
  t.throws(() => providers.register('other', { ...discovered(wire), callbackUrl: 'http://localhost/new' }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.other\.callbackUrl is "http:\/\/localhost\/new"; allowed is/ })
  t.throws(() => providers.register('other', { ...discovered(wire), callbackUrl: `${url}/oauth/else/callback` }), { code: 'FST_OAUTH_INVALID_OPTIONS' })
  t.equal(providers.has('other'), false)
  providers.register('usual', { ...discovered(wire), callbackUrl: `${url}/oauth/usual/callback` })
  const failure = async () => (await read(await fetch(`${url}/known/from-before?code=x`))).json
  t.match((await failure()).message, 'cannot be opened by itself')
  providers.unregister('wire')
  t.equal((await failure()).code, 'FST_OAUTH_UNKNOWN_PROVIDER')
  providers.register('other', { ...discovered(wire), callbackUrl: before })
  t.equal((await failure()).code, 'FST_OAUTH_STATE_MISSING')
})

t.test('the path of baseUrl is taken off a callback URL\'s', async (t) => {
  const { url } = await setUp(t, {
    plugin: wire => ({
      baseUrl: 'http://localhost/app',
      providers: {
        inside: { ...discovered(wire), callbackUrl: 'http://localhost/app/inside' },
        outside: { ...discovered(wire), callbackUrl: 'http://localhost/apple/outside' },
        usual: { ...discovered(wire), callbackUrl: 'http://localhost/app/oauth/usual/callback' }
      }
    })
  })
  for (const path of ['/inside', '/apple/outside', '/oauth/usual/callback']) t.equal(await statusOf(`${url}${path}`), 400, path)
  for (const path of ['/app/inside', '/app/oauth/usual/callback']) t.equal(await statusOf(`${url}${path}`), 404, path)
})

t.test('the query of a callback is in no line of the log, nor is the body of a POST', async (t) => {
  const { url, wire, browser, start, logs } = await setUp(t)
  const state = async () => String(new URL(await start()).searchParams.get('state'))
  const states = [await state(), await state(), await state()]
  const callback = `${url}/oauth/wire/callback`
  await browser.request(`${callback}?code=code-canary&state=${states[0]}`)
  await browser.request(callback, { method: 'POST', form: { code: 'code-canary', state: String(states[1]) } })
  await browser.request(`${callback}?error=access_denied&error_description=description-canary&state=${states[2]}`)
  await browser.request(`${callback}?code=code-canary&state=state-canary`)
  await browser.request(`${url}/oauth/nobody/callback?code=code-canary&state=state-canary`)
  await browser.request(wire.callbackFor(await start()))

  t.not(logs.length, 0)
  const log = logs.join('')
  t.match(log, '"url":"/oauth/wire/callback"')
  for (const canary of ['code-canary', 'state-canary', 'description-canary', wire.clientSecret, ...states, 'access-token-canary', 'refresh-token-canary']) t.notMatch(log, canary)
})

t.test('the application\'s own parsers serve its own routes, before and after', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => { done(null, { parsed: 'by the application', body }) })
  await app.register(oauthPlugin, { secret, session: { secret }, providers: { wire: { ...discovered(wire), authorizeParams: { response_mode: 'form_post' } } } })
  app.post('/form', async (request) => request.body)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  t.strictSame((await read(await fetch(`${url}/form`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }))).json, { parsed: 'by the application', body: 'a=b' })

  const browser = new Browser()
  const callback = new URL(wire.callbackFor(await browser.openUntil(`${url}/oauth/wire`, `${wire.issuer}/authorize`)))
  const { status } = await read(await browser.request(`${callback.origin}${callback.pathname}`, { method: 'POST', form: Object.fromEntries(callback.searchParams) }))
  t.equal(status, 303)
})

t.test('the plugin\'s parser serves its own routes alone', async (t) => {
  const { url } = await setUp(t, { routes (app) { app.post('/form', async () => 'parsed') } })
  t.equal(await statusOf(`${url}/form`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }), 415)
})

t.test('a provider that there is not: 404, as a page or as JSON', async (t) => {
  const { url, browser } = await setUp(t)
  for (const [method, path] of [['GET', '/oauth/nobody'], ['GET', '/oauth/nobody/callback'], ['POST', '/oauth/nobody/callback'], ['POST', '/oauth/nobody/logout'], ['GET', '/oauth/__proto__'], ['GET', '/oauth/constructor']] as const) {
    const page = await read(await browser.request(`${url}${path}`, { method }))
    t.equal(page.status, 404)
    t.match(page.text, 'There is no such provider.')
    const { status, json } = await read(await fetch(`${url}${path}`, { method }))
    t.equal(status, 404)
    t.strictSame(json, { statusCode: 404, code: 'FST_OAUTH_UNKNOWN_PROVIDER', error: 'Not Found', message: 'There is no such provider.' })
  }
})

t.test('an error that is not the plugin\'s goes to the application\'s error handler', async (t) => {
  const { url } = await setUp(t, { plugin: () => ({ owner: () => { throw new Error('of the option owner') } }) })
  const { status, json } = await read(await fetch(`${url}/oauth/wire`))
  t.equal(status, 500)
  t.equal(json.message, 'of the option owner')
})
