// A Redis that is killed under load: what was acknowledged is there afterwards, and everything else was refused or rejected.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { RedisGrantStore } from '../../lib/grants/redis-store.js'
import { RedisServer } from '../fixtures/redis-server.js'
import { connect, key, row } from '../fixtures/redis-stores.js'

t.test('nothing that was acknowledged is lost', async (t) => {
  const server = await RedisServer.start(t)
  const store = new RedisGrantStore({ client: connect(t, server.port, { maxRetriesPerRequest: 1, retryStrategy: () => 20 }) })
  const acknowledged = new Map<string, number>()
  const claimed = new Set<string>()
  let failures = 0
  const end = new AbortController()

  const write = async (account: string) => {
    while (!end.signal.aborted) {
      const version = acknowledged.get(account) ?? 0
      try {
        const stored = (await store.get({ ...key, account }))?.version ?? 0
        if (stored < version) t.fail(`${account} went back from ${version} to ${stored}`)
        if (await store.put({ ...row, account, sealed: `${account} ${stored + 1}` }, stored)) acknowledged.set(account, stored + 1)
        const id = `${account} ${stored}`
        if (await store.claim(id, 600_000)) claimed.add(id)
      } catch {
        failures++
        await delay(10)
      }
    }
  }
  const writers = Promise.all(Array.from({ length: 20 }, (_, index) => write(`account ${index}`)))
  for (let round = 0; round < 2; round++) {
    const before = claimed.size
    while (claimed.size < before + 100) await delay(10)
    await server.kill()
    await delay(200)
    await server.start()
  }
  const before = claimed.size
  while (claimed.size < before + 20) await delay(10)
  end.abort()
  await writers

  t.not(failures, 0, 'calls rejected while it was down')
  const stored = await store.list('alice')
  t.equal(stored.length, 20)
  for (const { account, version, sealed } of stored) {
    t.ok(version >= Number(acknowledged.get(account)), `${account}: ${version}`)
    t.equal(sealed, `${account} ${version}`)
  }
  for (const id of claimed) if (await store.claim(id, 1_000)) t.fail(`${id} was claimed twice`)
})

t.test('fences and leases outlive a restart', async (t) => {
  const server = await RedisServer.start(t)
  const store = new RedisGrantStore({ client: connect(t, server.port) })
  const old = await store.lease(key, 1)
  await delay(20)
  const lease = await store.lease(key, 60_000)
  await server.kill()
  await server.start()
  t.equal(await store.lease(key, 1_000), null)
  t.equal(await store.put(row, 0, old?.fence), false)
  t.equal(await store.put(row, 0, lease?.fence), true)
  await lease?.release()
  t.ok(Number((await store.lease(key, 1_000))?.fence) > Number(lease?.fence))
})

t.test('without a server every call rejects', async (t) => {
  const server = await RedisServer.start(t)
  const store = new RedisGrantStore({ client: connect(t, server.port, { maxRetriesPerRequest: 0, retryStrategy: () => 20 }) })
  const lease = await store.lease(key, 60_000)
  await server.kill()
  for (const call of [
    () => store.get(key), () => store.put(row, 0), () => store.delete(key), () => store.list('alice'), () => store.lease(key, 1_000),
    () => store.claim('one', 1_000), () => store.scan()[Symbol.asyncIterator]().next(), () => lease?.renew(1_000), () => lease?.release()
  ]) await t.rejects(async () => call(), String(call))
})
