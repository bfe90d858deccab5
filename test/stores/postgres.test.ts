// PostgresGrantStore: what every store must do, and its tables, keys, times and sweeps.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { PostgresGrantStore } from '../../lib/grants/postgres-store.js'
import type { PostgresGrantStoreOptions } from '../../lib/grants/postgres-store.js'
import { key, row } from '../../lib/store-tests/expect.js'
import { grantStoreTests } from '../../lib/store-tests/index.js'
import { startPostgres } from '../fixtures/postgres-server.js'

const server = await startPostgres(t)
const pool = server.pool(t)
let schemas = 0

// An empty store in a schema of its own, and its tables' times put back.
async function create ({ ttl }: Partial<PostgresGrantStoreOptions> = {}) {
  const schema = `store-${++schemas}`
  const store = new PostgresGrantStore({ pool, schema, ttl })
  await store.migrate()
  const pass = async (ms: number) => {
    for (const table of ['grants', 'leases', 'claims']) await pool.query(`UPDATE "${schema}".oauth_${table} SET expires_at = expires_at - $1 * interval '1 millisecond'`, [ms])
  }
  const count = async (table: string) => Number((await pool.query(`SELECT count(*) FROM "${schema}".oauth_${table}`)).rows[0].count)
  const second = new pg.Pool(server.connection)
  return { store, other: new PostgresGrantStore({ pool: second, schema, ttl }), pass, count, schema, close: () => second.end() }
}

t.test('passes the suite of every store', async (t) => {
  for (const { name, run } of grantStoreTests(() => create())) t.test(name, async (t) => { await t.resolves(run()) })
})

t.test('time passes by the clock of the database', async (t) => {
  const { store } = await create({ ttl: 40 })
  t.equal(await store.put(row(), 0), true)
  t.not(await store.lease(key, 40), null)
  t.equal(await store.claim('one', 40), true)
  while (await store.get(key) !== null || !await store.claim('one', 40)) await delay(10)
  t.not(await store.lease(key, 40), null)
})

t.test('a grant with a time to live ends when it was not written again, and counts as nothing then', async (t) => {
  const { store, pass } = await create({ ttl: 10_000 })
  await store.put(row(), 0)
  await pass(6_000)
  t.equal(await store.put(row({ sealed: 'again' }), 1), true)
  await pass(6_000)
  t.match(await store.get(key), { version: 2 }, 'written again, it lasts from then')
  await pass(6_000)
  t.equal(await store.get(key), null)
  t.same(await store.list(key.owner), [])
  for await (const found of store.scan()) t.fail(found.sealed)
  t.equal(await store.delete(key), false)
  t.equal(await store.put(row(), 2), false)
  t.equal(await store.put(row({ sealed: 'new' }), 0), true)
  t.match(await store.get(key), { version: 1, sealed: 'new' })
  t.equal(await store.put(row(), 0), false)
})

t.test('what has ended is swept away in batches, what has not stays, and fences go on', async (t) => {
  const { store, schema, pass, count } = await create({ ttl: 60_000 })
  // This one sweeps no more: the counts below are the other's.
  await store.close()
  const lease = await store.lease(key, 1_000)
  await store.put(row(), 0, lease?.fence)
  await store.claim('old', 1_000)
  await pass(4_000_000)
  await pool.query(`INSERT INTO "${schema}".oauth_claims SELECT sha256(n::text::bytea), now() - interval '1 minute' FROM generate_series(1, 2500) AS n`)
  const sizes: number[] = []
  const fresh = new PostgresGrantStore({
    schema,
    pool: {
      query: async (text, values) => {
        const result = await pool.query(text, values)
        if (text.includes('SKIP LOCKED')) sizes.push(result.rows.length)
        return result
      }
    }
  })
  const second = { ...key, account: 'second' }
  await fresh.put(row(second), 0)
  await fresh.lease(second, 60_000)
  while (await count('claims') > 1) {
    await fresh.claim('new', 60_000)
    await delay(5)
  }
  await fresh.close()
  t.same(sizes, [1, 1_000, 1, 0, 1_000, 0, 0, 501, 0], 'grants, claims and leases, and again at once where more was left')
  t.same([await count('grants'), await count('leases'), await count('claims')], [1, 1, 1])
  t.equal(await fresh.claim('new', 60_000), false, 'what still counts is kept')
  t.not(await fresh.get(second), null)
  t.equal(await store.put(row(), 0, lease?.fence), false, 'a holder that was away so long is refused')
  const next = await store.lease(key, 1_000)
  t.ok(Number(next?.fence) > Number(lease?.fence))
})

t.test('a sweep that fails is heard by nobody, and a store that is closed sweeps no more', async (t) => {
  const asked: string[] = []
  const store = new PostgresGrantStore({
    pool: {
      query: async (text) => {
        asked.push(text)
        if (text.includes('SKIP LOCKED')) throw new Error('no sweeps today')
        return { rows: [{}] }
      }
    }
  })
  t.equal(await store.claim('one', 1), true)
  await store.close()
  t.equal(asked.length, 2)
  const closed = new PostgresGrantStore({ pool: { query: async (text) => { asked.push(text); return { rows: [] } } } })
  await closed.close()
  t.equal(await closed.claim('one', 1), false)
  t.equal(asked.length, 3)
})

t.test('any string is a key: NUL, half a surrogate pair, quotes and backslashes come back as they were', async (t) => {
  const { store } = await create()
  const texts = ['a\0', 'a', 'a\\u0000', '\ud800', '\ufffd', '"', '\\"', '\n', 'x'.repeat(100_000)]
  for (const owner of texts) t.equal(await store.put(row({ owner, provider: owner, account: owner }), 0), true)
  for (const owner of texts) {
    t.match(await store.get({ owner, provider: owner, account: owner }), { owner, provider: owner, account: owner, version: 1 })
    t.equal((await store.list(owner, owner)).length, 1)
  }
  t.equal(await store.claim('a\0', 1_000), true)
  t.equal(await store.claim('a', 1_000), true)
})

t.test('numbers come back as numbers, however the application parses bigint', async (t) => {
  const { schema } = await create()
  for (const parse of [Number, BigInt, String]) {
    const types = new pg.TypeOverrides()
    types.setTypeParser(20, parse as (text: string) => unknown)
    const store = new PostgresGrantStore({ pool: server.pool(t, { types }), schema })
    const one = { ...key, account: parse.name }
    const lease = await store.lease(one, 1_000)
    t.type(lease?.fence, 'number')
    t.equal(await store.put(row({ ...one, authorizedAt: 1_750_000_000_123.25 }), 0, lease?.fence), true)
    t.strictSame(await store.get(one), { ...row({ ...one, authorizedAt: 1_750_000_000_123.25 }), version: 1 })
  }
})

t.test('scan passes every grant once, in pages, also while others come and go', async (t) => {
  const { store, schema } = await create()
  await pool.query(`INSERT INTO "${schema}".oauth_grants SELECT sha256(('["' || n || '","p","a"]')::bytea), n::text, 'p', 'a', 1, 0, NULL, 's' FROM generate_series(1, 1000) AS n`)
  const seen: string[] = []
  for await (const { owner } of store.scan()) {
    seen.push(owner)
    if (seen.length % 100 === 0) await store.put(row({ owner: `new ${owner}` }), 0)
  }
  const old = seen.filter(owner => !owner.startsWith('new'))
  t.equal(old.length, 1_000)
  t.equal(new Set(seen).size, seen.length)
})

t.test('the grants of an owner are found through an index', async (t) => {
  const { schema } = await create()
  await pool.query(`INSERT INTO "${schema}".oauth_grants SELECT sha256(n::text::bytea), n::text, 'p', 'a', 1, 0, NULL, 's' FROM generate_series(1, 20000) AS n`)
  await pool.query(`ANALYZE "${schema}".oauth_grants`)
  const plans: string[] = []
  const explaining = new PostgresGrantStore({
    schema,
    pool: { query: async (text, values) => { plans.push(JSON.stringify((await pool.query(`EXPLAIN ${text}`, values)).rows)); return { rows: [] } } }
  })
  await explaining.list('7')
  await explaining.get(key)
  t.match(plans[0], /oauth_grants_owner/)
  t.match(plans[1], /oauth_grants_pkey/)
})

t.test('a server that is not there, and tables that are not there, reject', async (t) => {
  const missing = new PostgresGrantStore({ pool, schema: 'missing' })
  const nowhere = new PostgresGrantStore({ pool: server.pool(t, { port: 1 }) })
  for (const store of [missing, nowhere]) {
    await t.rejects(store.get(key))
    await t.rejects(store.put(row(), 0))
    await t.rejects(store.put(row(), 1))
    await t.rejects(store.delete(key))
    await t.rejects(store.list('alice'))
    await t.rejects(store.lease(key, 1_000))
    await t.rejects(store.claim('one', 1_000))
    await t.rejects(store.scan()[Symbol.asyncIterator]().next())
  }
  await t.rejects(nowhere.migrate())
})

t.test('options that cannot be used are refused', async (t) => {
  for (const [options, problem] of [
    [{ pool: undefined }, /pool/], [{ pool: {} }, /pool/],
    [{ schema: '' }, /schema/], [{ schema: 'a"b' }, /schema/], [{ schema: '1a' }, /schema/], [{ schema: 'x'.repeat(64) }, /schema/], [{ schema: 5 }, /schema/],
    [{ tablePrefix: "a'b" }, /tablePrefix/], [{ tablePrefix: 'a.b' }, /tablePrefix/], [{ tablePrefix: '$migration$' }, /tablePrefix/], [{ tablePrefix: 'x'.repeat(41) }, /tablePrefix/], [{ tablePrefix: null }, /tablePrefix/],
    [{ ttl: 0 }, /ttl/], [{ ttl: -1 }, /ttl/], [{ ttl: Number.NaN }, /ttl/], [{ ttl: Number.POSITIVE_INFINITY }, /ttl/]
  ] as Array<[object, RegExp]>) {
    t.throws(() => new PostgresGrantStore({ pool, ...options }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: problem })
  }
})
