// Answers that say nothing but that the provider is not available now.
import { oauthError } from '../errors.js'
import type { Answer } from './transport.js'

const longestRetryAfter = 3_600
const usualRetryAfter = 5

/** Throws FST_OAUTH_PROVIDER_UNAVAILABLE for 429, 5xx and a limit that was reached, with the time after which another try makes sense. */
export function refuseUnavailable (answer: Answer, provider: string, clock: () => number): void {
  if (answer.status !== 429 && answer.status < 500 && answer.pause === undefined) return
  const retryAfter = retryAfterOf(answer, clock)
  throw oauthError('FST_OAUTH_PROVIDER_UNAVAILABLE', [provider, answer.status], undefined, { retryAfter: retryAfter ?? usualRetryAfter, retryDemanded: retryAfter !== undefined, unspent: true })
}

// RFC 9110 section 10.2.3: seconds or a date. It counts before a provider's own headers.
function retryAfterOf ({ headers, pause = Number.NaN }: Answer, clock: () => number): number | undefined {
  const value = String(headers['retry-after'])
  const told = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - clock()) / 1_000
  const seconds = Number.isNaN(told) ? pause : told
  return Number.isNaN(seconds) ? undefined : Math.ceil(Math.min(Math.max(seconds, 1), longestRetryAfter))
}
