// The onRequest hook of routes that declare config.oauth: the handler never runs without the grant.
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { covers } from '../grants/grant.js'
import { parseRouteRequirement } from '../options.js'
import type { RouteRequirement } from '../options.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import type { Owners } from './owner.js'
import { asError } from './reply.js'
import type { Bind } from './request-decorator.js'
import { tokensOf } from './token-source.js'

export class Guard {
  readonly #context: OAuthContext
  readonly #owners: Owners
  readonly #challenger: Challenger
  readonly #bind: Bind
  readonly #requirements = new WeakMap<object, RouteRequirement>()

  constructor (context: OAuthContext, { owners, challenger, bind }: { owners: Owners, challenger: Challenger, bind: Bind }) {
    this.#context = context
    this.#owners = owners
    this.#challenger = challenger
    this.#bind = bind
  }

  /** Refuses a wrong config.oauth when the route is added. Routes added before the plugin are checked when they are called. */
  checkRoute ({ config, method, url }: Pick<RouteOptions, 'config' | 'method' | 'url'>): void {
    if (config?.oauth !== undefined) parseRouteRequirement(config.oauth, `${String(method)} ${url}`)
  }

  /** Lets a request through, or answers it; then `done` is never called, and nothing that follows can run. */
  onRequest (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { config, method, url } = request.routeOptions
    if (config?.oauth === undefined) return done()
    this.#admit(request, reply, this.#requirementOf(config, `${String(method)} ${String(url)}`))
      .then(admitted => { if (admitted) done() }, error => done(asError(error)))
  }

  // A hook that returns its promise is taken as passed once the connection is gone, whatever it was about to answer.
  async #admit (request: FastifyRequest, reply: FastifyReply, { provider: name, scope, account }: RouteRequirement): Promise<boolean> {
    const provider = this.#context.registry.get(name)
    const owner = async () => (await this.#owners.of(request)).id
    const grant = await tokensOf(this.#context, provider, { request, owner, account }).current()
    const admitted = grant !== null && covers(grant, scope)
    if (admitted) this.#bind(request, { provider: name, account: grant.account, grant })
    else await this.#challenger.challenge(request, reply, { provider, scope, grant })
    return admitted
  }

  #requirementOf (config: { oauth?: unknown }, where: string): RouteRequirement {
    const known = this.#requirements.get(config)
    if (known !== undefined) return known
    const requirement = parseRouteRequirement(config.oauth, where)
    this.#requirements.set(config, requirement)
    return requirement
  }
}
