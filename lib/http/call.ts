// The parts of one signed call: its URL, headers and body, from what the caller gave.
import type { OAuthCallOptions, OAuthParameters } from '../../types/client.js'
import { oauthError } from '../errors.js'

/** A call ready to be dispatched. Header names are in lower case. */
export interface PreparedCall {
  method: string
  url: URL
  headers: Record<string, string | string[]>
  body: OAuthCallOptions['body']
}

/** Resolves an address as a browser resolves a link on the page at `base`. Throws FST_OAUTH_INVALID_CALL. */
export function resolveUrl (provider: string, url: string | URL, base: string | undefined): URL {
  const refuse = (why: string) => oauthError('FST_OAUTH_INVALID_CALL', [provider, why])
  const text = String(url)
  if (!URL.canParse(text, base)) throw refuse(base === undefined ? 'the option apiBaseUrl is not set, so the URL must be absolute' : 'the URL is malformed')
  const resolved = new URL(text, base)
  // The origin of a blob: URL is that of the http: URL in it.
  if (!/^https?:$/.test(resolved.protocol)) throw refuse('the URL is neither https nor http')
  return resolved
}

export function prepareCall (provider: string, { method, url, options }: { method: string, url: URL, options: OAuthCallOptions }): PreparedCall {
  const { json, query } = options
  const form = options.form ?? undefined
  const body = options.body ?? undefined
  if ([json, form, body].filter(part => part !== undefined).length > 1) {
    throw oauthError('FST_OAUTH_INVALID_CALL', [provider, 'it has more than one of json, form and body'])
  }
  const target = new URL(url)
  const added = new URLSearchParams(pairsOf(query ?? {})).toString()
  // By hand: searchParams.append would write the query that is there anew, `?a` as `?a=` and `%20` as `+`.
  if (added !== '') target.search += target.search === '' ? added : `&${added}`
  const headers = { 'user-agent': 'fastify-oauth', ...lowerCased(options.headers ?? {}) }
  if (json !== undefined) return { method, url: target, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(json) }
  if (form === undefined) return { method, url: target, headers, body }
  return { method, url: target, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(pairsOf(form)).toString() }
}

function pairsOf (params: OAuthParameters | URLSearchParams): Array<[string, string]> {
  if (params instanceof URLSearchParams) return [...params]
  return Object.entries(params).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value]
    return values.filter(one => one !== undefined && one !== null).map((one): [string, string] => [name, String(one)])
  })
}

function lowerCased (headers: NonNullable<OAuthCallOptions['headers']>): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => value === undefined ? [] : [[name.toLowerCase(), value]]))
}
