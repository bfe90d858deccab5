// Random interleavings of everything that changes a grant, over processes that share a store whose answers are slow, lost
// or refused. Whatever happens, no refresh token is used twice, and none that was received is lost. Seeded: a failure names
// its seed.
import t from 'tap'
import type { Test } from 'tap'
import { MemoryGrantStore } from '../../lib/index.js'
import { FaultyStore, RotatingProvider, hour, refusal, startKeeper } from '../fixtures/grants.js'
import type { StoreMethod, TestKeeper } from '../fixtures/grants.js'

/** Numbers from 0 up to 1, the same for each seed (mulberry32). */
function randomFrom (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface World extends Pick<WorldOptions, 'lost'> {
  random: () => number
  clock: { now: number }
  provider: RotatingProvider
  processes: TestKeeper[]
  /** What failed that should not have. */
  unexpected: unknown[]
  logins: number
  /** Who has the grant now: every move is to a new owner. */
  owner: string
  owners: number
}

interface WorldOptions {
  processes: number
  leaseTime: number
  /** How likely each call of the store is to fail, before or after it was made. */
  faults: number
  /**
   * Either answers of the store are lost on their way, or grants are moved and removed. A login whose write lost its answer
   * cannot know what became of it where there is nothing any more.
   */
  lost: boolean
}

async function later (random: () => number): Promise<void> {
  const turns = Math.floor(random() * 4)
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}

function startWorld (seed: number, { processes, leaseTime, faults, lost }: WorldOptions): World {
  const random = randomFrom(seed)
  const clock = { now: 1_750_000_000_000 }
  // Its own time stands still: a lease ends when it is given back.
  const store = new FaultyStore(new MemoryGrantStore({ clock: () => 0 }))
  const provider = new RotatingProvider(clock)
  const first = startKeeper({ leaseTime }, { store, clock, provider })
  // Where time stands still a lease must not be left behind.
  const wavering = (spared: StoreMethod, rate: number) => async (method: StoreMethod) => {
    await later(random)
    if (random() < rate && method !== spared) throw new Error('a fault of the store')
  }
  store.before = wavering('release', faults)
  store.after = wavering('lease', lost ? faults : 0)
  provider.before = async () => {
    await later(random)
    if (random() < 0.1) throw refusal('temporarily_unavailable')
  }
  return { lost, random, clock, provider, processes: [first, ...Array.from({ length: processes - 1 }, () => first.another())], unexpected: [], logins: 0, owner: 'owner-0', owners: 0 }
}

async function act (world: World): Promise<void> {
  const { random, processes, provider, clock, owner } = world
  const { keeper, login } = processes[Math.floor(random() * processes.length)] as TestKeeper
  const selector = { owner, provider: 'test' }
  const choice = random()
  if (choice < 0.5) await keeper.fresh(provider, selector)
  else if (choice < 0.6) {
    clock.now++
    await login({ owner, tokens: { accessToken: `login-${++world.logins}`, refreshToken: random() < 0.5 ? `login-refresh-${world.logins}` : undefined } })
  } else if (choice < 0.75) {
    const grant = await keeper.find(selector)
    if (grant !== null) await keeper.renew(provider, grant)
  } else if (choice < 0.85) clock.now += random() < 0.5 ? hour : hour - 30_000
  else if (choice < 0.9) await keeper.drain()
  else if (world.lost) await later(random)
  else if (choice < 0.94) await keeper.remove({ ...selector, account: 'default' })
  else {
    world.owner = `owner-${++world.owners}`
    await keeper.move(owner, world.owner)
  }
}

async function live (world: World, actions: number): Promise<void> {
  const under: Array<Promise<unknown>> = []
  for (let action = 0; action < actions; action++) {
    under.push(act(world).catch((error: Error & { code?: string }) => {
      if (!['FST_OAUTH_STORE_FAILED', 'FST_OAUTH_GRANT_BUSY', 'FST_OAUTH_TOKEN_REFUSED'].includes(String(error.code))) world.unexpected.push(error)
    }))
    if (world.random() < 0.3) await later(world.random)
  }
  await Promise.all(under)
  for (const { keeper } of world.processes) await keeper.drain()
}

async function runWorld (t: Test, seed: number, options: WorldOptions): Promise<void> {
  const world = startWorld(seed, options)
  await live(world, 60)
  await check(t, world, seed)
}

/** The world is mended: what is stored now must serve, and go on serving. */
async function check (t: Test, world: World, seed: number): Promise<void> {
  const { provider, processes, clock } = world
  const { store, keeper } = processes[0] as TestKeeper
  store.before = store.after = () => {}
  provider.before = () => {}
  for (const one of processes) await one.keeper.drain()
  const reused = processes.flatMap(({ warnings }) => warnings).filter(({ message }) => message.includes('refuses the refresh token'))
  t.same([reused.length, world.unexpected], [0, []], `seed ${seed}: no refresh token was used twice`)
  for (let index = 0; index <= world.owners; index++) {
    const selector = { owner: `owner-${index}`, provider: 'test' }
    if ((await keeper.find(selector))?.refreshToken === undefined) continue
    for (const one of processes) {
      clock.now += hour
      t.match(await one.keeper.fresh(provider, selector), selector, `seed ${seed}: what is stored can be refreshed`)
    }
  }
}

t.test('four processes whose store fails now and then, with logouts and moves: no refresh token is used twice, and none is lost', async (t) => {
  for (let seed = 1; seed <= 40; seed++) await runWorld(t, seed, { processes: 4, leaseTime: 20_000, faults: 0.05, lost: false })
})

t.test('four processes whose store also loses its answers: no refresh token is used twice, and none is lost', async (t) => {
  for (let seed = 101; seed <= 140; seed++) await runWorld(t, seed, { processes: 4, leaseTime: 20_000, faults: 0.03, lost: true })
})

t.test('one process whose store often fails for longer than a lease: no refresh token is used twice, and none is lost', async (t) => {
  for (let seed = 201; seed <= 240; seed++) await runWorld(t, seed, { processes: 1, leaseTime: 1, faults: 0.25, lost: true })
})
