// The credentials on a request that is forwarded: those that came with it go, in whatever spelling, and ours take their place.
import type { IncomingMessage } from 'node:http'

// Every spelling: servers and gateways that turn names into variables take `-` and `_` for the same, or drop what they do not know.
function isCredential (name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  return letters === 'authorization' || letters === 'proxyauthorization' || letters === 'cookie'
}

/** Puts these on a request, in place of all credentials that came with it: in all views that Node has of its headers. */
export function replaceCredentials (raw: IncomingMessage, credentials: Record<string, string>): void {
  const { headers, rawHeaders, headersDistinct = {} } = raw
  // RFC 9110 section 7.6.1: what Connection names goes no further than to us; a proxy would drop the token as well.
  const connection = headers.connection?.split(',').map(option => option.trim()).filter(option => option !== '' && !isCredential(option)).join(', ')
  const added = { ...credentials, ...(connection === undefined || connection === '' ? {} : { connection }) }
  const isOld = (name: string) => isCredential(name) || name.toLowerCase() === 'connection'

  const kept = rawHeaders.flatMap((name, index) => index % 2 === 0 && !isOld(name) ? [name, rawHeaders[index + 1] as string] : [])
  rawHeaders.splice(0, rawHeaders.length, ...kept, ...Object.entries(added).flat())
  for (const name of Object.keys(headers).filter(isOld)) Reflect.deleteProperty(headers, name)
  for (const name of Object.keys(headersDistinct).filter(isOld)) Reflect.deleteProperty(headersDistinct, name)
  for (const [name, value] of Object.entries(added)) {
    headers[name] = value
    headersDistinct[name] = [value]
  }
}

/** Those of a Cookie header (RFC 6265 section 4.2) that have one of these names. */
export function cookiesIn (header: string | undefined, names: readonly string[]): string {
  if (header === undefined || names.length === 0) return ''
  return header.split(';').map(pair => pair.trim()).filter(pair => names.includes(pair.split('=', 1)[0] as string)).join('; ')
}

/** Whether a parameter of a query holds a token (RFC 6750 section 2.3), in whatever spelling: `name` or `name=value`, as it came. */
export function isTokenParameter (parameter: string): boolean {
  const [name = ''] = parameter.split('=', 1)
  // What is no percent-encoding stays as it is.
  const plain = name.replace(/%([0-7][\da-f])/gi, (_match, code: string) => String.fromCharCode(parseInt(code, 16)))
  return plain.toLowerCase().replace(/[^a-z]/g, '') === 'accesstoken'
}

/** An address without such parameters. Some servers take `;` for `&`. */
export function withoutToken (address: string): string {
  const [path = '', ...queries] = address.split('?')
  if (queries.length === 0) return address
  const pairs = queries.join('?').split('&').map(pair => pair.split(';'))
  if (!pairs.flat().some(isTokenParameter)) return address
  const kept = pairs.map(parts => parts.filter(part => !isTokenParameter(part))).filter(parts => parts.length > 0)
  return kept.length === 0 ? path : `${path}?${kept.map(parts => parts.join(';')).join('&')}`
}
