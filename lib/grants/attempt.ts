// Whether a refresh token may be sent. Where an answer was lost, nobody knows whether the token is spent: sent again to a
// provider that rotates, it would count as stolen, and the whole grant be withdrawn (RFC 9700 section 4.14.2).
import { hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { OAuthGrant } from '../../types/grant.js'
import { isOAuthError } from '../errors.js'
import { changed, keptOf } from './grant.js'
import type { Refreshing } from './grant.js'

/** Names a refresh token in the store without telling it. */
export function nameOf (refreshToken: string): string {
  return hash('sha256', `fastify-oauth refresh token ${refreshToken}`, 'base64url').slice(0, 22)
}

/** `grace`: milliseconds after its first use for which the provider takes a refresh token again. */
export function maySend (grant: OAuthGrant, { grace, now }: { grace: number, now: number }): boolean {
  const { refreshing, reusable } = keptOf(grant)
  if (refreshing === null || refreshing.hash !== nameOf(String(grant.refreshToken))) return true
  return reusable || now - refreshing.sentAt < grace
}

/** The grant as it is stored before its refresh token is sent. The lease's fence tells this mark from any other. */
export function sending (grant: OAuthGrant, { fence, now }: { fence: number, now: number }): OAuthGrant {
  const { refreshing } = keptOf(grant)
  const name = nameOf(String(grant.refreshToken))
  const before = refreshing?.hash === name ? refreshing : { attempt: 0, sentAt: now }
  return changed(grant, { version: grant.version + 1 }, { refreshing: { hash: name, attempt: before.attempt + 1, sentAt: before.sentAt, fence } })
}

/** Whether the mark of `marked`, and no later one, is on a stored grant. */
export function bearsMark (stored: OAuthGrant, marked: OAuthGrant): boolean {
  return isDeepStrictEqual(keptOf(stored).refreshing, keptOf(marked).refreshing)
}

/** The grant without its refresh token: the access token serves to its end. `refreshing` stays where the answer was lost. */
export function withoutRefresh (grant: OAuthGrant, refreshing: Refreshing | null = null): OAuthGrant {
  const dropped = { hash: nameOf(String(grant.refreshToken)), login: grant.authorizedAt }
  return changed(grant, { refreshToken: undefined, version: grant.version + 1 }, { refreshing, dropped })
}

/** Whether a failed refresh left the refresh token as good as before: nothing reached the provider, or it answered an error. */
export function isUnspent (error: unknown): boolean {
  return isOAuthError(error) && (error.unspent === true || error.providerError !== undefined)
}

/** What came of a refresh token that was sent, and is not stored yet. */
export class Outcome {
  /** The grant as it was stored when the refresh token was sent. */
  readonly #marked: OAuthGrant
  readonly #isUnspent: boolean
  /** The grant as it is to be stored. */
  next: OAuthGrant

  private constructor (marked: OAuthGrant, next: OAuthGrant, isUnspent: boolean) {
    this.#marked = marked
    this.#isUnspent = isUnspent
    this.next = next
  }

  /** The provider answered: with new tokens, or that the refresh token is refused. */
  static answered (marked: OAuthGrant, next: OAuthGrant): Outcome {
    return new Outcome(marked, next, false)
  }

  /** The refresh token is as good as before. */
  static unspent (marked: OAuthGrant): Outcome {
    return new Outcome(marked, changed(marked, { version: marked.version + 1 }, { refreshing: null }), true)
  }

  /** What is told of it; null where nothing has changed. */
  get change (): 'refreshed' | 'expired' | null {
    if (this.#isUnspent) return null
    return this.next.refreshToken === undefined ? 'expired' : 'refreshed'
  }

  /**
   * Whether a grant still holds the refresh token that was sent, or lost it to another process that saw no answer to it. What
   * was not spent counts only while nobody has sent it again.
   */
  concerns (stored: OAuthGrant): boolean {
    const sent = this.#marked.refreshToken as string
    const descends = stored.refreshToken === sent || (stored.refreshToken === undefined && keptOf(stored).dropped?.hash === nameOf(sent))
    return descends && (!this.#isUnspent || bearsMark(stored, this.#marked))
  }

  /** Whether it is what is stored. */
  is (stored: OAuthGrant): boolean {
    return stored.accessToken === this.next.accessToken && stored.refreshToken === this.next.refreshToken && stored.updatedAt === this.next.updatedAt
  }

  /** On top of what is stored. A login that brought no refresh token kept the old one: it gets its successor. */
  onTopOf (stored: OAuthGrant): OAuthGrant {
    const version = stored.version + 1
    const { next } = this
    if (stored.authorizedAt === next.authorizedAt) this.next = next.version === version ? next : changed(next, { version })
    else this.next = changed(stored, { refreshToken: next.refreshToken, version }, { ...keptOf(next), session: keptOf(stored).session })
    return this.next
  }
}
