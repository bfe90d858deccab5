// Logins without questions (prompt=none, OpenID Connect Core 1.0 section 3.1.2.1). That one has failed is remembered in the browser for a
// while, so that the page that it started from does not try again, and again.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthSilentFailure } from '../../types/fastify.js'
import type { OAuthError, OAuthErrorCode } from '../errors.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import { cookieAttributes, cookieName, cookiesOf, isSecure } from './cookies.js'

type At = Pick<Provider, 'place' | 'baseUrl'>

/** Milliseconds. */
const keptFor = 300_000

const failures: Partial<Record<OAuthErrorCode, OAuthSilentFailure>> = {
  FST_OAUTH_LOGIN_REQUIRED: 'login_required',
  FST_OAUTH_CONSENT_REQUIRED: 'consent_required',
  FST_OAUTH_INTERACTION_REQUIRED: 'interaction_required',
  FST_OAUTH_ACCESS_DENIED: 'access_denied',
  // It came through, and brought less than the page needs: so would another.
  FST_OAUTH_INSUFFICIENT_SCOPE: 'interaction_required',
  FST_OAUTH_INSUFFICIENT_AUTHENTICATION: 'interaction_required'
}

/** Whether a silent login has failed in a way that a login with questions may mend; it is remembered then. */
export function remembersFailure (context: OAuthContext, request: FastifyRequest, reply: FastifyReply, { provider, error }: { provider: At, error: OAuthError }): boolean {
  const failure = failures[error.code]
  if (failure === undefined) return false
  const value = context.cipher.seal('silent-login', provider.place, JSON.stringify({ failure, at: context.options.clock() }))
  reply.setCookie(nameOf(context, request, provider), value, { ...cookieAttributes(isSecure(context, request, provider)), maxAge: keptFor / 1_000 })
  return true
}

/** Why the last silent login of this browser failed, within five minutes; null where none has. */
export function silentFailureOf (context: OAuthContext, request: FastifyRequest, provider: At): OAuthSilentFailure | null {
  const sealed = cookiesOf(request)[nameOf(context, request, provider)]
  const plain = sealed === undefined ? null : context.cipher.open('silent-login', provider.place, sealed)
  if (plain === null) return null
  const { failure, at } = JSON.parse(plain)
  return context.options.clock() - at > keptFor ? null : failure
}

function nameOf (context: OAuthContext, request: FastifyRequest, provider: At): string {
  return cookieName(`oauth.silent.${provider.place.replace('/', '~')}`, isSecure(context, request, provider))
}
