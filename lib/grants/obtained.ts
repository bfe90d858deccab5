// Tokens that can be asked for again at any time: client credentials (RFC 6749 section 4.4) and exchanged tokens (RFC 8693).
// They are stored like grants; a lost one is no loss, so no refresh token is kept, and none has to be saved to be used.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import { publishedObtaining } from './events.js'
import { Flights } from './flights.js'
import type { Flight } from './flights.js'
import { createGrant, freshnessOf, idOf } from './grant.js'
import type { ProviderHealth } from './health.js'
import type { HeldLease, Leases } from './lease.js'
import { exchangedAt, isObtained, subjectOf } from './obtained-key.js'
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

const notKept = { refreshToken: undefined, tokenSecret: undefined }

export class ObtainedTokens {
  readonly #options: ObtainedTokensOptions
  readonly #flights: Flights<OAuthGrant>

  constructor (options: ObtainedTokensOptions) {
    this.#options = options
    this.#flights = new Flights(options.clock)
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
    await this.#flights.drain()
  }

  #flight (wanted: WantedToken, known: OAuthGrant | null): Flight<OAuthGrant> {
    const { key, madeFrom, provider } = wanted
    const begin = () => this.#options.leases.exclusively(key, lease => this.#obtain(wanted, known, lease))
    return { id: `${idOf(key)} ${madeFrom}`, provider, begin }
  }

  // Joins the request under way, or makes one, unless there is another token than the known one by then.
  #run (wanted: WantedToken, known: OAuthGrant | null): Promise<OAuthGrant> {
    return this.#flights.join(this.#flight(wanted, known))
  }

  #ahead (wanted: WantedToken, known: OAuthGrant): void {
    this.#flights.ahead(this.#flight(wanted, known), error => this.#options.warn(`A token at ${wanted.provider} could not be replaced ahead of its expiry`, error))
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
