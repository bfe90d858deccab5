/** What RedisGrantStore needs of a client; Redis and Cluster of ioredis have it. */
export interface RedisClient {
  eval (script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  evalsha (digest: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  scan (cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', keys: number): Promise<[cursor: string, keys: string[]]>
  /** Of a cluster: a client for each of its nodes. */
  nodes? (role: 'master'): Array<Pick<RedisClient, 'scan'>>
  /** Of a cluster: who serves which slots, the master first. */
  cluster? (subcommand: 'SLOTS'): Promise<Array<[first: number, last: number, ...nodes: Array<[host: string, port: number, id: string, ...unknown[]]>]>>
  options?: { keyPrefix?: string }
}

export interface RedisGrantStoreOptions {
  /** Made by the application, and closed by it. */
  client: RedisClient
  /** Begins every key. Default: `oauth:`. */
  keyPrefix?: string
  /** Milliseconds after which a grant that was not written again is dropped. Default: never. */
  ttl?: number
}
