// Tokens without a login: those of the client itself (RFC 6749 section 4.4), and exchanged ones (RFC 8693).
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options.js'
import type { TokenAnswer, TokenEndpoint } from './token-endpoint.js'
import { checkIssuedType, exchangeForm, targetForm } from './token-request.js'
import type { TokenExchange, TokenTarget } from './token-request.js'

export interface OtherGrantsOptions {
  provider: string
  options: OAuthProviderOptions
  tokens: TokenEndpoint
  metadata: () => Promise<AuthorizationServer>
  /** Where tokens are to be bound. */
  newKey: () => OAuthDpopKey | undefined
  tokensOf: (answer: TokenAnswer, key: OAuthDpopKey | undefined) => OAuthTokenSet
}

export class OtherGrants {
  readonly #given: OtherGrantsOptions

  constructor (given: OtherGrantsOptions) {
    this.#given = given
  }

  /** A token of the client itself. */
  async clientCredentials (target: TokenTarget): Promise<OAuthTokenSet> {
    const { options, tokens, metadata, newKey, tokensOf } = this.#given
    const server = await metadata()
    // A function of the request is refused where there are no logins.
    const form = targetForm(target, { params: options.accessTokenParams as Record<string, string> | undefined, scopeDelimiter: this.#scopeDelimiter })
    const key = newKey()
    return tokensOf(await tokens.clientCredentials(server, form, key), key)
  }

  /** A token in exchange for another. Throws FST_OAUTH_INVALID_PROVIDER_ANSWER where what was issued signs no calls. */
  async exchange (exchange: TokenExchange): Promise<OAuthTokenSet> {
    const { provider, tokens, metadata, newKey, tokensOf } = this.#given
    const server = await metadata()
    const key = newKey()
    const answer = await tokens.exchangeToken(server, exchangeForm(exchange, this.#scopeDelimiter), key)
    checkIssuedType(answer.body, exchange, provider)
    return tokensOf(answer, key)
  }

  get #scopeDelimiter (): string {
    return this.#given.options.quirks?.scopeDelimiter ?? ' '
  }
}
