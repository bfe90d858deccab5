// Several processes of the app behind one port, by node:cluster. The providers stay in this one.
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'

/** Whether a Redis answers there. */
export async function answers (redisUrl) {
  const client = new Redis(redisUrl, { lazyConnect: true, connectTimeout: 2_000, maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.ping() === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

/** An address as it may be shown. */
export function withoutPassword (redisUrl) {
  const url = new URL(redisUrl)
  url.password = ''
  return url.href
}

/** Starts `count` of them. `options` are those of createApp(). Answers `{ close() }`, which also removes what they left in Redis. */
export async function startProcesses ({ count, port, redisUrl, options }) {
  const prefix = `fastify-oauth-demo:${randomBytes(6).toString('base64url')}:`
  cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)), args: [] })
  const workers = Array.from({ length: count }, () => cluster.fork())
  const close = async () => {
    await Promise.all(workers.map(end))
    await removeKeys(redisUrl, prefix)
  }
  try {
    await Promise.all(workers.map((worker, index) => begin(worker, { port, options, shared: { redisUrl, prefix, number: index + 1, processes: count } })))
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

async function begin (worker, settings) {
  const ended = once(worker, 'exit').then(([code]) => { throw new Error(`A process of the demo ended with ${code}.`) })
  // It asks for its settings: a message that came before it listens would be lost.
  await Promise.race([once(worker, 'message'), ended])
  worker.send(settings)
  const [{ error }] = await Promise.race([once(worker, 'message'), ended])
  ended.catch(() => {})
  if (error !== undefined) throw new Error(`A process of the demo could not start: ${error}`)
}

async function end (worker) {
  if (worker.isDead()) return
  const ended = once(worker, 'exit')
  worker.process.kill('SIGTERM')
  await ended
}

async function removeKeys (redisUrl, prefix) {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*` })) if (keys.length > 0) await client.unlink(keys)
  } catch {
    // It is gone, or has them for an hour more.
  } finally {
    client.disconnect()
  }
}
