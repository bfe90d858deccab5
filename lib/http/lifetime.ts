// How long an answer may be kept, as its headers say (RFC 9111 sections 4.2 and 5.2.2).
import type { Answer } from './transport.js'

/** Milliseconds. */
export interface LifetimeBounds {
  least: number
  most: number
  /** Of an answer that says nothing. */
  usual: number
}

/** Milliseconds, within the bounds. */
export function lifetimeOf ({ headers }: Pick<Answer, 'headers'>, { least, most, usual }: LifetimeBounds): number {
  const control = String(headers['cache-control'] ?? '').toLowerCase()
  if (/(^|[\s,])(no-store|no-cache)\b/.test(control)) return least
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,10})\b/.exec(control) ?? []
  if (seconds === undefined) return usual
  const age = /^\d{1,10}$/.test(String(headers.age)) ? Number(headers.age) : 0
  return Math.min(Math.max((Number(seconds) - age) * 1_000, least), most)
}
