// What the schemas of the options are made of.
import { isIP } from 'node:net'
import * as v from 'valibot'

const loopbackHosts = /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL stays on this machine (RFC 8252 section 8.3). */
export function isLoopback (url: URL): boolean {
  return loopbackHosts.test(url.hostname)
}

/** Whether a URL is plain http beyond this machine. */
export function isInsecure (value: string | undefined): boolean {
  return value !== undefined && new URL(value).protocol === 'http:' && !isLoopback(new URL(value))
}

export const addressRange = 'an IP address, or a range of them such as 10.1.0.0/16'

export function isAddressRange (input: string): boolean {
  const [address = '', bits, ...more] = input.split('/')
  const version = isIP(address)
  return version !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
}

/** Says what is wrong with an option, and what would be allowed. */
export type Refuse = (key: string, allowed: string, value?: unknown) => void

export const text = (what = 'a non-empty string') => v.pipe(v.string(what), v.nonEmpty(what))
export const oneOf = <const T extends readonly string[]>(...values: T) => v.picklist(values, `one of ${values.map(value => `"${value}"`).join(', ')}`)
export const fn = <T>() => v.custom<T>(input => typeof input === 'function', 'a function')
export const flag = v.boolean('true or false')
// Timers take no more than 2^31-1, and fire at once when they are given it.
const longest = 2 ** 31 - 1
const duration = `a whole number of milliseconds from 1 to ${longest}`
export const milliseconds = v.pipe(v.number(duration), v.integer(duration), v.minValue(1, duration), v.maxValue(longest, duration))
const notNegative = `a whole number of milliseconds from 0 to ${longest}`
export const lifetime = v.pipe(v.number(notNegative), v.integer(notNegative), v.minValue(0, notNegative), v.maxValue(longest, notNegative))
export const scopes = v.array(v.pipe(text('a scope'), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope without spaces (RFC 6749 section 3.3)')), 'an array of scopes')

export const acrValue = v.pipe(text('an acr value'), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'an acr value without spaces (RFC 9470 section 3)'))
const age = 'a whole number of seconds'
export const seconds = v.pipe(v.number(age), v.integer(age), v.minValue(0, age), v.maxValue(2 ** 31 - 1, age))

export function closed <const T extends v.ObjectEntries> (entries: T, instead = '') {
  const known = Object.keys(entries).join(', ')
  return v.strictObject(entries, issue => issue.expected === 'never' ? `one of the options ${known}` : issue.expected === 'Object' ? `${instead}an object with ${known}` : 'a value: it is required')
}

export function instance <T> (what: string, ...methods: string[]) {
  return v.custom<T>(input => typeof input === 'object' && input !== null && methods.every(name => typeof Reflect.get(input, name) === 'function'), what)
}

function parseUrl (input: string): URL | undefined {
  return URL.canParse(input) ? new URL(input) : undefined
}

export const url = v.pipe(text('an absolute URL'), v.check(input => /^https?:$/.test(parseUrl(input)?.protocol ?? ''), 'an absolute http or https URL'))
export const endpoint = v.pipe(url, v.check(input => new URL(input).hash === '', 'an absolute URL without a fragment (RFC 6749 section 3.1)'))
export const origin = v.pipe(url, v.check(input => `${new URL(input).origin}` === input.replace(/\/$/, ''), 'an origin, such as https://api.example.com'))
export const path = v.pipe(text('a path that begins with one /'), v.regex(/^\/(?![/\\])[^\\\s]*$/, 'a path that begins with one /'))

const deepLink = 'a URI with a private-use scheme that holds a dot, such as com.example.app:/signed-in (RFC 8252 section 7.1)'
// A dot in the scheme: no scheme that a browser or a system knows by itself has one.
export const appUri = v.pipe(text(deepLink), v.maxLength(2_000, deepLink), v.regex(/^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:[\x21\x23-\x5b\x5d-\x7e]*$/, deepLink))

/** Whether a value is a plain object: no array, no function, nothing of a class. */
export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))
}
