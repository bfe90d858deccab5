// The one place that posts, as the client, to a provider's endpoints (RFC 6749 sections 3.2 and 5, RFC 7009, RFC 7662, RFC 8628, RFC 9126).
import * as engine from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthIntrospectOptions } from '../../types/introspection.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { ClientSigner } from '../client-key.js'
import { toResponse } from '../http/read-answer.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { pairsOf } from './authorization-request.js'
import type { Query } from './authorization-request.js'
import { basicCredentials, clientAuthOf, rawCredentials } from './client-auth.js'
import { deviceAnswerOf } from './device-answer.js'
import type { DpopProver } from './dpop.js'
import { explainEngineError } from './explain.js'
import type { FailedStep } from './explain.js'
import { readRevocation, readTokenAnswer } from './token-answer.js'
import { sentAs } from './token-wire.js'
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

/** A request of another grant type. */
interface ExtensionGrant {
  grant: string
  secrets: string[]
  form: () => URLSearchParams | Promise<URLSearchParams>
  key: OAuthDpopKey | undefined
}

/** A question about a token. */
interface IntrospectionRequest extends OAuthIntrospectOptions {
  verify: (response: Response, isSigned: boolean) => Promise<void>
}

const signedAnswers = /^application\/token-introspection\+jwt\b/i
const assertionGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
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
    const reader = (readsIdToken: boolean) => {
      const reading = { scopeDelimiter: quirks?.scopeDelimiter, readsIdToken, shape: quirks?.tokenAnswer, clock: given.clock }
      return (answer: Answer) => readTokenAnswer(answer, reading)
    }
    this.#readTokens = reader(issuer !== undefined)
    this.#readPlain = reader(false)
  }

  /** Exchanges an authorization code, once; after `use_dpop_nonce` the server has not looked at it yet. */
  async exchange (server: engine.AuthorizationServer, { callback, redirectUri, verifier, nonce, requireIdToken, params, resource, maxAge, key }: CodeExchange): Promise<TokenAnswer> {
    const secrets = [String(callback.get('code')), verifier, ...this.#secrets]
    return this.#explained({ endpoint: 'token endpoint', exchange: true, secrets }, () => this.#proven(key, this.#readTokens, async http => {
      const response = await engine.authorizationCodeGrantRequest(server, this.client, this.#auth(server), callback, redirectUri, verifier ?? engine.nopkce, { ...http, additionalParameters: withResource(params, resource) })
      const expected: engine.ProcessAuthorizationCodeResponseOptions = { requireIdToken }
      if (nonce !== undefined) expected.expectedNonce = nonce
      if (maxAge !== undefined) expected.maxAge = maxAge
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
    return this.#extension(server, { grant: exchangeGrant, secrets: [String(form.get('subject_token'))], form: () => form, key })
  }

  /** RFC 7523 section 2.1. The form holds all but the grant type, and is made anew where it is sent again: an assertion is good once. */
  async presentAssertion (server: engine.AuthorizationServer, form: () => Promise<URLSearchParams>, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#extension(server, { grant: assertionGrant, secrets: [], form, key })
  }

  // RFC 6749 section 4.5.
  #extension (server: engine.AuthorizationServer, { grant, secrets, form, key }: ExtensionGrant): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [...secrets, ...this.#secrets] }, () => this.#proven(key, this.#readPlain, async http => {
      const response = await engine.genericTokenEndpointRequest(server, this.client, this.#auth(server), grant, await form(), http)
      return { response, body: await engine.processGenericTokenEndpointResponse(server, this.client, response) }
    }))
  }

  /** RFC 8628 section 3.1. */
  async authorizeDevice (server: engine.AuthorizationServer, form: URLSearchParams): Promise<engine.DeviceAuthorizationResponse> {
    return this.#explained({ endpoint: 'device authorization endpoint', secrets: this.#secrets }, async () => {
      const http = this.#posting(({ status, text }) => toResponse({ status, text, json: deviceAnswerOf(text) }, 'application/json'))
      const response = await engine.deviceAuthorizationRequest(server, this.client, this.#auth(server), form, http)
      return engine.processDeviceAuthorizationResponse(server, this.client, response)
    })
  }

  /** RFC 8628 section 3.4. */
  async exchangeDeviceCode (server: engine.AuthorizationServer, deviceCode: string, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#explained({ endpoint: 'token endpoint', secrets: [deviceCode, ...this.#secrets] }, () => this.#proven(key, this.#readTokens, async http => {
      const response = await engine.deviceCodeGrantRequest(server, this.client, this.#auth(server), deviceCode, http)
      return { response, body: await engine.processDeviceCodeResponse(server, this.client, response) }
    }))
  }

  async revoke (server: engine.AuthorizationServer, token: string, hint: 'access_token' | 'refresh_token'): Promise<void> {
    await this.#explained({ endpoint: 'revocation endpoint', secrets: [token, ...this.#secrets] }, async () => {
      const response = await engine.revocationRequest(server, this.client, this.#auth(server), token, {
        ...this.#posting(answer => readRevocation(answer, this.#options.options.quirks?.tokenAnswer)),
        additionalParameters: { token_type_hint: hint }
      })
      await engine.processRevocationResponse(response)
    })
  }

  /** RFC 7662 section 2. An answer may be signed (RFC 9701): `verify` is told whether it is. */
  async introspect (server: engine.AuthorizationServer, token: string, { hint, signed, verify }: IntrospectionRequest): Promise<engine.IntrospectionResponse> {
    return this.#explained({ endpoint: 'introspection endpoint', noIdToken: true, secrets: [token, ...this.#secrets] }, async () => {
      let isSigned = false
      const http = this.#posting(answer => {
        isSigned = signedAnswers.test(String(answer.headers['content-type']))
        return toResponse(answer, isSigned ? 'application/token-introspection+jwt' : 'application/json')
      })
      const response = await engine.introspectionRequest(server, this.client, this.#auth(server), token, { ...http, requestJwtResponse: signed === true, additionalParameters: hint === undefined ? {} : { token_type_hint: hint } })
      const body = await engine.processIntrospectionResponse(server, this.client, response)
      await verify(response, isSigned)
      return body
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

  /** Throws FST_OAUTH_CLIENT_SECRET_EXPIRED: before a user is sent to the provider in vain. */
  checkClient (server: engine.AuthorizationServer): void {
    this.#auth(server)
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

  async #post (endpoint: URL, posted: Posted, key: OAuthDpopKey | undefined): Promise<Answer> {
    const { provider, options, transport, prover, clock } = this.#options
    const { url, method, headers, body } = sentAs({ url: endpoint, headers: posted.headers, body: posted.body }, options)
    const sent = key === undefined ? headers : { ...headers, dpop: prover.prove(key, { method, origin: url.origin, path: url.pathname }) }
    const answer = await transport(url, { method, headers: sent, body })
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
