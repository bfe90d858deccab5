// An authorization server's metadata (OpenID Connect Discovery 1.0, RFC 8414): fetched when first needed, kept for their HTTP lifetime,
// renewed behind, served stale while the provider is down.
import { customFetch, allowInsecureRequests, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import { oauthError, quote } from '../errors.js'
import { lifetimeOf } from '../http/lifetime.js'
import { toResponse } from '../http/read-answer.js'
import type { Answer, Transport } from '../http/transport.js'
import { isOfTenant } from './tenant-issuer.js'

const lifetime = { least: 60_000, usual: 3_600_000, most: 86_400_000 }
// What is older is not used before it was asked for anew.
const behindFor = 86_400_000
const retryAfter = 10_000
const redirectsAtMost = 3

export interface DiscoveryOptions {
  provider: string
  issuer: string
  /** The template of issuers that the metadata name in its place, unless they are those of one tenant (quirks.tenantIssuer). */
  template?: string | undefined
  transport: Transport
  clock: () => number
  /** What counts where the metadata say nothing. */
  defaults: Partial<AuthorizationServer>
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
  #fetchFrom = 0

  constructor (options: DiscoveryOptions) {
    this.#options = options
  }

  /** The metadata. Throws FST_OAUTH_DISCOVERY_FAILED and the errors of the transport. */
  async server (): Promise<AuthorizationServer> {
    const now = this.#options.clock()
    const known = this.#server
    if (known === undefined) return this.#renew()
    if (now < this.#goodUntil || now < this.#fetchFrom) return known
    this.#fetchFrom = now + retryAfter
    const renewed = this.#renew().catch(() => known)
    return now - this.#goodUntil < behindFor ? known : renewed
  }

  #renew (): Promise<AuthorizationServer> {
    this.#flight ??= this.#discover().finally(() => { this.#flight = undefined })
    return this.#flight
  }

  async #discover (): Promise<AuthorizationServer> {
    const { clock, check, defaults, overrides } = this.#options
    const found = await this.#fetch('oidc') ?? await this.#fetch('oauth2')
    if (found === null) throw this.#failed('neither openid-configuration nor oauth-authorization-server exists under the issuer')
    const server = { ...defaults, ...withoutNulls(found.metadata), ...overrides }
    check(server)
    this.#goodUntil = clock() + lifetimeOf(found.answer, lifetime)
    // The engine hangs its cache of keys on this object: unchanged metadata keeps it.
    if (JSON.stringify(server) !== JSON.stringify(this.#server)) this.#server = server
    return this.#server as AuthorizationServer
  }

  async #fetch (algorithm: 'oidc' | 'oauth2'): Promise<{ metadata: AuthorizationServer, answer: Answer } | null> {
    const { issuer, template, transport } = this.#options
    let heard: Answer | undefined
    const response = await discoveryRequest(new URL(issuer), {
      algorithm,
      [allowInsecureRequests]: true,
      // Some servers move their metadata, or send it under another content type. It names its issuer, whatever it came by.
      [customFetch]: async (url, { headers }) => {
        heard = await transport(new URL(url), { method: 'GET', headers, redirects: redirectsAtMost })
        return toResponse(heard, 'application/json')
      }
    })
    if (response.status === 404) return null
    const answer = heard as unknown as Answer
    const told = issuerIn(answer.text)
    const named = template === undefined ? issuer : told !== undefined && isOfTenant(template, told) ? told : template
    try {
      return { metadata: await processDiscoveryResponse(new URL(named), response), answer }
    } catch (error) {
      throw this.#failed(response.status === 200 ? `${(error as Error).message}${otherIssuer(told, named)}` : `status ${response.status}`, error)
    }
  }

  #failed (why: string, cause?: unknown): Error {
    return oauthError('FST_OAUTH_DISCOVERY_FAILED', [this.#options.provider, why], cause, { retryAfter: 10 })
  }
}

function issuerIn (text: string): string | undefined {
  try {
    const { issuer } = JSON.parse(text)
    return typeof issuer === 'string' ? issuer : undefined
  } catch {
    return undefined
  }
}

// Mostly a slash at the end, which counts.
function otherIssuer (told: string | undefined, expected: string): string {
  return told === undefined || told === expected ? '' : ` (it names ${quote(told)}; the option issuer is ${expected})`
}

// RFC 8414 section 2 has absent members left out; some servers send null.
function withoutNulls (server: AuthorizationServer): AuthorizationServer {
  return Object.fromEntries(Object.entries(server).filter(([, value]) => value !== null)) as typeof server
}
