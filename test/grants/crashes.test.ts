// One refresh, and everything that can happen between any two of its steps, alone and in pairs: the store or the provider
// fails, or its answer is lost; the process dies; a login comes in; another process takes over the lease. After each, what
// must hold of a provider that takes a refresh token once.
import t from 'tap'
import type { OAuthGrant, OAuthTokenSet } from '../../lib/index.js'
import { MemoryGrantStore } from '../../lib/index.js'
import { GrantKeeper } from '../../lib/grants/keeper.js'
import { Cipher } from '../../lib/grants/cipher.js'
import { FaultyStore, hour, outage, tokenSet } from '../fixtures/grants.js'

type Event = 'fails' | 'dies' | 'login' | 'overtaken'
/** What happens at which step, counted from 0. */
type Plan = ReadonlyMap<number, Event>

const alice = { owner: 'alice', provider: 'test', account: 'default' }
const cipher = new Cipher(['a secret of at least 32 characters'])
const leaseTime = 300
const never = new Promise<never>(() => {})

class World {
  readonly clock = { now: 1_750_000_000_000 }
  readonly rows = new MemoryGrantStore({ clock: () => this.clock.now })
  /** Refresh tokens that were taken, by whether the answer came to a process that lives. */
  readonly taken = new Map<string, string>()
  /** The newest refresh token, and who was told of it. */
  newest: { token: string, receiver: Process | null } = { token: 'refresh-0', receiver: null }
  readonly violations: string[] = []
  logins = 0

  take (token: string): string {
    if (this.taken.has(token)) this.violations.push(`${token} was sent again`)
    const next = `refresh-${this.taken.size + 1}`
    this.taken.set(token, next)
    this.newest = { token: next, receiver: null }
    return next
  }
}

class Process {
  readonly world: World
  readonly keeper: GrantKeeper
  readonly #plan: Plan
  readonly #other: Process | undefined
  readonly death: Promise<void>
  steps = 0
  isDead = false
  /** Nothing happens any more. */
  isMended = false
  /** What is left of a dead process ends. */
  isBuried = false
  #die = () => {}

  constructor (world: World, plan: Plan = new Map(), other?: Process) {
    this.world = world
    this.#plan = plan
    this.#other = other
    this.death = new Promise(resolve => { this.#die = resolve })
    const store = new FaultyStore(world.rows)
    store.before = () => this.#step()
    store.after = () => this.#step()
    this.keeper = new GrantKeeper({ store, cipher, clock: () => world.clock.now, leaseTime, storeTime: leaseTime, warn () {} })
  }

  async refresh (grant: OAuthGrant): Promise<OAuthTokenSet> {
    await this.#step(outage())
    const next = this.world.take(String(grant.refreshToken))
    await this.#step(outage({ unspent: false }))
    this.world.newest = { token: next, receiver: this }
    return tokenSet({ accessToken: `access of ${next}`, refreshToken: next, expiresAt: this.world.clock.now + hour })
  }

  async fresh (): Promise<OAuthGrant | null> {
    return this.keeper.fresh(this, alice)
  }

  /** A login that brings no refresh token. */
  async login (): Promise<void> {
    this.world.clock.now++
    await this.keeper.save({ ...alice, subject: undefined, requestedScope: [], tokens: tokenSet({ accessToken: `login-${++this.world.logins}`, refreshToken: undefined, expiresAt: this.world.clock.now + hour }) })
  }

  async #step (failure: Error = new Error('connection reset')): Promise<void> {
    if (this.isBuried) throw new Error('dead')
    if (this.isDead) return never
    const event = this.isMended ? undefined : this.#plan.get(this.steps++)
    if (event === 'fails') throw failure
    if (event === 'login') await this.#other?.login()
    if (event === 'overtaken' || event === 'dies') this.world.clock.now += leaseTime
    if (event === 'overtaken') await this.#other?.fresh().catch(() => {})
    if (event !== 'dies') return
    this.isDead = true
    this.#die()
    return never
  }
}

/** Answers how many steps there were, and what was wrong. */
async function run (plan: Plan): Promise<{ steps: number, wrong: string[] }> {
  const world = new World()
  const wrong = world.violations
  const other = new Process(world)
  const granted = (refreshToken: string) => other.keeper.save({ ...alice, subject: undefined, requestedScope: [], tokens: tokenSet({ refreshToken, expiresAt: world.clock.now }) })
  await granted('refresh-0')
  const first = new Process(world, plan, other)
  await Promise.race([first.fresh().catch(() => {}), first.death])
  first.isMended = true
  world.clock.now += leaseTime
  const living = first.isDead ? [other] : [other, first]
  // What was received is stored at last, though others may be asked first.
  for (const one of [...living].reverse()) await one.fresh().catch(() => {})
  for (const one of living) await one.keeper.drain()
  const found = await other.keeper.find(alice)
  const { token, receiver } = world.newest
  const isDue = receiver === null ? token === 'refresh-0' && !first.isDead : !receiver.isDead
  if (isDue && found?.refreshToken !== token) wrong.push(`${token} was received, or never sent, and is lost: ${found?.refreshToken}`)
  for (const one of living) {
    world.clock.now += hour
    const grant = await one.fresh()
    if (grant !== null && grant.refreshToken !== world.newest.token) wrong.push(`${grant.refreshToken} was brought by no refresh`)
  }
  await granted('refresh of the last login')
  for (const one of living) {
    world.clock.now += hour
    if ((await one.fresh())?.refreshToken !== world.newest.token) wrong.push('a login does not mend it')
  }
  first.isBuried = first.isDead
  return { steps: first.steps, wrong: wrong.map(what => `${JSON.stringify([...plan])}: ${what}`) }
}

const events: Event[] = ['fails', 'dies', 'login', 'overtaken']

t.test('one thing at any step', async (t) => {
  const { steps, wrong } = await run(new Map())
  t.ok(steps > 12, `${steps} steps`)
  for (const event of events) {
    for (let step = 0; step < steps; step++) wrong.push(...(await run(new Map([[step, event]]))).wrong)
  }
  t.strictSame(wrong, [])
})

t.test('two things, one soon after the other', async (t) => {
  const { steps, wrong } = await run(new Map())
  const plans: Plan[] = []
  for (const first of events.filter(event => event !== 'dies')) {
    for (const second of events) {
      for (let one = 0; one < steps; one++) {
        for (let two = one + 1; two < one + 8; two++) plans.push(new Map([[one, first], [two, second]]))
      }
    }
  }
  await Promise.all(Array.from({ length: 40 }, async () => {
    for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) wrong.push(...(await run(plan)).wrong)
  }))
  t.strictSame(wrong, [])
})
