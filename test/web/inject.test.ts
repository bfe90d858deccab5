import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { createGrant } from '../../lib/grants/grant.js'
import { oauthPlugin } from '../../lib/index.js'
import { Injection } from '../../lib/web/inject.js'
import { grantValues } from '../fixtures/grants.js'
import { byHand, discovered, read, secret, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

const own = { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty', accept: 'application/json' }
const exposed = { config: { oauth: { provider: 'wire', inject: { response: 'X-Access-Token' } } } }
const token = /^access-token-canary-granted/

function routes (app: FastifyInstance): void {
  app.get('/token', exposed, async () => 'the answer')
  app.get('/status/:code', exposed, async (request, reply) => reply.code(Number((request.params as { code: string }).code)).send())
  app.get('/headers', exposed, async (_request, reply) => reply.headers({ 'x-access-token': 'planted', 'cache-control': 'public, max-age=60', vary: 'accept-encoding, origin' }).send('x'))
  app.get('/any', exposed, async (_request, reply) => reply.header('vary', '*').send('x'))
  app.get('/list', exposed, async (_request, reply) => reply.header('vary', ['accept', 'x-y']).send('x'))
  app.get('/fails', exposed, async () => { throw new Error('it fails') })
  app.get('/drops', exposed, async ({ oauth }) => oauth.revoke())
}

async function signedIn (t: Parameters<typeof setUp>[0], options: LoginOptions = {}) {
  const setup = await setUp(t, { routes, ...options })
  await setup.logIn()
  const ask = async (path: string, headers: Record<string, string> = own) => read(await setup.browser.request(`${setup.url}${path}`, { headers }))
  return { ...setup, ask }
}

t.test('a script of the same origin gets the token, and no cache the answer', async (t) => {
  const { ask, url } = await signedIn(t)
  for (const sent of [own, { 'sec-fetch-site': 'same-origin' }, { origin: url }] as Array<Record<string, string>>) {
    const { text, headers } = await ask('/token', { ...sent, accept: 'application/json' })
    t.equal(text, 'the answer')
    t.match(headers.get('x-access-token'), token)
    t.equal(headers.get('cache-control'), 'no-store')
    t.equal(headers.get('vary'), 'Cookie, Origin, Sec-Fetch-Site, Sec-Fetch-Dest')
  }
})

t.test('nobody else does', async (t) => {
  const { ask } = await signedIn(t)
  for (const sent of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' }, { origin: 'https://evil.example' }, { ...own, 'sec-fetch-dest': 'image' }, { ...own, 'sec-fetch-dest': 'document' }] as Array<Record<string, string>>) {
    const { status, headers } = await ask('/token', { accept: 'application/json', ...sent })
    t.equal(status, 200)
    t.equal(headers.get('x-access-token'), null, JSON.stringify(sent))
    t.match(headers.get('vary'), 'Sec-Fetch-Site', 'and a cache keeps that apart')
  }
})

t.test('errors, redirects and what a cache has bring none', async (t) => {
  const { ask } = await signedIn(t)
  for (const code of [301, 303, 304, 400, 401, 403, 404, 500, 503]) t.equal((await ask(`/status/${code}`)).headers.get('x-access-token'), null, String(code))
  for (const code of [200, 201, 204]) t.match((await ask(`/status/${code}`)).headers.get('x-access-token'), token, String(code))
  const failed = await ask('/fails')
  t.equal(failed.status, 500)
  t.equal(failed.headers.get('x-access-token'), null)
  t.equal((await ask('/drops')).headers.get('x-access-token'), null, 'nor a grant that the handler has dropped')
  t.equal((await ask('/token')).status, 401)
})

t.test('an answer that another hook has made a 304 of, later than the plugin was registered', async (t) => {
  const { ask } = await signedIn(t, {
    routes (app) {
      app.addHook('onSend', async (_request, reply) => { reply.code(304) })
      routes(app)
    }
  })
  const { status, headers } = await ask('/token')
  t.equal(status, 304)
  t.equal(headers.get('x-access-token'), null)
})

t.test('what the handler set: its cache-control and its own token go, its vary and its hooks stay', async (t) => {
  const { ask } = await signedIn(t, {
    routes (app) {
      routes(app)
      app.get('/hooked', { ...exposed, onSend: async (_request, reply) => { reply.header('x-hook', 'ran') } }, async () => 'x')
    }
  })
  const { headers } = await ask('/headers')
  t.match(headers.get('x-access-token'), token)
  t.equal(headers.get('cache-control'), 'no-store')
  t.equal(headers.get('vary'), 'accept-encoding, origin, Cookie, Sec-Fetch-Site, Sec-Fetch-Dest')
  const foreign = await ask('/headers', { 'sec-fetch-site': 'cross-site', accept: 'application/json' })
  t.equal(foreign.headers.get('x-access-token'), null)
  t.equal(foreign.headers.get('cache-control'), 'public, max-age=60')
  t.equal((await ask('/any')).headers.get('vary'), '*')
  t.equal((await ask('/list')).headers.get('vary'), 'accept, x-y, Cookie, Origin, Sec-Fetch-Site, Sec-Fetch-Dest')
  const hooked = await ask('/hooked')
  t.equal(hooked.headers.get('x-hook'), 'ran')
  t.match(hooked.headers.get('x-access-token'), token)
})

t.test('a token that the handler had refreshed is the new one', async (t) => {
  const { ask, wire } = await signedIn(t, {
    routes (app) {
      app.get('/calls', exposed, async ({ oauth }) => {
        await (await oauth.get('api')).body.dump()
        return oauth.grant?.version
      })
    }
  })
  let calls = 0
  wire.on('/api', () => ++calls === 1 ? { status: 401 } : undefined)
  const { text, headers } = await ask('/calls')
  t.equal(wire.to('/token').length, 2, 'refreshed')
  t.equal(wire.to('/api').at(-1)?.headers.authorization, `Bearer ${headers.get('x-access-token')}`)
  t.not(text, '1')
})

t.test('routes that do not ask for it bring no token', async (t) => {
  const { ask } = await signedIn(t, {
    routes (app) {
      app.get('/plain', { config: { oauth: 'wire' } }, async () => 'x')
      app.get('/none', { config: { oauth: { provider: 'wire', inject: {} } } }, async ({ headers }) => headers.authorization ?? 'none')
      app.get('/off', { config: { oauth: { provider: 'wire', inject: { request: false } } } }, async ({ headers }) => headers.authorization ?? 'none')
    }
  })
  for (const path of ['/plain', '/none', '/off']) t.notMatch(JSON.stringify([...(await ask(path)).headers]), 'canary-granted')
  t.equal((await ask('/none')).text, 'none')
  t.equal((await ask('/off')).text, 'none')
})

t.test('the token stays where the handler replies past Fastify', async (t) => {
  const { ask } = await signedIn(t, {
    routes (app) {
      app.get('/hijacked', exposed, async (_request, reply) => {
        reply.hijack()
        reply.raw.end('raw')
      })
    }
  })
  const { text, headers } = await ask('/hijacked')
  t.equal(text, 'raw')
  t.equal(headers.get('x-access-token'), null)
})

const oauth1 = { clientId: 'id', clientSecret: 'secret', requestTokenUrl: 'https://photos.example/request', authorizeUrl: 'https://photos.example/authorize', accessTokenUrl: 'https://photos.example/access' }

const sso = { clientId: 'id', issuer: 'https://sso.example' }

t.test('what is refused when the route is added, by its name', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(oauthPlugin, { secret, session: { secret }, providers: { photos: oauth1, wire: sso, bound: { ...sso, dpop: true }, either: { ...sso, dpop: 'optional' } } })
  const add = (oauth: unknown) => () => app.get('/wrong', { config: { oauth: oauth as never } }, async () => 'never')
  const cases: Array<[unknown, RegExp]> = [
    [{ provider: 'wire', inject: true }, /config\.oauth of GET \/wrong\.inject is true/],
    [{ provider: 'wire', inject: { req: true } }, /inject\.req is not an option/],
    [{ provider: 'wire', inject: { request: 'yes' } }, /inject\.request is "yes"/],
    [{ provider: 'wire', inject: { response: true } }, /inject\.response is true/],
    [{ provider: 'wire', inject: { response: 'set-cookie' } }, /begins with x-/],
    [{ provider: 'wire', inject: { response: 'x-a b' } }, /begins with x-/],
    [{ provider: 'wire', inject: { cookies: 'a' } }, /inject\.cookies/],
    [{ provider: 'photos', inject: { request: true } }, /config\.oauth\.inject of GET \/wrong is set for photos; allowed is a provider of OAuth 2/],
    [{ provider: 'photos', inject: { response: 'x-access-token' } }, /config\.oauth\.inject of GET \/wrong is set for photos/],
    [{ provider: 'bound', inject: { request: true } }, /config\.oauth\.inject of GET \/wrong is set for bound; allowed is a provider with bearer tokens/],
    [{ provider: 'either', inject: { response: 'x-access-token' } }, /is set for either; allowed is a provider with bearer tokens/]
  ]
  for (const [oauth, message] of cases) t.throws(add(oauth), { code: 'FST_OAUTH_INVALID_OPTIONS', message }, JSON.stringify(oauth))
})

t.test('a token that is bound to a key, from before the options changed, goes nowhere', (t) => {
  const request = { headers: {}, raw: { url: '/', headers: { authorization: 'Basic own' }, rawHeaders: ['Authorization', 'Basic own'] } }
  const grant = createGrant(grantValues({ dpopKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' } }))
  new Injection({} as never).apply(request as never, { provider: 'wire', inject: { request: true, cookies: [] } } as never, grant)
  t.equal(request.raw.headers.authorization, undefined)
  t.end()
})

t.test('what can only be seen later fails closed', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  let ran = 0
  app.register(oauthPlugin, { secret, session: { secret }, providers: { wire: discovered(wire) } })
  app.get('/early', { config: { oauth: { provider: 'wire', inject: { response: 'x-access-token' } } } }, async () => { ran++ })
  app.after(() => {
    app.oauth.providers.register('photos', byHand(wire))
    app.get('/late', { config: { oauth: { provider: 'photos', inject: { request: true } } } }, async () => { ran++ })
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  app.oauth.providers.unregister('photos')
  app.oauth.providers.register('photos', oauth1)

  const early = await read(await fetch(`${url}/early`))
  t.equal(early.status, 500)
  t.match(early.json, { code: 'FST_OAUTH_INVALID_OPTIONS', message: /inject\.response of GET \/early has no effect: the route was added before the plugin was loaded/ })
  const late = await read(await fetch(`${url}/late`))
  t.match(late.json, { code: 'FST_OAUTH_INVALID_OPTIONS', message: /inject of GET \/late is set for photos/ })
  t.equal(ran, 0)
})
