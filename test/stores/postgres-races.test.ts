// PostgresGrantStore over many connections at once: what may never happen, however they meet.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { GrantLease } from '../../lib/index.js'
import { PostgresGrantStore } from '../../lib/grants/postgres-store.js'
import { key, row } from '../../lib/store-tests/expect.js'
import { startPostgres } from '../fixtures/postgres-server.js'

const server = await startPostgres(t)
const connections = 20
const rounds = 25

// A store for each connection.
async function create (t: import('tap').Test, schema: string) {
  const pools = Array.from({ length: connections }, () => server.pool(t, { max: 1 }))
  const stores = pools.map(pool => new PostgresGrantStore({ pool, schema, ttl: 60_000 }))
  await Promise.all(stores.map(store => store.migrate()))
  return stores as [PostgresGrantStore, PostgresGrantStore, ...PostgresGrantStore[]]
}

const several = (stores: PostgresGrantStore[], work: (store: PostgresGrantStore, index: number) => Promise<void>) =>
  Promise.all(stores.map(async (store, index) => { for (let round = 0; round < rounds; round++) await work(store, index) }))

async function taken (store: PostgresGrantStore, ttl: number): Promise<GrantLease> {
  for (;;) {
    const lease = await store.lease(key, ttl)
    if (lease !== null) return lease
    await delay(1)
  }
}

// Every write of a grant takes this long from now on.
async function slowWrites (t: import('tap').Test, schema: string, seconds: number) {
  await server.pool(t).query(`
    CREATE FUNCTION ${schema}.wait () RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(${seconds}); RETURN NEW; END';
    CREATE TRIGGER wait BEFORE INSERT OR UPDATE ON ${schema}.oauth_grants FOR EACH ROW EXECUTE FUNCTION ${schema}.wait()`)
}

t.test('the version counts each write that was made', async (t) => {
  const stores = await create(t, 'versions')
  const written = new Map<string, number>()
  await several(stores, async (store, index) => {
    const one = { ...key, account: `account ${index % 3}` }
    const version = (await store.get(one))?.version ?? 0
    if (await store.put(row(one), version)) written.set(one.account, (written.get(one.account) ?? 0) + 1)
  })
  t.equal(written.size, 3)
  for (const [account, count] of written) t.match(await stores[0].get({ ...key, account }), { version: count })
})

t.test('of all who put, delete and put again, each makes the write that it is told it made', async (t) => {
  const stores = await create(t, 'deletes')
  let there = 0
  await several(stores, async (store, index) => {
    if (index % 2 === 0) {
      if (await store.put(row(), 0)) there++
    } else if (await store.delete(key, index % 4 === 1 ? 1 : undefined)) there--
  })
  t.equal((await stores[0].list(key.owner)).length, there)
})

t.test('a lease has one holder, and a claim one maker', async (t) => {
  const stores = await create(t, 'leases')
  const claims: string[] = []
  const fences: number[] = []
  let holders = 0
  await several(stores, async (store) => {
    const id = `claim ${fences.length}`
    if (await store.claim(id, 60_000)) claims.push(id)
    const lease = await store.lease(key, 60_000)
    if (lease === null) return
    fences.push(lease.fence)
    if (++holders > 1) t.fail('two hold it')
    t.equal(await lease.renew(60_000), true)
    holders--
    await lease.release()
  })
  t.ok(fences.length > 1)
  t.same(fences, [...new Set(fences)].sort((a, b) => a - b))
  t.equal(new Set(claims).size, claims.length)
})

t.test('nothing is written with a fence after a newer lease was given out', async (t) => {
  const stores = await create(t, 'fences')
  await slowWrites(t, 'fences', 0.002)
  const leases: Array<{ fence: number, version: number }> = []
  const writes: Array<{ fence: number, version: number }> = []
  await several(stores, async (store, index) => {
    // So short that most are lost before the write.
    const { fence, release } = await taken(store, 1)
    const version = (await store.get(key))?.version ?? 0
    leases.push({ fence, version })
    if (index % 2 === 0) await delay(index % 5)
    if (await store.put(row(), version, fence)) writes.push({ fence, version: version + 1 })
    await release()
  })
  t.ok(writes.length > 0 && writes.length < leases.length, `${writes.length} of ${leases.length} were written`)
  t.match(await stores[0].get(key), { version: writes.length })
  const late = writes.filter(write => leases.some(lease => lease.fence > write.fence && lease.version < write.version))
  t.same(late, [], 'whoever holds a newer lease has read what was written with an older one')
})

t.test('a newer lease waits for a write that is being made with the fence before', async (t) => {
  const [store, other] = await create(t, 'write_first')
  for (const version of [0, 1]) {
    const lease = await taken(store, 1)
    if (version === 0) await slowWrites(t, 'write_first', 0.5)
    const put = store.put(row(), version, lease.fence)
    await delay(100)
    const newer = await taken(other, 1)
    t.match(await other.get(key), { version: version + 1 }, 'its holder reads that write')
    t.equal(await put, true)
    t.ok(newer.fence > lease.fence)
    await delay(2)
  }
})

t.test('a write waits for a newer lease that is being given out, and is refused then', async (t) => {
  const [store] = await create(t, 'lease_first')
  await store.put(row({ account: 'second' }), 0)
  for (const [account, version] of [['default', 0], ['second', 1]] as const) {
    const one = { ...key, account }
    const lease = await store.lease(one, 1)
    const client = await server.pool(t).connect()
    await client.query('BEGIN')
    await client.query("UPDATE lease_first.oauth_leases SET fence = nextval('lease_first.oauth_fences') WHERE fence = $1", [lease?.fence])
    const put = store.put(row(one), version, lease?.fence)
    t.equal(await Promise.race([put, delay(200, 'waits')]), 'waits')
    await client.query('COMMIT')
    client.release()
    t.equal(await put, false)
  }
})

t.test('a fence that was drawn before a wait is drawn again after it', async (t) => {
  const [store] = await create(t, 'drawn')
  const first = await taken(store, 1)
  const client = await server.pool(t).connect()
  await client.query('BEGIN')
  await client.query('UPDATE drawn.oauth_leases SET expires_at = now() WHERE fence = $1', [first.fence])
  const lease = store.lease(key, 60_000)
  t.equal(await Promise.race([lease, delay(200, 'waits')]), 'waits')
  const { rows } = await client.query("UPDATE drawn.oauth_leases SET fence = nextval('drawn.oauth_fences') RETURNING fence")
  await client.query('COMMIT')
  client.release()
  t.ok(Number((await lease)?.fence) > Number(rows[0].fence))
})

t.test('a claim or grant that is swept away while it is made anew stays made', async (t) => {
  const stores = await create(t, 'sweeps')
  const pool = server.pool(t, { max: connections })
  let made = 0
  await several(stores, async (store) => {
    if (await store.claim('one', 1)) made++
    // Each new store sweeps at once.
    const sweeping = new PostgresGrantStore({ pool, schema: 'sweeps', ttl: 1 })
    const version = (await sweeping.get(key))?.version ?? 0
    await sweeping.put(row(), version)
    await sweeping.close()
  })
  t.ok(made > 1)
  t.equal(await stores[0].claim('last', 60_000), true)
  for (const store of stores) t.equal(await store.claim('last', 60_000), false)
})

t.test('a sweep waits for nobody', async (t) => {
  const [store, other] = await create(t, 'patience')
  const pool = server.pool(t)
  const ended = async () => (await pool.query('SELECT id FROM patience.oauth_claims WHERE expires_at <= now()')).rows.length
  // Closed, it sweeps none of them.
  await store.close()
  for (const id of ['first', 'held by another']) await store.claim(id, 1)
  while (await ended() < 2) await delay(1)
  const client = await pool.connect()
  await client.query("BEGIN; SELECT FROM patience.oauth_claims WHERE id = sha256('\"held by another\"') FOR UPDATE")
  await other.claim('new', 60_000)
  await other.close()
  t.equal(await ended(), 1, 'the one that is locked is left')
  await client.query('COMMIT')
  client.release()
})
