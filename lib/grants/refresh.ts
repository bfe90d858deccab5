// The only refresher. One refresh at a time for each grant: callers in this process share it, other processes are kept out
// by the lease. What a refresh brought is remembered until it is stored, so that no spent refresh token is sent again
// (RFC 9700 section 4.14).
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey } from '../../types/store.js'
import { isOAuthError } from '../errors.js'
import { BoundedMap, ExpiringSet } from './bounded.js'
import { changed, freshnessOf, idOf, refreshed } from './grant.js'
import { busy } from './lease.js'
import type { HeldLease, Leases } from './lease.js'
import type { SealedStore } from './sealed-store.js'

/** What is needed of a provider. */
export interface Refresher { refresh(grant: OAuthGrant): Promise<OAuthTokenSet> }

export interface RefreshesOptions {
  grants: SealedStore
  leases: Leases
  clock: () => number
  /** Told of what no caller sees: refreshes behind that failed, refresh tokens that were refused. */
  warn: (message: string, error?: unknown) => void
}

/** What came of a refresh token that was sent, and is not stored yet. */
interface Unsaved { readonly sent: string, next: OAuthGrant }

const saveAttempts = 10
const remembered = 10_000
const usualRest = 5
const longestRest = 60
// RFC 6749 section 5.2: what is wrong is the client, not the grant.
const clientFaults: ReadonlySet<unknown> = new Set(['invalid_client', 'unauthorized_client'])

export class Refreshes {
  readonly #options: RefreshesOptions
  readonly #flights = new Map<string, Promise<OAuthGrant | null>>()
  readonly #unsaved = new BoundedMap<Unsaved>(remembered)
  readonly #resting = new ExpiringSet(remembered)
  readonly #alarmed = new Set<string>()

  constructor (options: RefreshesOptions) {
    this.#options = options
  }

  /** Joins the refresh under way for this grant, or starts one. Answers what is stored then; null where there is nothing. */
  run (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    const id = idOf(grant)
    const flight = this.#flights.get(id) ?? this.#options.leases
      .exclusively(grant, lease => this.#refresh(refresher, grant, lease))
      .finally(() => this.#flights.delete(id))
    this.#flights.set(id, flight)
    return flight
  }

  /** Refreshes without anybody waiting; after a failure the grant rests for a while. */
  ahead (refresher: Refresher, grant: OAuthGrant): void {
    const { clock, warn } = this.#options
    const id = idOf(grant)
    if (this.#flights.has(id) || this.#resting.has(id, clock())) return
    this.run(refresher, grant).catch(error => {
      this.#resting.add(id, clock(), restAfter(error))
      if (!isClientFault(error)) warn(`The grant at ${grant.provider} could not be refreshed ahead of its expiry`, error)
    })
  }

  /** Under its lease: the grant as it is stored, after what could not be saved before. */
  async settled (key: GrantKey, lease: HeldLease): Promise<OAuthGrant | null> {
    const stored = await this.#options.grants.read(key)
    const unsaved = this.#unsaved.get(idOf(key))
    return unsaved === undefined ? stored : this.#save(stored, unsaved, lease)
  }

  /** Ends when no refresh is under way, and what could not be saved was tried once more. */
  async drain (): Promise<void> {
    while (this.#flights.size > 0) await Promise.allSettled(this.#flights.values())
    const { leases } = this.#options
    await Promise.allSettled([...this.#unsaved.values()].map(({ next }) => leases.exclusively(next, lease => this.settled(next, lease))))
  }

  async #refresh (refresher: Refresher, grant: OAuthGrant, lease: HeldLease): Promise<OAuthGrant | null> {
    const current = await this.settled(grant, lease)
    if (current?.refreshToken === undefined || this.#isNews(current, grant)) return current
    await lease.secure()
    const unsaved = { sent: current.refreshToken, next: await this.#exchange(refresher, current) }
    this.#unsaved.set(idOf(grant), unsaved)
    return this.#save(current, unsaved, lease)
  }

  // Another process, or a login, was here first.
  #isNews (current: OAuthGrant, known: OAuthGrant): boolean {
    const same = current.version === known.version && current.authorizedAt === known.authorizedAt
    return !same && freshnessOf(current, this.#options.clock()) !== 'expired'
  }

  async #exchange (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant> {
    const { warn, clock } = this.#options
    const { provider } = grant
    try {
      const next = refreshed(grant, await refresher.refresh(grant), clock())
      this.#alarmed.delete(provider)
      return next
    } catch (error) {
      if (isClientFault(error) && !this.#alarmed.has(provider)) {
        this.#alarmed.add(provider)
        warn(`${provider} refuses this client: check clientId, clientSecret and clientAuth. Grants are kept, and none can be refreshed until this is mended`, error)
      }
      if (providerErrorOf(error) !== 'invalid_grant') throw error
      // The refresh token is spent or withdrawn (RFC 6749 section 5.2): the access token serves to its end.
      warn(`${provider} refuses the refresh token of a grant: unless a newer one is stored already, its owner has to log in again`, error)
      return changed(grant, { refreshToken: undefined, version: grant.version + 1 })
    }
  }

  async #save (current: OAuthGrant | null, unsaved: Unsaved, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants } = this.#options
    let stored = current
    for (let attempt = 0; attempt < saveAttempts; attempt++) {
      // Revoked, moved, or replaced by a login that brought a refresh token of its own: what is stored wins.
      if (stored?.refreshToken !== unsaved.sent) return this.#forget(unsaved, stored)
      unsaved.next = onTopOf(stored, unsaved.next)
      if (await grants.write(unsaved.next, { fence, until }) === 'yes') return this.#forget(unsaved, unsaved.next)
      stored = await grants.read(unsaved.next, until)
    }
    throw busy(unsaved.next)
  }

  #forget (unsaved: Unsaved, outcome: OAuthGrant | null): OAuthGrant | null {
    this.#unsaved.delete(idOf(unsaved.next))
    return outcome
  }
}

// A login that brings no refresh token keeps the old one. Where that one was spent meanwhile, its successor takes its place.
function onTopOf (stored: OAuthGrant, next: OAuthGrant): OAuthGrant {
  return stored.version === next.version - 1 ? next : changed(stored, { refreshToken: next.refreshToken, version: stored.version + 1 })
}

function providerErrorOf (error: unknown): string | undefined {
  return isOAuthError(error) ? error.providerError : undefined
}

function isClientFault (error: unknown): boolean {
  return clientFaults.has(providerErrorOf(error))
}

// With jitter, so that the grants of a provider that was down do not all come back at once.
function restAfter (error: unknown): number {
  const seconds = isOAuthError(error) ? error.retryAfter ?? usualRest : usualRest
  return Math.min(seconds, longestRest) * 1_000 * (1 + Math.random() / 4)
}
