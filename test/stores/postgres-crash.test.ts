// PostgresGrantStore while its server crashes and comes back: what was acknowledged is there, and the rest rejects.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { PostgresGrantStore } from '../../lib/grants/postgres-store.js'
import { key, row } from '../../lib/store-tests/expect.js'
import { startPostgres } from '../fixtures/postgres-server.js'

const crashes = 2

t.test('a crash loses no write that was acknowledged, and the pool recovers', async (t) => {
  const server = await startPostgres(t)
  const pool = server.pool(t, { max: 10, connectionTimeoutMillis: 5_000 })
  const store = new PostgresGrantStore({ pool })
  await store.migrate()
  const progress = { ended: false, errors: 0 }

  // One writer to each key, so what is stored is its last write, or one more, whose answer was lost.
  const writer = async (account: string) => {
    const acknowledged = { version: 0, fence: 0, claims: [] as string[] }
    for (let count = 0; !progress.ended; count++) {
      try {
        const id = `${account} ${count}`
        if (await store.claim(id, 600_000)) acknowledged.claims.push(id)
        const lease = await store.lease({ ...key, account }, 600_000)
        if (lease === null) {
          // Taken, and the answer was lost with the server: this test may end it, where an application waits.
          await pool.query('UPDATE oauth_leases SET expires_at = now()')
          continue
        }
        if (lease.fence <= acknowledged.fence) t.fail('a fence came twice')
        acknowledged.fence = lease.fence
        const version = (await store.get({ ...key, account }))?.version ?? 0
        if (version < acknowledged.version) t.fail('a write was lost')
        if (await store.put(row({ account, sealed: `${version + 1}` }), version, lease.fence)) acknowledged.version = version + 1
        await lease.release()
      } catch (error) {
        progress.errors++
        t.ok(error instanceof Error)
        await delay(20)
      }
    }
    return { account, ...acknowledged }
  }

  const writers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(writer)
  for (let crash = 0; crash < crashes; crash++) {
    await delay(400)
    await server.crash()
    const before = progress.errors
    while (progress.errors === before) await delay(10)
    await server.start()
  }
  await delay(400)
  progress.ended = true

  for (const { account, version, claims } of await Promise.all(writers)) {
    const stored = await store.get({ ...key, account })
    t.ok(stored !== null && stored.version >= version && stored.sealed === `${stored.version}`, `${account} has version ${stored?.version}, ${version} was acknowledged`)
    t.ok(claims.length > 1)
    for (const id of claims) if (await store.claim(id, 1)) t.fail('a claim was lost')
  }
  t.ok(progress.errors >= crashes)
})
