// A37: what is parsed costs in proportion to its size. Compared is the work of this process, not the time on the clock.
import t from 'tap'
import { request } from 'undici'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

t.setTimeout(240_000)

const roomy: NonNullable<SceneOptions['app']> = { fastify: { logger: false, http: { maxHeaderSize: 4 * 1024 * 1024 } } }
const small = 100_000
const large = 1_000_000

/** Milliseconds of work. */
async function workOf (run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

type Attack = (scene: Scene, size: number) => Promise<number>

async function statusOf (url: string, options: { method?: 'GET' | 'POST', headers?: Record<string, string>, body?: string } = {}): Promise<number> {
  const { statusCode, body } = await request(url, options)
  await body.dump()
  return statusCode
}

async function loginStatus (scene: Scene): Promise<number> {
  const browser = new Browser()
  return (await browser.request(await scene.callback(browser))).status
}

const repeated = (text: string, size: number) => text.repeat(Math.ceil(size / text.length)).slice(0, size)

const attacks: Record<string, { attack: Attack, statuses: number[] }> = {
  'a state': { statuses: [400], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback?code=x&state=${'a'.repeat(size)}`) },
  'a state of percent signs': { statuses: [400], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback?code=x&state=${'%'.repeat(size)}`) },
  'as many parameters': { statuses: [400], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback?${repeated('a=b&', size)}state=x`) },
  'question marks': { statuses: [400], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback${'?'.repeat(size)}state=x`) },
  'a login request': { statuses: [303], attack: (scene, size) => statusOf(`${scene.url}/oauth/test?login=v1.AAAAAA.${'A'.repeat(size)}`) },
  'dots in a login request': { statuses: [303], attack: (scene, size) => statusOf(`${scene.url}/oauth/test?login=${'.'.repeat(size)}`) },
  'a form that was passed on': { statuses: [400], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback?form_post=v1.AAAAAA.${'A'.repeat(size)}`) },
  'a return address': { statuses: [303], attack: (scene, size) => statusOf(`${scene.url}/oauth/test?returnTo=/${repeated('../', size)}`) },
  'the name of a provider': { statuses: [404, 414], attack: (scene, size) => statusOf(`${scene.url}/oauth/${'a'.repeat(size)}`) },
  'a referer': { statuses: [401], attack: (scene, size) => statusOf(`${scene.url}/guarded`, { headers: { referer: `http://${'a'.repeat(size)}` } }) },
  'an accept header': { statuses: [401], attack: (scene, size) => statusOf(`${scene.url}/guarded`, { headers: { accept: repeated('text/htm,', size) } }) },
  'a form': { statuses: [400, 413], attack: (scene, size) => statusOf(`${scene.url}/oauth/test/callback`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `state=${'%'.repeat(size)}` }) },
  'scopes of a token': { statuses: [303], attack: async (scene, size) => { scene.provider.tokens = { scope: repeated('a ', size) }; return loginStatus(scene) } },
  'blanks as scopes of a token': { statuses: [303], attack: async (scene, size) => { scene.provider.tokens = { scope: ' '.repeat(size) }; return loginStatus(scene) } },
  'a description of an error': { statuses: [400], attack: async (scene, size) => { scene.provider.on('/token', () => ({ status: 400, body: { error: 'invalid_grant', error_description: repeated('wire-client-secret-which-is-a-canary', size) } })); return loginStatus(scene) } },
  'a body of a form': { statuses: [400, 502], attack: async (scene, size) => { scene.provider.on('/token', () => ({ body: `access_token=${'%'.repeat(size)}` })); return loginStatus(scene) } },
  'a body that is almost a form': { statuses: [502], attack: async (scene, size) => { scene.provider.on('/token', () => ({ body: 'a'.repeat(size) })); return loginStatus(scene) } },
  'nested JSON': { statuses: [502], attack: async (scene, size) => { scene.provider.on('/token', () => ({ body: '['.repeat(size) })); return loginStatus(scene) } },
  'an id_token of dots': { statuses: [400], attack: async (scene, size) => { scene.provider.tokens = { id_token: '.'.repeat(size) }; return loginStatus(scene) } },
  'an id_token': { statuses: [400], attack: async (scene, size) => { scene.provider.tokens = { id_token: `${'A'.repeat(size)}.AAAA.AAAA` }; return loginStatus(scene) } },
  claims: { statuses: [303], attack: async (scene, size) => { scene.provider.claims = { groups: repeated('a ', Math.floor(size / 2)) }; return loginStatus(scene) } }
}

for (const [name, { attack, statuses }] of Object.entries(attacks)) {
  t.test(`A37: ${name} of a megabyte`, async (t) => {
    const scene = await startScene(t, { app: roomy })
    await attack(scene, small)
    let status = 0
    const less = await workOf(async () => { status = await attack(scene, small) })
    t.ok(statuses.includes(status), `${small} characters: ${status}`)
    const more = await workOf(async () => { status = await attack(scene, large) })
    t.ok(statuses.includes(status), `${large} characters: ${status}`)
    // Ten times is linear, a hundred times is quadratic; below 50 ms it is noise.
    t.ok(more < 40 * Math.max(less, 50), `${Math.round(less)} ms and ${Math.round(more)} ms of work`)
  })
}

t.test('A37: headers of a provider: WWW-Authenticate, Link, Retry-After', async (t) => {
  const scene = await startScene(t, { app: roomy })
  for (const name of ['www-authenticate', 'link', 'retry-after', 'content-type', 'content-encoding']) {
    for (const value of [repeated('Bearer a="', 15_000), repeated('<a>; rel="', 15_000), '9'.repeat(15_000), ','.repeat(15_000)]) {
      scene.provider.on('/token', () => ({ status: 401, headers: { [name]: value }, body: { error: 'invalid_client' } }))
      const status = await loginStatus(scene)
      t.ok(status >= 400 && status < 600, `${name}: ${status}`)
    }
  }
})
