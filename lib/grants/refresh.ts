// The only refresher. One refresh at a time for each grant: callers in this process share it, other processes are kept out
// by the lease. What a refresh brought is remembered until it is stored, so that no spent refresh token is sent again
// (RFC 9700 section 4.14).
import { isDeepStrictEqual } from 'node:util'
import type { OAuthGrant } from '../../types/grant.js'
import type { GrantKey } from '../../types/store.js'
import { isOAuthError } from '../errors.js'
import { descends, maySend, onTopOf, sending, withoutRefresh } from './attempt.js'
import { BoundedMap, ExpiringSet } from './bounded.js'
import { published } from './events.js'
import type { OnGrantChange } from './events.js'
import { Exchange, isClientFault } from './exchange.js'
import type { Refresher } from './exchange.js'
import { freshnessOf, idOf, keptOf } from './grant.js'
import { withJitter } from './health.js'
import type { ProviderHealth } from './health.js'
import { busy } from './lease.js'
import type { HeldLease, Leases } from './lease.js'
import type { SealedStore } from './sealed-store.js'

export interface RefreshesOptions {
  grants: SealedStore
  leases: Leases
  health: ProviderHealth
  onChange: OnGrantChange
  clock: () => number
  /** Told of what no caller sees: refreshes behind that failed, refresh tokens that were refused. */
  warn: (message: string, error?: unknown) => void
}

/** What came of a refresh token that was sent, and is not stored yet. */
interface Unsaved { readonly sent: string, next: OAuthGrant }

const saveAttempts = 10
const remembered = 10_000
const waitersAtMost = 5_000
const usualRest = 5
const longestRest = 60

export class Refreshes {
  readonly #options: RefreshesOptions
  readonly #flights = new Map<string, Promise<OAuthGrant | null>>()
  readonly #unsaved = new BoundedMap<Unsaved>(remembered)
  #waiting = 0
  readonly #resting = new ExpiringSet(remembered)
  readonly #exchange: Exchange

  constructor (options: RefreshesOptions) {
    this.#options = options
    this.#exchange = new Exchange(options)
  }

  /** Joins the refresh under way for this grant, or starts one. Answers what is stored then; null where there is nothing. */
  run (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    const id = idOf(grant)
    if (this.#waiting >= waitersAtMost) return Promise.reject(busy(grant))
    this.#waiting++
    return this.#flight(refresher, grant, id).finally(() => this.#waiting--)
  }

  #flight (refresher: Refresher, grant: OAuthGrant, id: string): Promise<OAuthGrant | null> {
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
    const { clock, health } = this.#options
    const current = await this.settled(grant, lease)
    if (current?.refreshToken === undefined || this.#isNews(current, grant)) return current
    if (!maySend(current, { grace: refresher.refreshGrace ?? 0, now: clock() })) return this.#giveUp(current, lease)
    health.check(current.provider)
    await lease.secure()
    const marked = await this.#mark(current, lease)
    const unsaved = { sent: current.refreshToken, next: await published(marked, () => this.#exchange.run(refresher, marked, lease)) }
    this.#unsaved.set(idOf(grant), unsaved)
    const outcome = await this.#save(marked, unsaved, lease)
    if (outcome !== null && outcome === unsaved.next) this.#options.onChange({ type: outcome.status === 'active' ? 'refreshed' : 'expired', grant: outcome })
    return outcome
  }

  // Another process, or a login, was here first.
  #isNews (current: OAuthGrant, known: OAuthGrant): boolean {
    const same = current.version === known.version && current.authorizedAt === known.authorizedAt
    return !same && freshnessOf(current, this.#options.clock()) !== 'expired'
  }

  // Before the refresh token is sent it is stored that it is: a process that dies now leaves word of it.
  async #mark (current: OAuthGrant, { fence, until }: HeldLease): Promise<OAuthGrant> {
    const { grants, clock } = this.#options
    const marked = sending(current, clock())
    const written = await grants.write(marked, { fence, until })
    if (written === 'yes') return marked
    const stored = written === 'perhaps' ? await grants.read(current, until) : null
    if (stored !== null && stored.version === marked.version && isDeepStrictEqual(keptOf(stored), keptOf(marked))) return marked
    throw busy(current)
  }

  // The answer to its refresh token was lost, and no provider that rotates takes it again.
  async #giveUp (current: OAuthGrant, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants, warn, onChange } = this.#options
    warn(`The answer to a refresh at ${current.provider} was lost, and its refresh token may be spent: unless a grace period is declared in quirks.refreshGrace, its owner has to log in again`)
    const next = withoutRefresh(current)
    if (await grants.write(next, { fence, until }) !== 'yes') return grants.read(current, until)
    onChange({ type: 'expired', grant: next })
    return next
  }

  async #save (current: OAuthGrant | null, unsaved: Unsaved, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants } = this.#options
    let stored = current
    for (let attempt = 0; attempt < saveAttempts; attempt++) {
      // Revoked, moved, or replaced by a login that brought a refresh token of its own: what is stored wins.
      if (stored === null || !descends(stored, unsaved.sent)) return this.#forget(unsaved, stored)
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

function restAfter (error: unknown): number {
  const seconds = isOAuthError(error) ? error.retryAfter ?? usualRest : usualRest
  return withJitter(Math.min(seconds, longestRest) * 1_000)
}
