// A33, A34: cookies that are too many, too large, forged, or planted by another host of the site.
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

const roomy: NonNullable<SceneOptions['app']> = { fastify: { logger: false, http: { maxHeaderSize: 2 * 1024 * 1024 } } }
const name = (index: number) => `oauth-${String(index).padStart(22, 'A')}`
const megabyte = 'x'.repeat(1024 * 1024)

const bombs: Record<string, string> = {
  'thousands of ours': Array.from({ length: 5_000 }, (_, index) => `${name(index)}=v1.AAAAAA.${'A'.repeat(64)}`).join('; '),
  'thousands of chunks': Array.from({ length: 20_000 }, (_, index) => `sessionId.${index}=x`).join('; '),
  'thousands of one name': Array.from({ length: 20_000 }, () => `${name(1)}=x`).join('; '),
  'a huge value': `${name(1)}=${megabyte}`,
  'a huge sealed value': `${name(1)}=v1.AAAAAA.${megabyte}`,
  'a huge session': `sessionId=${megabyte}`,
  'a huge name': `oauth-${megabyte}=x`,
  'a million dots': `${name(1)}=${'.'.repeat(1024 * 1024)}`,
  'a million percent signs': `${name(1)}=${'%'.repeat(1024 * 1024)}`,
  'a million semicolons': ';'.repeat(1024 * 1024),
  'a million equal signs': '='.repeat(1024 * 1024),
  'a million spaces': `${name(1)}=x;${' '.repeat(1024 * 1024)}`,
  'quotes without an end': `${name(1)}="${'"'.repeat(500_000)}`
}

t.test('A33: cookie bombs are anonymous', async (t) => {
  const scene = await startScene(t, { app: roomy })
  for (const [kind, cookie] of Object.entries(bombs)) {
    const guarded = await fetch(`${scene.url}/guarded`, { redirect: 'manual', headers: { cookie, accept: 'application/json' } })
    t.equal(guarded.status, 401, kind)
    await guarded.arrayBuffer()
    const callback = await fetch(`${scene.url}/oauth/test/callback?code=x&state=y`, { redirect: 'manual', headers: { cookie } })
    t.equal(callback.status, 400, kind)
    await callback.arrayBuffer()
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A33: a login beside a cookie bomb', async (t) => {
  const scene = await startScene(t, { app: roomy })
  for (const [kind, cookie] of Object.entries(bombs)) {
    const started = await fetch(`${scene.url}/oauth/test`, { redirect: 'manual', headers: { cookie } })
    t.equal(started.status, 303, kind)
    const lines = started.headers.getSetCookie()
    t.ok(lines.length <= 100, `${kind}: ${lines.length} cookies are set or cleared`)
    const [own] = lines.filter(line => !/max-age=0|1970/i.test(line))
    const callback = scene.provider.callbackFor(String(started.headers.get('location')))
    const ended = await fetch(callback, { redirect: 'manual', headers: { cookie: `${String(own).split(';')[0]}; ${cookie}` } })
    t.equal(ended.status, 303, `${kind}: it can be finished`)
  }
})

t.test('A33: ten times the cookies are about ten times the work', async (t) => {
  const scene = await startScene(t, { app: roomy })
  const cpu = async (count: number) => {
    const cookie = Array.from({ length: count }, (_, index) => `${name(index)}=v1.AAAAAA.${'A'.repeat(64)}`).join('; ')
    const start = process.cpuUsage()
    for (let round = 0; round < 3; round++) await (await fetch(`${scene.url}/oauth/test`, { redirect: 'manual', headers: { cookie } })).arrayBuffer()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1_000
  }
  await cpu(1_000)
  const [small, large] = [await cpu(1_000), await cpu(10_000)]
  t.ok(large < 40 * Math.max(small, 50), `${small} ms and ${large} ms of work`)
})

/** A login under way in a browser, and its cookie. */
async function underway (scene: Scene): Promise<{ browser: Browser, callback: string, pair: [string, string] }> {
  const browser = new Browser()
  const response = await browser.request(`${scene.url}/oauth/test`)
  const callback = new URL(scene.provider.callbackFor(String(response.headers.get('location'))))
  const [pair] = [...browser.cookies.get('127.0.0.1') ?? []].filter(([name]) => /oauth-/.test(name))
  return { browser, callback: `${scene.url}${callback.pathname}${callback.search}`, pair: pair as [string, string] }
}

t.test('A34: two cookies of one name, one of them forged', async (t) => {
  for (const baseUrl of ['', 'https://app.example']) {
    const scene = await startScene(t, { plugin: baseUrl === '' ? {} : { baseUrl } })
    const another = (await underway(scene)).pair[1]
    for (const forged of ['forged', '', another, 'same']) {
      const { callback, pair: [name, value] } = await underway(scene)
      const other = forged === 'same' ? value : forged
      for (const cookie of [`${name}=${other}; ${name}=${value}`, `${name}=${value}; ${name}=${other}`, `${name}=${value}; x=y; ${name}=${other}`, `${name}=${value};${name}=${other}`]) {
        const response = await fetch(callback, { redirect: 'manual', headers: { cookie } })
        t.strictSame([response.status, codeIn(await response.text())], [400, 'FST_OAUTH_STATE_UNREADABLE'], cookie.slice(0, 80))
      }
      const response = await fetch(callback, { redirect: 'manual', headers: { cookie: `${name}=${value}` } })
      t.equal(response.status, 303, 'alone, the genuine one is still good')
    }
  }
})

t.test('A34: under https the cookie is bound to the host', async (t) => {
  const scene = await startScene(t, { plugin: { baseUrl: 'https://app.example' } })
  const response = await fetch(`${scene.url}/oauth/test`, { redirect: 'manual' })
  const [line = ''] = response.headers.getSetCookie()
  t.match(line, /^__Host-oauth-[\w-]{22}=/)
  t.match(line, /; Path=\/(;|$)/)
  t.match(line, /; Secure(;|$)/)
  t.match(line, /; HttpOnly(;|$)/)
  t.match(line, /; SameSite=Lax(;|$)/)
  t.notMatch(line, /domain=/i)
})

t.test('A34: under https a cookie without the prefix counts for nothing', async (t) => {
  const scene = await startScene(t, { plugin: { baseUrl: 'https://app.example' } })
  const { callback, pair: [name, value] } = await underway(scene)
  const planted = name.replace('__Host-', '')
  for (const cookie of [`${planted}=${value}`, `__Secure-${planted}=${value}`, `__host-${planted}=${value}`, `__HOST-${planted}=${value}`, ` ${planted}=${value}`]) {
    const response = await fetch(callback, { redirect: 'manual', headers: { cookie } })
    t.equal(response.status, 400, cookie.slice(0, 60))
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
  t.equal((await fetch(callback, { redirect: 'manual', headers: { cookie: `${planted}=forged; ${name}=${value}` } })).status, 303, 'nor does it do harm')
})

t.test('A34: what the application sets for all its cookies does not loosen ours', async (t) => {
  const scene = await startScene(t, {
    plugin: { baseUrl: 'https://app.example' },
    app: {
      async session (app) {
        await app.register(cookie, { secret: 'a secret for the cookies of a test', parseOptions: { domain: 'example', path: '/elsewhere', httpOnly: false, secure: false, sameSite: 'none', signed: true } })
        await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false }, saveUninitialized: false })
      }
    }
  })
  const { browser, callback } = await underway(scene)
  const response = await fetch(`${scene.url}/oauth/test`, { redirect: 'manual' })
  const [line = ''] = response.headers.getSetCookie()
  t.notMatch(line, /domain=/i)
  t.match(line, /; Path=\/(;|$)/)
  t.match(line, /; Secure(;|$)/)
  t.match(line, /; HttpOnly(;|$)/)
  t.match(line, /; SameSite=Lax(;|$)/)
  t.equal((await browser.request(callback)).status, 303)
})
