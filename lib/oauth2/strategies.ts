// What providers do that no option can describe: named strategies of the catalogue, chosen by quirks.strategy.
import type { OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { exchangeUrl, renewalUrl } from '../catalogue/strategies/long-lived-token.js'
import { isSigned } from '../catalogue/strategies/signed-callback.js'
import { oauthError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'

export interface StrategyOptions {
  provider: string
  options: OAuthProviderOptions
  transport: Transport
  clock: () => number
}

// A strategy needs the client's secret: the schema of the options sees to it.
export class Strategies {
  readonly #options: StrategyOptions

  constructor (options: StrategyOptions) {
    this.#options = options
  }

  /** Throws FST_OAUTH_INVALID_CALLBACK where the provider signs its callbacks, and this one is not signed so. */
  checkCallback (callback: URLSearchParams): void {
    const { provider, options: { quirks, clientSecret } } = this.#options
    if (quirks?.strategy?.name !== 'signed-callback' || isSigned(callback, clientSecret as string)) return
    throw oauthError('FST_OAUTH_INVALID_CALLBACK', [provider, 'its hmac is not that of the client secret'])
  }

  /** The tokens to be kept of those that a login brought. */
  async kept (tokens: OAuthTokenSet): Promise<OAuthTokenSet> {
    const { options: { quirks, clientSecret } } = this.#options
    if (quirks?.strategy?.name !== 'long-lived-token') return tokens
    return { ...tokens, ...await this.#ask(exchangeUrl(quirks.strategy.exchange, tokens.accessToken, clientSecret as string)) }
  }

  /** Renews a token that is its own refresh token; undefined where refreshes are RFC 6749's. */
  async refreshed (refreshToken: string): Promise<OAuthTokenSet | undefined> {
    const strategy = this.#options.options.quirks?.strategy
    if (strategy?.name !== 'long-lived-token') return undefined
    const nothing = { tokenType: 'bearer', idToken: undefined, scope: undefined, claims: undefined, raw: {} }
    // It is good after that too: what fails has spent nothing.
    const renewed = await this.#ask(renewalUrl(strategy.refresh, refreshToken)).catch(error => { throw Object.assign(error, { unspent: true }) })
    return { ...nothing, ...renewed }
  }

  async #ask (url: URL): Promise<Pick<OAuthTokenSet, 'accessToken' | 'refreshToken' | 'expiresAt'>> {
    const { provider, transport, clock } = this.#options
    const answer = await transport(url, { method: 'GET', headers: { accept: 'application/json', 'user-agent': 'fastify-oauth' } })
    refuseUnavailable(answer, provider, clock)
    // The token is the credential: refused, it is good for nothing.
    if (answer.status === 400 || answer.status === 401) throw oauthError('FST_OAUTH_TOKEN_REFUSED', ['token endpoint', provider, `status ${answer.status}`], undefined, { providerError: 'invalid_grant' })
    const { access_token: accessToken, expires_in: expiresIn } = objectIn(answer.text)
    if (answer.status !== 200 || typeof accessToken !== 'string' || accessToken === '') {
      throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', provider, answer.status === 200 ? 'it holds no access_token' : `status ${answer.status}`])
    }
    return { accessToken, refreshToken: accessToken, expiresAt: Number(expiresIn) > 0 ? clock() + Number(expiresIn) * 1_000 : undefined }
  }
}

function objectIn (text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}
