// What the hooks of app.oauth.require() need that run for a request, known before they run: one login can bring all of it.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OAuthRequirementHook } from '../../types/fastify.js'
import type { RouteRequirement } from '../options.js'
import { isOfOneGrant } from './requirement.js'

export class InheritedRequirements {
  readonly #requirements = new WeakMap<object, RouteRequirement>()

  /** Tells what a hook needs. */
  note (hook: OAuthRequirementHook, requirement: RouteRequirement): OAuthRequirementHook {
    this.#requirements.set(hook, requirement)
    return hook
  }

  /** What a request's hooks need of the grant that `own` is about. */
  of ({ server }: FastifyRequest, own: RouteRequirement): RouteRequirement[] {
    const known = onRequestHooksOf(server).map(hook => this.#requirements.get(hook))
    return known.filter(one => one !== undefined).filter(one => !one.optional && isOfOneGrant(one, own))
  }
}

// Fastify tells nobody which hooks a context has. Where it keeps them elsewhere one day, what they need is asked for by a login of
// its own, after that of the route.
function onRequestHooksOf (server: FastifyInstance): object[] {
  let holder: object | null = server
  let key: symbol | undefined
  for (; holder !== null && key === undefined; holder = Object.getPrototypeOf(holder)) key = Object.getOwnPropertySymbols(holder).find(({ description }) => description === 'fastify.hooks')
  const hooks: unknown = key === undefined ? undefined : Reflect.get(server, key)
  return (hooks as { onRequest?: object[] } | undefined)?.onRequest ?? []
}
