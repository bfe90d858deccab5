// A17: whoever planted or copied something before a login is left with nothing after it (CVE-2022-25896, CVE-2023-29019).
import secureSession from '@fastify/secure-session'
import cookie from '@fastify/cookie'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

const sessions: Record<string, SceneOptions['app']> = {
  '@fastify/session': {},
  '@fastify/secure-session': {
    async session (app) {
      await app.register(cookie)
      await app.register(secureSession, { sessionName: 'session', cookieName: 'sessionId', key: Buffer.alloc(32, 7), cookie: { path: '/', secure: false } })
    }
  }
}

/** A browser with the same cookies. */
function copyOf (browser: Browser): Browser {
  const copy = new Browser()
  for (const [host, cookies] of browser.cookies) copy.cookies.set(host, new Map(cookies))
  return copy
}

async function guardedStatus ({ url }: Scene, browser: Browser): Promise<number> {
  return (await browser.request(`${url}/guarded`, { headers: { accept: 'application/json' } })).status
}

for (const [name, app] of Object.entries(sessions)) {
  t.test(`A17: a planted session is anonymous after the login: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const attacker = new Browser()
    await attacker.open(`${scene.url}/plant`)
    const victim = copyOf(attacker)
    const planted = victim.cookies.get('127.0.0.1')?.get('sessionId')
    t.type(planted, 'string', 'there is a session to plant')

    await scene.login(victim, 'victim')

    t.not(victim.cookies.get('127.0.0.1')?.get('sessionId'), planted, 'the session has another id')
    t.strictSame(await scene.subjects(victim), ['victim'])
    t.strictSame(await scene.subjects(attacker), [])
    t.equal(await guardedStatus(scene, attacker), 401)
  })

  t.test(`A17: a session that was copied before a second login: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const user = await scene.login(new Browser(), 'first')
    const thief = copyOf(user)
    t.strictSame(await scene.subjects(thief), ['first'])

    await scene.login(user, 'second')

    t.strictSame(await scene.subjects(user), ['first', 'second'])
    t.strictSame(await scene.subjects(thief), [], 'the copy is worth nothing now')
    t.equal(await guardedStatus(scene, thief), 401)
  })

  t.test(`A17: a session that is planted while the user is at the provider: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const attacker = new Browser()
    await attacker.open(`${scene.url}/plant`)
    const victim = new Browser()
    const callback = await scene.callback(victim, 'victim')
    for (const [cookie, value] of attacker.cookies.get('127.0.0.1') ?? []) victim.cookies.get('127.0.0.1')?.set(cookie, value)

    await victim.open(callback)

    t.strictSame(await scene.subjects(attacker), [])
  })

  t.test(`A17: a pending login that is planted before the user's own: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const attacker = new Browser()
    const attackersCallback = await scene.callback(attacker, 'attacker')
    const victim = copyOf(attacker)

    await scene.login(victim, 'victim')
    t.equal((await attacker.open(attackersCallback)).status, 200)

    t.strictSame(await scene.subjects(attacker), ['attacker'], 'the attacker does not come to the victim\'s owner')
    t.strictSame(await scene.subjects(victim), ['victim'])
  })

  t.test(`A17: a pending login that is planted, and finished before the user's own: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const attacker = new Browser()
    const attackersCallback = await scene.callback(attacker, 'attacker')
    const victim = copyOf(attacker)
    const victimsCallback = await scene.callback(victim, 'victim')

    t.equal((await attacker.open(attackersCallback)).status, 200)
    t.equal((await victim.open(victimsCallback)).status, 200)

    t.strictSame(await scene.subjects(attacker), ['attacker'])
    t.strictSame(await scene.subjects(victim), ['victim'])
  })

  t.test(`A17: pending logins that were copied from the user's browser: ${name}`, async (t) => {
    const scene = await startScene(t, { app: app ?? {} })
    const victim = new Browser()
    const first = await scene.callback(victim, 'victim')
    const thief = copyOf(victim)
    const thiefsCallback = await scene.callback(thief, 'thief')
    t.equal((await victim.open(first)).status, 200)
    t.equal((await thief.open(thiefsCallback)).status, 200)

    t.strictSame(await scene.subjects(thief), ['thief'])
    t.strictSame(await scene.subjects(victim), ['victim'])
  })
}

t.test('A17: what the application keeps in a session does not survive, unless it is named', async (t) => {
  for (const [keep, expected] of [[[], 'nothing'], [['planted'], 'a value']] as const) {
    const scene = await startScene(t, {
      plugin: { session: { keep } },
      app: { routes (app) { app.get('/planted', async ({ session }) => String(session.get('planted' as never) ?? 'nothing')) } }
    })
    const browser = new Browser()
    await browser.open(`${scene.url}/plant`)
    await scene.login(browser)
    t.equal((await browser.open(`${scene.url}/planted`)).text, expected)
  }
})
