// The onRequest hook of routes that declare config.oauth, and those of app.oauth.require(): the handler never runs without
// the grant.
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { OAuthRequirementHook } from '../../types/fastify.js'
import { oauthError } from '../errors.js'
import { parseRouteRequirement } from '../options.js'
import type { RouteRequirement } from '../options.js'
import { Provider } from '../provider.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { InheritedRequirements } from './inherited.js'
import { Injection } from './inject.js'
import type { Owners } from './owner.js'
import { asError } from './reply.js'
import type { Bind } from './request-decorator.js'
import { isPageLoad } from './negotiation.js'
import { accountOf, checkAuthentication, combined, isOfOneGrant, meets, readRequirement } from './requirement.js'
import { silentFailureOf } from './silent.js'
import { tokensOf } from './token-source.js'

type Each = readonly [RouteRequirement, ...RouteRequirement[]]

interface Needs {
  /** What one grant must meet, the most particular last. */
  each: Each
  /** What a challenge asks for besides. */
  besides: () => readonly RouteRequirement[]
  /** Whether request.oauth is bound to the grant, and to its provider where it falls short. The route's own requirement goes first. */
  binds: 'always' | 'when met' | 'never'
}

export class Guard {
  readonly #context: OAuthContext
  readonly #owners: Owners
  readonly #challenger: Challenger
  readonly #bind: Bind
  readonly #injection: Injection
  readonly #requirements = new WeakMap<object, RouteRequirement>()
  // Of hooks, which run after a route's own requirement was looked at: what they need is asked for in the same login.
  readonly #inherited = new InheritedRequirements()

  constructor (context: OAuthContext, { owners, challenger, bind }: { owners: Owners, challenger: Challenger, bind: Bind }) {
    this.#context = context
    this.#owners = owners
    this.#challenger = challenger
    this.#bind = bind
    this.#injection = new Injection(context)
  }

  /** Refuses a wrong config.oauth when the route is added. Routes added before the plugin are checked when they are called. */
  checkRoute (route: Pick<RouteOptions, 'config' | 'method' | 'url' | 'onSend'>): void {
    const { config, method, url } = route
    if (declares(config)) this.#injection.prepare(route, readRequirement(this.#context.registry, config.oauth, nameOf({ method, url })), `${String(method)} ${url}`)
  }

  /** Lets a request through, or answers it; then `done` is never called, and nothing that follows can run. */
  onRequest (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { config } = request.routeOptions
    if (!declares(config)) return done()
    settle(done, this.#admit(request, reply, () => {
      const own = this.#requirementOf(request, config)
      return { each: [own], besides: () => this.#inherited.of(request, own), binds: 'always' }
    }))
  }

  /** A hook that does the same for every route of a context. */
  require (given: unknown): OAuthRequirementHook {
    const requirement = readRequirement(this.#context.registry, given, 'app.oauth.require()')
    if (requirement.inject !== undefined) throw oauthError('FST_OAUTH_INVALID_OPTIONS', ['app.oauth.require().inject is an object; allowed is nothing: a token is injected by the config.oauth of a route'])
    const hook: OAuthRequirementHook = (request, reply, done) => {
      const { config } = request.routeOptions
      settle(done, this.#admit(request, reply, () => {
        const own = declares(config) ? this.#requirementOf(request, config) : undefined
        const isJoined = own !== undefined && !own.optional && isOfOneGrant(requirement, own)
        const besides = () => this.#inherited.of(request, requirement)
        return isJoined ? { each: [requirement, { ...own, optional: requirement.optional }], besides, binds: 'when met' } : { each: [requirement], besides, binds: own === undefined ? 'always' : 'never' }
      }))
    }
    return this.#inherited.note(hook, requirement)
  }

  // The path of every guarded request: where nothing is to be waited for, nothing is.
  async #admit (request: FastifyRequest, reply: FastifyReply, needs: () => Needs): Promise<boolean> {
    const { each, besides, binds } = needs()
    const { registry, options } = this.#context
    const wanted = combined(each)
    const found = registry.at(wanted.provider, { request })
    const provider = found instanceof Provider ? found : await found
    if (provider.tenant !== undefined) checkAuthentication(provider.protocol, wanted, nameOf(request.routeOptions))
    this.#injection.check(request, provider, wanted)
    const account = typeof wanted.account === 'function' ? await accountOf(request, wanted) : wanted.account
    const owner = () => this.#owners.idOf(request)
    const grant = await tokensOf(this.#context, provider, { request, owner, account }).current()
    const now = options.clock()
    if (grant !== null && each.every(one => meets(grant, one, now))) {
      if (binds !== 'never') this.#bind(request, { provider: provider.name, tenant: provider.tenant, found: provider, account: grant.account, grant })
      this.#injection.apply(request, wanted, grant)
      return true
    }
    if (wanted.silent && isPageLoad(request) && silentFailureOf(this.#context, request, provider) === null) {
      await this.#challenger.trySilently(request, reply, { provider, scope: wanted.scope, acr: wanted.acr, maxAge: wanted.maxAge, account, grant })
      return false
    }
    if (wanted.optional) {
      if (binds === 'always') this.#bind(request, { provider: provider.name, tenant: provider.tenant, found: provider, account })
      // Nor with another's token, which the client may have sent.
      this.#injection.apply(request, wanted, null)
      return true
    }
    const { scope, acr, maxAge, onUnauthorized } = combined([...besides(), ...each] as readonly RouteRequirement[] as Each)
    await this.#challenger.challenge(request, reply, { provider, scope, acr, maxAge, account, grant, onUnauthorized })
    return false
  }

  #requirementOf (request: FastifyRequest, config: object & { oauth?: unknown }): RouteRequirement {
    const known = this.#requirements.get(config)
    if (known !== undefined) return known
    // Not against the providers: they may come and go while the application runs.
    const requirement = parseRouteRequirement(config.oauth, nameOf(request.routeOptions))
    this.#requirements.set(config, requirement)
    return requirement
  }
}

// A hook that returns its promise is taken as passed once the connection is gone, whatever it was about to answer.
function settle (done: (error?: Error) => void, admission: Promise<boolean>): void {
  admission.then(admitted => { if (admitted) done() }, error => done(asError(error)))
}

// A config.oauth that is undefined by mistake is one that was meant to guard the route.
function declares (config: object | undefined): config is object & { oauth?: unknown } {
  return config !== undefined && 'oauth' in config
}

function nameOf ({ method, url }: { method?: unknown, url?: unknown }): string {
  return `config.oauth of ${String(method)} ${String(url)}`
}
