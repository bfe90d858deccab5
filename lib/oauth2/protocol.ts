// RFC 6749's authorization code flow, and OpenID Connect Core 1.0 on top of it.
import * as engine from 'oauth4webapi'
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options.js'
import type { OAuthProtocolName } from '../../types/providers.js'
import { isOAuthError, oauthError } from '../errors.js'
import type { SignedParts } from '../http/sign.js'
import type { OAuthError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import { RandomSource } from '../random.js'
import { IdTokenVerifier } from '../oidc/id-token.js'
import { fetchUserinfo } from '../oidc/userinfo.js'
import { authorizationRequest } from './authorization-request.js'
import type { LoginSecrets } from './authorization-request.js'
import { explainCallbackError } from './explain.js'
import { metadataOf } from './metadata.js'
import { TokenEndpoint } from './token-endpoint.js'
import type { TokenAnswer } from './token-endpoint.js'
import { checkIssuedType, exchangeForm, targetForm } from './token-request.js'
import type { TokenExchange, TokenTarget } from './token-request.js'

export interface OAuth2Options {
  provider: string
  options: OAuthProviderOptions
  transport: Transport
  clock: () => number
  /** Whether an address may be called, or a browser be sent to it. */
  allows: (url: URL) => boolean
}

/** How a login starts. */
export interface LoginStart {
  redirectUri: string
  scope: readonly string[]
  /** Added to the authorization request. */
  params: Record<string, string>
}

/** How a login ends. */
export interface LoginEnd {
  /** The authorization response. */
  callback: URLSearchParams
  secrets: LoginSecrets
  redirectUri: string
  /** Added to the token request. */
  params: Record<string, string>
}

const goneWithIt: ReadonlySet<unknown> = new Set(['invalid_token', 'unsupported_token_type'])

export class OAuth2Protocol {
  readonly name: OAuthProtocolName
  readonly #provider: string
  readonly #options: OAuthProviderOptions
  readonly #transport: Transport
  readonly #clock: () => number
  readonly #metadata: () => Promise<engine.AuthorizationServer>
  readonly #tokens: TokenEndpoint
  readonly #idTokens: IdTokenVerifier
  readonly #random = new RandomSource(3 * 32)

  constructor ({ provider, options, transport, clock, allows }: OAuth2Options) {
    const { clientId, clientSecret, clientAuth, issuer, scope, grant, quirks } = options
    const asks = scope?.includes('openid') ?? true
    this.name = issuer !== undefined && asks && grant === undefined ? 'oidc' : 'oauth2'
    this.#provider = provider
    this.#options = options
    this.#transport = transport
    this.#clock = clock
    this.#metadata = metadataOf({ provider, options, transport, clock, allows, needsKeys: this.name === 'oidc' })
    this.#tokens = new TokenEndpoint({ provider, clientId, clientSecret, clientAuth, scopeDelimiter: quirks?.scopeDelimiter ?? ' ', readsIdToken: issuer !== undefined, transport, clock })
    this.#idTokens = new IdTokenVerifier({ provider, clientId, transport, clock })
  }

  /** Names the pending login of a callback. Throws FST_OAUTH_INVALID_CALLBACK. */
  keyOf (callback: URLSearchParams): string | null {
    const states = callback.getAll('state')
    if (states.length > 1) throw oauthError('FST_OAUTH_INVALID_CALLBACK', [this.#provider, 'it has more than one state'])
    return states[0] ?? null
  }

  /** The authorization URL, and what its answer will be checked against. */
  async begin ({ redirectUri, scope, params }: LoginStart): Promise<{ url: string, key: string, secrets: LoginSecrets }> {
    const server = await this.#metadata()
    const { url, secrets } = authorizationRequest({
      endpoint: server.authorization_endpoint as string,
      clientId: this.#options.clientId,
      redirectUri,
      scope,
      scopeDelimiter: this.#scopeDelimiter,
      params,
      pkce: this.#options.quirks?.pkce !== 'unsupported',
      nonce: this.name === 'oidc',
      random: this.#random
    })
    return { url, key: secrets.state, secrets }
  }

  /** Checks the authorization response, in the order state, iss, error, code; exchanges the code; verifies the id_token. */
  async complete ({ callback, secrets, redirectUri, params }: LoginEnd): Promise<OAuthTokenSet> {
    const server = await this.#metadata()
    const checked = this.#check(server, callback, secrets.state)
    const echoed = this.#options.quirks?.nonce !== 'not-echoed'
    const answer = await this.#tokens.exchange(server, {
      callback: checked,
      redirectUri,
      verifier: secrets.verifier,
      nonce: echoed ? secrets.nonce : undefined,
      requireIdToken: this.name === 'oidc',
      params
    })
    return this.#read(server, answer, String(checked.get('code')))
  }

  /** RFC 6749 section 6. A refreshed id_token must be of the same issuer and subject (OpenID Connect Core 1.0 section 12.2). */
  async refresh (grant: OAuthGrant): Promise<OAuthTokenSet> {
    // What fails here has not sent the refresh token.
    const server = await this.#metadata().catch(error => { throw Object.assign(error, { unspent: true }) })
    const answer = await this.#tokens.refresh(server, grant.refreshToken as string)
    const tokens = await this.#read(server, answer).catch(error => {
      if (isOAuthError(error) && error.code === 'FST_OAUTH_ID_TOKEN_INVALID') throw error
      // The refresh token is spent: where the keys cannot be had, its successor must not be lost. The old id_token stays.
      return { ...this.#tokensOf(answer), idToken: undefined, claims: undefined }
    })
    const subject = grant.claims?.sub ?? grant.subject
    if (tokens.claims !== undefined && subject !== undefined && tokens.claims.sub !== subject) {
      throw oauthError('FST_OAUTH_ID_TOKEN_INVALID', [this.#provider, 'the refreshed one has another subject'])
    }
    return tokens
  }

  /** A token of the client itself (RFC 6749 section 4.4). */
  async clientCredentials (target: TokenTarget, params: Record<string, string>): Promise<OAuthTokenSet> {
    const server = await this.#metadata()
    const form = targetForm(target, { params, scopeDelimiter: this.#scopeDelimiter })
    return this.#tokensOf(await this.#tokens.clientCredentials(server, form))
  }

  /** A token in exchange for another (RFC 8693). Throws FST_OAUTH_INVALID_PROVIDER_ANSWER where what was issued signs no calls. */
  async exchange (exchange: TokenExchange): Promise<OAuthTokenSet> {
    const server = await this.#metadata()
    const answer = await this.#tokens.exchangeToken(server, exchangeForm(exchange, this.#scopeDelimiter))
    checkIssuedType(answer.body, exchange, this.#provider)
    return this.#tokensOf(answer)
  }

  /** Revokes both tokens at the provider (RFC 7009), the second also where the first fails; false where it has no endpoint for that. */
  async revoke ({ refreshToken, accessToken }: OAuthGrant): Promise<boolean> {
    const server = await this.#metadata()
    if (server.revocation_endpoint === undefined) return false
    let failure: Partial<OAuthError> | undefined
    const revoke = (token: string, hint: 'access_token' | 'refresh_token') => this.#tokens.revoke(server, token, hint).catch(error => { failure ??= error })
    if (refreshToken !== undefined) await revoke(refreshToken, 'refresh_token')
    const isRevoked = refreshToken !== undefined && failure === undefined
    await revoke(accessToken, 'access_token')
    // Some servers refuse an access token that went with its refresh token, or that they cannot revoke (RFC 7009 section 2.2.1).
    if (failure !== undefined && !(isRevoked && goneWithIt.has(failure.providerError))) throw failure
    return true
  }

  /** The userinfo of whom the access token stands for; undefined where the provider has none. */
  async userinfo ({ accessToken, claims }: { accessToken: string, claims: OAuthGrant['claims'] }): Promise<Record<string, unknown> | undefined> {
    const server = await this.#metadata()
    if (server.userinfo_endpoint === undefined) return undefined
    return fetchUserinfo({ provider: this.#provider, server, client: this.#tokens.client, accessToken, subject: claims?.sub, transport: this.#transport, idTokens: this.#idTokens })
  }

  /** Signs one API call (RFC 6750 section 2.1). */
  async sign (grant: OAuthGrant): Promise<SignedParts> {
    return { headers: { authorization: `Bearer ${grant.accessToken}` } }
  }

  get #scopeDelimiter (): string {
    return this.#options.quirks?.scopeDelimiter ?? ' '
  }

  #check (server: engine.AuthorizationServer, callback: URLSearchParams, state: string): URLSearchParams {
    const params = new URLSearchParams(callback)
    // Some providers send iss (RFC 9207) without metadata to compare it with, and the user has named no issuer either.
    if (this.#options.issuer === undefined && params.getAll('iss').length === 1) params.delete('iss')
    try {
      const checked = engine.validateAuthResponse(server, this.#tokens.client, params, state)
      if (checked.getAll('code').length !== 1 || checked.get('code') === '') throw new TypeError('it holds no code, or more than one')
      return checked
    } catch (error) {
      throw explainCallbackError(error, this.#provider)
    }
  }

  async #read (server: engine.AuthorizationServer, answer: TokenAnswer, code?: string): Promise<OAuthTokenSet> {
    const tokens = this.#tokensOf(answer)
    const { idToken, claims, accessToken } = tokens
    if (idToken !== undefined && claims !== undefined) await this.#idTokens.verify(server, { response: answer.response, idToken, claims, accessToken, code })
    return tokens
  }

  // Its id_token is not verified yet.
  #tokensOf ({ body }: TokenAnswer): OAuthTokenSet {
    const { access_token: accessToken, token_type: tokenType, refresh_token: refreshToken, id_token: idToken, scope, expires_in: expiresIn, ...raw } = body
    const claims = engine.getValidatedIdTokenClaims(body)
    return {
      tokenType,
      accessToken,
      refreshToken,
      idToken,
      scope: scope?.split(' '),
      expiresAt: expiresIn === undefined ? undefined : this.#clock() + expiresIn * 1_000,
      claims,
      raw
    }
  }
}
