// Parameters: where they come from, and their order (RFC 5849 sections 3.4.1.3.1 and 3.4.1.3.2).
import { encode, encodeAnew } from './encode.js'

// It occurs in no encoded text and sorts before all that does: entries sort by name, then by value, as plain strings.
const separator = '!'
const formType = /^[ \t]*application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/** A name and a value, both encoded, in a form that sorts as section 3.4.1.3.2 asks. */
export type ParameterEntry = string

export function toEntry (name: string, value: string): ParameterEntry {
  return encode(name) + separator + encode(value)
}

export function isForm (contentType: string | undefined): boolean {
  return contentType !== undefined && formType.test(contentType)
}

/** Adds what a query or a form holds. `a` and `a=` are the same; only the first `=` separates. */
export function collect (formEncoded: string, entries: ParameterEntry[]): void {
  if (formEncoded === '') return
  for (const pair of formEncoded.split('&')) {
    if (pair === '') continue
    const end = pair.indexOf('=')
    const name = end === -1 ? pair : pair.slice(0, end)
    const value = end === -1 ? '' : pair.slice(end + 1)
    entries.push(encodeAnew(name) + separator + encodeAnew(value))
  }
}

/** The encoded name of an entry. */
export function nameOf (entry: ParameterEntry): string {
  return entry.slice(0, entry.indexOf(separator))
}

/** The encoded value of an entry. */
export function valueOf (entry: ParameterEntry): string {
  return entry.slice(entry.indexOf(separator) + 1)
}

/** The normalised parameters, encoded once more, as they stand in the base string. Sorts the entries in place. */
export function normalise (entries: ParameterEntry[]): string {
  // encodeURIComponent leaves the separator alone.
  return encodeURIComponent(entries.sort().join('&')).replaceAll(separator, '%3D')
}
