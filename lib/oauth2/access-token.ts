// Where an access token stands in a call (RFC 6750 section 2), and the headers that a provider wants beside it.
import type { OAuthQuirks } from '../../types/quirks.js'
import type { SignedParts } from '../http/sign.js'

export interface BearerCall {
  accessToken: string
  clientId: string
  /** Of the call, with its query: asked for where it counts. */
  path: () => string
}

/** What a bearer token adds to a call. */
export function bearerParts ({ accessToken, clientId, path }: BearerCall, { accessTokenIn, headers }: OAuthQuirks = {}): SignedParts {
  const own = headersOf(headers, clientId)
  const { scheme, header, query } = accessTokenIn ?? {}
  if (query !== undefined) return { headers: own, path: withQuery(path(), query, accessToken) }
  const value = scheme === '' ? accessToken : `${scheme} ${accessToken}`
  if (header !== undefined) return { headers: { ...own, [header]: scheme === undefined ? accessToken : value } }
  return { headers: { ...own, authorization: scheme === undefined ? `Bearer ${accessToken}` : value } }
}

/** The headers that a provider declares. */
export function headersOf (headers: OAuthQuirks['headers'], clientId: string): Record<string, string> {
  return headers === undefined ? {} : Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll('{clientId}', clientId)]))
}

function withQuery (path: string, name: string, value: string): string {
  const [before = '', query] = path.split(/\?(.*)/s)
  const params = new URLSearchParams(query)
  params.set(name, value)
  return `${before}?${params}`
}
