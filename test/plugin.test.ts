import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { MemoryGrantStore, oauthPlugin } from '../lib/index.js'
import type { OAuthPluginOptions } from '../lib/index.js'
import { discovered, read, secret, setUp } from './fixtures/login.js'

const session = { secret: 'a secret for the sessions of a test' }

async function start (t: Test, options: OAuthPluginOptions): Promise<{ app: FastifyInstance, logs: string[] }> {
  const logs: string[] = []
  const app = Fastify({ logger: { level: 'trace', stream: { write (line: string) { logs.push(line) } } } }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(oauthPlugin, options)
  return { app, logs }
}

t.test('it decorates the instance that it is registered in', async (t) => {
  const { app } = await start(t, { secret, session })
  await app.ready()
  t.ok(app.hasPlugin('fastify-oauth'))
  t.ok(app.hasDecorator('oauth'))
  t.ok(app.hasRequestDecorator('oauth'))
  t.equal(app.oauth.providers.size, 0)
})

t.test('it is one to an instance', async (t) => {
  const { app } = await start(t, { secret, session })
  await t.rejects(async () => app.register(oauthPlugin, { secret, session }), { code: 'FST_ERR_DEC_ALREADY_PRESENT' })
})

t.test('siblings may have one each', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  for (const prefix of ['/one', '/two']) {
    await app.register(async (child) => {
      await child.register(oauthPlugin, { secret, session, providers: { [prefix.slice(1)]: { clientId: 'a', issuer: 'https://sso.example' } } })
    }, { prefix })
  }
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.equal((await read(await fetch(`${url}/one/oauth/one/callback`))).status, 400)
  t.equal((await read(await fetch(`${url}/one/oauth/two/callback`))).status, 404)
  t.equal((await read(await fetch(`${url}/two/oauth/two/callback`))).status, 400)
})

t.test('wrong options fail at boot, and are named', async (t) => {
  const wrong: Array<[object, RegExp]> = [
    [{ session, provider: {} }, /provider is not an option/],
    [{ session, providers: { 'our-own-sso': { clientId: 'a' } } }, /providers\.our-own-sso\.authorizeUrl/],
    [{ session: { secret: 'short' } }, /session\.secret is a string of 5 characters/],
    [{ session, secret: 'short' }, /secret is a string of 5 characters/]
  ]
  for (const [options, message] of wrong) await t.rejects(start(t, options), { code: 'FST_OAUTH_INVALID_OPTIONS', message })
})

t.test('in production baseUrl is required', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  })
  process.env.NODE_ENV = 'production'
  await t.rejects(start(t, { secret, session }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /baseUrl/ })
  await t.resolves(start(t, { secret, session, baseUrl: 'https://app.example' }))
})

t.test('in production a missing store is warned of, once', async (t) => {
  const options = { secret, session, baseUrl: 'https://app.example' }
  const warnings = async (given: OAuthPluginOptions) => {
    const { app, logs } = await start(t, given)
    await app.ready()
    return logs.map(line => JSON.parse(line)).filter(({ level }) => level === 40)
  }
  t.strictSame(await warnings(options), [])
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'production' } })
  t.match(await warnings(options), [{ msg: /^fastify-oauth: the option store is not set/ }])
  t.strictSame(await warnings({ ...options, store: new MemoryGrantStore() }), [])
})

t.test('without a secret there is one warning; with one, none', async (t) => {
  const warnings = (logs: string[]) => logs.map(line => JSON.parse(line)).filter(({ level }) => level === 40)
  const without = await start(t, { session })
  await without.app.ready()
  t.match(warnings(without.logs), [{ msg: /^fastify-oauth: the option secret is not set/ }])
  const given = await start(t, { session, secret })
  await given.app.ready()
  t.strictSame(warnings(given.logs), [])
})

t.test('a cookie plugin of the application\'s own is used', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie, { hook: false })
  await app.register(oauthPlugin, { secret, owner: () => 'somebody', providers: { x: { clientId: 'a', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' } } })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${url}/oauth/x`, { redirect: 'manual' })
  t.match(response.headers.getSetCookie(), [/^oauth-/])
  t.match((await read(await fetch(`${url}/oauth/x/callback?code=a&state=b`, { headers: { cookie: 'oauth-aaaaaaaaaaaaaaaaaaaaaa=x' } }))).json, { code: 'FST_OAUTH_STATE_MISMATCH' })
})

class ClosingStore extends MemoryGrantStore {
  closed = 0
  /** Versions of the grants that it held when it was closed. */
  versions: number[] = []

  async close (): Promise<void> {
    this.closed++
    this.versions = (await this.list('alice')).map(({ version }) => version)
  }
}

t.test('close() waits for a refresh under way, then closes the store and the agent', async (t) => {
  let now = Math.floor(Date.now() / 1_000) * 1_000
  const store = new ClosingStore({ clock: () => now })
  const { app, url, wire, browser, logIn } = await setUp(t, {
    plugin: () => ({ store, owner: () => 'alice', clock: () => now }),
    routes (app) { app.get('/guarded', { config: { oauth: 'wire' } }, async () => 'in') }
  })
  await logIn()
  now += 3_599_000
  let answer: () => void = () => {}
  const asked = new Promise<void>(resolve => {
    wire.on('/token', async () => {
      resolve()
      await new Promise<void>(resolve => { answer = resolve })
      return undefined
    })
  })
  t.equal((await read(await browser.request(`${url}/guarded`))).text, 'in', 'the token is still good, and refreshed behind')
  await asked
  const closing = app.close()
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(store.closed, 0)
  answer()
  await closing
  t.equal(store.closed, 1)
  t.strictSame(store.versions, [3], 'what the refresh brought was saved')
  await t.rejects(app.oauth.client('wire', { owner: 'alice' }).get('api'), { code: 'FST_OAUTH_API_UNREACHABLE' })
})

t.test('close() leaves the application\'s own dispatcher open', async (t) => {
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.close())
  const { app, logIn } = await setUp(t, { plugin: wire => ({ dispatcher, owner: () => 'alice', providers: { wire: discovered(wire) } }) })
  await logIn()
  await app.close()
  const { statusCode, body } = await app.oauth.client('wire', { owner: 'alice' }).get('api')
  t.equal(statusCode, 200)
  await body.dump()
})

t.test('close() waits for requests that have begun', async (t) => {
  const { app, url, wire, browser, logIn } = await setUp(t, {
    routes (app) { app.get('/call', { config: { oauth: 'wire' } }, async ({ oauth }) => (await oauth.get('api')).body.json()) }
  })
  await logIn()
  let answer: () => void = () => {}
  const asked = new Promise<void>(resolve => {
    wire.on('/api', async () => {
      resolve()
      await new Promise<void>(resolve => { answer = resolve })
      return undefined
    })
  })
  // A connection that is kept alive would keep node's server open for as long.
  const call = request(`${url}/call`, { reset: true, headers: { cookie: browser.cookieHeader(new URL(url)) } })
  await asked
  const closing = app.close()
  setImmediate(() => answer())
  t.match(await (await call).body.json(), { method: 'GET' })
  await closing
})
