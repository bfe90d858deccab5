// A login, from the redirect to the provider to the grant in the store: one straight path.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import { isOAuthError, oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { baseUrlOf, callbackUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import type { Owners } from './owner.js'
import { PendingLogins } from './pending-login.js'
import type { TakenLogin } from './pending-login.js'
import { seeOther } from './reply.js'
import { checkReturnTo } from './return-to.js'

/** How a login starts. */
export interface LoginRequest {
  provider: Provider
  /** Asked for besides the provider's own scopes. */
  scope?: readonly string[] | undefined
  /** Scopes without which the login has failed its purpose. */
  required?: readonly string[] | undefined
  returnTo?: string | undefined
  prompt?: string | undefined
  loginHint?: string | undefined
}

/** A login that came through. */
export interface FinishedLogin { grant: OAuthGrant, returnTo: string }

export class LoginFlow {
  readonly #context: OAuthContext
  readonly #owners: Owners
  readonly pending: PendingLogins

  constructor (context: OAuthContext, owners: Owners) {
    this.#context = context
    this.#owners = owners
    this.pending = new PendingLogins(context)
  }

  /** Redirects the browser to the provider. */
  async start (request: FastifyRequest, reply: FastifyReply, { provider, scope = [], required = [], returnTo, prompt, loginHint }: LoginRequest): Promise<void> {
    const owner = await this.#owners.of(request)
    this.#owners.checkSession(request, owner)
    const asked = [...new Set([...provider.scope, ...scope])]
    const params = { ...(prompt === undefined ? {} : { prompt }), ...(loginHint === undefined ? {} : { login_hint: loginHint }) }
    const redirectUri = callbackUrlOf(this.#context, request, provider)
    const { url, key, secrets, formPost } = await provider.begin({ redirectUri, scope: asked, params }, request)
    this.pending.save(request, reply, { provider: provider.name, key, secrets, scope: asked, required, returnTo: this.#returnTo(request, provider, returnTo), owner, formPost })
    seeOther(reply, url)
  }

  /** Takes the pending login of a callback, and finishes it. */
  async finish (request: FastifyRequest, reply: FastifyReply, { provider, callback }: { provider: Provider, callback: URLSearchParams }): Promise<FinishedLogin> {
    const login = await this.pending.take(request, reply, { provider: provider.name, key: provider.keyOf(callback) })
    try {
      return { grant: await this.#complete(request, { provider, callback, login }), returnTo: login.returnTo }
    } catch (error) {
      throw isOAuthError(error) ? Object.assign(error, { returnTo: login.returnTo }) : error
    }
  }

  async #complete (request: FastifyRequest, { provider, callback, login }: { provider: Provider, callback: URLSearchParams, login: TakenLogin }): Promise<OAuthGrant> {
    const current = await this.#owners.check(request, login)
    const redirectUri = callbackUrlOf(this.#context, request, provider)
    const { tokens, subject, account } = await provider.complete({ callback, secrets: login.secrets, redirectUri }, request)
    const owner = await this.#owners.settle(request, login, current)
    const grant = await this.#context.keeper.save({ owner, provider: provider.name, account, subject, tokens, requestedScope: login.scope, isNewOwner: owner !== current.id })
    const missing = login.required.filter(name => !grant.scope.includes(name))
    if (missing.length > 0) throw oauthError('FST_OAUTH_INSUFFICIENT_SCOPE', [provider.name, missing.join(' ')])
    return grant
  }

  #returnTo (request: FastifyRequest, provider: Provider, given: string | undefined): string {
    const { origin } = baseUrlOf(this.#context, request)
    return checkReturnTo(given, origin) ?? provider.defaultReturnTo ?? this.#context.options.returnTo
  }
}
