// The authorization request (RFC 6749 section 4.1.1) with state, PKCE S256 (RFC 7636), and a nonce for OpenID Connect.
import { hash } from 'node:crypto'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import type { RandomSource } from '../random.js'
import { createDpopKey, thumbprintOf } from './dpop.js'

/** What the authorization response and the token answer are checked against. */
export interface LoginSecrets {
  /** 256 bits, in base64url. */
  state: string
  /** Undefined where the provider is declared not to take PKCE. */
  verifier?: string
  /** For OpenID Connect. */
  nonce?: string
  /** What the tokens will be bound to. */
  dpopKey?: OAuthDpopKey
  /** Where the tokens are to be used (RFC 8707). */
  resource?: readonly string[]
  /** Seconds since the authentication at most. */
  maxAge?: number
  /** The response must be a signed JWT. */
  jarm?: boolean
}

/** Parameters; one that is a list is sent once for each of its values. */
export type Query = Record<string, string | readonly string[]>

export interface AuthorizationRequest {
  clientId: string
  redirectUri: string
  scope: readonly string[]
  scopeDelimiter: string
  /** Parameters besides those of the protocol, which win. */
  params: Record<string, string>
  resource?: readonly string[] | undefined
  maxAge?: number | undefined
  pkce: OAuthQuirks['pkce']
  /** The name of the parameter for scopes. */
  scopeParam: string
  nonce: boolean
  /** The code is bound to a key (RFC 9449 section 10). */
  dpop: boolean
  /** Of 96 bytes: for state, verifier and nonce. */
  random: RandomSource
}

/** The parameters of the request, and what its answer will be checked against. */
export function authorizationRequest (request: AuthorizationRequest): { query: Query, secrets: LoginSecrets } {
  const random = request.random.next()
  const [state, verifier, nonce] = [0, 32, 64].map(at => random.toString('base64url', at, at + 32)) as [string, string, string]
  const secrets: LoginSecrets = { state }
  const query: Query = { ...request.params, response_type: 'code', client_id: request.clientId, redirect_uri: request.redirectUri, state }
  if (request.scope.length > 0) query[request.scopeParam] = request.scope.join(request.scopeDelimiter)
  if (request.pkce !== 'unsupported') {
    const plain = request.pkce === 'plain'
    secrets.verifier = verifier
    // Not by WebCrypto: a thread for it costs thirty times the hash.
    query.code_challenge = plain ? verifier : hash('sha256', verifier, 'base64url')
    query.code_challenge_method = plain ? 'plain' : 'S256'
  }
  if (request.nonce) query.nonce = secrets.nonce = nonce
  if (request.dpop) {
    secrets.dpopKey = createDpopKey()
    query.dpop_jkt = thumbprintOf(secrets.dpopKey)
  }
  if (request.resource !== undefined) query.resource = secrets.resource = request.resource
  if (request.maxAge !== undefined) secrets.maxAge = request.maxAge
  if (/(^|\.)jwt$/.test(request.params.response_mode ?? '')) secrets.jarm = true
  return { query, secrets }
}

/** Where the browser is sent. What the endpoint's own query has besides is kept. */
export function authorizationUrl (endpoint: string, query: Query, fragment = ''): string {
  const url = new URL(endpoint)
  const own = url.search === '' ? [] : [...new URLSearchParams(url.search)].filter(([name]) => !Object.hasOwn(query, name))
  url.search = new URLSearchParams([...own, ...pairsOf(query)]).toString()
  url.hash = fragment
  return url.href
}

/** Each parameter as it is sent. */
export function pairsOf (query: Query): Array<[string, string]> {
  const pairs: Array<[string, string]> = []
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string') pairs.push([name, value])
    else for (const one of value) pairs.push([name, one])
  }
  return pairs
}
