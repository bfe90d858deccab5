// RedisGrantStore over a cluster of three masters: no script may touch keys of two of them.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { RedisGrantStore } from '../../lib/grants/redis-store.js'
import { startRedisCluster } from '../fixtures/redis-server.js'
import { connect, connectCluster, passSuite, row } from '../fixtures/redis-stores.js'

const servers = await startRedisCluster(t)
const ports = servers.map(({ port }) => port)

t.test('passes the suite of every store', async (t) => {
  await passSuite(t, [connectCluster(t, ports), connectCluster(t, ports)], test => `suite ${test}:`)
  for (const port of ports) t.ok(await connect(t, port).dbsize() > 100, 'every master has its share')
})

t.test('passes it with a hash tag in the prefix', async (t) => {
  await passSuite(t, [connectCluster(t, ports), connectCluster(t, ports)], test => `{tag ${test}}:`)
})

t.test('a scan without one of the masters rejects', async (t) => {
  const store = new RedisGrantStore({ client: connectCluster(t, ports), keyPrefix: 'scan:' })
  for (let index = 0; index < 30; index++) await store.put({ ...row, owner: `owner ${index}` }, 0)
  const scan = async () => {
    const found = []
    for await (const { owner } of store.scan()) found.push(owner)
    return found.length
  }
  t.equal(await scan(), 30)
  await servers[2]?.kill()
  await t.rejects(scan(), 'while the others have not noticed')
  await delay(3_000)
  await t.rejects(scan(), 'and when they have')
})
