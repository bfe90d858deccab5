// A client whose token can be exchanged for that of another service.
import type { OAuthClient, OAuthExchangeOptions, OAuthResponse, OAuthTokenClient } from '../../types/client.js'
import { oauthError } from '../errors.js'
import { ApiClient } from '../http/client.js'
import type { ApiClientOptions } from '../http/client.js'
import { parseClientOptions, parseExchangeOptions } from '../options.js'
import type { ClientOptions } from '../options.js'
import { Provider } from '../provider.js'
import type { ProviderRegistry } from '../registry.js'
import type { Whose } from '../tenants.js'
import type { OAuthContext } from './context.js'
import { clientTokens, exchangedTokens } from './service-tokens.js'
import { signerOf } from './signer.js'
import type { ProviderSource } from './signer.js'
import { tokensOf } from './token-source.js'
import type { TokenSource } from './token-source.js'

/** For whom a client calls, and who is told of its answers. */
export interface TokenClientOptions extends Pick<ApiClientOptions, 'answered'> { whose: Whose }

export class TokenClient extends ApiClient implements OAuthTokenClient {
  readonly #context: OAuthContext
  readonly #source: () => TokenSource
  readonly #whose: Whose
  readonly #answered: ApiClientOptions['answered']

  constructor (context: OAuthContext, source: () => TokenSource, { whose, answered }: TokenClientOptions) {
    super(new SourcedOptions(source, answered))
    this.#context = context
    this.#source = source
    this.#whose = whose
    this.#answered = answered
  }

  exchange (given: OAuthExchangeOptions = {}): OAuthClient {
    const options = parseExchangeOptions(given)
    const context = this.#context
    const subject = this.#source()
    const target = this.#targetOf(subject, options.provider)
    return new ApiClient({
      prepare: () => target.prepare?.(),
      get signer () { return signerOf(target.provider, exchangedTokens(context, { subject, provider: target.provider, options })) },
      get dispatcher () { return target.provider.dispatcher },
      get baseUrl () { return target.provider.apiBaseUrl },
      ...(this.#answered === undefined ? {} : { answered: this.#answered })
    })
  }

  /** Whose token endpoint is asked, and whose API is called. */
  #targetOf (subject: TokenSource, name: string | undefined): ProviderSource {
    if (name === undefined) return subject
    const target = providerAt(this.#context.registry, name, this.#whose)
    return {
      get provider () { return target.provider },
      async prepare () {
        await subject.prepare?.()
        await target.prepare?.()
      }
    }
  }
}

// What depends on the source is looked up when a call is made. A class: getters of an object literal are made anew for every
// request that touches request.oauth.
class SourcedOptions implements ApiClientOptions {
  readonly answered?: (response: OAuthResponse) => void
  readonly #source: () => TokenSource

  constructor (source: () => TokenSource, answered: ApiClientOptions['answered']) {
    this.#source = source
    if (answered !== undefined) this.answered = answered
  }

  prepare () {
    return this.#source().prepare?.()
  }

  get signer () {
    return signerOf(this.#source().provider, this.#source())
  }

  get baseUrl () {
    return this.#source().provider.apiBaseUrl
  }

  get dispatcher () {
    return this.#source().provider.dispatcher
  }
}

/** The client of app.oauth.client(). */
export function clientOf (context: OAuthContext, name: string, given: unknown): OAuthTokenClient {
  const options = parseClientOptions(given)
  const { registry } = context
  registry.checkTenant(name, options.tenant)
  const whose = { request: undefined, tenant: options.tenant }
  const found = providerAt(registry, name, whose)
  const source = found.prepare === undefined ? sourceFor(context, found.provider, options) : tenantSource(context, found, options)
  return new TokenClient(context, () => source, { whose })
}

function providerAt (registry: ProviderRegistry, name: string, whose: Whose): ProviderSource {
  const found = registry.get(name)
  if (found instanceof Provider) return { provider: found }
  let provider: Provider | undefined
  return {
    get provider () { return provider as Provider },
    async prepare () { provider = await found.at(whose) }
  }
}

// Its options may be others at the next call.
function tenantSource (context: OAuthContext, found: ProviderSource, options: ClientOptions): TokenSource {
  const source = () => sourceFor(context, found.provider, options)
  return {
    get provider () { return found.provider },
    prepare: () => found.prepare?.(),
    known: async () => source().known(),
    current: async () => source().current(),
    ready: async grant => source().ready(grant),
    renew: async refused => source().renew(refused),
    markOf: grant => source().markOf(grant)
  }
}

function sourceFor (context: OAuthContext, provider: Provider, options: ClientOptions): TokenSource {
  const { owner, account, audience, resource, subject, scope } = options
  const refuse = (why: string) => oauthError('FST_OAUTH_INVALID_CALL', [provider.name, why])
  if (subject !== undefined && !provider.oauth2('assertions').grants.takesSubjects) throw refuse('subject is for providers with grant "jwt_bearer"')
  if (!provider.hasLogins) {
    if (owner !== undefined || account !== undefined) throw refuse('its tokens are the application\'s own, so it takes neither owner nor account')
    return clientTokens(context, provider, options)
  }
  if (audience.length + resource.length > 0 || scope !== undefined) throw refuse('audience, resource and scope are for providers with grant. Use exchange() to get a token for another service')
  if (owner === undefined && !provider.hasOwnTokens) throw refuse('it has no owner. Name one, or set the provider\'s option grant to "client_credentials" if the application calls in its own name')
  return tokensOf(context, provider, { request: undefined, owner: () => owner ?? null, account })
}
