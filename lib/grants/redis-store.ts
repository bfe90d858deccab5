// fastify-oauth/stores/redis: grants in Redis 6.2 or later, or Valkey; one server, Sentinel, or a cluster.
import { randomUUID } from 'node:crypto'
import type { RedisClient, RedisGrantStoreOptions } from '../../types/redis-store.js'
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import { RedisKeyspace } from './redis-keys.js'
import { claimScript, deleteScript, getScript, leaseScript, listScript, putScript, renewScript } from './redis-scripts.js'
import type { RedisScript } from './redis-scripts.js'

export type { RedisClient, RedisGrantStoreOptions } from '../../types/redis-store.js'

type Row = [owner: string, provider: string, account: string, version: string, authorizedAt: string, refreshing: string | null, sealed: string]
type NoRow = [null, ...unknown[]]

const keysAtOnce = 500

/** Keeps grants in Redis, shared by every process. The client stays the application's: closing the store does not close it. */
export class RedisGrantStore implements GrantStore {
  readonly #client: RedisClient
  readonly #keys: RedisKeyspace
  readonly #ttl: string

  constructor ({ client, keyPrefix = 'oauth:', ttl = Number.POSITIVE_INFINITY }: RedisGrantStoreOptions) {
    this.#client = client
    this.#keys = new RedisKeyspace(keyPrefix, client.options?.keyPrefix ?? '')
    this.#ttl = Number.isFinite(ttl) ? time(ttl) : ''
  }

  async get (key: GrantKey): Promise<StoredGrant | null> {
    return this.#read(this.#keys.of(key).row)
  }

  async put (grant: Omit<StoredGrant, 'version'>, expectedVersion: number, fence?: number): Promise<boolean> {
    const { row, lease, id } = this.#keys.of(grant)
    const { owner, provider, account, authorizedAt, refreshing, sealed } = grant
    const fields = ['owner', owner, 'provider', provider, 'account', account, 'authorizedAt', `${authorizedAt}`, 'sealed', sealed]
    if (refreshing !== null) fields.push('refreshing', refreshing)
    const values = [id, randomUUID(), `${expectedVersion}`, `${fence ?? ''}`, this.#ttl, ...fields]
    return await this.#run(putScript, [row, lease, this.#keys.index(owner)], values) === 1
  }

  async delete (key: GrantKey, expectedVersion?: number): Promise<boolean> {
    const { row, id } = this.#keys.of(key)
    return await this.#run(deleteScript, [row, this.#keys.index(key.owner)], [id, `${expectedVersion ?? ''}`]) === 1
  }

  async list (owner: string, provider?: string): Promise<StoredGrant[]> {
    let ids: string[] = []
    for (;;) {
      const rows = ids.map(id => this.#keys.rowOf(owner, id))
      const [complete, found] = await this.#run(listScript, [this.#keys.index(owner), ...rows], ids) as [0, string[]] | [1, Row[]]
      if (complete === 1) return found.map(grantOf).filter(grant => provider === undefined || grant.provider === provider)
      // Not known before, or written by another since.
      ids = found
    }
  }

  async * scan (): AsyncIterable<StoredGrant> {
    for (const node of await this.#masters()) {
      let cursor = '0'
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', this.#keys.rows, 'COUNT', keysAtOnce)
        const grants = await Promise.all(keys.map(key => this.#read(this.#keys.found(key))))
        yield * grants.filter(grant => grant !== null)
        cursor = next
      } while (cursor !== '0')
    }
  }

  async lease (key: GrantKey, ttl: number): Promise<GrantLease | null> {
    const { lease } = this.#keys.of(key)
    const holder = randomUUID()
    const fence = await this.#run(leaseScript, [lease], [holder, time(ttl)])
    if (fence === null) return null
    const renew = async (time: string) => await this.#run(renewScript, [lease], [holder, time]) === 1
    return { fence: Number(fence), renew: ttl => renew(time(ttl)), release: async () => { await renew('0') } }
  }

  async claim (id: string, ttl: number): Promise<boolean> {
    return await this.#run(claimScript, [this.#keys.claim(id)], [randomUUID(), time(ttl)]) === 1
  }

  async #read (row: string): Promise<StoredGrant | null> {
    const found = await this.#run(getScript, [row], []) as Row | NoRow
    return found[0] === null ? null : grantOf(found as Row)
  }

  async #masters (): Promise<Array<Pick<RedisClient, 'scan'>>> {
    const client = this.#client
    if (client.nodes === undefined || client.cluster === undefined) return [client]
    const masters = new Set((await client.cluster('SLOTS')).map(([,, master]) => master?.[2]))
    const nodes = client.nodes('master')
    if (nodes.length >= masters.size) return nodes
    // ioredis forgets a node that went away, until it is back.
    throw new Error(`Of ${masters.size} masters of the cluster ${nodes.length} can be reached: a scan would leave grants out`)
  }

  // A server that was restarted knows no scripts.
  async #run ({ source, digest }: RedisScript, keys: string[], values: string[]): Promise<unknown> {
    try {
      return await this.#client.evalsha(digest, keys.length, ...keys, ...values)
    } catch (error) {
      if (!/^NOSCRIPT/.test((error as Error).message)) throw error
      return this.#client.eval(source, keys.length, ...keys, ...values)
    }
  }
}

function grantOf ([owner, provider, account, version, authorizedAt, refreshing, sealed]: Row): StoredGrant {
  return { owner, provider, account, version: Number(version), authorizedAt: Number(authorizedAt), refreshing, sealed }
}

// Redis counts whole milliseconds.
function time (ms: number): string {
  return `${Math.ceil(ms)}`
}
