// Where a redirect of a signed call leads (RFC 9110 section 15.4), if it is followed at all.
import type { OAuthResponse } from '../../types/client.js'
import type { PreparedCall } from './call.js'
import { isReplayable } from './replay.js'

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** The next call, or null where the answer is to be given to the caller: no redirect, or one that may not be followed. */
export function redirected (call: PreparedCall, response: OAuthResponse): PreparedCall | null {
  const { location } = response.headers
  if (!redirects.has(response.statusCode) || typeof location !== 'string' || !URL.canParse(location, call.url.href)) return null
  const url = new URL(location, call.url)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  const sameOrigin = url.origin === call.url.origin
  const headers = sameOrigin ? call.headers : without(call.headers, /^(authorization|cookie|proxy-authorization|host)$/)
  if (becomesGet(call.method, response.statusCode)) return { method: 'GET', url, headers: without(headers, /^content-/), body: null }
  // A body is for the origin that it was written to.
  const bodiless = call.body === undefined || call.body === null
  return bodiless || (sameOrigin && isReplayable(call.body)) ? { ...call, url, headers } : null
}

function becomesGet (method: string, status: number): boolean {
  return (status === 303 && method !== 'GET' && method !== 'HEAD') || (status < 303 && method === 'POST')
}

function without (headers: PreparedCall['headers'], names: RegExp): PreparedCall['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.test(name)))
}
