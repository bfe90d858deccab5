// The only way to grants: finds, stores, moves and removes them, and answers them with a token that can be used now.
import type { OAuthGrant, OAuthGrantChange, OAuthProviderSession, OAuthTokenSet } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import { oauthError } from '../errors.js'
import { placeOf } from '../place.js'
import type { OnGrantChange } from './events.js'
import type { Refresher } from './exchange.js'
import { changed, createGrant, freshnessOf, keptOf, nothingKept, revoked } from './grant.js'
import type { GrantName } from './grant.js'
import { ProviderHealth } from './health.js'
import { Leases, busy } from './lease.js'
import { Moves, isMoving } from './move.js'
import { isObtained } from './obtained-key.js'
import { ObtainedTokens } from './obtained.js'
import { Refreshes } from './refresh.js'
import { SealedStore } from './sealed-store.js'
import type { SealedStoreOptions } from './sealed-store.js'
import { ProviderSessions } from './sessions.js'
import { statusOf } from './status.js'

/** Names a grant; without an account, the one of the owner's last login at the provider. */
export interface GrantSelector { owner: string, provider: string, tenant?: string | undefined, account?: string | undefined }

/** A login that succeeded. */
export interface NewGrant extends GrantName { subject: string | undefined, tokens: OAuthTokenSet, requestedScope: readonly string[], isNewOwner?: boolean, session?: OAuthProviderSession | undefined }

export interface KeeperOptions extends Omit<SealedStoreOptions, 'judge'> {
  clock: () => number
  /** Milliseconds that one refresh may take, its save included. */
  leaseTime: number
  /** Told of what became of a grant. */
  onChange?: OnGrantChange
}

const saveAttempts = 4

export class GrantKeeper {
  readonly #options: KeeperOptions
  readonly #grants: SealedStore
  readonly #leases: Leases
  readonly #refreshes: Refreshes
  readonly #moves: Moves
  /** Tokens that are nobody's grants. */
  readonly obtained: ObtainedTokens
  /** Sessions that providers end. */
  readonly sessions: ProviderSessions

  /** @param options `warn` is told of what no caller sees: refreshes behind that failed, grants that cannot be decrypted */
  constructor (options: KeeperOptions) {
    const { clock } = options
    const onChange = (change: OAuthGrantChange) => {
      if (change.type === 'refreshed') this.sessions.renew(change.grant)
      this.#tell(change)
    }
    const health = new ProviderHealth(clock)
    this.#options = options
    this.#grants = new SealedStore({ ...options, judge: grant => statusOf(grant, { now: clock(), isResting: health.isResting(placeOf(grant)) }) })
    this.#leases = new Leases({ ...options, grants: this.#grants })
    this.#refreshes = new Refreshes({ ...options, onChange, health, grants: this.#grants, leases: this.#leases })
    this.sessions = new ProviderSessions({ ...options, onChange, grants: this.#grants })
    this.#moves = new Moves({ onChange, sessions: this.sessions, grants: this.#grants, leases: this.#leases, refreshes: this.#refreshes })
    this.obtained = new ObtainedTokens({ ...options, health, grants: this.#grants, leases: this.#leases })
  }

  /** The grant as it is stored, however old. */
  async find (selector: GrantSelector): Promise<OAuthGrant | null> {
    return this.#grants.open(await this.#locate(selector))
  }

  /** Every grant of an owner, or those at one place. */
  async list (owner: string, place?: string): Promise<OAuthGrant[]> {
    const rows = await this.#grants.rows(owner, place)
    return rows.map(row => this.#grants.open(row)).filter(grant => grant !== null)
  }

  /** Names every grant of an owner, also those that cannot be decrypted. */
  async keys (owner: string): Promise<GrantKey[]> {
    return this.#grants.rows(owner)
  }

  /** A grant whose access token can be used now, refreshed if need be; null where a login is needed. */
  async fresh (refresher: Refresher, selector: GrantSelector): Promise<OAuthGrant | null> {
    const grant = this.#grants.open(await this.#locate(selector))
    return grant === null ? null : this.ready(refresher, grant)
  }

  /** The same for a grant that was loaded before. */
  async ready (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    if (!this.#refreshes.canTry(grant)) return this.#usable(grant)
    const freshness = this.#freshnessOf(grant)
    if (freshness === 'expired') return isMoving(grant) ? this.#readyAfterMove(refresher, grant) : this.#refreshed(refresher, grant)
    if (freshness === 'aging' && !isMoving(grant)) this.#refreshes.ahead(refresher, grant)
    return grant
  }

  /** A newer grant than one whose access token was refused; null where there is none to be had. */
  async renew (refresher: Refresher, refused: OAuthGrant): Promise<OAuthGrant | null> {
    const stored = await this.#grants.read(refused)
    const current = stored !== null && isMoving(stored) ? await this.#moves.settle(stored) : stored
    if (current === null) return null
    if (current.accessToken !== refused.accessToken) return this.ready(refresher, current)
    if (!this.#refreshes.canTry(current)) return null
    const renewed = await this.#refreshes.run(refresher, current)
    return renewed?.accessToken === refused.accessToken ? null : renewed
  }

  /** Stores what a login granted. A refresh token that the answer does not bring is kept from the grant before. */
  async save ({ owner, provider, tenant, account, subject, tokens, requestedScope, isNewOwner = false, session }: NewGrant): Promise<OAuthGrant> {
    const now = this.#options.clock()
    const until = performance.now() + this.#patience
    // An owner that the login has just made hardly has one yet: where it has, the write is refused, and is made on top of it.
    let row = isNewOwner ? null : await this.#grants.row({ owner, provider, tenant, account })
    for (let attempt = 0; attempt < saveAttempts; attempt++) {
      const old = tokens.refreshToken === undefined ? this.#grants.open(row) : null
      const version = (row?.version ?? 0) + 1
      const values = { owner, provider, tenant, account, subject, ...tokens, tokenSecret: tokens.tokenSecret, refreshToken: tokens.refreshToken ?? old?.refreshToken, scope: tokens.scope ?? requestedScope, version, authorizedAt: now, updatedAt: now }
      const grant = createGrant(values, { ...(old === null ? nothingKept : keptOf(old)), session })
      await this.sessions.note(grant, until)
      const written = await this.#grants.write(grant, { until })
      if (written === 'yes') return this.#authorized(grant, { replaced: row, until })
      const before = row
      row = await this.#grants.row(grant, until)
      if (written === 'no' || (row !== null && row.authorizedAt === before?.authorizedAt)) continue
      // This very login was written, and others may have used its tokens already; or a later login was. What is stored wins.
      const stored = this.#grants.open(row)
      if (stored === null) break
      return this.#authorized(stored, { replaced: null, until })
    }
    throw busy({ provider })
  }

  /** Removes a grant, after a refresh under way has ended, and answers it; null where there was none that could be read. */
  async remove (selector: GrantSelector): Promise<OAuthGrant | null> {
    const row = await this.#locate(selector)
    if (row === null) return null
    return this.#leases.exclusively(row, async lease => {
      const last = await this.#refreshes.settled(row, lease)
      await lease.secure()
      // A login that came in between is left alone.
      await this.#grants.delete(row, { version: last?.version, until: lease.until })
      await this.obtained.dropExchanged(row)
      await this.sessions.forget(last)
      if (last !== null) this.#tell({ type: 'revoked', grant: revoked(last) })
      return last
    })
  }

  /** Gives every grant of one owner to another, and answers how many. Where the other has one of the account already, that of the later login stays. */
  async move (from: string, to: string): Promise<number> {
    if (from === to) return 0
    const rows = await this.#grants.everything(from)
    const count = await this.#moves.run(rows.filter(row => !isObtained(row)), to)
    await this.obtained.drop(rows)
    return count
  }

  /** Encrypts every grant anew that was not encrypted with the first secret. Answers how many. Throws FST_OAUTH_STORE_FAILED. */
  async rewrap (): Promise<number> {
    let count = 0
    for await (const row of this.#grants.outdated()) {
      await this.#leases.exclusively(row, async lease => {
        const grant = await this.#refreshes.settled(row, lease)
        if (grant === null) return
        if (await this.#grants.write(changed(grant, { version: grant.version + 1 }), { fence: lease.fence, until: lease.until }) === 'yes') count++
      })
    }
    return count
  }

  /** True for the first caller with this id within `ttl` milliseconds, over all processes. */
  async claim (id: string, ttl: number): Promise<boolean> {
    return this.#grants.ask('claim a login', store => store.claim(id, ttl))
  }

  /** Ends when no refresh is under way, or after the time of a lease at most: then others may take over. */
  async drain (): Promise<void> {
    const { leaseTime, warn } = this.#options
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => { timer = setTimeout(resolve, leaseTime) }).then(() => warn('Refreshes are under way still: they are not waited for any longer'))
    await Promise.race([Promise.all([this.#refreshes.drain(), this.obtained.drain()]), late])
    clearTimeout(timer)
  }

  async #readyAfterMove (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant | null> {
    const left = await this.#moves.settle(grant)
    return left === null ? null : this.ready(refresher, left)
  }

  // What was kept for longer than it lasts, by a store that failed, is refreshed again; not what had expired when it came.
  async #refreshed (refresher: Refresher, grant: OAuthGrant, again = 2): Promise<OAuthGrant | null> {
    const next = await this.#refreshes.run(refresher, grant)
    if (next === null || this.#freshnessOf(next) !== 'expired') return next
    if (Number(next.expiresAt) <= next.updatedAt || !this.#refreshes.canTry(next)) return null
    if (again === 0) throw busy(grant)
    return this.#refreshed(refresher, next, again - 1)
  }

  async #locate ({ account, ...selector }: GrantSelector): Promise<StoredGrant | null> {
    if (account !== undefined) return this.#grants.row({ ...selector, account })
    const rows = await this.#grants.rows(selector.owner, placeOf(selector))
    return rows.reduce<StoredGrant | null>((latest, row) => latest === null || row.authorizedAt > latest.authorizedAt ? row : latest, null)
  }

  // What the application does with it is not waited for, and fails alone.
  #tell (change: OAuthGrantChange): void {
    const { onChange, warn } = this.#options
    if (onChange === undefined) return
    (async () => onChange(change))().catch(error => warn('The option onGrantChange failed', error))
  }

  async #authorized (grant: OAuthGrant, { replaced, until }: { replaced: StoredGrant | null, until: number }): Promise<OAuthGrant> {
    await this.sessions.replaced(grant, replaced)
    if (await this.sessions.hasEnded(grant, until)) throw oauthError('FST_OAUTH_LOGGED_OUT', [grant.provider])
    this.#tell({ type: 'authorized', grant })
    return grant
  }

  #freshnessOf (grant: OAuthGrant) {
    return freshnessOf(grant, this.#options.clock())
  }

  #usable (grant: OAuthGrant | null): OAuthGrant | null {
    return grant === null || this.#freshnessOf(grant) === 'expired' ? null : grant
  }

  // How long a login waits for a store that fails to write.
  get #patience (): number {
    return this.#options.leaseTime / 4
  }
}
