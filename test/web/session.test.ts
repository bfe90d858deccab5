import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import t from 'tap'
import { oauthPlugin } from '../../lib/index.js'
import { freePort } from '../fixtures/app.js'
import { read, setUp } from '../fixtures/login.js'

const none = async () => {}
const sessionSecret = 'a secret for the sessions of a test'

t.test('session.secret registers cookies and a session', async (t) => {
  const { url, wire, browser, start, app } = await setUp(t, { session: none, plugin: () => ({ session: { secret: sessionSecret } }) })
  const response = await browser.request(wire.callbackFor(await start()))
  t.equal((await read(response)).status, 303)
  const line = response.headers.getSetCookie().find(one => one.startsWith('sessionId='))
  t.strictSame(line?.split('; ').slice(1).sort(), ['HttpOnly', 'Path=/', 'SameSite=Lax'])
  t.ok(app.hasReplyDecorator('setCookie'))
  t.strictSame((await fetch(`${url}/oauth/nobody`)).headers.getSetCookie(), [], 'no session before there is something in it')
})

t.test('that session\'s cookie is Secure and Lax over https', async (t) => {
  const port = await freePort()
  const { wire, url } = await setUp(t, { port, session: none, plugin: () => ({ baseUrl: `https://127.0.0.1:${port}`, session: { secret: sessionSecret } }), fastify: { trustProxy: true } })
  const headers = { 'x-forwarded-proto': 'https' }
  const started = await fetch(`${url}/oauth/wire`, { redirect: 'manual', headers })
  const callback = wire.callbackFor(String(started.headers.get('location'))).replace('https:', 'http:')
  const ended = await fetch(callback, { redirect: 'manual', headers: { ...headers, cookie: String(started.headers.getSetCookie()[0]?.split(';')[0]) } })
  t.equal(ended.status, 303)
  const line = ended.headers.getSetCookie().find(one => one.startsWith('sessionId='))
  t.strictSame(line?.split('; ').slice(1).sort(), ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'])
})

t.test('session.secret changes nothing where the application has a session', async (t) => {
  const { wire, browser, start } = await setUp(t, {
    async session (app) {
      await app.register(cookie)
      await app.register(session, { secret: sessionSecret, cookieName: 'mine', cookie: { secure: false }, saveUninitialized: false })
    },
    plugin: () => ({ session: { secret: 'another secret for the sessions of a test' } })
  })
  const response = await browser.request(wire.callbackFor(await start()))
  t.ok(response.headers.getSetCookie().some(one => one.startsWith('mine=')))
  t.notOk(response.headers.getSetCookie().some(one => one.startsWith('sessionId=')))
})

t.test('without a session, a secret for one, or an owner, the application does not start, and is told what to add', async (t) => {
  for (const withCookies of [true, false]) {
    const app = Fastify()
    t.teardown(() => app.close())
    if (withCookies) app.register(cookie)
    await t.rejects(async () => app.register(oauthPlugin, {}), {
      code: 'FST_OAUTH_SESSION_REQUIRED',
      message: /register @fastify\/session or @fastify\/secure-session first, or give the option session\.secret, or say who owns a grant with the option owner/
    })
  }
})

t.test('an owner is enough: no session is registered', async (t) => {
  const { wire, browser, start, app } = await setUp(t, { session: none, plugin: () => ({ owner: () => 'somebody' }) })
  t.notOk(app.hasRequestDecorator('session'))
  const response = await browser.request(wire.callbackFor(await start()))
  t.equal((await read(response)).status, 303)
  t.equal((await app.oauth.grants.list({ owner: 'somebody' })).length, 1)
})

t.test('an owner that answers nothing, without a session: the developer is told', async (t) => {
  const { url, logs } = await setUp(t, { session: none, plugin: () => ({ owner: () => null }) })
  const { status, json } = await read(await fetch(`${url}/oauth/wire`))
  t.equal(status, 500)
  t.equal(json.code, 'FST_OAUTH_OWNER_REQUIRED')
  t.ok(logs.some(line => line.includes('the option owner answered nothing and the request has no session')))
})

t.test('a session that does not reach this far, or has ended, is none', async (t) => {
  const { url, app } = await setUp(t, {
    async session (app) {
      await app.register(cookie)
      await app.register(session, { secret: sessionSecret, cookie: { secure: false, path: '/elsewhere' } })
    }
  })
  t.equal((await read(await fetch(`${url}/oauth/wire`))).json.code, 'FST_OAUTH_OWNER_REQUIRED')
  t.ok(app.hasRequestDecorator('session'))

  const ended = await setUp(t, { routes (app) { app.get('/end', async (request) => { await request.session.destroy(); return request.oauth.grants() }) } })
  t.equal((await read(await fetch(`${ended.url}/end`))).json.code, 'FST_OAUTH_OWNER_REQUIRED')
})

t.test('a session that cannot renew itself serves too', async (t) => {
  const kept = new Map<string, unknown>()
  const { app, wire, browser, start } = await setUp(t, {
    async session (app) {
      await app.register(cookie)
      app.decorateRequest('session', { getter: () => ({ get: (key: string) => kept.get(key), set: (key: string, value: unknown) => { kept.set(key, value) } }) } as never)
    }
  })
  t.equal((await read(await browser.request(wire.callbackFor(await start())))).status, 303)
  t.equal((await app.oauth.grants.list({ owner: String(kept.get('oauthOwner')) })).length, 1)
})

t.test('a session whose Secure cookie would not be saved fails the login before it starts', async (t) => {
  const secure = {
    async session (app: Parameters<typeof oauthPlugin>[0]) {
      await app.register(cookie)
      await app.register(session, { secret: sessionSecret })
    }
  }
  const { url, wire, logs } = await setUp(t, { ...secure, routes (app) { app.get('/guarded', { config: { oauth: 'wire' } }, async () => 'in') } })
  for (const path of ['/oauth/wire', '/guarded']) {
    const { status, headers, text } = await read(await fetch(`${url}${path}`, { redirect: 'manual', headers: { accept: 'text/html' } }))
    t.equal(status, 500)
    t.match(text, 'FST_OAUTH_SESSION_NOT_SAVED')
    t.notOk(headers.getSetCookie().some(line => line.startsWith('oauth-')))
  }
  t.ok(logs.some(line => line.includes('behind a proxy that ends TLS set Fastify\'s trustProxy')))
  t.equal(wire.requests.length, 0)

  const behindProxy = await setUp(t, { ...secure, fastify: { trustProxy: true } })
  t.equal((await fetch(`${behindProxy.url}/oauth/wire`, { redirect: 'manual', headers: { 'x-forwarded-proto': 'https' } })).status, 303)
  const named = await setUp(t, { ...secure, plugin: () => ({ owner: () => 'somebody' }) })
  t.equal((await fetch(`${named.url}/oauth/wire`, { redirect: 'manual' })).status, 303, 'an owner of the application\'s needs no session')
})
