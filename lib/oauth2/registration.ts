// Registers the client itself (RFC 7591), and reads and deletes what was registered (RFC 7592).
import { allowInsecureRequests, customFetch, dynamicClientRegistrationRequest, processDynamicClientRegistrationResponse } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { OAuthClientRegistration, OAuthRegistrationAccess } from '../../types/registration.js'
import { oauthError } from '../errors.js'
import { jsonObjectIn } from '../http/json-object.js'
import { toResponse } from '../http/read-answer.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { clientMetadataOf, registrationOf } from './client-metadata.js'
import { explainEngineError } from './explain.js'

export interface RegistrationOptions {
  provider: string
  options: OAuthProviderOptions
  transport: Transport
  metadata: () => Promise<AuthorizationServer>
  clock: () => number
}

export interface ClientToRegister {
  redirectUri: string | undefined
  scope: readonly string[]
  initialAccessToken: string | undefined
  /** Wins over what the options tell. */
  metadata: Record<string, unknown>
}

const endpoint = 'registration endpoint'

export class Registration {
  readonly #given: RegistrationOptions

  constructor (given: RegistrationOptions) {
    this.#given = given
  }

  /** RFC 7591 section 3. Throws FST_OAUTH_INVALID_CALL where the provider has no such endpoint. */
  async register ({ redirectUri, scope, initialAccessToken, metadata }: ClientToRegister): Promise<OAuthClientRegistration> {
    const { provider, options } = this.#given
    const server = await this.#given.metadata()
    if (server.registration_endpoint === undefined) throw oauthError('FST_OAUTH_INVALID_CALL', [provider, 'it names no registration_endpoint, so its clients are registered by hand'])
    const asked = { ...clientMetadataOf(options, server, { redirectUri, scope }), ...metadata }
    return this.#explained(initialAccessToken, async () => {
      const response = await dynamicClientRegistrationRequest(server, asked as Parameters<typeof dynamicClientRegistrationRequest>[1], {
        ...(initialAccessToken === undefined ? {} : { initialAccessToken }),
        [allowInsecureRequests]: true,
        [customFetch]: async (url, { method, headers, body }) => this.#read(await this.#call(url, { method, headers, body }))
      })
      return registrationOf(await processDynamicClientRegistrationResponse(response), asked)
    })
  }

  /** RFC 7592 section 2.1. What the answer leaves out is as it was. */
  async read (access: OAuthRegistrationAccess): Promise<OAuthClientRegistration> {
    const { url, token, headers } = this.#access(access)
    return this.#explained(token, async () => {
      const body = await processDynamicClientRegistrationResponse(this.#read(await this.#call(url, { method: 'GET', headers })))
      return { ...access, ...registrationOf(body, { token_endpoint_auth_method: 'client_secret_basic' }) }
    })
  }

  /** RFC 7592 section 2.3. A client that is gone already is an end too. */
  async delete (access: OAuthRegistrationAccess): Promise<void> {
    const { url, headers } = this.#access(access)
    const { status } = await this.#call(url, { method: 'DELETE', headers })
    // Section 2.1: a client that is not there is answered with 401.
    if (status !== 204 && status !== 200 && status !== 401 && status !== 404) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [endpoint, this.#given.provider, `status ${status}`])
  }

  #access ({ registrationClientUri: url = '', registrationAccessToken: token = '' }: OAuthRegistrationAccess) {
    if (!URL.canParse(url) || token === '') throw oauthError('FST_OAUTH_INVALID_CALL', [this.#given.provider, 'it gave no registrationClientUri or no registrationAccessToken, so the registration is managed by hand'])
    return { url, token, headers: { accept: 'application/json', authorization: `Bearer ${token}` } }
  }

  async #call (url: string, call: Parameters<Transport>[1]): Promise<Answer> {
    const { provider, transport, clock } = this.#given
    const answer = await transport(new URL(url), call)
    refuseUnavailable(answer, provider, clock)
    return answer
  }

  // Some servers answer 200, and some leave out when a secret expires.
  #read ({ status, text }: Answer): Response {
    const body = status < 300 ? jsonObjectIn(text) : undefined
    const json = body === undefined ? {} : { json: { ...body, client_secret_expires_at: Number(body.client_secret_expires_at ?? 0) } }
    return toResponse({ status: status < 300 ? 201 : status, text, ...json }, 'application/json')
  }

  async #explained <T> (secret: string | undefined, run: () => Promise<T>): Promise<T> {
    const { provider } = this.#given
    try {
      return await run()
    } catch (error) {
      throw explainEngineError(error, { provider, endpoint, noIdToken: true, secrets: [secret] })
    }
  }
}
