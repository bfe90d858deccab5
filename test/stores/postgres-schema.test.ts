// The tables of PostgresGrantStore: made once by however many ask, by the store or by the file of the package.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import t from 'tap'
import { migrationOf } from '../../lib/grants/postgres-schema.js'
import { PostgresGrantStore } from '../../lib/grants/postgres-store.js'
import { key, row } from '../../lib/store-tests/expect.js'
import { startPostgres } from '../fixtures/postgres-server.js'
import { projectRoot } from '../fixtures/project.js'

const server = await startPostgres(t)
const pool = server.pool(t)
const file = readFileSync(join(projectRoot, 'sql/postgres.sql'), 'utf8')

async function database (t: import('tap').Test, name: string): Promise<pg.Pool> {
  await pool.query(`CREATE DATABASE ${name}`)
  return server.pool(t, { database: name, max: 8 })
}

// Every relation, column and index of a schema, as the catalogue has them.
async function describe (pool: pg.Pool, schema = 'public') {
  const columns = await pool.query(`SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attcollation::regcollation::text AS collation, pg_get_expr(d.adbin, d.adrelid) AS value
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = $1::regnamespace AND a.attnum > 0 ORDER BY c.relname, a.attnum`, [schema])
  const indexes = await pool.query('SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname', [schema])
  return { columns: columns.rows, indexes: indexes.rows }
}

t.test('the file of the package and migrate() make the same tables', async (t) => {
  const [byFile, byStore] = [await database(t, 'by_file'), await database(t, 'by_store')]
  await byFile.query(file)
  await new PostgresGrantStore({ pool: byStore }).migrate()
  const made = await describe(byFile)
  t.strictSame(made, await describe(byStore))
  t.ok(made.columns.length > 15 && made.indexes.length > 5)
  t.equal(file.replace(/^--.*\n/gm, ''), migrationOf({ schema: undefined, prefix: 'oauth_' }), 'by the same statement')
  await new PostgresGrantStore({ pool: byFile }).migrate()
  await byStore.query(file)
  t.strictSame(await describe(byFile), await describe(byStore), 'and leave each other\'s alone')
})

t.test('eight connections make the tables at once, and none fails', async (t) => {
  for (const schema of ['eight', undefined]) {
    const eight = await database(t, `at_once_${schema ?? 'public'}`)
    const stores = Array.from({ length: 8 }, () => new PostgresGrantStore({ pool: eight, schema }))
    // Each connection has found nothing once, and may remember that.
    await Promise.all(stores.map(store => t.rejects(store.get(key))))
    await t.resolves(Promise.all(stores.map(store => store.migrate())))
    t.equal(eight.totalCount, 8)
    const [store] = stores as [PostgresGrantStore]
    t.equal(await store.put(row(), 0), true)
    await Promise.all(stores.map(store => store.migrate()))
    t.match(await store.get(key), { version: 1 }, 'nothing is made anew')
    t.equal((await eight.query(`SELECT FROM ${schema ?? 'public'}.oauth_migrations`)).rowCount, 1)
  }
})

t.test('a role that may not create can run it where nothing is to be done', async (t) => {
  await new PostgresGrantStore({ pool, schema: 'guarded' }).migrate()
  await pool.query('CREATE ROLE app LOGIN; GRANT USAGE ON SCHEMA guarded TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA guarded TO app; GRANT USAGE ON ALL SEQUENCES IN SCHEMA guarded TO app')
  const app = server.pool(t, { user: 'app' })
  const store = new PostgresGrantStore({ pool: app, schema: 'guarded' })
  await t.resolves(store.migrate())
  const lease = await store.lease(key, 60_000)
  t.equal(await store.put(row(), 0, lease?.fence), true)
  t.equal(await store.claim('one', 60_000), true)
  t.equal(await store.delete(key), true)
  await t.rejects(new PostgresGrantStore({ pool: app, schema: 'elsewhere' }).migrate(), { code: '42501' })
})

t.test('stores with other prefixes and schemas share nothing', async (t) => {
  const names = [{}, { tablePrefix: '' }, { tablePrefix: 'Other-1_' }, { tablePrefix: 'x'.repeat(40) }, { schema: 'Mixed-Case' }, { schema: 'y'.repeat(63), tablePrefix: 'x'.repeat(40) }]
  const stores = names.map(options => new PostgresGrantStore({ pool, ...options }))
  for (const [index, store] of stores.entries()) {
    await store.migrate()
    t.equal(await store.put(row({ sealed: `store ${index}` }), 0), true)
    t.equal(await store.claim('one', 60_000), true)
    t.equal((await store.lease(key, 60_000))?.fence, 1)
  }
  for (const [index, store] of stores.entries()) t.match(await store.list(key.owner), [{ sealed: `store ${index}` }])
})
