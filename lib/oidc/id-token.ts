// What an id_token must pass besides the engine's own checks (OpenID Connect Core 1.0 section 3.1.3.7): its signature,
// always, and the claims that the engine leaves alone.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { validateApplicationLevelSignature } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import { isOAuthError, oauthError } from '../errors.js'
import { ProviderKeys } from './keys.js'
import type { KeyOptions } from './keys.js'

/** Seconds that the provider's clock and ours may differ. */
export const tolerance = 60

export interface IdTokenOptions extends KeyOptions {
  clientId: string
  /** Of the one kind of id_token that it signs: HS256, where that is configured. */
  clientSecret?: string | undefined
  clockTolerance?: number | undefined
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

/** Verifies id_tokens of one provider. */
export class IdTokenVerifier {
  readonly #options: IdTokenOptions
  readonly keys: ProviderKeys

  constructor (options: IdTokenOptions) {
    this.#options = options
    this.keys = new ProviderKeys(options)
  }

  /** Throws FST_OAUTH_ID_TOKEN_INVALID, or the transport's errors where the keys cannot be had. */
  async verify (server: AuthorizationServer, read: ReadIdToken): Promise<void> {
    const { alg, typ } = decodeProtectedHeader(read.idToken)
    try {
      if (alg === 'HS256') this.#verifyBySecret(read.idToken)
      else await this.verifySignature(server, read.response)
    } catch (error) {
      throw isOAuthError(error) ? error : this.#refused((error as Error).message, error)
    }
    const { clientId, clock, clockTolerance = tolerance } = this.#options
    const { sub, azp, iat, at_hash: atHash, c_hash: codeHash } = read.claims
    if (typ !== undefined && /\+jwt$/i.test(typ)) throw this.#refused('its type is that of another kind of token')
    if (sub === '') throw this.#refused('sub is empty')
    if (azp !== undefined && azp !== clientId) throw this.#refused('azp names another client')
    if (Number(iat) > clock() / 1000 + clockTolerance) throw this.#refused('iat lies in the future: the clocks of this machine and of the provider differ')
    if (atHash !== undefined && atHash !== hashOf(read.accessToken, String(alg))) throw this.#refused('at_hash does not match the access token')
    if (codeHash !== undefined && read.code !== undefined && codeHash !== hashOf(read.code, String(alg))) throw this.#refused('c_hash does not match the code')
  }

  /** Verifies the signature of the token that the engine has read from this response. Throws the engine's errors too. */
  async verifySignature (server: AuthorizationServer, response: Response): Promise<void> {
    await this.keys.check(server, (keyed, options) => validateApplicationLevelSignature(keyed, response, options))
  }

  // RFC 7518 section 3.2. A public key is never a secret here: what is compared with is the client's, where the option idTokenAlg says so.
  #verifyBySecret (idToken: string): void {
    const { clientSecret } = this.#options
    if (clientSecret === undefined) throw this.#refused('it is signed with HS256, and the option idTokenAlg does not name that')
    const end = idToken.lastIndexOf('.')
    const right = createHmac('sha256', clientSecret).update(idToken.slice(0, end)).digest()
    const given = Buffer.from(idToken.slice(end + 1), 'base64url')
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw this.#refused('its signature is not that of the client secret')
  }

  #refused (why: string, cause?: unknown): Error {
    return oauthError('FST_OAUTH_ID_TOKEN_INVALID', [this.#options.provider, why], cause)
  }
}

// OpenID Connect Core 1.0 section 3.1.3.6: the left half of the hash that belongs to the token's algorithm.
function hashOf (value: string, alg: string): string {
  const size = /(256|384|512)$/.exec(alg)?.[1] ?? '512'
  const digest = createHash(`sha${size}`).update(value).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
