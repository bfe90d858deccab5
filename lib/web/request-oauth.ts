// request.oauth: signed calls in the name of the request's owner.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthAuthorizeOptions, OAuthLogoutOptions, OAuthSilentFailure, RequestOAuth as RequestOAuthType } from '../../types/fastify.js'
import type { OAuthGrant, OAuthRevocation } from '../../types/grant.js'
import type { OAuthChallenge, OAuthResponse } from '../../types/client.js'
import type { OAuthProfile } from '../../types/profile.js'
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import { covers } from '../grants/grant.js'
import { parseLoginParameters } from '../options.js'
import { Provider } from '../provider.js'
import type { Whose } from '../tenants.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { logOut } from './logout.js'
import { revokeGrant } from './revoke.js'
import type { LoginFlow } from './login-flow.js'
import type { Owners } from './owner.js'
import { silentFailureOf } from './silent.js'
import { TokenClient } from './token-client.js'
import { tokensOf } from './token-source.js'
import type { TokenSource } from './token-source.js'

/** What request.oauth works with, of the application and of the request. */
export interface RequestSurroundings {
  context: OAuthContext
  owners: Owners
  flow: LoginFlow
  challenger: Challenger
  request: FastifyRequest
  /** Told of every answer, whose body nobody may ever read. */
  answered: (response: OAuthResponse) => void
}

export interface Binding { provider: string | undefined, tenant?: string | undefined, account?: string | undefined, grant?: OAuthGrant | null, /** That of the tenant, where it is known. */ found?: Provider }

export class RequestOAuth extends TokenClient implements RequestOAuthType {
  readonly #surroundings: RequestSurroundings
  readonly #source: BoundGrant

  constructor (surroundings: RequestSurroundings, binding: Binding) {
    const source = new BoundGrant(surroundings, binding)
    super(surroundings.context, () => source, { whose: source.whose, answered: surroundings.answered })
    this.#surroundings = surroundings
    this.#source = source
  }

  get grant (): OAuthGrant | null {
    return this.#source.loaded
  }

  get silentFailure (): OAuthSilentFailure | null {
    const { context, request } = this.#surroundings
    const { found } = this.#source
    return found === undefined ? null : silentFailureOf(context, request, found)
  }

  use (provider: string, { account, tenant }: { account?: string, tenant?: string } = {}): RequestOAuth {
    return new RequestOAuth(this.#surroundings, { provider: this.#surroundings.context.registry.get(provider).name, tenant, account })
  }

  async loadGrant (): Promise<OAuthGrant | null> {
    return this.#source.current()
  }

  async grants (): Promise<OAuthGrant[]> {
    const { context, owners, request } = this.#surroundings
    const id = await owners.idOf(request)
    return id === null ? [] : context.keeper.list(id)
  }

  has (...scope: string[]): boolean {
    return this.grant !== null && covers(this.grant, scope)
  }

  async authorize (reply: FastifyReply, options: OAuthAuthorizeOptions = {}): Promise<FastifyReply> {
    const { flow, request } = this.#surroundings
    const { scope: required = [], acr, resource, authorizationDetails, claims, uiLocales, ...rest } = options
    const asks = parseLoginParameters({ resource, authorizationDetails, claims, uiLocales }, 'authorize()')
    await this.#source.prepare()
    // A login does not ask the application for the tokens that it keeps.
    const known = this.#source.provider.hasOwnTokens ? () => this.grant : () => this.loadGrant()
    const grant = rest.link === true ? null : await known()
    const scope = [...required, ...(grant?.scope ?? [])]
    await flow.start(request, reply, { ...rest, asks, provider: this.#source.provider, scope, required, acr: acr === undefined ? acr : [acr].flat(), account: rest.link === true ? undefined : this.#source.accountAt(this.#source.provider.name) })
    return reply
  }

  async challenge (reply: FastifyReply, error: unknown): Promise<FastifyReply> {
    const { request, challenger, context } = this.#surroundings
    if (!isOAuthError(error)) throw error
    await this.#source.prepare()
    const asked = askedBy(error, this.#source)
    if (asked === null) throw error
    const owner = () => this.#surroundings.owners.idOf(request)
    const account = this.#source.accountAt(asked.provider)
    const provider = await context.registry.at(asked.provider, { request, tenant: this.#source.tenantAt(asked.provider) })
    const grant = await tokensOf(context, provider, { request, owner, account }).current()
    await challenger.challengeUpstream(request, reply, { ...asked, provider, grant, account, error })
    return reply
  }

  async profile (): Promise<OAuthProfile> {
    const grant = await this.loadGrant()
    const { provider } = this.#source
    if (grant === null) throw oauthError('FST_OAUTH_GRANT_REQUIRED', [provider.name])
    return provider.profile(grant)
  }

  async revoke (): Promise<OAuthRevocation> {
    await this.#source.prepare()
    const { provider } = this.#source
    const selector = await this.#source.selector()
    this.#source.loaded = null
    return selector === null ? { removed: false, provider: 'unsupported' } : revokeGrant(provider, this.#surroundings.context.keeper, selector)
  }

  async logout (reply: FastifyReply, { returnTo, account }: OAuthLogoutOptions = {}): Promise<FastifyReply> {
    await this.#source.prepare()
    const { provider } = this.#source
    provider.checkLogins()
    this.#source.loaded = null
    await logOut(this.#surroundings, { request: this.#surroundings.request, reply, provider, account, returnTo })
    return reply
  }
}

// GRANT_REQUIRED is of the provider that was called, which is the bound one.
function askedBy ({ code, challenge }: OAuthError, { provider }: BoundGrant): Omit<OAuthChallenge, 'error'> | null {
  if (challenge !== undefined) return challenge
  return code === 'FST_OAUTH_GRANT_REQUIRED' ? { provider: provider.name, scope: [], acr: [], maxAge: undefined } : null
}

/** The grant that a request.oauth is bound to, loaded when it is first needed. */
class BoundGrant implements TokenSource {
  readonly #surroundings: RequestSurroundings
  readonly #binding: Binding
  readonly whose: Whose
  loaded: OAuthGrant | null
  #tenants: Provider | undefined

  constructor (surroundings: RequestSurroundings, binding: Binding) {
    this.whose = { request: surroundings.request, tenant: binding.tenant }
    this.#surroundings = surroundings
    this.#binding = binding
    this.loaded = binding.grant ?? null
    this.#tenants = binding.found
  }

  /** The bound provider, or the only one that is registered. */
  get provider (): Provider {
    return this.found as Provider
  }

  /** The same; undefined where each tenant has its own, and it was not asked for yet. */
  get found (): Provider | undefined {
    const named = this.#named
    return named instanceof Provider ? named : this.#tenants
  }

  prepare (): Promise<void> | undefined {
    if (this.#named instanceof Provider && this.whose.tenant === undefined) return undefined
    return this.#prepare()
  }

  async #prepare (): Promise<void> {
    this.#tenants = await this.#surroundings.context.registry.at(this.#named.name, this.whose)
  }

  get #named () {
    const { registry } = this.#surroundings.context
    if (this.#binding.provider !== undefined) return registry.get(this.#binding.provider)
    const [only, another] = registry
    if (only === undefined || another !== undefined) throw oauthError('FST_OAUTH_PROVIDER_NOT_CHOSEN')
    return only
  }

  /** The account that it is bound to, where it is bound to this provider. */
  accountAt (provider: string): string | undefined {
    return this.#binding.provider === provider ? this.#binding.account : undefined
  }

  /** The tenant that it is bound to, where it is bound to this provider. */
  tenantAt (provider: string): string | undefined {
    return this.#binding.provider === provider ? this.#binding.tenant : undefined
  }

  async selector () {
    const { owners, request } = this.#surroundings
    this.provider.checkLogins()
    const id = await owners.idOf(request)
    return id === null ? null : { owner: id, provider: this.provider.name, tenant: this.provider.tenant, account: this.#binding.account }
  }

  async known (): Promise<OAuthGrant | null> {
    return this.loaded ?? this.#tokens.known()
  }

  async current (): Promise<OAuthGrant | null> {
    const unknown = this.prepare()
    if (unknown !== undefined) await unknown
    if (this.loaded !== null) this.loaded = await this.ready(this.loaded)
    this.loaded ??= await this.#tokens.current()
    return this.loaded
  }

  async ready (grant: OAuthGrant): Promise<OAuthGrant | null> {
    return this.#tokens.ready(grant)
  }

  async renew (refused: OAuthGrant): Promise<OAuthGrant | null> {
    const renewed = await this.#tokens.renew(refused)
    if (renewed !== null) this.loaded = renewed
    return renewed
  }

  markOf (grant: OAuthGrant): string {
    return this.#tokens.markOf(grant)
  }

  get #tokens (): TokenSource {
    const { context, owners, request } = this.#surroundings
    const owner = () => owners.idOf(request)
    return tokensOf(context, this.provider, { request, owner, account: this.#binding.account })
  }
}
