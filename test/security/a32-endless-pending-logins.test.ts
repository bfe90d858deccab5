// A32: logins that are begun and never ended cost the browser eight cookies, and the server nothing (CVE-2021-22119).
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import t from 'tap'
import { Agent, request } from 'undici'
import { MemoryGrantStore } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { SceneOptions } from '../fixtures/scene.js'

// Thousands of requests, on a machine that may be busy.
t.setTimeout(240_000)

const quiet: NonNullable<SceneOptions['app']> = { fastify: { logger: false } }
const pendingIn = (browser: Browser, url: string) => browser.names(url).filter(name => /^(__Host-)?oauth-/.test(name))

t.test('A32: 10 000 starts from one jar', async (t) => {
  const rows = new Map<string, unknown>()
  const calls: string[] = []
  class CountingStore extends MemoryGrantStore {
    override async put (...args: Parameters<MemoryGrantStore['put']>): Promise<boolean> { calls.push('put'); return super.put(...args) }
    override async claim (...args: Parameters<MemoryGrantStore['claim']>): Promise<boolean> { calls.push('claim'); return super.claim(...args) }
    override async lease (...args: Parameters<MemoryGrantStore['lease']>): ReturnType<MemoryGrantStore['lease']> { calls.push('lease'); return super.lease(...args) }
  }
  const { url } = await startScene(t, {
    plugin: { store: new CountingStore() },
    app: {
      ...quiet,
      async session (app) {
        await app.register(cookie)
        await app.register(session, {
          secret: 'a secret for the sessions of a test',
          cookie: { secure: false },
          saveUninitialized: false,
          store: {
            set (id, value, done) { rows.set(id, value); done() },
            get (id, done) { done(null, rows.get(id) as never) },
            destroy (id, done) { rows.delete(id); done() }
          }
        })
      }
    }
  })
  const dispatcher = new Agent({ connections: 1 })
  t.teardown(() => dispatcher.close())
  const browser = new Browser()
  const target = new URL(`${url}/oauth/test`)
  let longest = 0
  let most = 0
  for (let start = 0; start < 10_000; start++) {
    const sent = browser.cookieHeader(target)
    longest = Math.max(longest, sent.length)
    const { statusCode, headers, body } = await request(target, { dispatcher, headers: sent === '' ? {} : { cookie: sent } })
    await body.dump()
    if (statusCode !== 303) throw new Error(`start ${start} was answered with ${statusCode}`)
    browser.store(target, [headers['set-cookie'] ?? []].flat())
    most = Math.max(most, pendingIn(browser, url).length)
  }
  t.ok(most <= 8, `${most} cookies at most`)
  t.ok(longest <= 6_000, `a Cookie header of ${longest} bytes at most`)
  t.equal(rows.size, 0, 'no session')
  t.strictSame(calls, [], 'nothing in the store')
})

t.test('A32: the oldest is dropped first, the newest can be finished', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callbacks: string[] = []
  for (let start = 0; start < 12; start++) callbacks.push(await scene.callback(browser))
  const kept = pendingIn(browser, scene.url).length
  t.ok(kept >= 2 && kept <= 8, `${kept} are kept`)
  for (const callback of callbacks.slice(0, 12 - kept)) {
    const { status, text } = await browser.open(callback)
    t.strictSame([status, codeIn(text)], [400, 'FST_OAUTH_STATE_MISMATCH'])
  }
  t.equal(scene.exchanges(), 0)
  for (const callback of callbacks.slice(12 - kept).reverse()) t.equal((await browser.open(callback)).status, 200)
})

t.test('A32: starts with the longest of return addresses', async (t) => {
  const scene = await startScene(t, { app: quiet })
  const browser = new Browser()
  const path = `/oauth/test?returnTo=/${'a'.repeat(1_990)}`
  let callback = ''
  for (let start = 0; start < 20; start++) {
    callback = await scene.callback(browser, 'user-1', path)
    t.ok(browser.cookieHeader(new URL(scene.url)).length <= 8_192, 'a Cookie header that proxies let through')
  }
  for (const value of browser.cookies.get('127.0.0.1')?.values() ?? []) t.ok(value.length < 4_000, 'a cookie that browsers keep')
  t.equal((await browser.request(callback)).status, 303)
})

t.test('A32: starts at once, each of which sees an empty jar', async (t) => {
  const scene = await startScene(t, { app: quiet })
  const browser = new Browser()
  await Promise.all(Array.from({ length: 20 }, async () => {
    const response = await fetch(`${scene.url}/oauth/test`, { redirect: 'manual' })
    browser.store(new URL(scene.url), response.headers.getSetCookie())
  }))
  const callback = await scene.callback(browser)
  t.ok(pendingIn(browser, scene.url).length <= 8, `${pendingIn(browser, scene.url).length} cookies after the next start`)
  t.equal((await browser.request(callback)).status, 303)
})

t.test('A32: cookies of logins that took too long are cleared', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  const browser = new Browser()
  const callback = await scene.callback(browser)
  now += 600_001
  await scene.begin(browser)
  t.equal(pendingIn(browser, scene.url).length, 1)
  t.equal((await browser.open(callback)).status, 400)
  t.equal(scene.exchanges(), 0, 'no exchange')
})
