// Parameters: where they come from, and their order (RFC 5849 sections 3.4.1.3.1 and 3.4.1.3.2).
import { encode, encodeAnew } from './encode.js'

const formType = /^[ \t]*application\/x-www-form-urlencoded[ \t]*(?:;|$)/i
const protocolPrefix = 'oauth_'
/** An `&` between two parameters in the base string. */
export const separator = '%26'

/** As the base string holds them: encoded twice, which keeps the order that they have when encoded once. */
export interface Parameter {
  name: string
  value: string
}

/** Whether a body of that Content-Type counts as parameters. */
export function isForm (contentType: string | undefined): boolean {
  return contentType !== undefined && formType.test(contentType)
}

/** Adds what a query or a form holds. `a` and `a=` are the same; only the first `=` separates. */
export function collect (formEncoded: string, parameters: Parameter[]): void {
  if (formEncoded === '') return
  for (const pair of formEncoded.split('&')) {
    if (pair === '') continue
    const end = pair.indexOf('=')
    const name = end === -1 ? pair : pair.slice(0, end)
    const value = end === -1 ? '' : pair.slice(end + 1)
    parameters.push({ name: encodeAgain(encodeAnew(name)), value: encodeAgain(encodeAnew(value)) })
  }
}

export function isProtocolParameter ({ name }: Parameter): boolean {
  return name.startsWith(protocolPrefix)
}

/** `name` needs no encoding. */
export function toParameter (name: string, value: string): Parameter {
  return { name, value: encodeAgain(encode(value)) }
}

/** A name that needs no encoding and an encoded value, as they stand in the base string. */
export function baseStringField (name: string, encoded: string): string {
  return `${name}%3D${encodeAgain(encoded)}`
}

/** Parameters in their order, as they stand in the base string. Sorts in place. */
export function normalise (parameters: Parameter[]): string {
  return parameters.sort(byNameAndValue).map(fieldOf).join(separator)
}

/** The same of those that a request carries, with those of the protocol, which are normalised already, in their place. */
export function normaliseAround (protocol: string, sent: Parameter[]): string {
  if (sent.length > 1) sent.sort(byNameAndValue)
  let before = ''
  let after = ''
  for (const parameter of sent) {
    if (parameter.name < protocolPrefix) before += fieldOf(parameter) + separator
    else after += separator + fieldOf(parameter)
  }
  return before + protocol + after
}

function fieldOf ({ name, value }: Parameter): string {
  return `${name}%3D${value}`
}

function byNameAndValue (a: Parameter, b: Parameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.value === b.value) return 0
  return a.value < b.value ? -1 : 1
}

function encodeAgain (encoded: string): string {
  // Asked first, since most hold none, and this is the quicker question.
  return encoded.includes('%') ? encoded.replaceAll('%', '%25') : encoded
}
