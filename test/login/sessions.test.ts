// What a login does to the session: a new id, a new owner, and nothing left for whoever knew the old one.
import cookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import session from '@fastify/session'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { read, setUp } from '../fixtures/login.js'
import type { LoginOptions, LoginSetup } from '../fixtures/login.js'

const sessions: Record<string, { cookieName: string, register: (app: FastifyInstance) => Promise<void> }> = {
  '@fastify/session': {
    cookieName: 'sessionId',
    async register (app) {
      await app.register(cookie)
      await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false } })
    }
  },
  '@fastify/secure-session': {
    cookieName: 'session',
    async register (app) { await app.register(secureSession, { key: Buffer.alloc(32, 7), cookie: { path: '/' } }) }
  }
}

const options: LoginOptions = {
  plugin: () => ({ session: { keep: ['cart'] } }),
  routes (app) {
    app.get('/fill', async (request) => {
      for (const key of ['cart', 'notes']) request.session.set(key as never, 'full' as never)
      return 'filled'
    })
    app.get('/me', async (request) => ({
      cart: request.session.get('cart' as never) ?? null,
      notes: request.session.get('notes' as never) ?? null,
      accounts: (await request.oauth.grants()).map(({ account }) => account).sort()
    }))
    app.get('/guarded', { config: { oauth: 'wire' } }, async () => 'in')
  }
}

async function me ({ url }: Pick<LoginSetup, 'url'>, browser: Browser): Promise<unknown> {
  return (await read(await browser.request(`${url}/me`))).json
}

for (const [name, { cookieName, register }] of Object.entries(sessions)) {
  t.test(name, async (t) => {
    await t.test('a login renews the session: keys to keep survive, others are gone', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      const { browser, url, logIn } = setup
      await browser.request(`${url}/fill`)
      const before = browser.cookies.get('127.0.0.1')?.get(cookieName)
      t.type(before, 'string')
      await logIn()
      t.not(browser.cookies.get('127.0.0.1')?.get(cookieName), before)
      t.strictSame(await me(setup, browser), { cart: 'full', notes: null, accounts: ['user-1'] })
    })

    await t.test('a session that was planted or copied before the login sees nothing of it', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      const { browser, url, logIn } = setup
      await browser.request(`${url}/fill`)
      const attacker = new Browser()
      attacker.store(new URL(url), [`${cookieName}=${browser.cookies.get('127.0.0.1')?.get(cookieName)}`])
      await logIn()
      t.match(await me(setup, attacker), { accounts: [] })
      t.equal((await read(await attacker.request(`${url}/guarded`, { headers: { accept: 'application/json' } }))).status, 401)
    })

    await t.test('nor does one that was copied between two logins', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      const { browser, url, logIn } = setup
      await logIn('/oauth/wire', 'user-1')
      const copy = new Browser()
      copy.store(new URL(url), [`${cookieName}=${browser.cookies.get('127.0.0.1')?.get(cookieName)}`])
      t.match(await me(setup, copy), { accounts: ['user-1'] }, 'a copy is as good as the session itself')
      await logIn('/oauth/wire', 'user-2')
      t.match(await me(setup, copy), { accounts: [] }, 'until the next login')
      t.match(await me(setup, browser), { accounts: ['user-1', 'user-2'] })
    })

    await t.test('a second login of the same account is one grant, and keeps the refresh token where none comes', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      await setup.logIn()
      setup.wire.tokens = { refresh_token: undefined }
      await setup.logIn()
      t.match(await me(setup, setup.browser), { accounts: ['user-1'] })
    })

    await t.test('callbacks at the same time: the session that stays holds both grants', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      const { browser, url, wire, start } = setup
      await browser.request(`${url}/fill`)
      const callbacks = [wire.callbackFor(await start(), 'user-1'), wire.callbackFor(await start(), 'user-2')]
      const statuses = await Promise.all(callbacks.map(async callback => (await read(await browser.request(callback))).status))
      t.strictSame(statuses, [303, 303])
      t.strictSame(await me(setup, browser), { cart: 'full', notes: null, accounts: ['user-1', 'user-2'] })
    })

    await t.test('a login that fails leaves the session as it was', async (t) => {
      const setup = await setUp(t, { ...options, session: register })
      const { browser, url, wire, start } = setup
      await browser.request(`${url}/fill`)
      wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
      t.equal((await read(await browser.request(wire.callbackFor(await start())))).status, 400)
      t.strictSame(await me(setup, browser), { cart: 'full', notes: 'full', accounts: [] })
    })
  })
}
