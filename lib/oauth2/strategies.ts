// What providers do that no option can describe: named strategies of the catalogue, chosen by quirks.strategy.
import type { OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { asTokenAnswer, userUrl } from '../catalogue/strategies/app-token.js'
import { exchangeUrl, renewalUrl } from '../catalogue/strategies/long-lived-token.js'
import { withSecretHash } from '../catalogue/strategies/secret-hash.js'
import { isSigned } from '../catalogue/strategies/signed-callback.js'
import { gatewayParams, signedText, tokenParams } from '../catalogue/strategies/signed-parameters.js'
import type { ClientSigner } from '../client-key.js'
import { oauthError } from '../errors.js'
import { jsonObjectIn } from '../http/json-object.js'
import { failureIn } from '../http/reason.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import type { UserinfoCall } from '../oidc/userinfo.js'
import { signText } from './jws.js'
import { sentAs } from './token-wire.js'
import type { SentRequest, StandardRequest } from './token-wire.js'
import { userinfoCall } from './userinfo-request.js'

export interface StrategyOptions {
  provider: string
  options: OAuthProviderOptions
  signer: ClientSigner | undefined
  transport: Transport
  clock: () => number
}

const getting = { method: 'GET', headers: { accept: 'application/json', 'user-agent': 'fastify-oauth' } }
const form = 'application/x-www-form-urlencoded'

// A strategy needs the client's secret, or its key: the schema of the options sees to it.
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

  /** A request to one of the client's endpoints as the provider wants it. */
  async request (standard: StandardRequest): Promise<SentRequest> {
    const { options } = this.#options
    const { quirks } = options
    const strategy = quirks?.strategy
    if (strategy?.name === 'secret-hash') return sentAs({ ...standard, body: withSecretHash(standard.body) }, options)
    if (strategy?.name !== 'signed-parameters' || !standard.body.has('grant_type')) return sentAs(standard, options)
    const body = await this.#signed(strategy.tokenMethod, tokenParams(standard.body))
    return { ...sentAs({ ...standard, body: new URLSearchParams() }, options), body }
  }

  /** What such a request came to: where the token is the application's, also whose the code is. */
  async answered (answer: Answer, asked: URLSearchParams): Promise<Answer> {
    const { options: { quirks }, provider, transport, clock } = this.#options
    const code = asked.get('code')
    if (quirks?.strategy?.name !== 'app-token' || code === null) return answer
    const app = jsonObjectIn(answer.text)
    if (typeof app?.access_token !== 'string') return answer
    const told = await transport(userUrl(quirks.strategy.userUrl, { accessToken: app.access_token, code }), getting)
    refuseUnavailable(told, provider, clock)
    const user = jsonObjectIn(told.text)
    const isRefused = user === undefined || told.status !== 200 || failureIn(user) !== undefined
    return { ...told, text: isRefused ? told.text.replaceAll(app.access_token, '[secret]') : JSON.stringify(asTokenAnswer(user, app)) }
  }

  /** The userinfo request. */
  async userinfo (accessToken: string): Promise<UserinfoCall> {
    const { options } = this.#options
    const strategy = options.quirks?.strategy
    if (strategy?.name !== 'signed-parameters') return userinfoCall(options, accessToken)
    return { method: 'POST', body: await this.#signed(strategy.userinfoMethod, { auth_token: accessToken }), headers: { 'content-type': form }, carriesToken: true }
  }

  async #signed (method: string, params: Record<string, string>): Promise<string> {
    const { provider, options: { clientId }, signer, clock } = this.#options
    const all = gatewayParams({ appId: clientId, method, params, now: clock() })
    all.set('sign', (await signText(signer as ClientSigner, signedText(all), provider)).toString('base64'))
    return all.toString()
  }

  async #ask (url: URL): Promise<Pick<OAuthTokenSet, 'accessToken' | 'refreshToken' | 'expiresAt'>> {
    const { provider, transport, clock } = this.#options
    const answer = await transport(url, getting)
    refuseUnavailable(answer, provider, clock)
    // The token is the credential: refused, it is good for nothing.
    if (answer.status === 400 || answer.status === 401) throw oauthError('FST_OAUTH_TOKEN_REFUSED', ['token endpoint', provider, `status ${answer.status}`], undefined, { providerError: 'invalid_grant' })
    const { access_token: accessToken, expires_in: expiresIn } = jsonObjectIn(answer.text) ?? {}
    if (answer.status !== 200 || typeof accessToken !== 'string' || accessToken === '') {
      throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', provider, answer.status === 200 ? 'it holds no access_token' : `status ${answer.status}`])
    }
    return { accessToken, refreshToken: accessToken, expiresAt: Number(expiresIn) > 0 ? clock() + Number(expiresIn) * 1_000 : undefined }
  }
}
