// The authorization request (RFC 6749 section 4.1.1) with state, PKCE S256 (RFC 7636), and a nonce for OpenID Connect.
import { createHash, randomBytes } from 'node:crypto'

/** What the authorization response and the token answer are checked against. */
export interface LoginSecrets {
  /** 256 bits, in base64url. */
  state: string
  /** Undefined where the provider is declared not to take PKCE. */
  verifier?: string
  /** For OpenID Connect. */
  nonce?: string
}

export interface AuthorizationRequest {
  endpoint: string
  clientId: string
  redirectUri: string
  scope: readonly string[]
  scopeDelimiter: string
  /** Parameters besides those of the protocol, which win. */
  params: Record<string, string>
  pkce: boolean
  nonce: boolean
}

export function authorizationRequest (request: AuthorizationRequest): { url: string, secrets: LoginSecrets } {
  // One draw for all three: most of what a draw costs is the draw.
  const random = randomBytes(3 * 32)
  const [state, verifier, nonce] = [0, 32, 64].map(at => random.toString('base64url', at, at + 32)) as [string, string, string]
  const secrets: LoginSecrets = { state }
  const url = new URL(request.endpoint)
  const query = new URLSearchParams(url.search)
  const add = (params: Record<string, string>) => { for (const [name, value] of Object.entries(params)) query.set(name, value) }
  add(request.params)
  add({ response_type: 'code', client_id: request.clientId, redirect_uri: request.redirectUri, state: secrets.state })
  if (request.scope.length > 0) add({ scope: request.scope.join(request.scopeDelimiter) })
  if (request.pkce) {
    secrets.verifier = verifier
    // Not by WebCrypto: a thread for it costs thirty times the hash.
    add({ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' })
  }
  if (request.nonce) add({ nonce: secrets.nonce = nonce })
  url.search = query.toString()
  return { url: url.href, secrets }
}
