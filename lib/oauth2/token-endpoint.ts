// The token endpoint (RFC 6749 section 3.2): one request for each grant type, and its answer, read.
import * as engine from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { Answer } from '../http/transport.js'
import { ofTenant } from '../oidc/tenant-issuer.js'
import { pairsOf } from './authorization-request.js'
import type { ClientEndpoint, Http } from './client-endpoint.js'
import { readTokenAnswer } from './token-answer.js'

export interface TokenEndpointOptions {
  options: OAuthProviderOptions
  endpoint: ClientEndpoint
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

/** What is special about a request. */
interface Asking {
  /** The authorization code is at stake. */
  exchange?: boolean
  /** What must not be repeated in a message. */
  secrets: Array<string | undefined>
  key: OAuthDpopKey | undefined
  read: (answer: Answer) => Response
}

/** What the engine needs for it. */
interface Asked { client: engine.Client, auth: engine.ClientAuth, http: Http }

const assertionGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

export class TokenEndpoint {
  readonly #options: OAuthProviderOptions
  readonly #endpoint: ClientEndpoint
  readonly #readTokens: (answer: Answer) => Response
  // For requests that no login belongs to: an id_token has no meaning there.
  readonly #readPlain: (answer: Answer) => Response

  constructor ({ options, endpoint, clock }: TokenEndpointOptions) {
    const { issuer, quirks } = options
    this.#options = options
    this.#endpoint = endpoint
    // Without an issuer an id_token cannot be verified: it is left out.
    const reader = (readsIdToken: boolean) => {
      const reading = { scopeDelimiter: quirks?.scopeDelimiter, readsIdToken, shape: quirks?.tokenAnswer, clock }
      return (answer: Answer) => readTokenAnswer(answer, reading)
    }
    this.#readTokens = reader(issuer !== undefined)
    this.#readPlain = reader(false)
  }

  /** Exchanges an authorization code, once; after `use_dpop_nonce` the server has not looked at it yet. */
  async exchange (server: engine.AuthorizationServer, { callback, redirectUri, verifier, nonce, requireIdToken, params, resource, maxAge, key }: CodeExchange): Promise<TokenAnswer> {
    const secrets = [String(callback.get('code')), verifier]
    return this.#ask(server, { exchange: true, secrets, key, read: this.#readTokens }, async ({ client, auth, http }) => {
      const response = await engine.authorizationCodeGrantRequest(server, client, auth, callback, redirectUri, verifier ?? engine.nopkce, { ...http, additionalParameters: withResource(params, resource) })
      const expected: engine.ProcessAuthorizationCodeResponseOptions = { requireIdToken }
      if (nonce !== undefined) expected.expectedNonce = nonce
      if (maxAge !== undefined) expected.maxAge = maxAge
      return { response, body: await engine.processAuthorizationCodeResponse(await this.#issuing(server, response), client, response, expected) }
    })
  }

  async refresh (server: engine.AuthorizationServer, refreshToken: string, key?: OAuthDpopKey, resource?: readonly string[]): Promise<TokenAnswer> {
    return this.#ask(server, { secrets: [refreshToken], key, read: this.#readTokens }, async ({ client, auth, http }) => {
      const response = await engine.refreshTokenGrantRequest(server, client, auth, refreshToken, { ...http, additionalParameters: withResource({}, resource) })
      return { response, body: await engine.processRefreshTokenResponse(await this.#issuing(server, response), client, response) }
    })
  }

  /** RFC 6749 section 4.4. The form holds all but the grant type. */
  async clientCredentials (server: engine.AuthorizationServer, form: URLSearchParams, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#ask(server, { secrets: [], key, read: this.#readPlain }, async ({ client, auth, http }) => {
      const response = await engine.clientCredentialsGrantRequest(server, client, auth, form, http)
      return { response, body: await engine.processClientCredentialsResponse(server, client, response) }
    })
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
    return this.#ask(server, { secrets, key, read: this.#readPlain }, async ({ client, auth, http }) => {
      const response = await engine.genericTokenEndpointRequest(server, client, auth, grant, await form(), http)
      return { response, body: await engine.processGenericTokenEndpointResponse(server, client, response) }
    })
  }

  /** RFC 8628 section 3.4. */
  async exchangeDeviceCode (server: engine.AuthorizationServer, deviceCode: string, key?: OAuthDpopKey): Promise<TokenAnswer> {
    return this.#ask(server, { secrets: [deviceCode], key, read: this.#readTokens }, async ({ client, auth, http }) => {
      const response = await engine.deviceCodeGrantRequest(server, client, auth, deviceCode, http)
      return { response, body: await engine.processDeviceCodeResponse(server, client, response) }
    })
  }

  #ask (server: engine.AuthorizationServer, { exchange = false, secrets, key, read }: Asking, run: (request: Asked) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const endpoint = this.#endpoint
    return endpoint.explained({ endpoint: 'token endpoint', exchange, secrets }, () =>
      endpoint.proven(key, read, http => run({ client: endpoint.client, auth: endpoint.auth(server), http })))
  }

  // The issuer that the id_token of this answer must name.
  async #issuing (server: engine.AuthorizationServer, response: Response): Promise<engine.AuthorizationServer> {
    if (this.#options.quirks?.tenantIssuer === undefined) return server
    const { id_token: idToken } = await response.clone().json() as { id_token?: unknown }
    return ofTenant(server, idToken)
  }
}

function withResource (params: Record<string, string>, resource: readonly string[] = []): Record<string, string> | URLSearchParams {
  return resource.length === 0 ? params : new URLSearchParams(pairsOf({ ...params, resource }))
}
