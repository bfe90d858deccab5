// A18: a session is worth nothing after a logout or when it has run out (CVE-2024-35220).
import secureSession from '@fastify/secure-session'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

const api = { accept: 'application/json' }

async function guardedStatus ({ url }: Scene, cookieHeader: string): Promise<number> {
  return (await fetch(`${url}/guarded`, { headers: { ...api, cookie: cookieHeader }, redirect: 'manual' })).status
}

const sessions: Record<string, NonNullable<SceneOptions['app']>> = {
  '@fastify/session': {},
  '@fastify/secure-session': {
    async session (app) {
      await app.register(cookie)
      await app.register(secureSession, { sessionName: 'session', cookieName: 'sessionId', key: Buffer.alloc(32, 7), cookie: { path: '/', secure: false } })
    }
  }
}

for (const [name, app] of Object.entries(sessions)) {
  t.test(`A18: every session cookie of before, after a logout: ${name}`, async (t) => {
    const scene = await startScene(t, { app })
    const browser = await scene.login()
    const before = browser.cookieHeader(new URL(scene.url))
    t.equal(await guardedStatus(scene, before), 200)

    const answer = await browser.request(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: api })

    t.strictSame(await answer.json(), { removed: true, provider: 'revoked' })
    t.equal(await guardedStatus(scene, before), 401, 'the cookie of before')
    t.equal(await guardedStatus(scene, browser.cookieHeader(new URL(scene.url))), 401, 'the cookie of now')
    t.equal(scene.provider.to('/revoke').length, 2, 'both tokens were revoked')
  })
}

t.test('A18: a logout that the provider does not answer still ends the grant', async (t) => {
  const scene = await startScene(t)
  scene.provider.on('/revoke', (_request, response) => { response.destroy(); return undefined })
  const browser = await scene.login()
  const before = browser.cookieHeader(new URL(scene.url))
  const answer = await browser.request(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: api })
  t.strictSame(await answer.json(), { removed: true, provider: 'failed', notRevoked: ['refresh_token', 'access_token'] })
  t.equal(await guardedStatus(scene, before), 401)
})

t.test('A18: a logout while the grant is being refreshed is not undone by it', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  const browser = await scene.login()
  const before = browser.cookieHeader(new URL(scene.url))
  now += 3_601_000
  const { promise, answer } = heldAnswer()
  scene.provider.on('/token', async () => { await promise; return undefined })
  const refreshing = guardedStatus(scene, before)
  while (scene.exchanges() < 2) await new Promise(resolve => { setTimeout(resolve, 5) })
  const loggingOut = browser.request(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: api })
  answer()
  await refreshing
  t.equal((await loggingOut).status, 200)
  t.equal(await guardedStatus(scene, before), 401)
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A18: a session that has run out', async (t) => {
  const scene = await startScene(t, {
    app: {
      async session (app) {
        await app.register(cookie)
        await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false, maxAge: 300 }, rolling: false, saveUninitialized: false })
      }
    }
  })
  const browser = await scene.login()
  const before = browser.cookieHeader(new URL(scene.url))
  await new Promise(resolve => { setTimeout(resolve, 400) })
  t.equal(await guardedStatus(scene, before), 401)
})

t.test('A18: a grant that has run out, and cannot be refreshed', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  scene.provider.tokens = { refresh_token: undefined }
  const browser = await scene.login()
  now += 3_601_000
  t.equal(await guardedStatus(scene, browser.cookieHeader(new URL(scene.url))), 401)
})

t.test('A18: a grant whose refresh token was withdrawn', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  const browser = await scene.login()
  now += 3_601_000
  scene.provider.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
  t.equal(await guardedStatus(scene, browser.cookieHeader(new URL(scene.url))), 401)
})

t.test('A18: a logout ends this browser\'s grant alone', async (t) => {
  const scene = await startScene(t)
  const one = await scene.login(new Browser(), 'one')
  const two = await scene.login(new Browser(), 'two')
  await one.request(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: api })
  t.strictSame(await scene.subjects(two), ['two'])
})

function heldAnswer (): { promise: Promise<void>, answer: () => void } {
  let answer = () => {}
  const promise = new Promise<void>(resolve => { answer = resolve })
  return { promise, answer: () => answer() }
}
