// Logout tokens (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6): signature, always, and every claim.
import type { JWTPayload } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'
import { isOAuthError, oauthError } from '../errors.js'
import { tolerance } from './id-token.js'
import { ProviderKeys } from './keys.js'
import type { KeyOptions } from './keys.js'

export interface LogoutTokenOptions extends KeyOptions {
  clientId: string
}

/** Which session has ended, or every session of a user. One of `subject` and `sid` is there. */
export interface LogoutNotice {
  issuer: string
  subject: string | undefined
  sid: string | undefined
  /** The token's id, and its time of issue in seconds. */
  jti: string
  issuedAt: number
}

/** Seconds for which a logout token counts, whatever its `exp` says, besides the tolerance. */
const longestAge = 300

const event = 'http://schemas.openid.net/event/backchannel-logout'
const longestToken = 16_384
// A public key must never serve as a secret: HMAC is not among them.
const algorithms = new Set(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])

export class LogoutTokenVerifier {
  readonly #options: LogoutTokenOptions
  // Not those of the id_tokens: anyone may post a logout token, and a made-up one must not use up the search that a login needs.
  readonly #keys: ProviderKeys

  constructor (options: LogoutTokenOptions) {
    this.#options = options
    this.#keys = new ProviderKeys(options)
  }

  /** Throws FST_OAUTH_LOGOUT_TOKEN_INVALID, or the transport's errors where the keys cannot be had. */
  async verify (server: AuthorizationServer, token: string): Promise<LogoutNotice> {
    if (token.length > longestToken) throw this.#refused('it is too long')
    const { clientId, clock } = this.#options
    const { payload, protectedHeader: { typ } } = await this.#keys.verify(server, token, {
      issuer: server.issuer,
      audience: clientId,
      algorithms: (server.id_token_signing_alg_values_supported ?? ['RS256']).filter(alg => algorithms.has(alg)),
      requiredClaims: ['exp'],
      maxTokenAge: longestAge,
      clockTolerance: tolerance,
      currentDate: new Date(clock())
    }).catch(error => { throw isOAuthError(error) ? error : this.#refused((error as Error).message, error) })
    if (typ !== undefined && !/^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)) throw this.#refused('its type is that of another kind of token')
    return this.#read(payload)
  }

  #read ({ iss, iat, jti, sub, sid, events, nonce }: JWTPayload): LogoutNotice {
    if (!isText(jti)) throw this.#refused('it has no jti')
    if (!isObject(events) || !isObject(events[event])) throw this.#refused('events does not say that it is about a logout')
    // It might be an id_token (section 2.4).
    if (nonce !== undefined) throw this.#refused('it has a nonce')
    if ((sub !== undefined && !isText(sub)) || (sid !== undefined && !isText(sid))) throw this.#refused('sub or sid is not a text')
    if (sub === undefined && sid === undefined) throw this.#refused('it has neither sub nor sid')
    return { issuer: iss as string, subject: sub, sid, jti, issuedAt: iat as number }
  }

  #refused (why: string, cause?: unknown): Error {
    return oauthError('FST_OAUTH_LOGOUT_TOKEN_INVALID', [this.#options.provider, why], cause)
  }
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
