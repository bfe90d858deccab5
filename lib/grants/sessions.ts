// Sessions that providers end by themselves (OpenID Connect Back-Channel Logout 1.0), over all processes that share a store.
// The grant of a login is noted under its session before it is stored, and a logout leaves a mark before it reads the notes:
// whichever of the two comes first, the other sees it. Reading a grant asks nothing of this.
import type { OAuthGrant, OAuthGrantChange, OAuthProviderSession } from '../../types/grant.js'
import type { GrantKey, StoredGrant } from '../../types/store.js'
import { placeOf } from '../place.js'
import { createGrant, idOf, keptOf, keyOf, revoked } from './grant.js'
import { busy } from './lease.js'
import type { SealedStore } from './sealed-store.js'
import { endsOf, isNamed, marksOf, noteOwnersOf, notesOf } from './session-keys.js'
import type { EndedSession, SessionGrant } from './session-keys.js'

export interface ProviderSessionsOptions {
  grants: SealedStore
  clock: () => number
  onChange: (change: OAuthGrantChange) => void
  /** Told of what no caller sees. */
  warn: (message: string, error?: unknown) => void
}

// Longer than a code lives (RFC 6749 section 4.1.2), so that no login is under way any more that had the session.
const marksKeptFor = 1_800_000
const writeAttempts = 4
const atOnce = 50

export class ProviderSessions {
  readonly #options: ProviderSessionsOptions

  constructor (options: ProviderSessionsOptions) {
    this.#options = options
  }

  /** Notes the grant of a login before it is stored, so that no grant is without its note. */
  async note (given: OAuthGrant, until: number): Promise<void> {
    const login = sessionGrantOf(given)
    if (login === undefined) return
    const grant = idOf(given)
    await Promise.all(notesOf(login).map(key => this.#write(key, { grant, at: login.authorizedAt, until })))
  }

  /** Notes a grant anew that was written again: stores forget first what was not written for long. */
  renew (grant: OAuthGrant): void {
    this.note(grant, 0).catch(error => this.#options.warn(`A grant at ${placeOf(grant)} could not be noted again under its session`, error))
  }

  /** Drops the notes of a grant that another login's has replaced. */
  async replaced (grant: OAuthGrant, row: StoredGrant | null): Promise<void> {
    if (keptOf(grant).session === undefined || row === null || row.authorizedAt === grant.authorizedAt) return
    await this.forget(this.#options.grants.open(row))
  }

  /** Drops the notes of a grant that is gone. */
  async forget (grant: OAuthGrant | null): Promise<void> {
    const login = grant === null ? undefined : sessionGrantOf(grant)
    if (login !== undefined) await this.#drop(notesOf(login))
  }

  /** Whether the session of a grant that was just stored had ended meanwhile; then the grant is gone again. */
  async hasEnded (grant: OAuthGrant, until: number): Promise<boolean> {
    const { session } = keptOf(grant)
    if (session === undefined) return false
    const [bySubject, byOther] = await Promise.all(endsOf(placeOf(grant), session).map(key => this.#options.grants.row(key, until))) as [StoredGrant | null, StoredGrant | null]
    const isLater = (mark: StoredGrant | null) => mark !== null && mark.authorizedAt >= session.since * 1_000
    // A session with an id does not come back.
    const hasEnded = isLater(bySubject) || (session.sid === undefined ? isLater(byOther) : byOther !== null)
    if (hasEnded) await this.#end(grant, ({ sid, since }) => sid === session.sid && since === session.since, until)
    return hasEnded
  }

  /** Ends every session that a logout names, and answers their grants. One that fails does not stop the others. */
  async end (ended: EndedSession): Promise<OAuthGrant[]> {
    const { grants } = this.#options
    const marks = marksOf(ended)
    await Promise.all(marks.map(key => this.#mark(key, ended.endedAt * 1_000)))
    const notes = (await Promise.all(noteOwnersOf(ended).map(owner => grants.everything(owner)))).flat()
    const settled: Array<PromiseSettledResult<OAuthGrant | null>> = []
    for (let at = 0; at < notes.length; at += atOnce) {
      settled.push(...await Promise.allSettled(notes.slice(at, at + atOnce).map(note => this.#endNoted(note, ended))))
    }
    await this.#sweep(marks)
    const failed = settled.find(one => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return settled.flatMap(one => one.status === 'fulfilled' && one.value !== null ? [one.value] : [])
  }

  async #endNoted (note: StoredGrant, ended: EndedSession): Promise<OAuthGrant | null> {
    const { grants } = this.#options
    const name = grants.open(note)?.subject
    if (name === undefined) return null
    const [owner, provider, account] = JSON.parse(name)
    const grant = await this.#end({ owner, provider, account }, session => isNamed(ended, session), 0)
    // Of a login that was never stored; a young one may be still.
    if (grant === null && this.#isOld(note) && await grants.read({ owner, provider, account }) === null) await this.#drop([note])
    return grant
  }

  // Not under a lease: what a refresh under way brings is not stored on top of nothing.
  async #end (key: GrantKey, isMeant: (session: OAuthProviderSession) => boolean, until: number): Promise<OAuthGrant | null> {
    const { grants, onChange } = this.#options
    for (let attempt = 0; attempt < writeAttempts; attempt++) {
      const grant = await grants.read(key, until)
      const session = grant === null ? undefined : keptOf(grant).session
      if (grant === null || session === undefined || !isMeant(session)) return null
      if (!await grants.delete(key, { version: grant.version, until })) continue
      await this.forget(grant)
      onChange({ type: 'logged_out', grant: revoked(grant) })
      return grant
    }
    throw busy(key)
  }

  // The latest logout counts.
  async #mark (key: GrantKey, at: number): Promise<void> {
    await this.#write(key, { grant: '', at, until: 0, isDone: row => row.authorizedAt >= at })
  }

  // Marks beside the new ones that no login can meet any more.
  async #sweep (marks: readonly GrantKey[]): Promise<void> {
    const { grants, warn } = this.#options
    for (const { owner } of marks) {
      const rows = await grants.everything(owner).catch(error => {
        warn('Old marks of logouts could not be found', error)
        return []
      })
      await this.#drop(rows.filter(row => this.#isOld(row)))
    }
  }

  #isOld ({ authorizedAt }: StoredGrant): boolean {
    return authorizedAt < this.#options.clock() - marksKeptFor
  }

  async #write (key: GrantKey, { grant, at, until, isDone }: { grant: string, at: number, until: number, isDone?: (row: StoredGrant) => boolean }): Promise<void> {
    const { grants } = this.#options
    let version = 0
    for (let attempt = 0; attempt < writeAttempts; attempt++) {
      if (await grants.write(entry(key, { grant, at, version: version + 1 }), { until }) === 'yes') return
      const row = await grants.row(key, until)
      if (row !== null && isDone?.(row) === true) return
      version = row?.version ?? 0
    }
    throw busy(key)
  }

  async #drop (keys: readonly GrantKey[]): Promise<void> {
    const { grants, warn } = this.#options
    await Promise.all(keys.map(key => grants.delete(key, { until: 0 }).catch(error => warn('A note of a session that is gone could not be removed; it has no effect', error))))
  }
}

function sessionGrantOf (grant: OAuthGrant): SessionGrant | undefined {
  const { session } = keptOf(grant)
  return session === undefined ? undefined : { ...keyOf(grant), authorizedAt: grant.authorizedAt, session }
}

// In the form of a grant, without tokens: so it is encrypted, and encrypted anew, as every other.
function entry (key: GrantKey, { grant, at, version }: { grant: string, at: number, version: number }): OAuthGrant {
  return createGrant({
    ...key,
    subject: grant,
    tokenType: '',
    accessToken: '',
    tokenSecret: undefined,
    refreshToken: undefined,
    idToken: undefined,
    scope: [],
    expiresAt: undefined,
    claims: undefined,
    raw: {},
    version,
    authorizedAt: at,
    updatedAt: at
  })
}
