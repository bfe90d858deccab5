// Grants that were decrypted a moment ago, so that a guarded route does not decrypt the same text for every request.
// What is readable here is at most a minute old, and was the store's to the letter when it was asked: no grant is
// answered that the store does not hold. Whoever can read this memory can read the key beside it.
import type { GrantKey } from '../../types/store.js'
import { BoundedMap } from './bounded.js'

const most = 1_000
const minute = 60_000

interface Opened<T> extends GrantKey { value: T }

export class OpenedGrants<T> {
  // By sealed text, which a new initialization vector makes another at every write.
  readonly #opened = new BoundedMap<Opened<T>>(most)
  readonly #lifetime: number
  #isTimed = false

  constructor (lifetime = minute) {
    this.#lifetime = lifetime
  }

  /** What a row's sealed text holds. A text under another key than its own is not known here: decrypting it decides. */
  find ({ owner, provider, account }: GrantKey, sealed: string): T | undefined {
    const found = this.#opened.get(sealed)
    return found !== undefined && found.owner === owner && found.provider === provider && found.account === account ? found.value : undefined
  }

  keep ({ owner, provider, account }: GrantKey, sealed: string, value: T): void {
    this.#opened.set(sealed, { owner, provider, account, value: deepFreeze(value) })
    if (this.#isTimed) return
    this.#isTimed = true
    setTimeout(() => {
      this.#isTimed = false
      this.#opened.clear()
    }, this.#lifetime).unref()
  }
}

// Requests share it: none can change it for another.
function deepFreeze <V> (value: V): V {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
