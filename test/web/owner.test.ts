import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

const whoami = (request: FastifyRequest) => String(request.headers['x-user'] ?? '') || null
const grants = (app: FastifyInstance) => { app.get('/grants', async (request) => (await request.oauth.grants()).map(({ owner, account }) => `${owner}: ${account}`)) }

/** A browser whose user the application knows, or does not. */
class UserBrowser extends Browser {
  user: string | null = null

  override request (url: string, options: Parameters<Browser['request']>[1] = {}): Promise<Response> {
    return super.request(url, { ...options, headers: { ...(this.user === null ? {} : { 'x-user': this.user }), ...options.headers } })
  }
}

const options: LoginOptions = { plugin: () => ({ owner: whoami }), routes: grants }

t.test('a grant belongs to whom the application names, in whatever browser', async (t) => {
  const { url, wire, start } = await setUp(t, { ...options, plugin: () => ({ owner: async (request) => whoami(request) }) })
  const browser = new UserBrowser()
  browser.user = 'alice'
  await browser.request(wire.callbackFor(await start('/oauth/wire', browser)))
  t.strictSame((await read(await browser.request(`${url}/grants`))).json, ['alice: user-1'])

  const another = new UserBrowser()
  another.user = 'alice'
  t.strictSame((await read(await another.request(`${url}/grants`))).json, ['alice: user-1'])
  another.user = 'bob'
  t.strictSame((await read(await another.request(`${url}/grants`))).json, [])
})

t.test('a number is as good an id as a text', async (t) => {
  const { app, url, browser, logIn } = await setUp(t, { ...options, plugin: () => ({ owner: () => 0 as never }) })
  await logIn()
  t.strictSame((await read(await browser.request(`${url}/grants`))).json, ['0: user-1'])
  t.equal((await app.oauth.grants.list({ owner: '0' })).length, 1)
})

t.test('the session of a user whom the application names is not renewed', async (t) => {
  const { url, wire, start } = await setUp(t, {
    ...options,
    routes (app) {
      app.get('/fill', async (request) => { request.session.set('cart' as never, 'full' as never) })
      app.get('/cart', async (request) => ({ cart: request.session.get('cart' as never) }))
    }
  })
  const browser = new UserBrowser()
  browser.user = 'alice'
  await browser.request(`${url}/fill`)
  t.equal((await read(await browser.request(wire.callbackFor(await start('/oauth/wire', browser))))).status, 303)
  t.strictSame((await read(await browser.request(`${url}/cart`))).json, { cart: 'full' })
})

t.test('where it names nobody, the session is the owner', async (t) => {
  for (const nobody of [null, '', undefined]) {
    const { url, browser, logIn } = await setUp(t, { ...options, plugin: () => ({ owner: () => nobody as null }) })
    await logIn()
    t.match((await read(await browser.request(`${url}/grants`))).json, [/^[\w-]{43}: user-1$/])
    t.strictSame((await read(await new Browser().request(`${url}/grants`))).json, [])
  }
})

t.test('a login that another user finishes than the one who started it is refused, and nothing is stored', async (t) => {
  const changes: Array<[string | null, string | null]> = [['alice', 'bob'], ['alice', null], [null, 'bob']]
  for (const [before, after] of changes) {
    await t.test(`started by ${before ?? 'nobody'}, finished by ${after ?? 'nobody'}`, async (t) => {
      const { app, url, wire, start, logs } = await setUp(t, options)
      const browser = new UserBrowser()
      browser.user = before
      const callback = wire.callbackFor(await start('/oauth/wire', browser))
      browser.user = after
      const { status, text } = await read(await browser.request(callback))
      t.equal(status, 403)
      t.match(text, 'FST_OAUTH_OWNER_CHANGED')
      t.match(text, 'signed in as somebody else')
      t.ok(logs.some(line => line.includes('was started by another user than the one who finishes it')))
      t.equal(wire.to('/token').length, 0, 'no exchange')
      for (const owner of ['alice', 'bob']) t.strictSame(await app.oauth.grants.list({ owner }), [])
      t.strictSame((await read(await browser.request(`${url}/grants`))).json, [])
    })
  }
})

t.test('two tabs of a user whom the application names need no session between them', async (t) => {
  const { url, wire, start } = await setUp(t, { ...options, plugin: wire => ({ owner: whoami, providers: { wire: discovered(wire), other: discovered(wire) } }) })
  const browser = new UserBrowser()
  browser.user = 'alice'
  const callbacks = [wire.callbackFor(await start('/oauth/wire', browser), 'user-1'), wire.callbackFor(await start('/oauth/other', browser), 'user-2')]
  const statuses = await Promise.all(callbacks.map(async callback => (await read(await browser.request(callback))).status))
  t.strictSame(statuses, [303, 303])
  t.strictSame([...(await read(await browser.request(`${url}/grants`))).json as unknown as string[]].sort(), ['alice: user-1', 'alice: user-2'])
})
