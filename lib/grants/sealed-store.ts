// Grants in the store: sealed on the way in, opened on the way out. A store that fails, or that does not answer in time,
// is FST_OAUTH_STORE_FAILED.
import { setTimeout as delay } from 'node:timers/promises'
import type { OAuthGrant } from '../../types/grant.js'
import type { GrantKey, GrantStore, StoredGrant } from '../../types/store.js'
import { oauthError } from '../errors.js'
import type { Cipher } from './cipher.js'
import { openGrant, sealGrant } from './grant.js'

export interface SealedStoreOptions {
  store: GrantStore
  cipher: Cipher
  /** Milliseconds that the store may take for one answer. Default: 5 000. */
  storeTime?: number
  /** Told of grants that cannot be decrypted. */
  warn: (message: string, error?: unknown) => void
}

const shortestPause = 50
const longestPause = 1_000

export class SealedStore {
  readonly #options: SealedStoreOptions

  constructor (options: SealedStoreOptions) {
    this.#options = options
  }

  async row ({ owner, provider, account }: GrantKey): Promise<StoredGrant | null> {
    return this.ask('read a grant', store => store.get({ owner, provider, account }))
  }

  async rows (owner: string, provider?: string): Promise<StoredGrant[]> {
    return this.ask('list grants', store => store.list(owner, provider))
  }

  async read (key: GrantKey): Promise<OAuthGrant | null> {
    return this.open(await this.row(key))
  }

  open (row: StoredGrant | null): OAuthGrant | null {
    if (row === null) return null
    const grant = openGrant(this.#options.cipher, row)
    if (grant === null) this.#options.warn(`A grant at ${row.provider} cannot be decrypted and counts as missing: was a secret removed from the option secret?`)
    return grant
  }

  /** False where the stored version is not the one before this grant's, or the fence is old. A failure is tried again `until` then (performance.now()). */
  async write (grant: OAuthGrant, { fence, until }: { fence?: number, until: number }): Promise<boolean> {
    const sealed = sealGrant(this.#options.cipher, grant)
    return this.#persist('write a grant', until, store => store.put(sealed, grant.version - 1, fence))
  }

  async delete ({ owner, provider, account }: GrantKey, until: number): Promise<boolean> {
    return this.#persist('delete a grant', until, store => store.delete({ owner, provider, account }))
  }

  /** One question to the store, with a deadline. */
  async ask <T> (what: string, question: (store: GrantStore) => Promise<T>): Promise<T> {
    const { store, storeTime = 5_000 } = this.#options
    try {
      return await within(storeTime, (async () => question(store))())
    } catch (error) {
      throw oauthError('FST_OAUTH_STORE_FAILED', [what], error, { retryAfter: 1 })
    }
  }

  async #persist <T> (what: string, until: number, question: (store: GrantStore) => Promise<T>, pause = shortestPause): Promise<T> {
    try {
      return await this.ask(what, question)
    } catch (error) {
      if (performance.now() + pause > until) throw error
      await delay(pause)
    }
    return this.#persist(what, until, question, Math.min(pause * 2, longestPause))
  }
}

function within <T> (ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`no answer within ${ms} ms`)) }, ms)
    answer.then(resolve, reject).finally(() => { clearTimeout(timer) })
  })
}
