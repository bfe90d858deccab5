// How providers fare. One that keeps failing is left alone for growing intervals; one that names a time, until then
// (RFC 9110 section 10.2.3). One caller then tries, while the others are still told to come back.
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthErrorCode } from '../errors.js'
import { BoundedMap } from './bounded.js'

interface Standing { failures: number, until: number }

const failuresAtMost = 5
const shortestRest = 1_000
const longestRest = 60_000
const providersAtMost = 10_000
const faults: ReadonlySet<OAuthErrorCode> = new Set(['FST_OAUTH_PROVIDER_UNAVAILABLE', 'FST_OAUTH_PROVIDER_UNREACHABLE', 'FST_OAUTH_PROVIDER_TIMEOUT', 'FST_OAUTH_DISCOVERY_FAILED'])

export class ProviderHealth {
  readonly #clock: () => number
  readonly #records = new BoundedMap<Standing>(providersAtMost)

  /** @param clock milliseconds since the epoch */
  constructor (clock: () => number) {
    this.#clock = clock
  }

  /** Whether a provider is left alone now. */
  isResting (provider: string): boolean {
    return (this.#records.get(provider)?.until ?? 0) > this.#clock()
  }

  /** Throws FST_OAUTH_PROVIDER_RESTING where a provider is left alone now. */
  check (provider: string): void {
    const record = this.#records.get(provider)
    const now = this.#clock()
    if (record === undefined) return
    if (record.until > now) throw oauthError('FST_OAUTH_PROVIDER_RESTING', [provider], undefined, { retryAfter: Math.ceil((record.until - now) / 1_000) })
    // Who comes after the rest tries; the others wait for what becomes of it.
    if (record.failures >= failuresAtMost) record.until = now + shortestRest
  }

  /** Runs a call to a provider, and learns from how it ends. */
  async watch <T> (provider: string, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call()
      this.#records.delete(provider)
      return answer
    } catch (error) {
      if (isOAuthError(error) && faults.has(error.code)) this.#count(provider, error.retryDemanded === true ? error.retryAfter : undefined)
      throw error
    }
  }

  #count (provider: string, retryAfter: number | undefined): void {
    const failures = (this.#records.get(provider)?.failures ?? 0) + 1
    const rest = retryAfter === undefined ? restAfter(failures) : Math.min(retryAfter * 1_000, longestRest)
    this.#records.set(provider, { failures, until: this.#clock() + withJitter(rest) })
  }
}

function restAfter (failures: number): number {
  return failures < failuresAtMost ? 0 : Math.min(shortestRest * 2 ** (failures - failuresAtMost), longestRest)
}

/** A quarter more at most, so that what waited does not all come back at once. */
export function withJitter (ms: number): number {
  return ms * (1 + Math.random() / 4)
}
