// Grants that were decrypted a moment ago, so that a guarded route does not decrypt the same text for every request.
// What is readable here is at most a minute old, and was the store's to the letter when it was asked: no grant is answered
// that the store does not hold. Whoever can read this memory can read the key beside it.
import type { OAuthGrant } from '../../types/grant.js'
import type { StoredGrant } from '../../types/store.js'
import { placeOf } from '../place.js'
import { BoundedMap } from './bounded.js'

const most = 1_000
const minute = 60_000

export class OpenedGrants {
  // By sealed text, which a new initialization vector makes another at every write.
  readonly #opened = new BoundedMap<{ grant: OAuthGrant, refreshing: string | null }>(most)
  readonly #lifetime: number
  #isTimed = false

  constructor (lifetime = minute) {
    this.#lifetime = lifetime
  }

  /** The grant of a row. A text in another row than its own is not known here: decrypting it decides. */
  find ({ owner, provider, account, version, authorizedAt, refreshing, sealed }: StoredGrant): OAuthGrant | undefined {
    const found = this.#opened.get(sealed)
    if (found === undefined) return undefined
    const { grant } = found
    const isSame = grant.owner === owner && placeOf(grant) === provider && grant.account === account &&
      grant.version === version && grant.authorizedAt === authorizedAt && found.refreshing === refreshing
    return isSame ? grant : undefined
  }

  keep ({ sealed, refreshing }: StoredGrant, grant: OAuthGrant): void {
    this.#opened.set(sealed, { grant, refreshing })
    if (this.#isTimed) return
    this.#isTimed = true
    setTimeout(() => {
      this.#isTimed = false
      this.#opened.clear()
    }, this.#lifetime).unref()
  }
}
