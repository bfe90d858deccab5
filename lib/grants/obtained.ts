// Tokens that can be asked for again at any time: client credentials (RFC 6749 section 4.4) and exchanged tokens (RFC 8693).
// They are stored like grants; a lost one is no loss, so no refresh token is kept, and none has to be saved to be used.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import { ExpiringSet } from './bounded.js'
import { publishedObtaining } from './events.js'
import { createGrant, freshnessOf, idOf } from './grant.js'
import type { ProviderHealth } from './health.js'
import { busy } from './lease.js'
import type { HeldLease, Leases } from './lease.js'
import { exchangedAt, isObtained, subjectOf } from './obtained-key.js'
import { restAfter } from './refresh.js'
import type { SealedStore } from './sealed-store.js'

/** A token that is needed. */
export interface WantedToken {
  key: GrantKey
  /** Whose token endpoint is asked: its place. */
  provider: string
  /** Names what it is made from: a stored token that was made from something else is none. */
  madeFrom: string
  /** Asked for: what it is granted where the answer names none. */
  scope: readonly string[]
  obtain (): Promise<OAuthTokenSet>
}

export interface ObtainedTokensOptions {
  grants: SealedStore
  leases: Leases
  health: ProviderHealth
  clock: () => number
  /** Told of what no caller sees. */
  warn: (message: string, error?: unknown) => void
}

const waitersAtMost = 5_000
const remembered = 10_000
const notKept = { refreshToken: undefined, tokenSecret: undefined }

export class ObtainedTokens {
  readonly #options: ObtainedTokensOptions
  readonly #flights = new Map<string, Promise<OAuthGrant>>()
  readonly #resting = new ExpiringSet(remembered)
  #waiting = 0

  constructor (options: ObtainedTokensOptions) {
    this.#options = options
  }

  /** A token that can be used now: the stored one, or a new one. Throws what `obtain` throws, and FST_OAUTH_PROVIDER_RESTING. */
  async fresh (wanted: WantedToken): Promise<OAuthGrant> {
    const { grants, clock } = this.#options
    const stored = await grants.read(wanted.key)
    if (stored === null || stored.subject !== wanted.madeFrom) return this.#run(wanted, null)
    const freshness = freshnessOf(stored, clock())
    if (freshness === 'expired') return this.#run(wanted, stored)
    if (freshness === 'aging') this.#ahead(wanted, stored)
    return stored
  }

  /** Another token than one that was refused; null where the provider gives the same again. */
  async renew (wanted: WantedToken, refused: OAuthGrant): Promise<OAuthGrant | null> {
    const stored = await this.#options.grants.read(wanted.key)
    const next = this.#isNews(wanted, refused, stored) ? stored : await this.#run(wanted, refused)
    return next.accessToken === refused.accessToken ? null : next
  }

  /** Removes those that were exchanged for the token of a grant, of which the key in the store is given. */
  async dropExchanged ({ owner, provider, account }: GrantKey): Promise<void> {
    const { grants, warn } = this.#options
    const rows = await grants.everything(owner, exchangedAt(provider)).catch(error => {
      warn('Exchanged tokens of a grant that is gone could not be found; they are not used any more', error)
      return []
    })
    await this.drop(rows.filter(row => subjectOf(row) === account))
  }

  /** Removes those among what is stored for an owner. */
  async drop (rows: readonly StoredGrant[]): Promise<void> {
    const { grants, warn } = this.#options
    await Promise.all(rows.filter(isObtained).map(row => grants.delete(row, { until: 0 })
      .catch(error => warn('An exchanged token of a grant that is gone could not be removed; it is not used any more', error))))
  }

  /** Ends when no token is being obtained. */
  async drain (): Promise<void> {
    while (this.#flights.size > 0) await Promise.allSettled(this.#flights.values())
  }

  // Joins the request under way, or makes one, unless there is another token than the known one by then.
  async #run (wanted: WantedToken, known: OAuthGrant | null): Promise<OAuthGrant> {
    if (this.#waiting >= waitersAtMost) throw busy(wanted)
    this.#waiting++
    try {
      return await this.#flight(wanted, known)
    } finally {
      this.#waiting--
    }
  }

  #flight (wanted: WantedToken, known: OAuthGrant | null): Promise<OAuthGrant> {
    const id = flightOf(wanted)
    const flight = this.#flights.get(id) ?? this.#options.leases
      .exclusively(wanted.key, lease => this.#obtain(wanted, known, lease))
      .finally(() => this.#flights.delete(id))
    this.#flights.set(id, flight)
    return flight
  }

  #ahead (wanted: WantedToken, known: OAuthGrant): void {
    const { clock, warn } = this.#options
    const id = flightOf(wanted)
    if (this.#flights.has(id) || this.#resting.has(id, clock())) return
    this.#run(wanted, known).catch(error => {
      this.#resting.add(id, clock(), restAfter(error))
      warn(`A token at ${wanted.provider} could not be replaced ahead of its expiry`, error)
    })
  }

  async #obtain (wanted: WantedToken, known: OAuthGrant | null, lease: HeldLease): Promise<OAuthGrant> {
    const { grants, health, clock, warn } = this.#options
    const row = await grants.row(wanted.key)
    const stored = grants.open(row)
    if (this.#isNews(wanted, known, stored)) return stored
    health.check(wanted.provider)
    await lease.secure()
    const tokens = await health.watch(wanted.provider, () => publishedObtaining(wanted, () => wanted.obtain()))
    const now = clock()
    const grant = createGrant({
      ...tokens,
      ...wanted.key,
      ...notKept,
      subject: wanted.madeFrom,
      scope: tokens.scope ?? wanted.scope,
      version: (row?.version ?? 0) + 1,
      authorizedAt: now,
      updatedAt: now
    })
    // Where something else was written meanwhile, that stays, and this token serves its callers alone.
    await grants.write(grant, { fence: lease.fence, until: 0 }).catch(error => warn(`A token at ${wanted.provider} could not be stored`, error))
    return grant
  }

  // Another process was here first.
  #isNews (wanted: WantedToken, known: OAuthGrant | null, stored: OAuthGrant | null): stored is OAuthGrant {
    if (stored === null || stored.subject !== wanted.madeFrom || stored.accessToken === known?.accessToken) return false
    return freshnessOf(stored, this.#options.clock()) !== 'expired'
  }
}

function flightOf ({ key, madeFrom }: WantedToken): string {
  return `${idOf(key)} ${madeFrom}`
}
