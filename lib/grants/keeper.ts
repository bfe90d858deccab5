// The only reader, writer and refresher of grants. One refresh at a time for each owner, provider and account:
// callers in this process share it, other processes are kept out by the store's lease.
import { setTimeout as delay } from 'node:timers/promises'
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, GrantLease, GrantStore, StoredGrant } from '../../types/store.js'
import { isOAuthError, oauthError } from '../errors.js'
import type { Cipher } from './cipher.js'
import { createGrant, freshnessOf, openGrant, refreshed, sealGrant } from './grant.js'

/** Names a grant; without an account, the one of the owner's last login at the provider. */
export interface GrantSelector { owner: string, provider: string, account?: string | undefined }

/** What the keeper needs of a provider. */
export interface Refresher { refresh(grant: OAuthGrant): Promise<OAuthTokenSet> }

/** A login that succeeded. */
export interface NewGrant extends GrantKey { subject: string | undefined, tokens: OAuthTokenSet, requestedScope: readonly string[] }

export interface KeeperOptions {
  store: GrantStore
  cipher: Cipher
  clock: () => number
  /** Milliseconds that one refresh may take, its save included. */
  leaseTime: number
  /** Told of what no caller sees: refreshes behind that failed, grants that cannot be decrypted. */
  warn: (message: string, error?: unknown) => void
}

const pollInterval = 25
const saveAttempts = 4

export class GrantKeeper {
  readonly #options: KeeperOptions
  readonly #flights = new Map<string, Promise<OAuthGrant | null>>()

  constructor (options: KeeperOptions) {
    this.#options = options
  }

  /** The grant as it is stored, however old. */
  async find ({ owner, provider, account }: GrantSelector): Promise<OAuthGrant | null> {
    if (account !== undefined) return this.#read({ owner, provider, account })
    const stored = await this.#ask('list grants', store => store.list(owner, provider))
    const latest = stored.reduce<StoredGrant | null>((best, one) => best === null || one.authorizedAt > best.authorizedAt ? one : best, null)
    return this.#open(latest)
  }

  /** Every grant of an owner. */
  async list (owner: string): Promise<OAuthGrant[]> {
    const stored = await this.#ask('list grants', store => store.list(owner))
    return stored.map(one => this.#open(one)).filter(grant => grant !== null)
  }

  /** A grant whose access token can be used now, refreshed if need be; null where a login is needed. */
  async fresh (refresher: Refresher, selector: GrantSelector): Promise<OAuthGrant | null> {
    const grant = await this.find(selector)
    return grant === null ? null : this.ready(refresher, grant)
  }

  /** The same for a grant that was loaded before. */
  async ready (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    const freshness = freshnessOf(grant, this.#options.clock())
    if (freshness === 'fresh') return grant
    if (freshness === 'expired') return grant.refreshToken === undefined ? null : this.#usable(await this.#refresh(refresher, grant))
    if (grant.refreshToken !== undefined) {
      this.#refresh(refresher, grant).catch(error => this.#options.warn(`The grant at ${grant.provider} could not be refreshed ahead of its expiry`, error))
    }
    return grant
  }

  /** A newer grant than one whose access token was refused; null where there is none to be had. */
  async renew (refresher: Refresher, refused: OAuthGrant): Promise<OAuthGrant | null> {
    const current = await this.#read(refused)
    if (current === null || current.version > refused.version) return current
    if (current.refreshToken === undefined) return null
    const renewed = await this.#refresh(refresher, current)
    return renewed !== null && renewed.accessToken !== refused.accessToken ? renewed : null
  }

  /** Stores what a login granted. A refresh token that the answer does not bring is kept from the grant before. */
  async save ({ owner, provider, account, subject, tokens, requestedScope }: NewGrant): Promise<OAuthGrant> {
    const now = this.#options.clock()
    for (let attempt = 0; attempt < saveAttempts; attempt++) {
      const stored = await this.#ask('read a grant', store => store.get({ owner, provider, account }))
      const refreshToken = tokens.refreshToken ?? this.#open(stored)?.refreshToken
      const version = (stored?.version ?? 0) + 1
      const grant = createGrant({ owner, provider, account, subject, ...tokens, refreshToken, scope: tokens.scope ?? requestedScope, version, authorizedAt: now, updatedAt: now })
      if (await this.#write(grant)) return grant
    }
    throw oauthError('FST_OAUTH_GRANT_BUSY', [provider])
  }

  /** Removes a grant, after a refresh under way has ended, and answers it. */
  async remove (selector: GrantSelector): Promise<OAuthGrant | null> {
    const found = await this.find(selector)
    if (found === null) return null
    return this.#exclusively(found, async () => {
      const last = await this.#read(found)
      await this.#ask('delete a grant', store => store.delete(found))
      return last
    })
  }

  /** Gives every grant of one owner to another; one that the other holds already is dropped. */
  async move (from: string, to: string): Promise<void> {
    for (const key of await this.#ask('list grants', store => store.list(from))) {
      await this.#exclusively(key, async () => {
        const grant = await this.#read(key)
        if (grant !== null) await this.#write({ ...grant, owner: to, version: 1 })
        await this.#ask('delete a grant', store => store.delete(key))
      })
    }
  }

  /** True for the first caller with this id within `ttl` milliseconds, over all processes. */
  async claim (id: string, ttl: number): Promise<boolean> {
    return this.#ask('claim a login', store => store.claim(id, ttl))
  }

  /** Ends when no refresh is under way. */
  async drain (): Promise<void> {
    await Promise.allSettled(this.#flights.values())
  }

  #usable (grant: OAuthGrant | null): OAuthGrant | null {
    return grant === null || freshnessOf(grant, this.#options.clock()) === 'expired' ? null : grant
  }

  #refresh (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    const id = JSON.stringify([grant.owner, grant.provider, grant.account])
    const flight = this.#flights.get(id) ?? this.#exclusively(grant, lease => this.#refreshOnce(refresher, grant, lease)).finally(() => this.#flights.delete(id))
    this.#flights.set(id, flight)
    return flight
  }

  async #refreshOnce (refresher: Refresher, grant: OAuthGrant, lease: GrantLease): Promise<OAuthGrant | null> {
    const current = await this.#read(grant)
    // Another process, or a login, was here first.
    if (current === null || current.version > grant.version) return current
    const next = await this.#exchange(refresher, current)
    return await this.#write(next, lease.fence) ? next : this.#read(grant)
  }

  async #exchange (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant> {
    try {
      return refreshed(grant, await refresher.refresh(grant), this.#options.clock())
    } catch (error) {
      if (!isOAuthError(error) || error.providerError !== 'invalid_grant') throw error
      // The refresh token is spent or withdrawn (RFC 6749 section 5.2): the access token serves to its end.
      this.#options.warn(`The refresh token of a grant at ${grant.provider} is no longer valid: its owner has to log in again`, error)
      return createGrant({ ...grant, refreshToken: undefined, version: grant.version + 1 })
    }
  }

  // Runs alone for this grant, over all processes.
  async #exclusively <T> (key: GrantKey, run: (lease: GrantLease) => Promise<T>): Promise<T> {
    const { leaseTime } = this.#options
    for (let waited = 0; waited <= leaseTime; waited += pollInterval) {
      const lease = await this.#ask('lease a grant', store => store.lease(key, leaseTime))
      if (lease === null) {
        await delay(pollInterval)
        continue
      }
      try {
        return await run(lease)
      } finally {
        await lease.release().catch(error => this.#options.warn('A lease could not be released; it ends by itself', error))
      }
    }
    throw oauthError('FST_OAUTH_GRANT_BUSY', [key.provider])
  }

  async #read ({ owner, provider, account }: GrantKey): Promise<OAuthGrant | null> {
    return this.#open(await this.#ask('read a grant', store => store.get({ owner, provider, account })))
  }

  #open (stored: StoredGrant | null): OAuthGrant | null {
    if (stored === null) return null
    const grant = openGrant(this.#options.cipher, stored)
    if (grant === null) this.#options.warn(`A grant at ${stored.provider} cannot be decrypted and counts as missing: was a secret removed from the option secret?`)
    return grant
  }

  // A rotated refresh token exists here only until it is written: a store that fails for a moment is asked again.
  async #write (grant: OAuthGrant, fence?: number): Promise<boolean> {
    const sealed = sealGrant(this.#options.cipher, grant)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask('write a grant', store => store.put(sealed, grant.version - 1, fence))
      } catch (error) {
        if (attempt === saveAttempts) throw error
        await delay(pollInterval * 4 ** attempt)
      }
    }
  }

  async #ask <T> (what: string, question: (store: GrantStore) => Promise<T>): Promise<T> {
    try {
      return await question(this.#options.store)
    } catch (error) {
      throw oauthError('FST_OAUTH_STORE_FAILED', [what], error, { retryAfter: 1 })
    }
  }
}
