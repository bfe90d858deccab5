// request.oauth: signed calls in the name of the request's owner.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthAuthorizeOptions, RequestOAuth as RequestOAuthType } from '../../types/fastify.js'
import type { OAuthGrant, OAuthRevocation } from '../../types/grant.js'
import type { OAuthResponse } from '../../types/client.js'
import type { OAuthProfile } from '../../types/profile.js'
import { oauthError } from '../errors.js'
import { covers } from '../grants/grant.js'
import { ApiClient } from '../http/client.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import { revokeGrant } from './revoke.js'
import { signerOf } from './signer.js'
import type { GrantSource } from './signer.js'
import type { LoginFlow } from './login-flow.js'
import type { Owners } from './owner.js'

/** What request.oauth works with, of the application and of the request. */
export interface RequestSurroundings {
  context: OAuthContext
  owners: Owners
  flow: LoginFlow
  request: FastifyRequest
  /** Answers whose bodies nobody may ever read. */
  answers: OAuthResponse[]
}

export interface Binding { provider: string | undefined, account?: string | undefined, grant?: OAuthGrant | null }

export class RequestOAuth extends ApiClient implements RequestOAuthType {
  readonly #surroundings: RequestSurroundings
  readonly #source: BoundGrant

  constructor (surroundings: RequestSurroundings, binding: Binding) {
    const source = new BoundGrant(surroundings, binding)
    super({
      get signer () { return signerOf(source.provider, surroundings.context.keeper, source) },
      get baseUrl () { return source.provider.apiBaseUrl },
      get dispatcher () { return source.provider.dispatcher },
      answered: response => { surroundings.answers.push(response) }
    })
    this.#surroundings = surroundings
    this.#source = source
  }

  get grant (): OAuthGrant | null {
    return this.#source.loaded
  }

  use (provider: string, { account }: { account?: string } = {}): RequestOAuth {
    return new RequestOAuth(this.#surroundings, { provider: this.#surroundings.context.registry.get(provider).name, account })
  }

  async loadGrant (): Promise<OAuthGrant | null> {
    return this.#source.current()
  }

  async grants (): Promise<OAuthGrant[]> {
    const { context, owners, request } = this.#surroundings
    const { id } = await owners.of(request)
    return id === null ? [] : context.keeper.list(id)
  }

  has (...scope: string[]): boolean {
    return this.grant !== null && covers(this.grant, scope)
  }

  async authorize (reply: FastifyReply, options: OAuthAuthorizeOptions = {}): Promise<FastifyReply> {
    const { flow, request } = this.#surroundings
    const grant = await this.loadGrant()
    const scope = [...(options.scope ?? []), ...(grant?.scope ?? [])]
    await flow.start(request, reply, { ...options, provider: this.#source.provider, scope, required: options.scope ?? [] })
    return reply
  }

  async profile (): Promise<OAuthProfile> {
    const { provider } = this.#source
    const grant = await this.loadGrant()
    if (grant === null) throw oauthError('FST_OAUTH_GRANT_REQUIRED', [provider.name])
    return provider.profile(grant)
  }

  async revoke (): Promise<OAuthRevocation> {
    const { provider } = this.#source
    const selector = await this.#source.selector()
    this.#source.loaded = null
    return selector === null ? { removed: false, provider: 'unsupported' } : revokeGrant(provider, this.#surroundings.context.keeper, selector)
  }
}

/** The grant that a request.oauth is bound to, loaded when it is first needed. */
class BoundGrant implements GrantSource {
  readonly #surroundings: RequestSurroundings
  readonly #binding: Binding
  loaded: OAuthGrant | null

  constructor (surroundings: RequestSurroundings, binding: Binding) {
    this.#surroundings = surroundings
    this.#binding = binding
    this.loaded = binding.grant ?? null
  }

  /** The bound provider, or the only one that is registered. */
  get provider (): Provider {
    const { registry } = this.#surroundings.context
    if (this.#binding.provider !== undefined) return registry.get(this.#binding.provider)
    const [only, another] = registry
    if (only === undefined || another !== undefined) throw oauthError('FST_OAUTH_PROVIDER_NOT_CHOSEN')
    return only
  }

  async selector () {
    const { owners, request } = this.#surroundings
    const { id } = await owners.of(request)
    return id === null ? null : { owner: id, provider: this.provider.name, account: this.#binding.account }
  }

  async current (): Promise<OAuthGrant | null> {
    const { keeper } = this.#surroundings.context
    if (this.loaded !== null) this.loaded = await keeper.ready(this.provider, this.loaded)
    if (this.loaded !== null) return this.loaded
    const selector = await this.selector()
    this.loaded = selector === null ? null : await keeper.fresh(this.provider, selector)
    return this.loaded
  }

  renewed (grant: OAuthGrant): void {
    this.loaded = grant
  }
}
