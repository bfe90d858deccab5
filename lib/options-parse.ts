// How options are checked: what is wrong is said with its path, what was given, and what is allowed. Secrets are not shown.
import * as v from 'valibot'
import { oauthError } from './errors.js'
import { ownTokenKeys } from './options-tokens.js'

const secretKeys: ReadonlySet<string> = new Set(['secret', 'clientSecret', 'initialAccessToken', 'clientKey', 'clientCert', 'clientCertKey', 'serverCa', 'clientSecretClaims', 'requestTokenParams', 'authorizeParams', 'accessTokenParams', 'headers', 'form', 'json', 'apiKey', ...ownTokenKeys])

/** Checks what was given; answers a new, frozen value. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parse <S extends v.GenericSchema> (schema: S, given: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, given, { abortPipeEarly: true })
  if (!result.success) throw oauthError('FST_OAUTH_INVALID_OPTIONS', [result.issues.map(issue => explain(issue, where)).join('; ')])
  return freeze(result.output, given)
}

function explain (issue: v.BaseIssue<unknown>, where: string): string {
  const keys = issue.path?.map(item => String(item.key)) ?? []
  const at = [where, ...keys].filter(part => part !== '').join('.') || 'options'
  // A key that is not known is itself what was given.
  const given = issue.expected === 'never' ? 'not an option' : describe(issue, keys.some(key => secretKeys.has(key)))
  return `${at} is ${given}; allowed is ${issue.message}`
}

// Where no text belongs, it may be anything: a secret, or the address of a store with its password.
const takesNoText: ReadonlySet<string> = new Set(['custom', 'lazy', 'object', 'record', 'strict_object', 'union'])

function describe ({ input, type }: v.BaseIssue<unknown>, isSecret: boolean): string {
  if (typeof input === 'string') {
    if (isSecret || takesNoText.has(type)) return `a string of ${input.length} characters`
    return JSON.stringify(input.replace(/\/\/.*@/s, '//...@').slice(0, 100))
  }
  if (typeof input === 'number' || typeof input === 'boolean') return isSecret ? `a ${typeof input}` : String(input)
  if (input === null || input === undefined) return String(input)
  if (Array.isArray(input)) return 'an array'
  return typeof input === 'function' ? 'a function' : `an ${input instanceof Uint8Array ? `array of ${input.byteLength} bytes` : 'object'}`
}

// Only what the schema made itself is frozen: a store, a dispatcher or an array that is still the caller's is not.
function freeze <T> (value: T, given: unknown): T {
  if (typeof value !== 'object' || value === null || value === given || ArrayBuffer.isView(value)) return value
  for (const [key, member] of Object.entries(value)) {
    freeze(member, typeof given === 'object' && given !== null ? Reflect.get(given, key) : undefined)
  }
  return Object.freeze(value)
}
