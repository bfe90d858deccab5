import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import { discovered, read, secret, setUp } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

function things (app: FastifyInstance): void {
  app.get('/things', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ account: oauth.grant?.account }))
}

const json = { accept: 'application/json' }

t.test('a route that declares nothing is left alone', async (t) => {
  const { url, wire } = await setUp(t, { routes (app) { app.get('/open', async () => 'open') } })
  t.equal((await read(await fetch(`${url}/open`))).text, 'open')
  t.equal((await read(await fetch(`${url}/nowhere`))).status, 404)
  t.equal(wire.requests.length, 0)
})

t.test('with a grant the handler runs, and request.oauth is bound to it', async (t) => {
  const { url, wire, browser, logIn } = await setUp(t, {
    routes (app) {
      app.get('/things', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ account: oauth.grant?.account, called: await (await oauth.get('api')).body.json() }))
    }
  })
  await logIn()
  const { status, json } = await read(await browser.request(`${url}/things`))
  t.equal(status, 200)
  t.match(json, { account: 'user-1', called: { authorization: /^Bearer access-token-canary-granted/ } })
  t.equal(wire.to('/api').length, 1)
})

t.test('the account of the last login is used, or the one that the route names', async (t) => {
  const { url, browser, logIn } = await setUp(t, {
    plugin: (wire) => {
      let now = Date.now()
      return { providers: { wire: discovered(wire) }, clock: () => ++now }
    },
    routes (app) {
      things(app)
      app.get('/first', { config: { oauth: { provider: 'wire', account: 'user-1' } } }, async ({ oauth }) => ({ account: oauth.grant?.account }))
      app.get('/third', { config: { oauth: { provider: 'wire', account: 'user-3' } } }, async () => 'never')
    }
  })
  await logIn('/oauth/wire', 'user-1')
  await logIn('/oauth/wire', 'user-2')
  const ask = async (path: string) => read(await browser.request(`${url}${path}`, { headers: json }))
  t.strictSame((await ask('/things')).json, { account: 'user-2' })
  t.strictSame((await ask('/first')).json, { account: 'user-1' })
  t.equal((await ask('/third')).status, 401)
})

t.test('an expired grant without a refresh token leads to a login, one with it is refreshed', async (t) => {
  for (const refresh of [true, false]) {
    await t.test(refresh ? 'with' : 'without', async (t) => {
      let now = Math.floor(Date.now() / 1_000) * 1_000
      const { url, wire, browser, logIn } = await setUp(t, { plugin: () => ({ clock: () => now }), routes: things })
      if (!refresh) wire.tokens = { refresh_token: undefined }
      await logIn()
      now += 3_600_000
      wire.claims = { iat: now / 1_000, exp: now / 1_000 + 300 }
      const { status } = await read(await browser.request(`${url}/things`, { headers: json }))
      t.equal(status, refresh ? 200 : 401)
      t.equal(wire.to('/token').length, refresh ? 2 : 1)

      const page = await browser.open(`${url}/things`)
      t.equal(page.status, 200)
      t.equal(page.hops.some(hop => hop.startsWith(`${wire.issuer}/authorize`)), !refresh)
    })
  }
})

t.test('routes are guarded wherever they are, and however they are asked for', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, useSemicolonDelimiter: true } as object }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  let ran = 0
  const add = (to: FastifyInstance, path: string) => to.get(path, { config: { oauth: 'wire' } }, async () => { ran++ })
  app.register(cookie)
  app.register(session, { secret, cookie: { secure: false } })
  app.register(oauthPlugin, { secret, providers: { wire: discovered(wire) } })
  add(app, '/before-it-is-loaded')
  app.register(async (child) => {
    add(child, '/child')
    child.register(async grandchild => { add(grandchild, '/grandchild') })
  }, { prefix: '/in' })
  await app.ready()
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  const paths = ['/before-it-is-loaded', '/in/child', '/in/grandchild', '//in//child', '/in/child/', '/in/child;x=y', '/in/%63hild', '/IN/CHILD', '/in/child?x', '/in/./child', '/in/x/../child']
  for (const path of paths) {
    for (const method of ['GET', 'HEAD']) {
      const { status } = await read(await fetch(`${url}${path}`, { method, redirect: 'manual', headers: json }))
      t.ok(status === 401 || status === 404, `${method} ${path}: ${status}`)
    }
  }
  t.equal((await read(await fetch(`${url}/in/child`, { headers: json }))).status, 401, 'the plain path exists')
  t.equal(ran, 0)
})

t.test('a client that leaves before the answer is out does not bring the handler to run', async (t) => {
  let ran = 0
  let answering: () => void = () => {}
  const answered = new Promise<void>(resolve => { answering = resolve })
  const { url } = await setUp(t, {
    async session (app) {
      await app.register(cookie)
      await app.register(session, { secret, cookie: { secure: false } })
      app.addHook('onSend', async () => {
        answering()
        await delay(50)
      })
    },
    routes (app) { app.post('/things', { config: { oauth: 'wire' } }, async () => { ran++ }) }
  })
  const { hostname, port } = new URL(url)
  const client = connect(Number(port), hostname)
  client.write(`POST /things HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-length: 0\r\n\r\n`)
  await answered
  client.destroy()
  await delay(150)
  t.equal(ran, 0)
})

t.test('a provider that is gone lets nobody in', async (t) => {
  const { app, url, wire, browser } = await setUp(t, {
    routes (app) {
      app.oauth.providers.register('later', { clientId: 'id', authorizeUrl: 'https://sso.example/a', accessTokenUrl: 'https://sso.example/t' })
      app.get('/later', { config: { oauth: 'later' } }, async () => 'in')
      app.oauth.providers.unregister('later')
    }
  })
  const { status, json } = await read(await fetch(`${url}/later`))
  t.equal(status, 404)
  t.equal(json.code, 'FST_OAUTH_UNKNOWN_PROVIDER')

  app.oauth.providers.register('later', discovered(wire))
  t.equal((await browser.open(`${url}/later`)).text, 'in', 'until it is registered again')
})

t.test('an owner that throws lets nobody in, whatever it throws', async (t) => {
  for (const thrown of [undefined, null, 0, '', 'a text', new Error('of the option owner')]) {
    let ran = 0
    const { url } = await setUp(t, {
      plugin: () => ({ owner: () => { throw thrown } }),
      routes (app) { app.get('/things', { config: { oauth: 'wire' } }, async () => { ran++ }) }
    })
    t.equal((await read(await fetch(`${url}/things`))).status, 500, String(thrown))
    t.equal(ran, 0)
  }
})

t.test('a failing store lets nobody in', async (t) => {
  const failing = async () => { throw new Error('down') }
  const { url, browser } = await setUp(t, {
    plugin: () => ({ owner: () => 'somebody', store: { get: failing, put: failing, delete: failing, list: failing, lease: failing, claim: failing } }),
    routes: things
  })
  const response = await read(await browser.request(`${url}/things`))
  t.equal(response.status, 503)
  t.equal(response.json.code, 'FST_OAUTH_STORE_FAILED')
  t.equal(response.headers.get('retry-after'), '1')
})
