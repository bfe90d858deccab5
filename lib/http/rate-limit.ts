// Providers that say in headers of their own when they may be asked again, and not by Retry-After (RFC 9110 section 10.2.3).
import type { OAuthRateLimit } from '../../types/wire-quirks.js'
import type { Answer, Transport } from './transport.js'

/** The same transport, whose answers say so where a limit was reached. */
export function withRateLimit (transport: Transport, limit: OAuthRateLimit | undefined, clock: () => number): Transport {
  if (limit === undefined) return transport
  return async (url, call) => {
    const answer = await transport(url, call)
    return isReached(answer, limit) ? { ...answer, pause: secondsUntil(valueOf(answer, limit.reset), limit.unit, clock()) } : answer
  }
}

// These headers are on every answer: what failed otherwise did not fail by them.
function isReached (answer: Answer, { remaining }: OAuthRateLimit): boolean {
  return answer.status === 429 || (answer.status === 403 && remaining !== undefined && valueOf(answer, remaining) === '0')
}

function secondsUntil (value: string, unit: OAuthRateLimit['unit'], now: number): number {
  if (unit === 'date') return (Date.parse(value) - now) / 1_000
  const seconds = value === '' ? Number.NaN : Number(value)
  return unit === 'epoch' ? seconds - now / 1_000 : seconds
}

function valueOf ({ headers }: Answer, name: string): string {
  return String(headers[name] ?? '')
}
