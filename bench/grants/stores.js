// The stores that are compared, opened in any process of the benchmark.
import { Redis } from 'ioredis'
import pg from 'pg'
import { MemoryGrantStore } from 'fastify-oauth'
import { PostgresGrantStore } from 'fastify-oauth/stores/postgres'
import { RedisGrantStore } from 'fastify-oauth/stores/redis'

/** `{ kind, port }` → `{ store, end }` */
export function openStore ({ kind, port }) {
  switch (kind) {
    case 'redis': {
      const client = new Redis({ port, maxRetriesPerRequest: 1 })
      return { store: new RedisGrantStore({ client }), end: () => client.quit() }
    }
    case 'postgres': {
      const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 10 })
      return { store: new PostgresGrantStore({ pool }), end: () => pool.end() }
    }
    default:
      return { store: new MemoryGrantStore({ max: 1_000_000 }), end: async () => {} }
  }
}
