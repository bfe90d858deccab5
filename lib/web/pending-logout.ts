// A logout that has sent its browser to the provider: an encrypted cookie, in which the browser comes back to the address where
// the logout was to end (OpenID Connect RP-Initiated Logout 1.0 section 3). One for each browser: the last counts.
import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Provider } from '../provider.js'
import { publicUrl } from './base-url.js'
import type { OAuthContext } from './context.js'
import { cookieAttributes, cookieName, cookiesOf, isSecure } from './cookies.js'

const keptFor = 600_000

interface PendingLogout { provider: string, state: string, returnTo: string, at: number }

/** The `state` of a logout. */
export function createLogoutState (): string {
  return randomBytes(32).toString('base64url')
}

/** Remembers where a logout ends, if the provider sends the browser back to the plugin. */
export function saveLogout (context: OAuthContext, request: FastifyRequest, reply: FastifyReply, { provider, ...logout }: { provider: Provider, state: string, returnTo: string }): void {
  const usual = publicUrl(context, request, `${context.prefix}/${provider.name}/logout/callback`, provider)
  const returnUrl = provider.logout?.returnUrl
  if (returnUrl !== usual && (provider.tenant === undefined || returnUrl !== `${usual}/${provider.tenant}`)) return
  const { name, attributes } = cookieOf(context, request, provider)
  const pending: PendingLogout = { ...logout, provider: provider.place, at: context.options.clock() }
  reply.setCookie(name, context.cipher.seal('pending-logout', name, JSON.stringify(pending)), { ...attributes, maxAge: keptFor / 1_000 })
}

/** Where a return leads, and forgets it; null for one that no logout of this browser asked for. */
export function takeLogout (context: OAuthContext, request: FastifyRequest, reply: FastifyReply, { provider, states }: { provider: Provider, states: string[] }): string | null {
  const { name, attributes } = cookieOf(context, request, provider)
  const plain = context.cipher.open('pending-logout', name, cookiesOf(request)[name] ?? '')
  if (plain === null) return null
  const pending: PendingLogout = JSON.parse(plain)
  if (pending.provider !== provider.place || states.length !== 1 || states[0] !== pending.state) return null
  reply.clearCookie(name, attributes)
  return context.options.clock() - pending.at > keptFor ? null : pending.returnTo
}

function cookieOf (context: OAuthContext, request: FastifyRequest, provider: Provider) {
  const secure = isSecure(context, request, provider)
  return { name: cookieName('oauth-logout', secure), attributes: cookieAttributes(secure) }
}
