// A token answer whose members have other names or places, brought under those of RFC 6749 section 5.
import type { OAuthTokenAnswerQuirks } from '../../types/wire-quirks.js'
import { valueAt } from '../json-pointer.js'

type Body = Record<string, unknown>

const unitsPerSecond = { s: 1, ms: 1_000 }

/** The answer in standard names. `now` is in milliseconds since the epoch. */
export function standardShape (answer: Body, { path, fields = {}, expiresAt, error }: OAuthTokenAnswerQuirks, now: number): Body {
  const inner = path === undefined ? answer : valueAt(answer, path)
  const body: Body = { ...(isObject(inner) ? inner : answer) }
  for (const [name, pointer] of Object.entries(fields)) {
    const value = valueAt(body, pointer)
    if (value !== undefined) body[name] = value
  }
  if (expiresAt !== undefined && body.expires_in === undefined) body.expires_in = secondsUntil(valueAt(body, expiresAt.pointer), expiresAt.unit, now)
  return error === undefined || body.access_token !== undefined ? body : { ...body, ...failureOf(answer, error) }
}

function secondsUntil (end: unknown, unit: 's' | 'ms' | 'date', now: number): number | undefined {
  const seconds = unit === 'date' ? Date.parse(String(end)) / 1_000 : Number(end) / unitsPerSecond[unit]
  return Number.isFinite(seconds) ? Math.round(seconds - now / 1_000) : undefined
}

// What it calls a code or a refresh token that is not good, is kept in words.
function failureOf (answer: Body, { code, description, invalidGrant = [] }: NonNullable<OAuthTokenAnswerQuirks['error']>): Body {
  const found = valueAt(answer, code)
  if (typeof found !== 'string' && typeof found !== 'number') return {}
  const name = String(found)
  const told = description === undefined ? undefined : valueAt(answer, description)
  const text = typeof told === 'string' ? told : undefined
  const isNamed = invalidGrant.includes(name)
  const isGrant = isNamed || (text !== undefined && invalidGrant.includes(text))
  const words = isNamed && name !== 'invalid_grant' ? [name, text].filter(part => part !== undefined).join(': ') : text
  return { error: isGrant ? 'invalid_grant' : name, ...(words === undefined ? {} : { error_description: words }) }
}

function isObject (value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
