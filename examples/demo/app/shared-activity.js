// The same as activity.js, for several processes: in Redis. Each process adds the refreshes that it has done itself, with its
// number, so that none is counted twice.

const maxEntries = 10
const hour = 3_600

/** @param {{ client: import('ioredis').Redis, prefix: string, number: number, processes: number }} options */
export function createSharedActivity ({ client, prefix, number, processes }) {
  const keyOf = ({ owner, provider, account }, what) => `${prefix}${what}:${JSON.stringify([owner, provider, account])}`
  const counts = `${prefix}counts`

  async function add (key, entry) {
    await client.multi().lpush(key, JSON.stringify(entry)).ltrim(key, 0, maxEntries - 1).expire(key, hour).exec()
  }

  async function list (key) {
    return (await client.lrange(key, 0, -1)).map(text => JSON.parse(text))
  }

  return {
    /** Whether a grant has been refreshed since it was last seen, by any process. */
    async see (grant) {
      const key = keyOf(grant, 'seen')
      const before = await client.getset(key, grant.updatedAt)
      await client.expire(key, hour)
      return before !== null && grant.updatedAt > Number(before)
    },

    addCall: (grant, call) => add(keyOf(grant, 'calls'), call),

    async of (grant) {
      const [refreshes, calls, profile] = await Promise.all([list(keyOf(grant, 'refreshes')), list(keyOf(grant, 'calls')), client.get(keyOf(grant, 'profile'))])
      return { refreshes, calls, profile: profile === null ? undefined : JSON.parse(profile) }
    },

    async keepProfile (grant, profile) {
      await client.set(keyOf(grant, 'profile'), JSON.stringify(profile), 'EX', hour)
    },

    /** Which process answers, and how many refreshes each has done. */
    async processes () {
      const found = await client.hgetall(counts)
      return { servedBy: number, counts: Array.from({ length: processes }, (_, index) => ({ number: index + 1, refreshes: Number(found[index + 1] ?? 0) })) }
    },

    /** For the option onGrantChange. */
    async onGrantChange ({ type, grant }) {
      if (type !== 'refreshed') return
      await client.hincrby(counts, String(number), 1)
      // One more than before it was the mark of a refresh under way.
      await add(keyOf(grant, 'refreshes'), { at: grant.updatedAt, fromVersion: grant.version - 2, toVersion: grant.version, by: number })
    }
  }
}
