// The device authorization grant (RFC 8628): its start, and the questions whether the user has finished.
import { deviceAuthorizationRequest, processDeviceAuthorizationResponse } from 'oauth4webapi'
import type { AuthorizationServer, DeviceAuthorizationResponse } from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthTokenSet } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import { toResponse } from '../http/read-answer.js'
import { deviceAnswerOf } from './device-answer.js'
import { poll } from './device-polling.js'
import type { GrantParts } from './grant-parts.js'
import { targetForm } from './token-request.js'
import type { TokenTarget } from './token-request.js'

/** What a device was given. */
export interface DeviceAuthorization {
  deviceCode: string
  userCode: string
  verificationUri: string
  verificationUriComplete: string | undefined
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** Milliseconds between two questions. */
  interval: number
  /** What the tokens will be bound to. */
  key: OAuthDpopKey | undefined
}

/** Milliseconds: section 3.5. */
const usualInterval = 5_000
const name = 'device authorization endpoint'

export class DeviceGrant {
  readonly #given: GrantParts

  constructor (given: GrantParts) {
    this.#given = given
  }

  /** Section 3.1. Throws FST_OAUTH_INVALID_CALL where the provider has no such endpoint. */
  async begin (target: TokenTarget): Promise<DeviceAuthorization> {
    const { provider, options, metadata, newKey, clock } = this.#given
    const server = await metadata()
    if (server.device_authorization_endpoint === undefined) throw oauthError('FST_OAUTH_INVALID_CALL', [provider, 'it names no device_authorization_endpoint. If it has one all the same, set the option deviceAuthorizationUrl'])
    const answer = await this.#authorize(server, targetForm(target, { scopeDelimiter: options.quirks?.scopeDelimiter ?? ' ' }))
    this.#check(answer)
    return {
      deviceCode: answer.device_code,
      userCode: answer.user_code,
      verificationUri: answer.verification_uri,
      verificationUriComplete: answer.verification_uri_complete,
      expiresAt: clock() + answer.expires_in * 1_000,
      interval: answer.interval === undefined ? usualInterval : answer.interval * 1_000,
      key: newKey()
    }
  }

  /** Waits for the user. Throws the signal's reason, FST_OAUTH_ACCESS_DENIED, FST_OAUTH_DEVICE_CODE_EXPIRED, and the errors of the token endpoint. */
  async wait (authorization: DeviceAuthorization, signal: AbortSignal): Promise<OAuthTokenSet> {
    const { interval, expiresAt } = authorization
    const { provider, clock } = this.#given
    return poll({ provider, ask: () => this.#ask(authorization), interval, expiresAt, clock, signal })
  }

  #authorize (server: AuthorizationServer, form: URLSearchParams): Promise<DeviceAuthorizationResponse> {
    const { endpoint } = this.#given
    return endpoint.explained({ endpoint: name, secrets: [] }, async () => {
      const http = endpoint.posting(({ status, text }) => toResponse({ status, text, json: deviceAnswerOf(text) }, 'application/json'))
      const response = await deviceAuthorizationRequest(server, endpoint.client, endpoint.auth(server), form, http)
      return processDeviceAuthorizationResponse(server, endpoint.client, response)
    })
  }

  // Section 3.4.
  async #ask ({ deviceCode, key }: DeviceAuthorization): Promise<OAuthTokenSet> {
    const { provider, tokens, metadata, read, needsIdToken } = this.#given
    const server = await metadata()
    const granted = await read(server, await tokens.exchangeDeviceCode(server, deviceCode, key), key)
    if (needsIdToken && granted.claims === undefined) throw oauthError('FST_OAUTH_ID_TOKEN_INVALID', [provider, 'the answer has none'])
    return granted
  }

  // Terminals obey control characters, and whoever opens the address obeys its scheme.
  #check ({ user_code: code, verification_uri: uri, verification_uri_complete: complete }: DeviceAuthorizationResponse): void {
    const fail = (why: string) => oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [name, this.#given.provider, why])
    if (/[\p{Cc}\p{Cf}]/u.test(code)) throw fail('its user_code cannot be shown')
    for (const address of [uri, complete ?? uri]) {
      if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) throw fail('its verification_uri is not an http or https URL')
    }
  }
}
