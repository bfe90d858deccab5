// How often a device asks whether its user has finished (RFC 8628 section 3.5), and what ends that.
import { setTimeout as wait } from 'node:timers/promises'
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthError, OAuthErrorCode } from '../errors.js'

export interface Polling<T> {
  provider: string
  /** Asks once. */
  ask: () => Promise<T>
  /** Milliseconds between two questions, to begin with. */
  interval: number
  /** Milliseconds since the epoch. */
  expiresAt: number
  clock: () => number
  signal: AbortSignal
  /** For tests: rejects when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const slowDown = 5_000
const longestPause = 60_000
// A longer one would fire at once.
const longestTimer = 2 ** 31 - 1
const troubles: ReadonlySet<OAuthErrorCode> = new Set(['FST_OAUTH_PROVIDER_UNREACHABLE', 'FST_OAUTH_PROVIDER_TIMEOUT', 'FST_OAUTH_PROVIDER_UNAVAILABLE', 'FST_OAUTH_DISCOVERY_FAILED'])
// The second is Microsoft's.
const denials: ReadonlySet<unknown> = new Set(['access_denied', 'authorization_declined'])

/** Asks until there is an answer. Throws the signal's reason, FST_OAUTH_ACCESS_DENIED, FST_OAUTH_DEVICE_CODE_EXPIRED, and what else `ask` throws. */
export async function poll <T> ({ provider, ask, interval, expiresAt, clock, signal, sleep = pause }: Polling<T>): Promise<T> {
  let next = interval
  for (;;) {
    signal.throwIfAborted()
    if (clock() + next >= expiresAt) throw oauthError('FST_OAUTH_DEVICE_CODE_EXPIRED', [provider])
    await sleep(next, signal).catch(() => signal.throwIfAborted())
    try {
      return await ask()
    } catch (error) {
      if (!isOAuthError(error)) throw error
      if (error.providerError === 'slow_down') interval += slowDown
      next = troubles.has(error.code) ? pauseAfter(error, next) : interval
      if (!troubles.has(error.code)) check(error, provider)
    }
  }
}

// Section 3.5: less often where nothing answers; as the provider says, where it does.
function pauseAfter ({ retryAfter = 0, retryDemanded }: OAuthError, last: number): number {
  const doubled = Math.max(last, Math.min(last * 2, longestPause))
  return retryDemanded === true ? Math.max(last, retryAfter * 1_000) : doubled
}

// Section 3.5: two errors mean that it goes on.
function check (error: OAuthError, provider: string): void {
  const { providerError } = error
  if (providerError === 'authorization_pending' || providerError === 'slow_down') return
  if (denials.has(providerError)) throw oauthError('FST_OAUTH_ACCESS_DENIED', [provider, String(providerError)], error, { providerError: String(providerError) })
  if (providerError === 'expired_token') throw oauthError('FST_OAUTH_DEVICE_CODE_EXPIRED', [provider], error, { providerError })
  throw error
}

async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await wait(Math.min(ms, longestTimer), undefined, { signal })
}
