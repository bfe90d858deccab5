// The authorization response (RFC 5849 section 2.2), and the forms in which providers say that access was denied.
import { oauthError } from '../errors.js'
import { problemOf } from '../http/problem.js'

/** Whether a problem means that the user, or the provider for the user, said no. */
export function isDenial (problem: string | undefined): boolean {
  return problem === 'user_refused' || problem === 'permission_denied'
}

/**
 * The temporary token of a callback. X names it in `denied` when the user says no. Throws FST_OAUTH_TOKEN_MISSING and
 * FST_OAUTH_INVALID_CALLBACK.
 */
export function tokenOf (provider: string, callback: URLSearchParams): string {
  const tokens = callback.getAll(callback.has('oauth_token') ? 'oauth_token' : 'denied')
  if (tokens.length > 1) throw oauthError('FST_OAUTH_INVALID_CALLBACK', [provider, 'it has more than one oauth_token'])
  const [token = ''] = tokens
  if (token === '') throw oauthError('FST_OAUTH_TOKEN_MISSING', [provider, problemIn(callback) ?? 'no oauth_problem is named'])
  return token
}

/** What the user or the provider refused with, or undefined. */
export function denialIn (callback: URLSearchParams): string | undefined {
  const problem = problemIn(callback)
  if (isDenial(problem)) return problem
  // X; Atlassian's servers.
  return callback.has('denied') || callback.get('oauth_verifier') === 'denied' ? 'denied' : undefined
}

/** The verifier; undefined only where it is not required and there is none. Throws FST_OAUTH_INVALID_CALLBACK. */
export function verifierOf (provider: string, callback: URLSearchParams, required: boolean): string | undefined {
  const refuse = (why: string) => oauthError('FST_OAUTH_INVALID_CALLBACK', [provider, why])
  const problem = problemIn(callback)
  if (problem !== undefined) throw refuse(`it reports the problem ${problem}`)
  const verifiers = callback.getAll('oauth_verifier')
  if (verifiers.length > 1) throw refuse('it has more than one oauth_verifier')
  const [verifier = ''] = verifiers
  if (verifier === '' && required) throw refuse('it has no oauth_verifier. If the provider speaks OAuth Core 1.0, declare quirks.oauth1Revision "1.0"')
  return verifier === '' ? undefined : verifier
}

function problemIn (callback: URLSearchParams): string | undefined {
  return problemOf({}, callback.toString())
}
