// Whether a refresh token may be sent. Where an answer was lost, nobody knows whether the token is spent: sent again to a
// provider that rotates, it would count as stolen, and the whole grant be withdrawn (RFC 9700 section 4.14.2).
import { hash } from 'node:crypto'
import type { OAuthGrant } from '../../types/grant.js'
import { isOAuthError } from '../errors.js'
import type { OAuthErrorCode } from '../errors.js'
import { changed, keptOf } from './grant.js'

// Raised before a token request is made.
const nothingSent: ReadonlySet<OAuthErrorCode> = new Set(['FST_OAUTH_DISCOVERY_FAILED', 'FST_OAUTH_INSECURE_URL', 'FST_OAUTH_PKCE_UNSUPPORTED'])

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

/** The grant as it is stored before its refresh token is sent. */
export function sending (grant: OAuthGrant, now: number): OAuthGrant {
  const { refreshing } = keptOf(grant)
  const name = nameOf(String(grant.refreshToken))
  const before = refreshing?.hash === name ? refreshing : { attempt: 0, sentAt: now }
  return changed(grant, { version: grant.version + 1 }, { refreshing: { hash: name, attempt: before.attempt + 1, sentAt: before.sentAt } })
}

/** The grant after a failure that left its refresh token as good as before. */
export function unsent (grant: OAuthGrant): OAuthGrant {
  return changed(grant, { version: grant.version + 1 }, { refreshing: null })
}

/** The grant without its refresh token, which was refused or may be spent: the access token serves to its end. */
export function withoutRefresh (grant: OAuthGrant): OAuthGrant {
  return changed(grant, { refreshToken: undefined, version: grant.version + 1 }, { refreshing: null, dropped: nameOf(String(grant.refreshToken)) })
}

/** Whether a failed refresh left the refresh token as good as before: nothing reached the provider, or it answered an error. */
export function isUnspent (error: unknown): boolean {
  return isOAuthError(error) && (error.unspent === true || error.providerError !== undefined || nothingSent.has(error.code))
}

/** Whether a grant still holds the refresh token that was sent, or lost it to another process that saw no answer to it. */
export function descends (stored: OAuthGrant, sent: string): boolean {
  return stored.refreshToken === sent || (stored.refreshToken === undefined && keptOf(stored).dropped === nameOf(sent))
}

/** A refreshed grant on top of what is stored. A login that brought no refresh token kept the old one: it gets its successor. */
export function onTopOf (stored: OAuthGrant, next: OAuthGrant): OAuthGrant {
  const version = stored.version + 1
  if (stored.authorizedAt === next.authorizedAt) return next.version === version ? next : changed(next, { version })
  return changed(stored, { refreshToken: next.refreshToken, version }, keptOf(next))
}
