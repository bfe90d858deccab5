// The call that a refresh makes at the provider, and what its failure says of the refresh token.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import { isOAuthError } from '../errors.js'
import { placeOf } from '../place.js'
import { withoutRefresh } from './attempt.js'
import { refreshed } from './grant.js'
import type { ProviderHealth } from './health.js'

/** What is needed of a provider. */
export interface Refresher {
  refresh(grant: OAuthGrant): Promise<OAuthTokenSet>
  /** Milliseconds after its first use for which the provider takes a refresh token again. Default: none. */
  readonly refreshGrace?: number | undefined
}

export interface ExchangeOptions {
  health: ProviderHealth
  clock: () => number
  warn: (message: string, error?: unknown) => void
}

// RFC 6749 section 5.2: what is wrong is the client, not the grant.
const clientFaults: ReadonlySet<unknown> = new Set(['invalid_client', 'unauthorized_client'])

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #alarmed = new Set<string>()

  constructor (options: ExchangeOptions) {
    this.#options = options
  }

  /** Sends the refresh token of a grant, once. Answers the grant as it is now: without it where it was refused. */
  async run (refresher: Refresher, grant: OAuthGrant): Promise<OAuthGrant> {
    const { clock, health, warn } = this.#options
    const provider = placeOf(grant)
    try {
      const next = refreshed(grant, await health.watch(provider, () => refresher.refresh(grant)), clock())
      this.#alarmed.delete(provider)
      return next
    } catch (error) {
      if (isClientFault(error)) this.#alarm(provider, error)
      // The refresh token is spent or withdrawn (RFC 6749 section 5.2): the access token serves to its end.
      if (providerErrorOf(error) === 'invalid_grant') {
        warn(`${provider} refuses the refresh token of a grant: unless a newer one is stored already, its owner has to log in again`, error)
        return withoutRefresh(grant)
      }
      throw error
    }
  }

  // Once, until it is mended.
  #alarm (provider: string, error: unknown): void {
    if (this.#alarmed.has(provider)) return
    this.#alarmed.add(provider)
    this.#options.warn(`${provider} refuses this client: check clientId, clientSecret and clientAuth. Grants are kept, and none can be refreshed until this is mended`, error)
  }
}

/** Whether a provider refused the client, whatever the grant. */
export function isClientFault (error: unknown): boolean {
  return clientFaults.has(providerErrorOf(error))
}

function providerErrorOf (error: unknown): string | undefined {
  return isOAuthError(error) ? error.providerError : undefined
}
