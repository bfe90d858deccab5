// The start of a login: the authorization request, as it is, signed (RFC 9101), pushed (RFC 9126), or signed and then pushed.
import { processPushedAuthorizationResponse, pushedAuthorizationRequest } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { toResponse } from '../http/read-answer.js'
import { RandomSource } from '../random.js'
import { authorizationRequest, authorizationUrl, pairsOf } from './authorization-request.js'
import type { LoginSecrets, Query } from './authorization-request.js'
import type { ClientEndpoint } from './client-endpoint.js'
import type { RequestObjects } from './request-object.js'

/** How a login starts. */
export interface LoginStart {
  redirectUri: string
  scope: readonly string[]
  /** Added to the authorization request. */
  params: Record<string, string>
  resource?: readonly string[] | undefined
  maxAge?: number | undefined
}

export interface LoginRequestOptions {
  options: OAuthProviderOptions
  /** For OpenID Connect. */
  nonce: boolean
  endpoint: ClientEndpoint
  /** Of a client with a key. */
  requests: RequestObjects | undefined
}

export class LoginRequests {
  readonly #options: LoginRequestOptions
  readonly #random = new RandomSource(3 * 32)

  constructor (options: LoginRequestOptions) {
    this.#options = options
  }

  /** The authorization URL, and what its answer will be checked against. */
  async begin (server: AuthorizationServer, { redirectUri, scope, params, resource, maxAge }: LoginStart): Promise<{ url: string, key: string, secrets: LoginSecrets }> {
    const { options: { clientId, quirks, dpop = false, ...options }, nonce, requests } = this.#options
    const { query, secrets } = authorizationRequest({
      clientId,
      redirectUri,
      scope,
      scopeDelimiter: quirks?.scopeDelimiter ?? ' ',
      params,
      resource,
      maxAge,
      pkce: quirks?.pkce,
      scopeParam: quirks?.scopeParam ?? 'scope',
      nonce,
      dpop: dpop !== false,
      random: this.#random
    })
    const { jar = server.require_signed_request_object === true && requests !== undefined, par = server.require_pushed_authorization_requests === true } = options
    const names = quirks?.paramNames?.authorize
    const named = names === undefined ? query : renamedQuery(query, names)
    const sent = jar || par ? await this.#carried(server, named, { jar, par }) : named
    return { url: authorizationUrl(server.authorization_endpoint as string, sent, quirks?.authorizeFragment), key: secrets.state, secrets }
  }

  async #carried (server: AuthorizationServer, query: Query, { jar, par }: { jar: boolean, par: boolean }): Promise<Query> {
    const { options: { clientId }, requests } = this.#options
    const signed = jar ? await (requests as RequestObjects).sign(server, query) : query
    return par ? { client_id: clientId, request_uri: await this.#pushed(server, signed) } : signed
  }

  // RFC 9126 section 2: its request_uri.
  #pushed (server: AuthorizationServer, params: Query): Promise<string> {
    const { endpoint } = this.#options
    return endpoint.explained({ endpoint: 'pushed authorization request endpoint', secrets: [params.state, params.nonce].map(String) }, async () => {
      // Some servers answer 200.
      const http = endpoint.posting(answer => toResponse({ ...answer, status: answer.status < 300 ? 201 : answer.status }, 'application/json'))
      const response = await pushedAuthorizationRequest(server, endpoint.client, endpoint.auth(server), new URLSearchParams(pairsOf(params)), http)
      const { request_uri: uri } = await processPushedAuthorizationResponse(server, endpoint.client, response)
      return uri
    })
  }
}

function renamedQuery (query: Query, names: Record<string, string>): Query {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [Object.hasOwn(names, name) ? names[name] : name, value]))
}
