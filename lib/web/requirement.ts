// What routes need: those of a context and those of a route, put together.
import type { FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthProtocolName } from '../../types/providers.js'
import { oauthError } from '../errors.js'
import { covers } from '../grants/grant.js'
import { parseRouteRequirement } from '../options.js'
import type { RouteRequirement } from '../options.js'
import type { ProviderRegistry } from '../registry.js'
import { isAuthenticated } from './authentication.js'

/** Checks a requirement against the schema and the providers that are registered. Throws FST_OAUTH_INVALID_OPTIONS, which names `where`. */
export function readRequirement (registry: ProviderRegistry, given: unknown, where: string): RouteRequirement {
  const requirement = parseRouteRequirement(given, where)
  const protocol = protocolOf(registry, requirement.provider, where)
  // A tenant's is checked when it is known.
  if (protocol !== undefined) checkAuthentication(protocol, requirement, where)
  return requirement
}

/** Throws FST_OAUTH_INVALID_OPTIONS where a provider's id_token or a login without questions is asked for, and it has neither. */
export function checkAuthentication (protocol: OAuthProtocolName, { provider, acr, maxAge, silent }: RouteRequirement, where: string): void {
  if (protocol === 'oidc') return
  if (silent) throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${where}: silent is for OpenID providers, which know prompt=none, and "${provider}" is none`])
  if (acr.length === 0 && maxAge === undefined) return
  throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${where}: acr and maxAge are for OpenID providers, whose id_token tells how a user was authenticated, and "${provider}" is none`])
}

function protocolOf (registry: ProviderRegistry, provider: string, where: string) {
  try {
    return registry.get(provider).protocol
  } catch (error) {
    throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${where}: ${(error as Error).message}`])
  }
}

/** Whether two requirements are of one grant, so that one login can bring what both need. */
export function isOfOneGrant (one: RouteRequirement, other: RouteRequirement): boolean {
  return one.provider === other.provider && (one.account === undefined || other.account === undefined || one.account === other.account)
}

/** What to ask for so that every one of these is met, the most particular last. */
export function combined (requirements: readonly [RouteRequirement, ...RouteRequirement[]]): RouteRequirement {
  return requirements.reduce((all, one) => {
    const both = all.acr.filter(value => one.acr.includes(value))
    const ages = [all.maxAge, one.maxAge].filter(age => age !== undefined)
    return {
      ...one,
      scope: [...new Set([...all.scope, ...one.scope])],
      account: one.account ?? all.account,
      acr: both.length > 0 ? both : one.acr.length > 0 ? one.acr : all.acr,
      maxAge: ages.length === 0 ? undefined : Math.min(...ages),
      onUnauthorized: one.onUnauthorized ?? all.onUnauthorized
    }
  })
}

/** Whether a grant is what a requirement asks for. */
export function meets (grant: OAuthGrant, { scope, acr, maxAge }: RouteRequirement, now: number): boolean {
  return covers(grant, scope) && isAuthenticated(grant, { acr, maxAge }, now)
}

/** The account that a requirement names for this request. */
export async function accountOf (request: FastifyRequest, { account, provider }: RouteRequirement): Promise<string | undefined> {
  if (typeof account !== 'function') return account
  const named: unknown = await account(request)
  if (named === undefined || (typeof named === 'string' && named !== '')) return named
  throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`what the function account of a route at ${provider} answered; allowed is a non-empty string, or undefined`])
}
