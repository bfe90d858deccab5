// Grants that pass from one owner to another. A store has no step that changes both rows, so the old one is marked first:
// after a crash in between it sends no refresh token that is the other's by then, and whoever needs it next settles the move.
import type { OAuthGrant } from '../../types/grant.js'
import type { StoredGrant } from '../../types/store.js'
import type { OnGrantChange } from './events.js'
import { changed, keptOf } from './grant.js'
import { busy } from './lease.js'
import type { HeldLease, Leases } from './lease.js'
import type { Refreshes } from './refresh.js'
import type { ProviderSessions } from './sessions.js'
import type { SealedStore } from './sealed-store.js'

export interface MovesOptions {
  grants: SealedStore
  leases: Leases
  refreshes: Refreshes
  sessions: ProviderSessions
  onChange: OnGrantChange
}

const attempts = 4

export class Moves {
  readonly #options: MovesOptions

  constructor (options: MovesOptions) {
    this.#options = options
  }

  /** Answers how many of an owner's grants could be read, and are the other's now. */
  async run (rows: readonly StoredGrant[], to: string): Promise<number> {
    let count = 0
    for (const row of rows) {
      if (await this.#options.leases.exclusively(row, lease => this.#move(row, to, lease))) count++
    }
    return count
  }

  /**
   * What is left of a grant whose move was not ended. Where the other owner has it, nothing, or a later login without the refresh
   * token that it kept; else the grant as it was. Throws FST_OAUTH_GRANT_BUSY.
   */
  async settle (marked: OAuthGrant): Promise<OAuthGrant | null> {
    const { grants, leases, refreshes, sessions } = this.#options
    return leases.exclusively(marked, async lease => {
      const grant = await refreshes.settled(marked, lease)
      const to = grant === null ? undefined : keptOf(grant).movingTo
      if (grant === null || to === undefined) return grant
      const there = await grants.row({ ...grant, owner: to.owner })
      const isPlaced = there !== null && there.authorizedAt >= to.login
      if (isPlaced && grant.authorizedAt === to.login) {
        if (await grants.delete(grant, { version: grant.version, until: lease.until })) await sessions.forget(grant)
        return null
      }
      const unmarked = changed(grant, { version: grant.version + 1, ...(isPlaced ? { refreshToken: undefined } : {}) }, { movingTo: undefined })
      if (await grants.write(unmarked, { fence: lease.fence, until: lease.until }) !== 'yes') throw busy(grant)
      return unmarked
    })
  }

  // Whether there was a grant that could be read.
  async #move (row: StoredGrant, to: string, lease: HeldLease): Promise<boolean> {
    const { grants, refreshes, sessions } = this.#options
    // Again where a login came in between: it may have kept the refresh token that has just been moved.
    for (let attempt = 0; attempt < attempts; attempt++) {
      const grant = await refreshes.settled(row, lease)
      await lease.secure()
      if (grant !== null && !await this.#place(grant, to, lease)) continue
      const version = grant === null ? undefined : grant.version + 1
      const isGone = await grants.delete(row, { version, until: lease.until }) || await grants.row(row, lease.until) === null
      if (!isGone) continue
      await sessions.forget(grant)
      return grant !== null
    }
    throw busy(row)
  }

  // Marks it, and gives it to its new owner; false where it had changed before it was marked.
  async #place (grant: OAuthGrant, to: string, { fence, until }: HeldLease): Promise<boolean> {
    const { grants, sessions, onChange } = this.#options
    const marked = changed(grant, { version: grant.version + 1 }, { movingTo: { owner: to, login: grant.authorizedAt } })
    if (await grants.write(marked, { fence, until }) !== 'yes') return false
    for (let attempt = 0; attempt < attempts; attempt++) {
      const there = await grants.row({ ...grant, owner: to }, until)
      if (there !== null && there.authorizedAt >= grant.authorizedAt) return true
      const moved = changed(grant, { owner: to, version: (there?.version ?? 0) + 1 }, { movingTo: undefined })
      await sessions.note(moved, until)
      if (await grants.write(moved, { until }) !== 'yes') continue
      await sessions.replaced(moved, there)
      if (!await sessions.hasEnded(moved, until)) onChange({ type: 'moved', grant: moved })
      return true
    }
    throw busy(grant)
  }
}

/** Whether a move of this grant was begun and not ended. */
export function isMoving (grant: OAuthGrant): boolean {
  return keptOf(grant).movingTo !== undefined
}
