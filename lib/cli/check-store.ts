// Whether the store does what a login needs: put, get and delete, under a key that nobody else has.
import { randomUUID } from 'node:crypto'
import type { GrantStore } from '../../types/store.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'
import type { Secrets } from './secrets.js'
import { withinTime } from './time.js'

/** Writes one value, reads it back and deletes it. */
export async function checkStore (store: GrantStore | undefined, { production, timeout, secrets }: { production: boolean, timeout: number, secrets: Secrets }): Promise<Finding[]> {
  const { ok, warn } = findings()
  if (store === undefined) {
    const level = production ? warn : ok
    return [level('store', 'grants are in the memory of each process: lost at a restart, and not shared', production ? 'give the option store RedisGrantStore or PostgresGrantStore' : undefined)]
  }
  const started = Date.now()
  const wrong = await withinTime(tryOut(store), timeout, 'it did not put, get and delete').catch(error => ({ message: secrets.hide(wordsOf(error)).replace(/\.$/, ''), advice: adviceOn(error) }))
  const found = wrong === undefined ? ok('store', `puts, gets and deletes (${Date.now() - started} ms)`) : findings().error('store', wrong.message, wrong.advice)
  await withinTime(closed(store), timeout, 'it did not close').catch(() => {})
  return [found]
}

// PostgreSQL's codes for what is missing: a table, a schema, a column.
function adviceOn (error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  return ['42P01', '3F000', '42703'].includes(String(code)) ? 'make its tables: store.migrate(), or sql/postgres.sql of this package' : 'check its address and credentials, and that it is running'
}

async function closed (store: GrantStore): Promise<void> {
  await store.close?.()
}

async function tryOut (store: GrantStore): Promise<{ message: string, advice: string } | undefined> {
  const message = await brokenRule(store)
  return message === undefined ? undefined : { message, advice: 'see fastify-oauth/stores/testing, which tests a whole store' }
}

async function brokenRule (store: GrantStore): Promise<string | undefined> {
  const key = { owner: `doctor-${randomUUID()}`, provider: 'doctor', account: 'default' }
  const sealed = randomUUID()
  if (!await store.put({ ...key, authorizedAt: Date.now(), refreshing: null, sealed }, 0)) return 'put answers that it has not written'
  const kept = await store.get(key)
  const removed = await store.delete(key)
  if (kept?.sealed !== sealed) return 'get does not answer what put has written'
  return removed && await store.get(key) === null ? undefined : 'delete does not delete'
}

// Of several addresses that were tried, Node.js tells in a member alone.
function wordsOf (error: unknown): string {
  const { code } = error as { code?: unknown }
  const text = error instanceof AggregateError && error.message === '' ? error.errors.map(String).join(', ') : error instanceof Error ? error.message : String(error)
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text
}
