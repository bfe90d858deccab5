// What an id_token must pass besides the engine's own checks (OpenID Connect Core 1.0 section 3.1.3.7): its signature,
// always, and the claims that the engine leaves alone.
import { createHash } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { OperationProcessingError, allowInsecureRequests, customFetch, validateApplicationLevelSignature } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import { isOAuthError, oauthError } from '../errors.js'
import { toResponse } from '../http/read-answer.js'
import type { Transport } from '../http/transport.js'

/** Seconds that the provider's clock and ours may differ. */
export const tolerance = 60

export interface IdTokenOptions {
  provider: string
  clientId: string
  transport: Transport
  /** Milliseconds since the epoch. */
  clock: () => number
}

/** An answer whose id_token the engine has read, and what belongs to it. */
export interface ReadIdToken {
  response: Response
  idToken: string
  claims: Record<string, unknown>
  accessToken: string
  /** Of a login; a refresh has none. */
  code?: string | undefined
}

const keysKeptFor = 60_000

/** Verifies id_tokens of one provider and keeps its keys. */
export class IdTokenVerifier {
  readonly #options: IdTokenOptions
  // The engine keeps the keys of a server on its metadata object; a copy of that object starts without keys.
  readonly #keyHolders = new WeakMap<AuthorizationServer, AuthorizationServer>()
  #renewedAt = Number.NEGATIVE_INFINITY
  #fetches = 0

  constructor (options: IdTokenOptions) {
    this.#options = options
  }

  /** Throws FST_OAUTH_ID_TOKEN_INVALID, or the transport's errors where the keys cannot be had. */
  async verify (server: AuthorizationServer, read: ReadIdToken): Promise<void> {
    try {
      await this.verifySignature(server, read.response)
    } catch (error) {
      throw isOAuthError(error) ? error : this.#refused((error as Error).message, error)
    }
    const { clientId, clock } = this.#options
    const { sub, azp, iat, at_hash: atHash, c_hash: codeHash } = read.claims
    const { alg, typ } = decodeProtectedHeader(read.idToken)
    if (typ !== undefined && /\+jwt$/i.test(typ)) throw this.#refused('its type is that of another kind of token')
    if (sub === '') throw this.#refused('sub is empty')
    if (azp !== undefined && azp !== clientId) throw this.#refused('azp names another client')
    if (Number(iat) > clock() / 1000 + tolerance) throw this.#refused('iat lies in the future: the clocks of this machine and of the provider differ')
    if (atHash !== undefined && atHash !== hashOf(read.accessToken, String(alg))) throw this.#refused('at_hash does not match the access token')
    if (codeHash !== undefined && read.code !== undefined && codeHash !== hashOf(read.code, String(alg))) throw this.#refused('c_hash does not match the code')
  }

  /** Verifies the signature of the token that the engine has read from this response. Throws the engine's errors too. */
  async verifySignature (server: AuthorizationServer, response: Response): Promise<void> {
    const fetches = this.#fetches
    const holder = this.#keyHolders.get(server) ?? server
    try {
      await this.#validate(holder, response)
    } catch (error) {
      const next = error instanceof OperationProcessingError ? this.#renewKeys(server, { holder, fetches }) : undefined
      if (next === undefined) throw error
      await this.#validate(next, response)
    }
  }

  // The provider may have rotated its keys since we fetched them. Asked at most once a minute, and not when they were
  // fetched just now, so that made-up key ids cause no flood.
  #renewKeys (server: AuthorizationServer, used: { holder: AuthorizationServer, fetches: number }): AuthorizationServer | undefined {
    const current = this.#keyHolders.get(server) ?? server
    // Another login was here first.
    if (current !== used.holder) return current
    const now = this.#options.clock()
    if (this.#fetches !== used.fetches || now - this.#renewedAt < keysKeptFor) return undefined
    this.#renewedAt = now
    const next = { ...server }
    this.#keyHolders.set(server, next)
    return next
  }

  async #validate (server: AuthorizationServer, response: Response): Promise<void> {
    await validateApplicationLevelSignature(server, response, {
      [allowInsecureRequests]: true,
      [customFetch]: this.#fetchKeys
    })
  }

  readonly #fetchKeys = async (url: string, { headers }: { headers: Record<string, string> }): Promise<Response> => {
    this.#fetches++
    const { provider, transport } = this.#options
    const answer = await transport(new URL(url), { method: 'GET', headers })
    const why = answer.status === 200 ? 'it holds no list of keys' : `status ${answer.status}`
    if (answer.status !== 200 || !isKeySet(answer.text)) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['JWK Set', provider, why])
    return toResponse(answer, 'application/json')
  }

  #refused (why: string, cause?: unknown): Error {
    return oauthError('FST_OAUTH_ID_TOKEN_INVALID', [this.#options.provider, why], cause)
  }
}

/** Whether a text is a JWK Set (RFC 7517 section 5). */
export function isKeySet (text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text).keys)
  } catch {
    return false
  }
}

// OpenID Connect Core 1.0 section 3.1.3.6: the left half of the hash that belongs to the token's algorithm.
function hashOf (value: string, alg: string): string {
  const size = /(256|384|512)$/.exec(alg)?.[1] ?? '512'
  const digest = createHash(`sha${size}`).update(value).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
