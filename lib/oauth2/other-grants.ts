// Tokens without a redirect: those of the client itself (RFC 6749 section 4.4, RFC 7523 section 2.1), exchanged ones (RFC 8693), and a device's (RFC 8628).
import type { OAuthTokenSet } from '../../types/grant.js'
import { DeviceGrant } from './device.js'
import { Assertions } from './jwt-bearer.js'
import type { AssertionTarget } from './jwt-bearer.js'
import type { GrantParts } from './grant-parts.js'
import { checkIssuedType, exchangeForm, targetForm } from './token-request.js'
import type { TokenExchange, TokenTarget } from './token-request.js'

export class OtherGrants {
  readonly #given: GrantParts
  readonly #assertions: Assertions
  readonly device: DeviceGrant

  constructor (given: GrantParts) {
    this.#given = given
    this.device = new DeviceGrant(given)
    this.#assertions = new Assertions(given)
  }

  /** What distinguishes a token of this client from one of another client under the same provider's name, as a text. */
  get client (): string {
    const { clientId, issuer, accessTokenUrl, accessTokenParams, grant, assertion } = this.#given.options
    return JSON.stringify([clientId, issuer, accessTokenUrl, accessTokenParams, grant, assertion])
  }

  /** Whether a token of the client itself is asked for in somebody's name. */
  get takesSubjects (): boolean {
    return this.#given.options.grant === 'jwt_bearer'
  }

  /** A token of the client itself, by the grant that its options name. */
  async own ({ subject, ...target }: AssertionTarget): Promise<OAuthTokenSet> {
    return this.takesSubjects ? this.#byAssertion({ subject, ...target }) : this.clientCredentials(target)
  }

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

  async #byAssertion (target: AssertionTarget): Promise<OAuthTokenSet> {
    const { tokens, metadata, newKey, tokensOf } = this.#given
    const server = await metadata()
    const key = newKey()
    return tokensOf(await tokens.presentAssertion(server, () => this.#assertions.form(server, target), key), key)
  }

  get #scopeDelimiter (): string {
    return this.#given.options.quirks?.scopeDelimiter ?? ' '
  }
}
