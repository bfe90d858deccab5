// The onRequest hook of routes that declare config.oauth: the handler never runs without the grant.
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { covers } from '../grants/grant.js'
import { parseRouteRequirement } from '../options.js'
import type { RouteRequirement } from '../options.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { Injection } from './inject.js'
import type { Owners } from './owner.js'
import { asError } from './reply.js'
import type { Bind } from './request-decorator.js'

export class Guard {
  readonly #context: OAuthContext
  readonly #owners: Owners
  readonly #challenger: Challenger
  readonly #bind: Bind
  readonly #injection: Injection
  readonly #requirements = new WeakMap<object, RouteRequirement>()

  constructor (context: OAuthContext, { owners, challenger, bind }: { owners: Owners, challenger: Challenger, bind: Bind }) {
    this.#context = context
    this.#owners = owners
    this.#challenger = challenger
    this.#bind = bind
    this.#injection = new Injection(context)
  }

  /** Refuses a wrong config.oauth when the route is added. Routes added before the plugin are checked when they are called. */
  checkRoute (route: Pick<RouteOptions, 'config' | 'method' | 'url' | 'onSend'>): void {
    const where = `${String(route.method)} ${route.url}`
    if (route.config?.oauth !== undefined) this.#injection.prepare(route, parseRouteRequirement(route.config.oauth, where), where)
  }

  /** Lets a request through, or answers it; then `done` is never called, and nothing that follows can run. */
  onRequest (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { config, method, url } = request.routeOptions
    if (config?.oauth === undefined) return done()
    this.#admit(request, reply, this.#requirementOf(config, `${String(method)} ${String(url)}`))
      .then(admitted => { if (admitted) done() }, error => done(asError(error)))
  }

  // A hook that returns its promise is taken as passed once the connection is gone, whatever it was about to answer.
  async #admit (request: FastifyRequest, reply: FastifyReply, requirement: RouteRequirement): Promise<boolean> {
    const { provider: name, scope, account } = requirement
    const provider = this.#context.registry.get(name)
    this.#injection.check(request, provider, requirement)
    const { id: owner } = await this.#owners.of(request)
    const grant = owner === null ? null : await this.#context.keeper.fresh(provider, { owner, provider: name, account })
    const admitted = grant !== null && covers(grant, scope)
    if (!admitted) {
      await this.#challenger.challenge(request, reply, { provider, scope, grant })
      return false
    }
    this.#bind(request, { provider: name, account: grant.account, grant })
    this.#injection.apply(request, requirement, grant)
    return true
  }

  #requirementOf (config: { oauth?: unknown }, where: string): RouteRequirement {
    const known = this.#requirements.get(config)
    if (known !== undefined) return known
    const requirement = parseRouteRequirement(config.oauth, where)
    this.#requirements.set(config, requirement)
    return requirement
  }
}
