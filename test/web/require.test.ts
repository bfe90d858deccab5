// app.oauth.require(), and what config.oauth can say besides provider and scope.
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { byHand, discovered, read, setUp } from '../fixtures/login.js'
import type { OAuthRouteRequirement, OAuthUnauthorizedState } from '../../lib/index.js'

const json = { accept: 'application/json' }
const handler = async () => 'in'
const scopeOf = (address: string) => new URL(address).searchParams.get('scope')?.split(' ').sort()

/** A context whose every route needs something. */
function within (app: FastifyInstance, prefix: string, requirement: string | OAuthRouteRequirement, routes: (child: FastifyInstance) => void) {
  return app.register(async (child) => {
    routes(child)
    child.addHook('onRequest', child.oauth.require(requirement))
    child.get('/last', handler)
  }, { prefix })
}

t.test('require() injects no token: that is for the route that forwards it', async (t) => {
  const { app } = await setUp(t)
  t.throws(() => app.oauth.require({ provider: 'wire', inject: { request: true } }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /app\.oauth\.require\(\)\.inject is an object; allowed is nothing/ })
})

t.test('require() guards every route of a context, those before it, those within it, and no other', async (t) => {
  const ran: string[] = []
  const { url, browser, logIn } = await setUp(t, {
    routes (app) {
      within(app, '/in', { provider: 'wire', scope: ['openid'] }, child => {
        child.get('/first', async ({ oauth }) => { ran.push('first'); return oauth.grant?.account })
        child.register(async grandchild => { grandchild.get('/deep', handler) })
        child.setNotFoundHandler((_request, reply) => { reply.code(404).send('nothing here') })
      })
      app.get('/out', handler)
    }
  })
  const ask = async (path: string) => read(await browser.request(`${url}${path}`, { headers: json }))
  for (const path of ['/in/first', '/in/deep', '/in/last', '/in/nowhere']) t.match(await ask(path), { status: 401, json: { provider: 'wire', scope: ['openid'] } }, path)
  t.equal((await ask('/out')).text, 'in')
  t.strictSame(ran, [])
  await logIn()
  t.equal((await ask('/in/first')).text, 'user-1', 'request.oauth is bound to the grant')
  t.equal((await ask('/in/deep')).text, 'in')
})

t.test('scopes of a context and of its routes add up', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    routes (app) { within(app, '/in', { provider: 'wire', scope: ['of-all'] }, child => { child.get('/one', { config: { oauth: { provider: 'wire', scope: ['of-one'] } } }, handler) }) }
  })
  const page = await browser.open(`${url}/in/one?a=b`)
  t.strictSame([page.url, page.text], [`${url}/in/one?a=b`, 'in'])
  t.strictSame(page.hops.filter(hop => hop.startsWith(`${wire.issuer}/authorize`)).map(scopeOf), [['of-all', 'of-one', 'openid']], 'in one login')

  browser.cookies.clear()
  t.strictSame((await read(await browser.request(`${url}/in/one`, { headers: json }))).json.scope, ['of-all', 'of-one'])
})

t.test('so do those of a context in a context, whichever hook was added first', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }),
    routes (app) {
      within(app, '/in', { provider: 'wire', scope: ['outer'] }, child => {
        child.register(async grandchild => {
          grandchild.get('/deep', handler)
          grandchild.get('/own', { config: { oauth: { provider: 'wire', scope: ['own'] } } }, handler)
          grandchild.addHook('onRequest', grandchild.oauth.require({ provider: 'wire', scope: ['inner'] }))
          grandchild.addHook('onRequest', grandchild.oauth.require({ provider: 'wire', scope: ['optional'], optional: true }))
          grandchild.addHook('onRequest', grandchild.oauth.require({ provider: 'other', scope: ['elsewhere'] }))
        })
      })
      app.get('/by-route', { config: { oauth: { provider: 'wire', scope: ['own'] } }, onRequest: app.oauth.require({ provider: 'wire', scope: ['of-the-route'] }) }, handler)
    }
  })
  for (const [path, scope] of [['/in/deep', ['inner', 'openid', 'outer']], ['/in/own', ['inner', 'openid', 'outer', 'own']]] as const) {
    browser.cookies.clear()
    const page = await browser.open(`${url}${path}`)
    t.equal(page.text, 'in')
    t.strictSame(page.hops.filter(hop => hop.startsWith(`${wire.issuer}/authorize`)).map(scopeOf), [scope, ['elsewhere', 'openid']], path)
  }
  browser.cookies.clear()
  t.equal((await browser.open(`${url}/by-route`)).text, 'in', 'what a hook of the route needs is asked for after it')
})

t.test('a context and a route may need grants of two providers: the route\'s is bound', async (t) => {
  const { url, browser } = await setUp(t, {
    plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }),
    routes (app) {
      within(app, '/in', 'other', child => {
        child.get('/both', { config: { oauth: 'wire' } }, async ({ oauth }) => oauth.grant?.provider)
        child.get('/optional', { config: { oauth: { provider: 'other', scope: ['more'], optional: true } } }, async ({ oauth }) => String(oauth.grant))
      })
    }
  })
  const page = await browser.open(`${url}/in/both`)
  t.equal(page.text, 'wire')
  t.equal(page.hops.filter(hop => hop.includes('/authorize')).length, 2)
  t.equal((await browser.open(`${url}/in/optional`)).text, 'null', 'what is optional stays so')
})

t.test('an optional context leaves what its routes need as it is', async (t) => {
  const { url, browser, logIn } = await setUp(t, {
    routes (app) {
      within(app, '/in', { provider: 'wire', scope: ['more'], optional: true }, child => {
        child.get('/any', async ({ oauth }) => String(oauth.grant))
        child.get('/one', { config: { oauth: 'wire' } }, async ({ oauth }) => oauth.grant?.account)
      })
    }
  })
  const ask = async (path: string) => read(await browser.request(`${url}${path}`, { headers: json }))
  t.equal((await ask('/in/any')).text, 'null')
  t.equal((await ask('/in/one')).status, 401)
  await logIn()
  t.equal((await ask('/in/any')).text, 'null', 'a grant that falls short is none')
  t.equal((await ask('/in/one')).text, 'user-1')
})

t.test('optional: the handler runs without a grant, bound to the provider', async (t) => {
  const { url, browser, logIn } = await setUp(t, {
    plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }),
    routes (app) { app.get('/', { config: { oauth: { provider: 'wire', optional: true } } }, async ({ oauth }) => ({ grant: oauth.grant?.account ?? null, call: await oauth.get('api').then(({ statusCode }) => statusCode, ({ code }) => code) })) }
  })
  const ask = async () => (await read(await browser.request(url, { headers: json }))).json
  t.strictSame(await ask(), { grant: null, call: 'FST_OAUTH_GRANT_REQUIRED' })
  await logIn()
  t.strictSame(await ask(), { grant: 'user-1', call: 200 })
})

t.test('onUnauthorized replies instead, or leaves it to the plugin', async (t) => {
  const states: OAuthUnauthorizedState[] = []
  const { url, browser, wire } = await setUp(t, {
    routes (app) {
      app.get('/own', { config: { oauth: { provider: 'wire', scope: ['read'], onUnauthorized (state) { states.push(state); state.reply.code(state.error.statusCode).send({ please: state.authorizeUrl }) } } } }, handler)
      app.get('/usual', { config: { oauth: { provider: 'wire', onUnauthorized: async () => {} } } }, handler)
      app.get('/broken', { config: { oauth: { provider: 'wire', onUnauthorized: () => { throw new Error('broken') } } } }, handler)
    }
  })
  const page = await read(await browser.request(`${url}/own?a=b`))
  t.equal(page.status, 401)
  t.match(states, [{ provider: 'wire', scope: ['read'], error: { code: 'FST_OAUTH_GRANT_REQUIRED' } }])
  const end = await browser.open(String(page.json.please))
  t.strictSame([end.url, end.text], [`${url}/own?a=b`, 'in'], 'a page load resumes where it was')
  browser.cookies.clear()
  t.match((await read(await browser.request(`${url}/usual`))).location, `${wire.issuer}/authorize`)
  t.equal((await read(await browser.request(`${url}/usual`, { headers: json }))).status, 401)
  t.equal((await read(await browser.request(`${url}/broken`, { headers: json }))).status, 500)
})

t.test('an account by function of the request', async (t) => {
  let now = Date.now()
  const { url, browser, logIn } = await setUp(t, {
    plugin: wire => ({ providers: { wire: discovered(wire) }, clock: () => ++now }),
    routes (app) { app.get('/of/:account', { config: { oauth: { provider: 'wire', account: ({ params }) => (params as { account: string }).account } } }, async ({ oauth }) => oauth.grant?.account) }
  })
  await logIn('/oauth/wire', 'user-1')
  await logIn('/oauth/wire', 'user-2')
  const ask = async (account: string) => read(await browser.request(`${url}/of/${account}`, { headers: json }))
  t.equal((await ask('user-1')).text, 'user-1')
  t.equal((await ask('user-2')).text, 'user-2')
  t.equal((await ask('user-3')).status, 401)
})

t.test('what is wrong fails at boot, and names the route', async (t) => {
  const { app } = await setUp(t, { plugin: wire => ({ providers: { wire: discovered(wire), plain: byHand(wire) } }) })
  for (const requirement of [undefined, null, {}, 'wier', { provider: 'wier' }, { provider: 'plain', acr: 'gold' }, { provider: 'plain', maxAge: 5 }, { provider: 'wire', scopes: [] }]) {
    t.throws(() => app.oauth.require(requirement as never), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /app\.oauth\.require\(\)/ }, JSON.stringify(requirement))
  }
  t.throws(() => app.oauth.require('wier'), { message: /the nearest names are "wire"/ })
  t.throws(() => app.oauth.require({ provider: 'plain', maxAge: 5 }), { message: /"plain" is none/ })
})
