// The one place that posts, as the client, to a provider's endpoints (RFC 6749 sections 3.2 and 5, RFC 7009, RFC 9126).
import * as engine from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options.js'
import type { ClientSigner } from '../client-key.js'
import { toResponse } from '../http/read-answer.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { pairsOf } from './authorization-request.js'
import type { Query } from './authorization-request.js'
import { basicCredentials, clientAuthOf, rawCredentials } from './client-auth.js'
import type { DpopProver } from './dpop.js'
import { explainEngineError } from './explain.js'
import type { FailedStep } from './explain.js'
import { readTokenAnswer } from './token-answer.js'
import { tolerance } from '../oidc/id-token.js'
import { ofTenant } from '../oidc/tenant-issuer.js'

export interface TokenEndpointOptions {
  provider: string
  options: OAuthProviderOptions
  signer: ClientSigner | undefined
  prover: DpopProver
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
  /** Where the tokens are to be used (RFC 8707 section 2.2). */
  resource?: readonly string[] | undefined
  /** Seconds since the authentication that the id_token tells of, at most. */
  maxAge?: number | undefined
  /** Proven, where the tokens are to be bound to it. */
  key: OAuthDpopKey | undefined
}

/** What the engine has read, with the response that its signature check asks for. */
export interface TokenAnswer { response: Response, body: engine.TokenEndpointResponse }

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

type Posted = Pick<engine.CustomFetchOptions<'POST', URLSearchParams>, 'method' | 'headers' | 'body'>
type Http = Pick<engine.TokenEndpointRequestOptions, typeof engine.allowInsecureRequests | typeof engine.customFetch>

export class TokenEndpoint {
  readonly #options: TokenEndpointOptions
  readonly #auth: (server: engine.AuthorizationServer) => engine.ClientAuth
  // What a server may repeat in the description of an error.
  readonly #secrets: string[]
  readonly #readTokens: (answer: Answer) => Response
  // For requests that no login belongs to: an id_token has no meaning there.
  readonly #readPlain: (answer: Answer) => Response

  constructor (given: TokenEndpointOptions) {
    const { clientId, clientSecret, issuer, quirks } = given.options
    this.#options = given
    this.#auth = clientAuthOf(given)
    this.#secrets = clientSecret === undefined ? [] : [clientSecret, basicCredentials(clientId, clientSecret), rawCredentials(clientId, clientSecret)]
    // Without an issuer an id_token cannot be verified: it is left out.
    const reading = (readsIdToken: boolean) => ({ scopeDelimiter: quirks?.scopeDelimiter ?? ' ', readsIdToken })
    this.#readTokens = answer => readTokenAnswer(answer, reading(issuer !== undefined))
    this.#readPlain = answer => readTokenAnswer(answer, reading(false))
  }

  /** Exchanges an authorization code, once; after `use_dpop_nonce` the server has not looked at it yet. */
  async exchange (server: engine.AuthorizationServer, { callback, redirectUri, verifier, nonce, requireIdToken, params, resource, maxAge, key }: CodeExchange): Promise<TokenAnswer> {
    const secrets = [String(callback.get('code')), verifier, ...this.#secrets]
    return this.#explained({ endpoint: 'token endpoint', exchange: true, secrets }, () => this.#proven(key, this.#readTokens, async http => {
      const response = await engine.authorizationCodeGrantRequest(server, this.client, this.#auth(server), callback, redirectUri, verifier ?? engine.nopkce, { ...http, additionalParameters: withResource(params, resource) })
      const expected = { ...(nonce === undefined ? {} : { expectedNonce: nonce }), ...(maxAge === undefined ? {} : { maxAge }), requireIdToken }
      return { response, body: await engine.processAuthorizationCodeResponse(await this.#issuing(server, response), this.client, response, expected) }
    }))
  }

  async refresh (server: engine.AuthorizationServer, refreshToken: string, key?: OAuthDpopKey, resource?: readonly string[]): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [refreshToken, ...this.#secrets] }, () => this.#proven(key, this.#readTokens, async http => {
      const response = await engine.refreshTokenGrantRequest(server, this.client, this.#auth(server), refreshToken, { ...http, additionalParameters: withResource({}, resource) })
      return { response, body: await engine.processRefreshTokenResponse(await this.#issuing(server, response), this.client, response) }
    }))
  }

  /** RFC 6749 section 4.4. The form holds all but the grant type. */
  async clientCredentials (server: engine.AuthorizationServer, form: URLSearchParams, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: this.#secrets }, () => this.#proven(key, this.#readPlain, async http => {
      const response = await engine.clientCredentialsGrantRequest(server, this.client, this.#auth(server), form, http)
      return { response, body: await engine.processClientCredentialsResponse(server, this.client, response) }
    }))
  }

  /** RFC 8693 section 2.1. The form holds all but the grant type. */
  async exchangeToken (server: engine.AuthorizationServer, form: URLSearchParams, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [String(form.get('subject_token')), ...this.#secrets] }, () => this.#proven(key, this.#readPlain, async http => {
      const response = await engine.genericTokenEndpointRequest(server, this.client, this.#auth(server), exchangeGrant, form, http)
      return { response, body: await engine.processGenericTokenEndpointResponse(server, this.client, response) }
    }))
  }

  async revoke (server: engine.AuthorizationServer, token: string, hint: 'access_token' | 'refresh_token'): Promise<void> {
    await this.#explained({ endpoint: 'revocation endpoint', secrets: [token, ...this.#secrets] }, async () => {
      const response = await engine.revocationRequest(server, this.client, this.#auth(server), token, {
        // RFC 7009 section 2.2: 200 is all that counts. Other successes mean the same.
        ...this.#posting(answer => toResponse({ ...answer, status: answer.status < 300 ? 200 : answer.status }, 'application/json')),
        additionalParameters: { token_type_hint: hint }
      })
      await engine.processRevocationResponse(response)
    })
  }

  /** Pushes an authorization request (RFC 9126 section 2); answers its request_uri. */
  async push (server: engine.AuthorizationServer, params: Query): Promise<string> {
    const secrets = [...[params.state, params.nonce].map(String), ...this.#secrets]
    return this.#explained({ endpoint: 'pushed authorization request endpoint', secrets }, async () => {
      const response = await engine.pushedAuthorizationRequest(server, this.client, this.#auth(server), new URLSearchParams(pairsOf(params)),
        // Some servers answer 200.
        this.#posting(answer => toResponse({ ...answer, status: answer.status < 300 ? 201 : answer.status }, 'application/json')))
      const { request_uri: uri } = await engine.processPushedAuthorizationResponse(server, this.client, response)
      return uri
    })
  }

  /** This client as the engine wants it, with our clock. */
  get client (): engine.Client {
    const { options: { clientId, clientCert, clockTolerance, idTokenAlg }, clock } = this.#options
    return {
      client_id: clientId,
      use_mtls_endpoint_aliases: clientCert !== undefined,
      [engine.clockSkew]: Math.round((clock() - Date.now()) / 1_000),
      [engine.clockTolerance]: clockTolerance ?? tolerance,
      ...(idTokenAlg === undefined ? {} : { id_token_signed_response_alg: idTokenAlg })
    }
  }

  // The issuer that the id_token of this answer must name.
  async #issuing (server: engine.AuthorizationServer, response: Response): Promise<engine.AuthorizationServer> {
    if (this.#options.options.quirks?.tenantIssuer === undefined) return server
    const { id_token: idToken } = await response.clone().json() as { id_token?: unknown }
    return ofTenant(server, idToken)
  }

  #posting (read: (answer: Answer) => Response, key?: OAuthDpopKey): Http {
    return { [engine.allowInsecureRequests]: true, [engine.customFetch]: async (url, posted) => read(await this.#post(new URL(url), posted as Posted, key)) }
  }

  async #post (url: URL, { method, headers, body }: Posted, key: OAuthDpopKey | undefined): Promise<Answer> {
    const { provider, transport, prover, clock } = this.#options
    const sent = key === undefined ? headers : { ...headers, dpop: prover.prove(key, { method, origin: url.origin, path: url.pathname }) }
    const answer = await transport(url, { method, headers: sent, body: body.toString() })
    if (key !== undefined) prover.heed(url, answer.headers)
    refuseUnavailable(answer, provider, clock)
    return answer
  }

  // RFC 9449 sections 5 and 8: with a proof, and once more where the server wants its nonce in it.
  #proven (key: OAuthDpopKey | undefined, read: (answer: Answer) => Response, run: (http: Http) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const http = this.#posting(read, key)
    if (key === undefined) return run(http)
    return run(http).catch(error => {
      if (!engine.isDPoPNonceError(error)) throw error
      return run(http)
    })
  }

  async #explained <T> (step: Omit<FailedStep, 'provider'>, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw explainEngineError(error, { ...step, provider: this.#options.provider })
    }
  }
}

function withResource (params: Record<string, string>, resource: readonly string[] = []): Record<string, string> | URLSearchParams {
  return resource.length === 0 ? params : new URLSearchParams(pairsOf({ ...params, resource }))
}
