// The only refresher. One refresh at a time for each grant: callers in this process share it, other processes are kept out
// by the lease. What a refresh brought is remembered until it is stored, so that no spent refresh token is sent again
// (RFC 9700 section 4.14).
import type { OAuthGrant } from '../../types/grant.js'
import { isOAuthError } from '../errors.js'
import { placeOf } from '../place.js'
import { Outcome, bearsMark, isUnspent, maySend, sending, withoutRefresh } from './attempt.js'
import { BoundedMap } from './bounded.js'
import { published, rescued } from './events.js'
import type { OnGrantChange } from './events.js'
import { Exchange, isClientFault } from './exchange.js'
import type { Refresher } from './exchange.js'
import { Flights } from './flights.js'
import type { Flight } from './flights.js'
import { freshnessOf, idOf, keptOf } from './grant.js'
import type { GrantName } from './grant.js'
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
  /** Milliseconds that a lease lasts. */
  leaseTime: number
  /** Told of what no caller sees: refreshes behind that failed, refresh tokens that were refused. */
  warn: (message: string, error?: unknown) => void
}

const markAttempts = 3
const saveAttempts = 10
const remembered = 10_000

export class Refreshes {
  readonly #options: RefreshesOptions
  readonly #flights: Flights<OAuthGrant | null>
  readonly #unsaved = new BoundedMap<Outcome>(remembered)
  readonly #exchange: Exchange
  #rescue: NodeJS.Timeout | undefined

  constructor (options: RefreshesOptions) {
    this.#options = options
    this.#flights = new Flights(options.clock)
    this.#exchange = new Exchange(options)
  }

  /** Joins the refresh under way for this grant, or starts one. Answers what is stored then; null where there is nothing. */
  run (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    return this.#flights.join(this.#flight(refresher, grant))
  }

  /** Whether a grant has a refresh token, or one of it is not stored yet. */
  canTry (grant: OAuthGrant): boolean {
    return grant.refreshToken !== undefined || this.#unsaved.has(idOf(grant))
  }

  /** Refreshes without anybody waiting; after a failure the grant rests for a while. */
  ahead (refresher: Refresher, grant: OAuthGrant): void {
    this.#flights.ahead(this.#flight(refresher, grant), error => {
      // Those are told once for each provider, or concern every grant.
      if (!isClientFault(error) && !isResting(error)) this.#options.warn(`The grant at ${placeOf(grant)} could not be refreshed ahead of its expiry`, error)
    })
  }

  /** Under its lease: the grant as it is stored, after what could not be saved before. */
  async settled (key: GrantName, lease: HeldLease): Promise<OAuthGrant | null> {
    const stored = await this.#options.grants.read(key)
    const unsaved = this.#unsaved.get(idOf(key))
    if (unsaved === undefined) return stored
    const saved = await this.#save(stored, unsaved, lease)
    if (saved !== null && unsaved.change !== null && unsaved.is(saved)) rescued(saved)
    return saved
  }

  /** Ends when no refresh is under way, and what could not be saved was tried once more. */
  async drain (): Promise<void> {
    clearTimeout(this.#rescue)
    this.#rescue = undefined
    await this.#flights.drain()
    await this.#saveAll()
  }

  #flight (refresher: Refresher, grant: OAuthGrant): Flight<OAuthGrant | null> {
    const begin = () => this.#options.leases
      .exclusively(grant, lease => this.#refresh(refresher, grant, lease))
      .finally(() => this.#saveLater())
    return { id: idOf(grant), provider: grant.provider, begin }
  }

  async #saveAll (): Promise<void> {
    const { leases } = this.#options
    await Promise.allSettled([...this.#unsaved.values()].map(({ next }) => leases.exclusively(next, lease => this.settled(next, lease))))
  }

  // Callers of another process must not wait for one of this to come by.
  #saveLater (): void {
    if (this.#unsaved.size === 0 || this.#rescue !== undefined) return
    this.#rescue = setTimeout(() => {
      this.#rescue = undefined
      this.#saveAll().then(() => this.#saveLater())
    }, this.#options.leaseTime / 4).unref()
  }

  async #refresh (refresher: Refresher, grant: OAuthGrant, lease: HeldLease): Promise<OAuthGrant | null> {
    const { clock, health } = this.#options
    for (let attempt = 0; attempt < markAttempts; attempt++) {
      const current = await this.settled(grant, lease)
      if (current?.refreshToken === undefined || this.#isNews(current, grant)) return current
      // Its refresh token may be another owner's by now.
      if (keptOf(current).movingTo !== undefined) throw busy(grant)
      if (!maySend(current, { grace: refresher.refreshGrace ?? 0, now: clock() })) return this.#giveUp(current, lease)
      health.check(placeOf(current))
      await lease.secure()
      const marked = await this.#mark(current, lease)
      if (marked !== null) return this.#send(refresher, marked, lease)
    }
    throw busy(grant)
  }

  // Another process, or a login, was here first.
  #isNews (current: OAuthGrant, known: OAuthGrant): boolean {
    const same = current.accessToken === known.accessToken && current.updatedAt === known.updatedAt && current.authorizedAt === known.authorizedAt
    return !same && freshnessOf(current, this.#options.clock()) !== 'expired'
  }

  // Before the refresh token is sent it is stored that it is: a process that dies now leaves word of it. Null where a login
  // came in between.
  async #mark (current: OAuthGrant, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants, clock } = this.#options
    const marked = sending(current, { fence, now: clock() })
    // Should it be stored without our knowing, nothing was sent all the same.
    const unsent = this.#unsaved.set(idOf(current), Outcome.unspent(marked))
    const written = await grants.write(marked, { fence, until })
    const isStored = written === 'yes' || (written === 'perhaps' && await this.#hasMark(marked, until))
    if (written !== 'perhaps' || isStored) unsent.delete(idOf(current))
    return isStored ? marked : null
  }

  async #hasMark (marked: OAuthGrant, until: number): Promise<boolean> {
    const stored = await this.#options.grants.read(marked, until)
    return stored !== null && stored.version === marked.version && bearsMark(stored, marked)
  }

  async #send (refresher: Refresher, marked: OAuthGrant, lease: HeldLease): Promise<OAuthGrant | null> {
    const remember = (outcome: Outcome) => {
      this.#unsaved.set(idOf(marked), outcome)
      return this.#save(marked, outcome, lease)
    }
    let next: OAuthGrant
    try {
      next = await published(marked, () => this.#exchange.run(refresher, marked))
    } catch (error) {
      if (isUnspent(error)) await remember(Outcome.unspent(marked)).catch(failure => this.#options.warn(`A refresh token at ${placeOf(marked)} was not spent, and that could not be stored`, failure))
      throw error
    }
    return remember(Outcome.answered(marked, next))
  }

  // The answer to its refresh token was lost, and no provider that rotates takes it again.
  async #giveUp (current: OAuthGrant, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants, warn, onChange } = this.#options
    warn(`The answer to a refresh at ${placeOf(current)} was lost, and its refresh token may be spent: unless a grace period is declared in quirks.refreshGrace, its owner has to log in again`)
    const next = withoutRefresh(current, keptOf(current).refreshing)
    if (await grants.write(next, { fence, until }) !== 'yes') return grants.read(current, until)
    onChange({ type: 'expired', grant: next })
    return next
  }

  async #save (current: OAuthGrant | null, outcome: Outcome, { fence, until }: HeldLease): Promise<OAuthGrant | null> {
    const { grants } = this.#options
    let stored = current
    for (let attempt = 0; attempt < saveAttempts; attempt++) {
      // Revoked, moved, or replaced by a login that brought a refresh token of its own: what is stored wins.
      if (stored === null || !outcome.concerns(stored)) return this.#forget(outcome, stored)
      const next = outcome.onTopOf(stored)
      if (await grants.write(next, { fence, until }) === 'yes') return this.#forget(outcome, next)
      stored = await grants.read(next, until)
    }
    throw busy(outcome.next)
  }

  #forget (outcome: Outcome, stored: OAuthGrant | null): OAuthGrant | null {
    this.#unsaved.delete(idOf(outcome.next))
    if (stored !== null && outcome.change !== null && outcome.is(stored)) this.#options.onChange({ type: outcome.change, grant: stored })
    return stored
  }
}

function isResting (error: unknown): boolean {
  return isOAuthError(error) && error.code === 'FST_OAUTH_PROVIDER_RESTING'
}
