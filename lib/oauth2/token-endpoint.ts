// The one place that posts to a token or revocation endpoint (RFC 6749 sections 3.2 and 5, RFC 7009).
import * as engine from 'oauth4webapi'
import { toResponse } from '../http/read-answer.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { basicCredentials, clientAuthFor } from './client-auth.js'
import type { ClientAuthMethod } from './client-auth.js'
import { explainEngineError } from './explain.js'
import type { FailedStep } from './explain.js'
import { readTokenAnswer } from './token-answer.js'
import { tolerance } from '../oidc/id-token.js'

export interface TokenEndpointOptions {
  provider: string
  clientId: string
  clientSecret: string | undefined
  clientAuth: ClientAuthMethod | undefined
  scopeDelimiter: string
  /** Without an issuer an id_token cannot be verified: it is left out. */
  readsIdToken: boolean
  transport: Transport
  clock: () => number
}

/** A checked authorization response, and what goes with it to the token endpoint. */
export interface CodeExchange {
  /** From the engine's validateAuthResponse, which brands it: an unchecked one is refused. */
  callback: URLSearchParams
  redirectUri: string
  verifier: string | undefined
  /** The nonce to find in the id_token; undefined where it must hold none. */
  nonce: string | undefined
  requireIdToken: boolean
  params: Record<string, string>
}

/** What the engine has read, with the response that its signature check asks for. */
export interface TokenAnswer { response: Response, body: engine.TokenEndpointResponse }

type HttpOptions = Pick<engine.TokenEndpointRequestOptions, typeof engine.allowInsecureRequests | typeof engine.customFetch>

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

export class TokenEndpoint {
  readonly #options: TokenEndpointOptions
  // What a server may repeat in the description of an error.
  readonly #secrets: readonly string[]
  readonly #http: HttpOptions
  // For requests that no login belongs to: an id_token has no meaning there.
  readonly #plainHttp: HttpOptions

  constructor (options: TokenEndpointOptions) {
    this.#options = options
    const { clientId, clientSecret } = options
    this.#secrets = clientSecret === undefined ? [] : [clientSecret, basicCredentials(clientId, clientSecret)]
    const http = (readsIdToken: boolean): HttpOptions => ({
      [engine.allowInsecureRequests]: true,
      [engine.customFetch]: async (url, { method, headers, body }) => readTokenAnswer(await this.#post(url, { method, headers, body }), { ...options, readsIdToken })
    })
    this.#http = http(options.readsIdToken)
    this.#plainHttp = http(false)
  }

  /** Exchanges an authorization code, once. */
  async exchange (server: engine.AuthorizationServer, { callback, redirectUri, verifier, nonce, requireIdToken, params }: CodeExchange): Promise<TokenAnswer> {
    const secrets = [String(callback.get('code')), verifier, ...this.#secrets]
    return this.#explained({ endpoint: 'token endpoint', exchange: true, secrets }, async () => {
      const response = await engine.authorizationCodeGrantRequest(server, this.client, this.#auth(server), callback, redirectUri, verifier ?? engine.nopkce, { ...this.#http, additionalParameters: params })
      const expected = { ...(nonce === undefined ? {} : { expectedNonce: nonce }), requireIdToken }
      return { response, body: await engine.processAuthorizationCodeResponse(server, this.client, response, expected) }
    })
  }

  async refresh (server: engine.AuthorizationServer, refreshToken: string): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [refreshToken, ...this.#secrets] }, async () => {
      const response = await engine.refreshTokenGrantRequest(server, this.client, this.#auth(server), refreshToken, this.#http)
      return { response, body: await engine.processRefreshTokenResponse(server, this.client, response) }
    })
  }

  /** RFC 6749 section 4.4. The form holds all but the grant type. */
  async clientCredentials (server: engine.AuthorizationServer, form: URLSearchParams): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [...this.#secrets] }, async () => {
      const response = await engine.clientCredentialsGrantRequest(server, this.client, this.#auth(server), form, this.#plainHttp)
      return { response, body: await engine.processClientCredentialsResponse(server, this.client, response) }
    })
  }

  /** RFC 8693 section 2.1. The form holds all but the grant type. */
  async exchangeToken (server: engine.AuthorizationServer, form: URLSearchParams): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [String(form.get('subject_token')), ...this.#secrets] }, async () => {
      const response = await engine.genericTokenEndpointRequest(server, this.client, this.#auth(server), exchangeGrant, form, this.#plainHttp)
      return { response, body: await engine.processGenericTokenEndpointResponse(server, this.client, response) }
    })
  }

  async revoke (server: engine.AuthorizationServer, token: string, hint: 'access_token' | 'refresh_token'): Promise<void> {
    await this.#explained({ endpoint: 'revocation endpoint', secrets: [token, ...this.#secrets] }, async () => {
      const response = await engine.revocationRequest(server, this.client, this.#auth(server), token, {
        [engine.allowInsecureRequests]: true,
        [engine.customFetch]: async (url, { method, headers, body }) => {
          const answer = await this.#post(url, { method, headers, body })
          // RFC 7009 section 2.2: 200 is all that counts. Other successes mean the same.
          return toResponse({ ...answer, status: answer.status < 300 ? 200 : answer.status }, 'application/json')
        },
        additionalParameters: { token_type_hint: hint }
      })
      await engine.processRevocationResponse(response)
    })
  }

  /** This client as the engine wants it, with our clock. */
  get client (): engine.Client {
    const { clientId, clock } = this.#options
    return { client_id: clientId, [engine.clockSkew]: Math.round((clock() - Date.now()) / 1_000), [engine.clockTolerance]: tolerance }
  }

  async #post (url: string, { method, headers, body }: Pick<engine.CustomFetchOptions<'POST', URLSearchParams>, 'method' | 'headers' | 'body'>): Promise<Answer> {
    const answer = await this.#options.transport(new URL(url), { method, headers, body: body.toString() })
    refuseUnavailable(answer, this.#options.provider, this.#options.clock)
    return answer
  }

  #auth (server: engine.AuthorizationServer): engine.ClientAuth {
    return clientAuthFor(server, this.#options.clientSecret, this.#options.clientAuth)
  }

  async #explained <T> (step: Omit<FailedStep, 'provider'>, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw explainEngineError(error, { ...step, provider: this.#options.provider })
    }
  }
}
