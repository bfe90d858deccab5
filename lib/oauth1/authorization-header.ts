// Protocol parameters on their way: header, form body, query (RFC 5849 sections 3.5.1 to 3.5.3).
import { oauthError } from '../errors.js'
import { decode, encode } from './encode.js'

const scheme = /^OAuth(?:[ \t]+|$)/i
const parameter = /[ \t]*([^\s=",]+)="((?:[^"\\]|\\[^])*)"[ \t]*(?:,|$)/y
const printable = /^[\x20-\x7e]*$/

/** What an Authorization header of OAuth 1.0a held. A name that came twice stands here twice. */
export interface ParsedHeader {
  realm: string | undefined
  /** In their order, decoded, without realm. */
  parameters: Array<[name: string, value: string]>
}

/** The scheme and the realm, before the parameters. Throws FST_OAUTH_CANNOT_SIGN. */
export function headerStart (realm: string | undefined): string {
  if (realm === undefined) return 'OAuth '
  if (!printable.test(realm)) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its realm is not printable ASCII'])
  return `OAuth realm="${realm.replace(/["\\]/g, '\\$&')}"${headerSeparator}`
}

export const headerSeparator = ', '

/** A name that needs no encoding and an encoded value, as they stand in the header. */
export function headerField (name: string, encoded: string): string {
  return `${name}="${encoded}"`
}

/** null for a header of another scheme, and for one that is malformed. */
export function parseHeader (header: string): ParsedHeader | null {
  const start = scheme.exec(header)
  if (start === null) return null
  const parsed: ParsedHeader = { realm: undefined, parameters: [] }
  for (let at = start[0].length; at < header.length; at = parameter.lastIndex) {
    parameter.lastIndex = at
    const found = parameter.exec(header)
    if (found === null) return null
    const [, rawName = '', rawValue = ''] = found
    if (rawName.toLowerCase() === 'realm') {
      parsed.realm = rawValue.replace(/\\([^])/g, '$1')
      continue
    }
    const name = decode(rawName)
    const value = decode(rawValue)
    if (name === null || value === null) return null
    parsed.parameters.push([name, value])
  }
  return parsed
}

/** A query or a form body with the parameters at its end, encoded. */
export function appendParameters (formEncoded: string, parameters: Record<string, string>): string {
  const added = Object.entries(parameters).map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  return formEncoded === '' ? added : `${formEncoded}&${added}`
}
