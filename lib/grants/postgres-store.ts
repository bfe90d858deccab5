// Grants in PostgreSQL, from version 12 on, shared by any number of processes. Nothing is imported from pg: the pool is given.
import { createHash } from 'node:crypto'
import type { PostgresGrantStoreOptions, PostgresPool } from '../../types/postgres.js'
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import { oauthError } from '../errors.js'
import { idOf } from './grant.js'
import { migrationOf, tablesOf } from './postgres-schema.js'
import type { TableNames } from './postgres-schema.js'
import { statementsOf } from './postgres-statements.js'
import type { Statements } from './postgres-statements.js'

export type { PostgresGrantStoreOptions, PostgresPool } from '../../types/postgres.js'

// bigint comes as a string, a number or a bigint: as the application has set pg's parsers.
interface Row extends Omit<StoredGrant, 'version'> { version: unknown }

const sweepEvery = 60_000
const sweepSize = 1_000
const scanSize = 200

/**
 * Keeps grants in PostgreSQL. Its tables are made by `migrate()`, or by the file sql/postgres.sql of the package.
 * No method holds a connection for longer than one statement takes.
 */
export class PostgresGrantStore implements GrantStore {
  readonly #pool: PostgresPool
  readonly #names: TableNames
  readonly #sql: Statements
  readonly #ttl: number | null
  #sweep: Promise<void> | null = null
  #sweepAgainAt = 0
  #closed = false

  /** Throws FST_OAUTH_INVALID_OPTIONS. */
  constructor ({ pool, schema, tablePrefix = 'oauth_', ttl }: PostgresGrantStoreOptions) {
    if (typeof pool?.query !== 'function') throw invalid('pool of PostgresGrantStore must be a Pool of the package pg')
    if (ttl !== undefined && !(ttl > 0 && ttl < Number.POSITIVE_INFINITY)) throw invalid('ttl of PostgresGrantStore must be a number of milliseconds')
    this.#pool = pool
    this.#names = { schema, prefix: tablePrefix }
    this.#sql = statementsOf(tablesOf(this.#names))
    this.#ttl = ttl ?? null
  }

  /** Makes the tables, or brings them up to date. Any number of processes may call it, at any time. */
  async migrate (): Promise<void> {
    await this.#pool.query(migrationOf(this.#names))
  }

  async get (key: GrantKey): Promise<StoredGrant | null> {
    const [row] = await this.#rows('get', [hashOf(idOf(key))])
    return row === undefined ? null : grantOf(row)
  }

  async put (grant: Omit<StoredGrant, 'version'>, expectedVersion: number, fence?: number): Promise<boolean> {
    const { owner, provider, account, authorizedAt, refreshing, sealed } = grant
    const values = [hashOf(idOf(grant)), fence ?? null, authorizedAt, refreshing, sealed, this.#ttl]
    const written = expectedVersion === 0
      ? await this.#rows('insert', [...values, escaped(owner), escaped(provider), escaped(account)])
      : await this.#rows('update', [...values, expectedVersion])
    this.#tidy()
    return written.length > 0
  }

  async delete (key: GrantKey, expectedVersion?: number): Promise<boolean> {
    return (await this.#rows('delete', [hashOf(idOf(key)), expectedVersion ?? null])).length > 0
  }

  async list (owner: string, provider?: string): Promise<StoredGrant[]> {
    const rows = await this.#rows('list', [escaped(owner), provider === undefined ? null : escaped(provider)])
    return rows.map(grantOf)
  }

  async * scan (): AsyncIterable<StoredGrant> {
    let last: Buffer = Buffer.alloc(0)
    for (;;) {
      const rows = (await this.#rows('scan', [last, scanSize])).map(grantOf)
      yield * rows
      const final = rows.at(-1)
      if (final === undefined) return
      last = hashOf(idOf(final))
    }
  }

  async lease (key: GrantKey, ttl: number): Promise<GrantLease | null> {
    const id = hashOf(idOf(key))
    const [row] = await this.#rows<{ fence: unknown }>('lease', [id, ttl])
    this.#tidy()
    if (row === undefined) return null
    const fence = Number(row.fence)
    return {
      fence,
      renew: async (ttl) => (await this.#rows('renew', [id, fence, ttl])).length > 0,
      release: async () => { await this.#rows('release', [id, fence]) }
    }
  }

  async claim (id: string, ttl: number): Promise<boolean> {
    const made = await this.#rows('claim', [hashOf(JSON.stringify(id)), ttl])
    this.#tidy()
    return made.length > 0
  }

  /** Ends when the store asks nothing more of the pool. The pool stays open: it is the application's. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#sweep
  }

  // Without a name: a prepared statement of that name would be missing where PgBouncer gives another connection.
  async #rows <R = Row> (statement: Exclude<keyof Statements, 'sweeps'>, values: unknown[]): Promise<R[]> {
    const { rows } = await this.#pool.query(this.#sql[statement], values)
    return rows as R[]
  }

  // After a write, now and then, and nobody waits for it or hears of its failure: the next one does what it left.
  #tidy (): void {
    if (this.#closed || this.#sweep !== null || performance.now() < this.#sweepAgainAt) return
    this.#sweepAgainAt = performance.now() + sweepEvery
    this.#sweep = this.#sweepAll().catch(() => {}).finally(() => { this.#sweep = null })
  }

  async #sweepAll (): Promise<void> {
    for (const statement of this.#sql.sweeps) {
      const { rows } = await this.#pool.query(statement, [sweepSize])
      // More is left than one statement deletes.
      if (rows.length === sweepSize) this.#sweepAgainAt = 0
    }
  }
}

// Keys of any length: an entry of a b-tree holds no more than 2 700 bytes.
function hashOf (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

// As within the quotes of JSON: text of PostgreSQL holds no NUL and no half of a surrogate pair.
function escaped (text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function unescaped (text: string): string {
  return JSON.parse(`"${text}"`)
}

function grantOf ({ owner, provider, account, version, authorizedAt, refreshing, sealed }: Row): StoredGrant {
  return { owner: unescaped(owner), provider: unescaped(provider), account: unescaped(account), version: Number(version), authorizedAt: Number(authorizedAt), refreshing, sealed }
}

function invalid (problem: string): Error {
  return oauthError('FST_OAUTH_INVALID_OPTIONS', [problem])
}
