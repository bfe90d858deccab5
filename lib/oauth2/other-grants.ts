// Tokens without a redirect: those of the client itself (RFC 6749 section 4.4), exchanged ones (RFC 8693), and a device's (RFC 8628).
import type { OAuthTokenSet } from '../../types/grant.js'
import { DeviceGrant } from './device.js'
import type { GrantParts } from './grant-parts.js'
import { checkIssuedType, exchangeForm, targetForm } from './token-request.js'
import type { TokenExchange, TokenTarget } from './token-request.js'

export class OtherGrants {
  readonly #given: GrantParts
  readonly device: DeviceGrant

  constructor (given: GrantParts) {
    this.#given = given
    this.device = new DeviceGrant(given)
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
