// Grants in the store: sealed on the way in, opened on the way out. A store that fails, or that does not answer in time,
// is FST_OAUTH_STORE_FAILED.
import { setTimeout as delay } from 'node:timers/promises'
import type { OAuthGrant } from '../../types/grant.js'
import type { GrantStore, StoredGrant } from '../../types/store.js'
import { oauthError } from '../errors.js'
import type { Cipher } from './cipher.js'
import { idOf, judged, keyOf, openGrant, sealGrant } from './grant.js'
import type { GrantName, Judge } from './grant.js'
import { isObtained } from './obtained-key.js'
import { OpenedGrants } from './opened.js'
import { SharedReads } from './shared-reads.js'

export interface SealedStoreOptions {
  store: GrantStore
  cipher: Cipher
  /** Milliseconds that the store may take for one answer. Default: 5 000. */
  storeTime?: number
  /** Tells how a grant that is read stands. */
  judge?: Judge
  /** Told of grants that cannot be decrypted. */
  warn: (message: string, error?: unknown) => void
}

/**
 * Whether a grant was written. `perhaps`: it was refused after a failure, whose answer may be all that was lost. Then it
 * was this very grant that stood in its way, or another.
 */
export type Written = 'yes' | 'no' | 'perhaps'

const shortestPause = 50
const longestPause = 1_000

export class SealedStore {
  readonly #options: SealedStoreOptions
  readonly #opened = new OpenedGrants()
  readonly #reads = new SharedReads<StoredGrant | null>()
  readonly #lists = new SharedReads<StoredGrant[]>()

  constructor (options: SealedStoreOptions) {
    this.#options = options
  }

  async row (name: GrantName, until = 0): Promise<StoredGrant | null> {
    const { answer } = await this.#persist(until, () => this.#reads.get(idOf(name), () => this.ask('read a grant', store => store.get(keyOf(name)))))
    return answer
  }

  /** The grants of an owner. */
  async rows (owner: string, provider?: string): Promise<StoredGrant[]> {
    const rows = await this.everything(owner, provider)
    return rows.filter(row => !isObtained(row))
  }

  /** With what is stored besides grants. */
  async everything (owner: string, provider?: string): Promise<StoredGrant[]> {
    return this.#lists.get(JSON.stringify([owner, provider]), () => this.ask('list grants', store => store.list(owner, provider)))
  }

  /** A failure is tried again, `until` then as performance.now() counts. */
  async read (name: GrantName, until = 0): Promise<OAuthGrant | null> {
    return this.open(await this.row(name, until))
  }

  open (row: StoredGrant | null): OAuthGrant | null {
    if (row === null) return null
    const known = this.#opened.find(row)
    if (known !== undefined) return judged(known, this.#options.judge)
    const grant = openGrant(this.#options.cipher, row, this.#options.judge)
    if (grant !== null) this.#opened.keep(row, grant)
    else this.#options.warn(`A grant at ${row.provider} cannot be decrypted and counts as missing: was a secret removed from the option secret?`)
    return grant
  }

  /** Writes on top of the version before this grant's. A failure is tried again, as above. */
  async write (grant: OAuthGrant, { fence, until }: { fence?: number, until: number }): Promise<Written> {
    const sealed = sealGrant(this.#options.cipher, grant)
    const { answer, failures } = await this.#persist(until, () => this.ask('write a grant', store => store.put(sealed, grant.version - 1, fence)))
    if (answer) return 'yes'
    return failures > 0 ? 'perhaps' : 'no'
  }

  /** With a version, only when that is the stored one. Answers whether it deleted, which a lost answer may hide. */
  async delete (name: GrantName, { version, until }: { version?: number | undefined, until: number }): Promise<boolean> {
    const { answer } = await this.#persist(until, () => this.ask('delete a grant', store => store.delete(keyOf(name), version)))
    return answer
  }

  /** Every grant that was not encrypted with the first key. */
  async * outdated (): AsyncIterable<StoredGrant> {
    const { store, cipher } = this.#options
    if (store.scan === undefined) throw oauthError('FST_OAUTH_STORE_FAILED', ['list every grant'], new Error('this store has no scan()'))
    try {
      for await (const row of store.scan()) if (!cipher.isCurrent(row.sealed)) yield row
    } catch (error) {
      throw oauthError('FST_OAUTH_STORE_FAILED', ['list every grant'], error, { retryAfter: 1 })
    }
  }

  /** One question to the store, with a deadline. */
  ask <T> (what: string, question: (store: GrantStore) => Promise<T>): Promise<T> {
    const { store, storeTime = 5_000 } = this.#options
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      let isAnswered = false
      const fail = (error: unknown) => {
        isAnswered = true
        clearTimeout(timer)
        reject(oauthError('FST_OAUTH_STORE_FAILED', [what], error, { retryAfter: 1 }))
      }
      // Where this process was too busy to look, the answer may be here already: it is taken before the next immediate.
      const end = () => { setImmediate(() => { fail(new Error(`no answer within ${storeTime} ms`)) }) }
      const since = performance.now()
      const start = () => {
        if (isAnswered) return
        timer = setTimeout(() => {
          // So late that the process was stopped, or blocked: the question may not have left it before.
          if (performance.now() - since > 1.2 * storeTime) timer = setTimeout(end, storeTime)
          else end()
        }, storeTime)
      }
      const answered = (answer: T) => {
        isAnswered = true
        clearTimeout(timer)
        resolve(answer)
      }
      try {
        question(store).then(answered, fail)
        // After an answer that is here already, such as that of a store in memory: a timer costs more than such an answer.
        queueMicrotask(start)
      } catch (error) {
        fail(error)
      }
    })
  }

  async #persist <T> (until: number, question: () => Promise<T>, failures = 0): Promise<{ answer: T, failures: number }> {
    try {
      return { answer: await question(), failures }
    } catch (error) {
      const pause = Math.min(shortestPause * 2 ** failures, longestPause)
      if (performance.now() + pause > until) throw error
      await delay(pause)
    }
    return this.#persist(until, question, failures + 1)
  }
}
