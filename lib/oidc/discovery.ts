// An authorization server's metadata (OpenID Connect Discovery 1.0, RFC 8414): fetched when first needed, kept for an
// hour, served stale while the provider is down.
import { customFetch, allowInsecureRequests, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import { oauthError } from '../errors.js'
import { toResponse } from '../http/read-answer.js'
import type { Transport } from '../http/transport.js'

const keptFor = 3_600_000
const retryAfter = 10_000
const redirectsAtMost = 3

export interface DiscoveryOptions {
  provider: string
  issuer: string
  transport: Transport
  clock: () => number
  /** Endpoints given by hand, which win. */
  overrides: Partial<AuthorizationServer>
  /** Throws where the metadata cannot be worked with. */
  check: (server: AuthorizationServer) => void
}

export class Discovery {
  readonly #options: DiscoveryOptions
  #server: AuthorizationServer | undefined
  #flight: Promise<AuthorizationServer> | undefined
  #goodUntil = 0

  constructor (options: DiscoveryOptions) {
    this.#options = options
  }

  /** The metadata. Throws FST_OAUTH_DISCOVERY_FAILED and the errors of the transport. */
  async server (): Promise<AuthorizationServer> {
    if (this.#server !== undefined && this.#options.clock() < this.#goodUntil) return this.#server
    this.#flight ??= this.#discover().finally(() => { this.#flight = undefined })
    return this.#flight
  }

  async #discover (): Promise<AuthorizationServer> {
    const { clock, check, overrides } = this.#options
    try {
      const found = await this.#fetch('oidc') ?? await this.#fetch('oauth2')
      if (found === null) throw this.#failed('neither openid-configuration nor oauth-authorization-server exists under the issuer')
      const server = { ...withoutNulls(found), ...overrides }
      check(server)
      // The engine hangs its cache of keys on this object: unchanged metadata keeps it.
      if (JSON.stringify(server) !== JSON.stringify(this.#server)) this.#server = server
      this.#goodUntil = clock() + keptFor
    } catch (error) {
      if (this.#server === undefined) throw error
      this.#goodUntil = clock() + retryAfter
    }
    return this.#server as AuthorizationServer
  }

  async #fetch (algorithm: 'oidc' | 'oauth2'): Promise<AuthorizationServer | null> {
    const { issuer, transport } = this.#options
    const expected = new URL(issuer)
    const response = await discoveryRequest(expected, {
      algorithm,
      [allowInsecureRequests]: true,
      // Some servers move their metadata, or send it under another content type. It names its issuer, whatever it came by.
      [customFetch]: async (url, { headers }) => toResponse(await transport(new URL(url), { method: 'GET', headers, redirects: redirectsAtMost }), 'application/json')
    })
    if (response.status === 404) return null
    try {
      return await processDiscoveryResponse(expected, response)
    } catch (error) {
      throw this.#failed(response.status === 200 ? (error as Error).message : `status ${response.status}`, error)
    }
  }

  #failed (why: string, cause?: unknown): Error {
    return oauthError('FST_OAUTH_DISCOVERY_FAILED', [this.#options.provider, why], cause, { retryAfter: 10 })
  }
}

// RFC 8414 section 2 has absent members left out; some servers send null.
function withoutNulls (server: AuthorizationServer): AuthorizationServer {
  return Object.fromEntries(Object.entries(server).filter(([, value]) => value !== null)) as typeof server
}
