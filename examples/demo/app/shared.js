// What makes the app one of several processes: sessions, grants and the list of what happened are in a Redis.
import { Redis } from 'ioredis'
import { RedisGrantStore } from 'fastify-oauth/stores/redis'
import { RedisSessions } from './redis-sessions.js'
import { createSharedActivity } from './shared-activity.js'

const hour = 3_600_000

/** Answers `{ activity, session, plugin }`: what @fastify/session and the plugin are told beside what they are told alone. */
export function joinProcesses (app, { redisUrl, prefix, number, processes }) {
  const client = new Redis(redisUrl, { maxRetriesPerRequest: 1 })
  client.on('error', error => app.log.warn(`Redis failed (${error.message})`))
  // What was added last is closed first: the plugin may still have a grant to write.
  app.addHook('onClose', () => client.disconnect())
  // A browser keeps its connections, and a connection its process: each request shall go to the next one.
  app.addHook('onRequest', async (request, reply) => { reply.header('connection', 'close') })
  const activity = createSharedActivity({ client, prefix, number, processes })
  return {
    activity,
    session: { store: new RedisSessions({ client, prefix }) },
    plugin: { store: new RedisGrantStore({ client, keyPrefix: `${prefix}oauth:`, ttl: hour }), onGrantChange: activity.onGrantChange }
  }
}
