// The keys of RedisGrantStore. All that belong to one owner have one hash tag, so that a cluster keeps them on one node;
// it is a hash, since an owner may contain braces, and be long.
import { createHash } from 'node:crypto'
import type { GrantKey } from '../../types/store.js'

export interface RedisKeys {
  /** The grant, as a hash. */
  row: string
  /** Its newest lease, as a hash. */
  lease: string
  /** What the owner's set calls the grant. */
  id: string
}

export class RedisKeyspace {
  readonly #prefix: string
  readonly #clientPrefix: string

  /** `clientPrefix`: what the client puts before every key by itself. */
  constructor (prefix: string, clientPrefix: string) {
    // With nothing between the first braces the whole key is hashed: the keys of an owner would lie apart.
    if (/^[^{]*\{\}/.test(clientPrefix + prefix)) throw new TypeError(`keyPrefix may not contain '{}', got '${clientPrefix + prefix}'`)
    this.#prefix = prefix
    this.#clientPrefix = clientPrefix
  }

  of ({ owner, provider, account }: GrantKey): RedisKeys {
    return this.#named(owner, hashOf([provider, account]))
  }

  /** The set of what an owner has. */
  index (owner: string): string {
    return `${this.#tagged(owner)}:grants`
  }

  /** The row that an owner's set calls by this id. */
  rowOf (owner: string, id: string): string {
    return this.#named(owner, id).row
  }

  claim (id: string): string {
    return `${this.#prefix}claim:${hashOf([id])}`
  }

  /** Matches every row, as SCAN sees it: with what the client puts before it. */
  get rows (): string {
    return `${(this.#clientPrefix + this.#prefix).replace(/[\\*?[\]]/g, '\\$&')}{*}:grant:*`
  }

  /** A key that SCAN found, as the client takes it. */
  found (key: string): string {
    return key.slice(this.#clientPrefix.length)
  }

  #named (owner: string, id: string): RedisKeys {
    const tagged = this.#tagged(owner)
    return { row: `${tagged}:grant:${id}`, lease: `${tagged}:lease:${id}`, id }
  }

  #tagged (owner: string): string {
    return `${this.#prefix}{${hashOf([owner])}}`
  }
}

function hashOf (texts: string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64url')
}
