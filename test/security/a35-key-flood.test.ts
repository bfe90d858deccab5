// A35: id_tokens with made-up key ids fetch the provider's keys at most once a minute.
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene } from '../fixtures/scene.js'

// Thousands of requests, on a machine that may be busy.
t.setTimeout(240_000)

/** Logins whose id_tokens name keys that do not exist, a step of the clock between any two. */
async function flood (t: Test, { count, step }: { count: number, step: number }): Promise<{ scene: Scene, tick: (milliseconds: number) => void }> {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now }, app: { fastify: { logger: false } } })
  const { provider } = scene
  const token = await provider.idToken({})
  const [, , signature] = token.split('.')
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  let kid = 0
  let nonce = ''
  provider.on('/token', () => {
    const seconds = Math.floor(now / 1_000)
    const claims = { iss: provider.issuer, aud: provider.clientId, sub: 'user-1', iat: seconds, exp: seconds + 300, nonce }
    return { body: { access_token: 'x', token_type: 'bearer', id_token: `${encode({ alg: 'RS256', kid: `made-up-${++kid}` })}.${encode(claims)}.${signature}` } }
  })
  for (let index = 0; index < count; index++) {
    const browser = new Browser()
    const started = await browser.request(`${scene.url}/oauth/test`)
    const authorization = String(started.headers.get('location'))
    nonce = String(new URL(authorization).searchParams.get('nonce'))
    const ended = await browser.request(provider.callbackFor(authorization))
    await ended.arrayBuffer()
    if (ended.status !== 400) t.fail(`login ${index} ended with ${ended.status}`)
    now += step
  }
  return { scene, tick: (milliseconds) => { now += milliseconds } }
}

t.test('A35: 1 000 tokens in a minute', async (t) => {
  const { scene } = await flood(t, { count: 1_000, step: 50 })
  t.equal(scene.exchanges(), 1_000)
  t.ok(scene.provider.to('/jwks').length <= 2, `${scene.provider.to('/jwks').length} requests for the keys`)
})

t.test('A35: 200 tokens in ten minutes', async (t) => {
  const { scene } = await flood(t, { count: 200, step: 3_000 })
  t.equal(scene.exchanges(), 200)
  t.ok(scene.provider.to('/jwks').length <= 11, `${scene.provider.to('/jwks').length} requests for the keys`)
})

t.test('A35: a flood does not keep a new key from being found for longer than a minute', async (t) => {
  const { scene, tick } = await flood(t, { count: 20, step: 100 })
  await scene.provider.rotateKeys('key-2')
  scene.provider.handlers.delete('/token')
  scene.provider.claims = {}
  tick(61_000)
  t.strictSame(await scene.subjects(await scene.login()), ['user-1'])
})

t.test('A35: keys that cannot be had are not asked for again and again within one login', async (t) => {
  const scene = await startScene(t)
  scene.provider.on('/jwks', () => ({ body: { keys: [] } }))
  const browser = new Browser()
  t.equal((await browser.request(await scene.callback(browser))).status, 400)
  t.ok(scene.provider.to('/jwks').length <= 2)
})
