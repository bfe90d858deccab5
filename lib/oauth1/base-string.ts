// The signature base string (RFC 5849 section 3.4.1.1) and its URI (section 3.4.1.2).
import type { OAuth1Request } from '../../types/oauth1.js'
import { oauthError } from '../errors.js'
import { encode } from './encode.js'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const wirePath = /^\/[\x21-\x7e]*$/

/** Where a request goes, as it stands on the wire. */
export interface Target {
  /** Without query and fragment. */
  uri: string
  /** Without the question mark. */
  query: string
}

/** Throws FST_OAUTH_CANNOT_SIGN. The URL parser is the one by which undici and fetch make the path and the header Host. */
export function targetOf (url: OAuth1Request['url']): Target {
  if (typeof url === 'string' || url instanceof URL) {
    const { protocol, host, pathname, search } = parse(url)
    return { uri: `${protocol}//${host}${pathname}`, query: search.slice(1) }
  }
  const { protocol, host } = parse(url.origin)
  // undici would send other characters in Latin-1, which no server reads as they were meant.
  if (!wirePath.test(url.path)) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its path is not in the form in which it is sent'])
  const end = url.path.indexOf('?')
  if (end === -1) return { uri: `${protocol}//${host}${url.path}`, query: '' }
  return { uri: `${protocol}//${host}${url.path.slice(0, end)}`, query: url.path.slice(end + 1) }
}

/** `parameters` as `normalise` made them. Throws FST_OAUTH_CANNOT_SIGN. */
export function baseStringOf (method: string, uri: string, parameters: string): string {
  if (!token.test(method)) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its method is not an HTTP method'])
  return `${encode(method.toUpperCase())}&${encode(uri)}&${parameters}`
}

function parse (url: string | URL): URL {
  const parsed = url instanceof URL ? url : tryParse(url)
  if (parsed === null) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its URL is not absolute, or malformed'])
  const { protocol } = parsed
  if (protocol !== 'https:' && protocol !== 'http:') throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its URL is neither https nor http'])
  return parsed
}

// The error of URL would quote it, and with it what tokens it holds.
function tryParse (url: string): URL | null {
  try {
    return new URL(url)
  } catch {
    return null
  }
}
