// A login, from the redirect to the provider to the grant in the store: one straight path.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import { isOAuthError, oauthError } from '../errors.js'
import { covers } from '../grants/grant.js'
import type { RequestValues } from '../options.js'
import type { Provider } from '../provider.js'
import { authenticationParams, describeNeeds, isAuthenticated } from './authentication.js'
import { baseUrlOf, callbackUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import type { Owner, Owners } from './owner.js'
import { PendingLogins } from './pending-login.js'
import type { LoginNeeds, PendingLogin, TakenLogin } from './pending-login.js'
import { seeOther } from './reply.js'
import { checkReturnTo } from './return-to.js'

/** How a login starts. */
export interface LoginRequest extends Partial<LoginNeeds>, Pick<PendingLogin, 'popup' | 'link' | 'crossSite' | 'silent'> {
  provider: Provider
  /** Asked for besides the provider's own scopes. */
  scope?: readonly string[] | undefined
  returnTo?: string | undefined
  prompt?: string | undefined
  loginHint?: string | undefined
  /** What else it asks for, checked. */
  asks?: RequestValues | undefined
  /** The only owner who may start it. */
  owner?: string | undefined
}

/** A login that came through. */
export interface FinishedLogin { grant: OAuthGrant, login: TakenLogin }

type Returned = Awaited<ReturnType<Provider['complete']>>

export class LoginFlow {
  readonly #context: OAuthContext
  readonly #owners: Owners
  readonly #failed = new WeakMap<object, TakenLogin>()
  readonly pending: PendingLogins

  constructor (context: OAuthContext, owners: Owners) {
    this.#context = context
    this.#owners = owners
    this.pending = new PendingLogins(context)
  }

  /** Redirects the browser to the provider. */
  async start (request: FastifyRequest, reply: FastifyReply, given: LoginRequest): Promise<void> {
    const { provider, scope = [], required = [], acr, maxAge, account, popup, link, crossSite, returnTo, silent, loginHint, asks } = given
    const prompt = silent === true ? 'none' : given.prompt
    const owner = await this.#owners.of(request)
    this.#owners.checkSession(request, owner)
    if (link === true) checkLink(request, owner, given)
    const asked = [...new Set([...provider.scope, ...scope])]
    const params = { ...(prompt === undefined ? {} : { prompt }), ...(loginHint === undefined ? {} : { login_hint: loginHint }), ...authenticationParams({ acr, maxAge }) }
    const redirectUri = callbackUrlOf(this.#context, request, provider)
    const { url, key, secrets, formPost } = await provider.begin({ redirectUri, scope: asked, params, asks }, request)
    const login = { provider: provider.name, tenant: provider.tenant, secrets, scope: asked, required, acr, maxAge, account, popup, link, crossSite, silent, returnTo: this.#returnTo(request, provider, returnTo), owner, formPost }
    this.pending.save(request, reply, { key, login })
    seeOther(reply, url)
  }

  /** Takes the pending login of a callback, and finishes it. */
  async finish (request: FastifyRequest, reply: FastifyReply, { provider, callback }: { provider: Provider, callback: URLSearchParams }): Promise<FinishedLogin> {
    const login = await this.pending.take(request, reply, { provider: provider.name, tenant: provider.tenant, baseUrl: provider.baseUrl, key: provider.keyOf(callback) })
    try {
      return { grant: await this.#complete(request, { provider, callback, login }), login }
    } catch (error) {
      if (!isOAuthError(error)) throw error
      this.#failed.set(error, login)
      throw Object.assign(error, { returnTo: login.returnTo })
    }
  }

  /** The login that came to this error. */
  failedBy (error: object): TakenLogin | undefined {
    return this.#failed.get(error)
  }

  async #complete (request: FastifyRequest, { provider, callback, login }: { provider: Provider, callback: URLSearchParams, login: TakenLogin }): Promise<OAuthGrant> {
    const current = await this.#owners.check(request, login)
    const redirectUri = callbackUrlOf(this.#context, request, provider)
    const returned = await provider.complete({ callback, secrets: login.secrets, redirectUri }, request)
    await this.#checkAccount(returned, login, current)
    const { tokens, subject, account, session } = returned
    const owner = await this.#owners.settle(request, login, current)
    const overtaken = current.id === null ? null : await this.#overtaking(owner, returned, login)
    const grant = overtaken ?? await this.#context.keeper.save({ owner, provider: provider.name, tenant: provider.tenant, account, subject, tokens, requestedScope: login.scope, isNewOwner: owner !== current.id, session })
    this.#checkNeeds(grant, login)
    return grant
  }

  // The grant that another tab has brought meanwhile, where it holds more: what came now would take that away again.
  async #overtaking (owner: string, { account, tokens }: Returned, { provider, tenant, scope: asked, acr, maxAge, startedAt }: TakenLogin): Promise<OAuthGrant | null> {
    const grant = await this.#context.keeper.find({ owner, provider, tenant, account })
    if (grant === null || grant.authorizedAt < startedAt || !isAuthenticated(grant, { acr, maxAge }, this.#context.options.clock())) return null
    const scope = tokens.scope ?? asked
    return covers(grant, scope) && grant.scope.some(one => !scope.includes(one)) ? grant : null
  }

  // Before anything is stored: a step-up that comes back as somebody else must leave the first grant as it is.
  async #checkAccount ({ account }: Returned, { provider, tenant, account: expected, crossSite }: TakenLogin, { id, named }: Owner): Promise<void> {
    if (expected !== undefined && account !== expected) throw oauthError('FST_OAUTH_OTHER_ACCOUNT', [provider])
    if (crossSite !== true || id === null) return
    // The account might be the attacker's, who is logged in at the provider in the user's browser (CVE-2015-9284).
    const grants = await this.#context.keeper.list(id)
    const isKnown = grants.some(grant => grant.provider === provider && grant.tenant === tenant && grant.account === account)
    if (!isKnown && (named || grants.length > 0)) throw oauthError('FST_OAUTH_CROSS_SITE', [provider])
  }

  // What was granted is kept; the route that needs more stays closed, and nobody is sent round again.
  #checkNeeds (grant: OAuthGrant, { provider, required, acr, maxAge }: TakenLogin): void {
    const missing = required.filter(name => !grant.scope.includes(name))
    if (missing.length > 0) throw oauthError('FST_OAUTH_INSUFFICIENT_SCOPE', [provider, missing.join(' ')])
    if (isAuthenticated(grant, { acr, maxAge }, this.#context.options.clock())) return
    throw oauthError('FST_OAUTH_INSUFFICIENT_AUTHENTICATION', [provider, describeNeeds({ acr, maxAge })], undefined, { providerError: 'insufficient_user_authentication' })
  }

  #returnTo (request: FastifyRequest, provider: Provider, given: string | undefined): string {
    const { origin } = baseUrlOf(this.#context, request, provider)
    const { returnTo, returnToUris } = this.#context.options
    return checkReturnTo(given, origin) ?? returnToUris.find(uri => uri === given) ?? provider.defaultReturnTo ?? returnTo
  }
}

// Linking hands the owner's grants to whoever logs in there: from the application itself, and by the one who is signed in.
function checkLink ({ headers }: FastifyRequest, { id }: Owner, { provider, owner }: LoginRequest): void {
  if (headers['sec-fetch-site'] === 'cross-site') throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
  if (id === null) throw oauthError('FST_OAUTH_NOT_SIGNED_IN', [provider.name])
  if (owner !== undefined && id !== owner) throw oauthError('FST_OAUTH_OWNER_CHANGED', [provider.name])
}
