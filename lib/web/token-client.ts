// A client whose token can be exchanged for that of another service.
import type { OAuthClient, OAuthExchangeOptions, OAuthResponse, OAuthTokenClient } from '../../types/client.js'
import { oauthError } from '../errors.js'
import { ApiClient } from '../http/client.js'
import type { ApiClientOptions } from '../http/client.js'
import { parseClientOptions, parseExchangeOptions } from '../options.js'
import type { ClientOptions } from '../options.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import { clientTokens, exchangedTokens } from './service-tokens.js'
import { signerOf } from './signer.js'
import { tokensOf } from './token-source.js'
import type { TokenSource } from './token-source.js'

export class TokenClient extends ApiClient implements OAuthTokenClient {
  readonly #context: OAuthContext
  readonly #source: () => TokenSource
  readonly #answered: ApiClientOptions['answered']

  constructor (context: OAuthContext, source: () => TokenSource, answered?: (response: OAuthResponse) => void) {
    super(new SourcedOptions(source, answered))
    this.#context = context
    this.#source = source
    this.#answered = answered
  }

  exchange (given: OAuthExchangeOptions = {}): OAuthClient {
    const options = parseExchangeOptions(given)
    const { registry } = this.#context
    const subject = this.#source()
    const provider = options.provider === undefined ? subject.provider : registry.get(options.provider)
    const signer = signerOf(provider, exchangedTokens(this.#context, { subject, provider, options }))
    return new ApiClient({ signer, dispatcher: provider.dispatcher, baseUrl: provider.apiBaseUrl, ...(this.#answered === undefined ? {} : { answered: this.#answered }) })
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
  const provider = context.registry.get(name)
  const source = sourceFor(context, provider, parseClientOptions(given))
  return new TokenClient(context, () => source)
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
