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
  for (let start = 0, end = 0; start < formEncoded.length; start = end + 1) {
    end = indexOrEnd(formEncoded, '&', start)
    if (end === start) continue
    const pair = formEncoded.slice(start, end)
    const equals = indexOrEnd(pair, '=', 0)
    const name = pair.slice(0, equals)
    const value = pair.slice(equals + 1)
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
  return sort(parameters).map(fieldOf).join(separator)
}

/** The same of those that a request carries, with those of the protocol, which are normalised already, in their place. */
export function normaliseAround (protocol: string, sent: Parameter[]): string {
  sort(sent)
  let before = ''
  let after = ''
  for (const parameter of sent) {
    if (parameter.name < protocolPrefix) before += fieldOf(parameter) + separator
    else after += separator + fieldOf(parameter)
  }
  return before + protocol + after
}

// By insertion where they are few, as they nearly always are: several times quicker.
function sort (parameters: Parameter[]): Parameter[] {
  if (parameters.length > 20) return parameters.sort(compare)
  for (let sorted = 1; sorted < parameters.length; sorted++) {
    const parameter = parameters[sorted] as Parameter
    let place = sorted
    for (; place > 0 && compare(parameters[place - 1] as Parameter, parameter) > 0; place--) parameters[place] = parameters[place - 1] as Parameter
    parameters[place] = parameter
  }
  return parameters
}

function fieldOf ({ name, value }: Parameter): string {
  return `${name}%3D${value}`
}

function compare (a: Parameter, b: Parameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.value === b.value) return 0
  return a.value < b.value ? -1 : 1
}

function encodeAgain (encoded: string): string {
  // Nothing but `%` is left to encode.
  return encoded.includes('%') ? encodeURIComponent(encoded) : encoded
}

function indexOrEnd (text: string, character: string, from: number): number {
  const index = text.indexOf(character, from)
  return index === -1 ? text.length : index
}
