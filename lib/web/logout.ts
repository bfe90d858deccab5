// Logout, in its order: the grants and the session here, the tokens at the provider (RFC 7009), then the session there
// (OpenID Connect RP-Initiated Logout 1.0). What fails at the provider undoes nothing here, and is told.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant, OAuthRevocation, OAuthTokenName } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { placeIn } from '../place.js'
import { baseUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import { runsHook } from './endings.js'
import { styled } from './error-page.js'
import { wantsPage } from './negotiation.js'
import type { Owners } from './owner.js'
import { escape } from './page.js'
import type { Page } from './page.js'
import { createLogoutState, saveLogout } from './pending-logout.js'
import { seeOther, sendPage } from './reply.js'
import { checkReturnTo } from './return-to.js'
import { revokeTokens } from './revoke.js'
import { siteOf } from './same-origin.js'

export interface LogoutParts { context: OAuthContext, owners: Owners }

export interface Logout {
  request: FastifyRequest
  reply: FastifyReply
  provider: Provider
  /** Default: every account of the owner at the provider. */
  account: string | undefined
  /** As it was given. */
  returnTo: string | undefined
}

/** Logs a browser's owner out, and replies. Throws FST_OAUTH_CROSS_SITE, and what keeps the grants from ending here. */
export async function logOut (parts: LogoutParts, logout: Logout): Promise<void> {
  const { context, owners } = parts
  const { request, reply, provider } = logout
  const returnTo = returnToOf(context, logout)
  const grants = await endGrants(parts, logout)
  await owners.leave(request)
  const { error, ...revocation } = await revokeAll(provider, grants)
  if (error !== undefined) request.log.warn({ err: error }, 'The grant was dropped, but the provider did not revoke it')
  const endSessionUrl = await endSessionUrlOf(context, { ...logout, returnTo }, grants)
  const replied = await runsHook(reply, () => context.options.onLogout?.({ request, reply, ...placeIn(provider.place), by: 'user', grants, subject: grants[0]?.subject, sid: sidOf(grants[0]) }))
  if (replied) return
  if (!wantsPage(request)) reply.send({ removed: grants.length > 0, ...revocation, ...(endSessionUrl === undefined ? {} : { endSessionUrl }) })
  else if (revocation.provider === 'failed') sendPage(reply, pageOf(endSessionUrl ?? returnTo))
  else seeOther(reply, endSessionUrl ?? returnTo)
}

// A page of another site must not log users out.
function returnToOf (context: OAuthContext, { request, provider, returnTo }: Logout): string {
  const base = baseUrlOf(context, request, provider)
  // Of a page with Referrer-Policy: no-referrer it is null, and Sec-Fetch-Site alone tells.
  const { origin = 'null' } = request.headers
  const isOther = origin !== 'null' && origin !== base.origin
  if (isOther || siteOf(context, request, provider) === 'foreign') throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
  const { options } = context
  return checkReturnTo(returnTo, base.origin) ?? options.returnToUris.find(uri => uri === returnTo) ?? options.returnTo
}

// The latest first. One that cannot be ended keeps none of the others from it.
async function endGrants ({ context: { keeper }, owners }: LogoutParts, { request, provider, account }: Logout): Promise<OAuthGrant[]> {
  const { id } = await owners.of(request)
  if (id === null) return []
  const keys = (await keeper.keys(id)).filter(key => key.provider === provider.place && (account === undefined || key.account === account))
  const removals = keys.map(key => keeper.remove(key))
  await Promise.allSettled(removals)
  const grants = (await Promise.all(removals)).filter(grant => grant !== null)
  return grants.sort((a, b) => b.authorizedAt - a.authorizedAt)
}

// Of several accounts, what is worst.
async function revokeAll (provider: Provider, grants: readonly OAuthGrant[]): Promise<Omit<OAuthRevocation, 'removed'>> {
  const answers = await Promise.all(grants.map(grant => revokeTokens(provider, grant)))
  const failed = answers.filter(answer => answer.provider === 'failed')
  const notRevoked = [...new Set(failed.flatMap(answer => answer.notRevoked as OAuthTokenName[]))]
  if (failed[0] !== undefined) return { ...failed[0], notRevoked }
  return answers[0] ?? { provider: 'unsupported' }
}

async function endSessionUrlOf (context: OAuthContext, { request, reply, provider, returnTo }: Logout & { returnTo: string }, grants: readonly OAuthGrant[]): Promise<string | undefined> {
  if (grants.length === 0) return undefined
  const idToken = grants.find(grant => grant.idToken !== undefined)?.idToken
  const state = createLogoutState()
  try {
    const url = await provider.logout?.url({ idToken, state })
    if (url !== undefined) saveLogout(context, request, reply, { provider, state, returnTo })
    return url
  } catch (error) {
    request.log.warn({ err: error }, 'The user was logged out here, but the session at the provider could not be ended')
    return undefined
  }
}

function sidOf (grant: OAuthGrant | undefined): string | undefined {
  const sid = grant?.claims?.sid
  return typeof sid === 'string' ? sid : undefined
}

function pageOf (next: string): Page {
  const text = 'You are logged out here. The provider did not confirm that it has withdrawn the access that you had given: it may last until it ends by itself.'
  return styled({ title: 'Logged out', body: `<p>${text}</p><p><a href="${escape(next)}">Go on</a></p>` })
}
