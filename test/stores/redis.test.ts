// RedisGrantStore against a server of its own: what every store must do, and what is its own.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { RedisGrantStore } from '../../lib/grants/redis-store.js'
import type { RedisClient } from '../../lib/grants/redis-store.js'
import { RedisServer } from '../fixtures/redis-server.js'
import { connect, key, passSuite, row } from '../fixtures/redis-stores.js'

const { port } = await RedisServer.start(t)
const client = connect(t, port)
const day = 24 * 60 * 60 * 1_000

t.test('passes the suite of every store', async (t) => {
  await passSuite(t, [client, connect(t, port)], test => `suite ${test}:`)
})

t.test('passes it with braces and patterns in the prefix, and with a prefix of the client', async (t) => {
  const options = { keyPrefix: 'app[1]*:' }
  await passSuite(t, [connect(t, port, options), connect(t, port, options)], test => `{own}\\*?[a] ${test}:`)
})

t.test('by default keys begin with oauth:, and all of an owner have one hash tag; nothing in them is readable', async (t) => {
  const store = new RedisGrantStore({ client })
  await store.put({ ...row, owner: 'a}{b' }, 0)
  await store.put({ ...row, owner: 'a}{b', account: 'second' }, 0)
  await store.lease({ ...key, owner: 'a}{b' }, 1_000)
  await store.claim('one', 1_000)
  const keys = (await client.keys('oauth:*')).sort()
  t.match(keys.map(key => key.replace(/[\w-]{43}/g, 'hash')), ['oauth:claim:hash', 'oauth:{hash}:grant:hash', 'oauth:{hash}:grant:hash', 'oauth:{hash}:grants', 'oauth:{hash}:lease:hash'])
  t.equal(new Set(keys.slice(1).map(key => /^oauth:(\{[\w-]+\})/.exec(key)?.[1])).size, 1)
})

t.test('a prefix that would part the keys of an owner in a cluster is refused', async (t) => {
  for (const keyPrefix of ['{}', 'a{}:', 'a{}{b}']) t.throws(() => new RedisGrantStore({ client, keyPrefix }), TypeError(`keyPrefix may not contain '{}', got '${keyPrefix}'`))
  for (const keyPrefix of ['{a}{}', '}{', 'a{']) t.doesNotThrow(() => new RedisGrantStore({ client, keyPrefix }))
  t.throws(() => new RedisGrantStore({ client: connect(t, port, { keyPrefix: '{' }), keyPrefix: '}' }), TypeError)
})

t.test('a client without options of its own will do', async (t) => {
  const plain: RedisClient = { eval: (...sent) => client.eval(...sent), evalsha: (...sent) => client.evalsha(...sent), scan: (...sent) => client.scan(...sent) }
  const store = new RedisGrantStore({ client: plain, keyPrefix: 'plain:' })
  t.equal(await store.put(row, 0), true)
  const found = []
  for await (const { owner } of store.scan()) found.push(owner)
  t.strictSame(found, ['alice'])
})

t.test('with ttl a grant is dropped that was not written again, and so is its place in the list', async (t) => {
  const store = new RedisGrantStore({ client, keyPrefix: 'ttl:', ttl: 1_000 })
  await store.put(row, 0)
  await store.put({ ...row, account: 'second' }, 0)
  await delay(600)
  t.equal(await store.put({ ...row, account: 'second' }, 1), true)
  await delay(600)
  t.equal(await store.get(key), null)
  t.match(await store.list('alice'), [{ account: 'second' }])
  t.equal((await client.smembers(String((await client.keys('ttl:*grants'))[0]))).length, 1)
  await delay(600)
  t.strictSame(await client.keys('ttl:*'), [], 'nothing is left')
})

t.test('a shorter ttl does not take the others of an owner with it', async (t) => {
  const options = { client, keyPrefix: 'mixed:' }
  const [short, long, endless] = [500, 60_000.5, undefined].map(ttl => new RedisGrantStore({ ...options, ...ttl === undefined ? {} : { ttl } })) as [RedisGrantStore, RedisGrantStore, RedisGrantStore]
  await long.put(row, 0)
  await short.put({ ...row, account: 'second' }, 0)
  await endless.put({ ...row, owner: 'bob' }, 0)
  await short.put({ ...row, owner: 'bob', account: 'second' }, 0)
  await delay(600)
  t.match(await short.list('alice'), [{ account: 'default' }])
  t.match(await short.list('bob'), [{ account: 'default' }])
  await endless.put(row, 1)
  for (const key of await client.keys('mixed:*')) t.equal(await client.pttl(key), -1, key)
})

t.test('a command that is sent again after its answer was lost is answered as it was the first time', async (t) => {
  const twice: RedisClient = {
    eval: (...sent) => client.eval(...sent),
    scan: (...sent) => client.scan(...sent),
    evalsha: async (...sent) => {
      await client.evalsha(...sent)
      return client.evalsha(...sent)
    }
  }
  const store = new RedisGrantStore({ client: twice, keyPrefix: 'twice:' })
  const lease = await store.lease(key, 60_000)
  t.equal(await store.put(row, 0, lease?.fence), true)
  t.equal(await store.put(row, 0, lease?.fence), false, 'another write of the same is another write')
  t.match(await store.get(key), { version: 1 })
  t.equal(await store.claim('one', 60_000), true)
  t.equal(await store.claim('one', 60_000), false)
  t.equal(await lease?.renew(60_000), true)
  t.equal(await store.lease(key, 60_000), null)
  await lease?.release()
  t.not(await store.lease(key, 60_000), null)
})

t.test('the fence of a lease is remembered for a day; who comes later is refused by its age', async (t) => {
  const store = new RedisGrantStore({ client, keyPrefix: 'fences:' })
  const lease = await store.lease(key, 1_000)
  const [name] = await client.keys('fences:*lease*')
  t.ok(Math.abs(await client.pttl(String(name)) - day) < 60_000)
  await client.del(String(name))
  const fence = Number(lease?.fence)
  t.equal(await store.put(row, 0, fence - day * 1_000), false, 'older than a day')
  t.equal(await store.put(row, 0, fence), true)
})

t.test('fences rise when the clock of the server does not', async (t) => {
  const store = new RedisGrantStore({ client, keyPrefix: 'clock:' })
  const first = await store.lease(key, 1_000)
  await first?.release()
  const ahead = Number(first?.fence) + 1e12
  await client.hset(String((await client.keys('clock:*lease*'))[0]), 'fence', ahead)
  t.equal((await store.lease(key, 1_000))?.fence, ahead + 1)
})

t.test('a server that knows no scripts is taught them', async (t) => {
  const store = new RedisGrantStore({ client, keyPrefix: 'scripts:' })
  await client.script('FLUSH')
  t.equal(await store.put(row, 0), true)
  t.match(await store.get(key), { version: 1 })
  t.equal(await store.put(row, 1), true)
})

t.test('what is not a grant of the store rejects', async (t) => {
  const store = new RedisGrantStore({ client, keyPrefix: 'foreign:' })
  await store.put(row, 0)
  const [name] = await client.keys('foreign:*grant:*')
  await client.del(String(name))
  await client.set(String(name), 'foreign')
  await t.rejects(store.get(key), /WRONGTYPE/)
  await t.rejects(store.put(row, 0), /WRONGTYPE/)
})

t.test('the client is the application\'s: the store does not close it', async (t) => {
  t.notOk('close' in RedisGrantStore.prototype)
})
