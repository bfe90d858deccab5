// The keys of what is stored of sessions at providers (OpenID Connect Back-Channel Logout 1.0). They have a colon in the
// provider's place: see obtained-key.ts.
import { hash } from 'node:crypto'
import type { OAuthProviderSession } from '../../types/grant.js'
import type { GrantKey } from '../../types/store.js'

/** A login's grant, by its key in the store, and the session that the login had at the provider. */
export interface SessionGrant extends GrantKey { authorizedAt: number, session: OAuthProviderSession }

/** What a logout names at one place: a session, or every session of a user; one of `sid` and `subject` is there. */
export interface EndedSession { provider: string, issuer: string, sid: string | undefined, subject: string | undefined, /** Seconds, by the provider's clock. */ endedAt: number }

type Named = Pick<EndedSession, 'provider' | 'issuer'>
/** `sidless`: sessions of a user that the provider told no id of. */
type Kind = 'sid' | 'subject' | 'sidless'

/** In the place of the owner, where the grants of those whom a logout names are noted. */
export function noteOwnersOf ({ sid, subject, ...named }: EndedSession): string[] {
  return [...(sid === undefined ? [] : [noteOwner(named, 'sid', sid)]), ...(subject === undefined ? [] : [noteOwner(named, 'subject', subject)])]
}

/** Where the grant of a login is noted: once under its session, once under its user. */
export function notesOf ({ owner, provider, account, authorizedAt, session }: SessionGrant): GrantKey[] {
  const { issuer, subject, sid } = session
  const place = { provider: `session:${provider}`, account: hashOf([owner, account, authorizedAt]) }
  return noteOwnersOf({ provider, issuer, sid, subject, endedAt: 0 }).map(owner => ({ owner, ...place }))
}

/** Where it is marked that sessions have ended: those with this id, those of a user, or those among them that have no id. */
export function marksOf ({ sid, subject, ...named }: EndedSession): GrantKey[] {
  if (sid === undefined) return [markKey(named, 'subject', String(subject))]
  return [markKey(named, 'sid', sid), ...(subject === undefined ? [] : [markKey(named, 'sidless', subject)])]
}

/** Marks that tell that a session has ended. */
export function endsOf (provider: string, { issuer, sid, subject }: OAuthProviderSession): GrantKey[] {
  const named = { provider, issuer }
  return [markKey(named, 'subject', subject), sid === undefined ? markKey(named, 'sidless', subject) : markKey(named, 'sid', sid)]
}

/** Whether a logout names a session that a login had. */
export function isNamed ({ sid, subject, endedAt }: EndedSession, session: OAuthProviderSession): boolean {
  if (subject !== undefined && session.subject !== subject) return false
  // One that began in the same second counts as ended: clocks of seconds cannot tell.
  return sid !== undefined && session.sid !== undefined ? session.sid === sid : session.since <= endedAt
}

// Few share an owner, so that what is out of date there is found by one question.
function markKey (named: Named, kind: Kind, value: string): GrantKey {
  const id = idOf(named, kind, value)
  return { owner: `ended:${id.slice(0, 2)}`, provider: `ended:${named.provider}`, account: id }
}

function noteOwner (named: Named, kind: 'sid' | 'subject', value: string): string {
  return `session:${idOf(named, kind, value)}`
}

function idOf ({ provider, issuer }: Named, kind: Kind, value: string): string {
  return hashOf([kind, provider, issuer, value])
}

function hashOf (what: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(what), 'base64url')
}
