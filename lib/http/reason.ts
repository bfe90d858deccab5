// Why a provider refuses, in its own words: the shapes that JSON errors of real APIs have (that of RFC 6750 section 3.1 is one of
// them). For messages alone, and to be quoted before they are repeated.
import { valueAt } from '../json-pointer.js'
import { bearerChallengeOf } from './challenge-header.js'
import { jsonObjectIn } from './json-object.js'
import type { Answer } from './transport.js'

// The first that leads to a text is taken: what describes comes before what only names.
const descriptions = [
  '/error_description', '/error/message', '/error/error_msg', '/errors/0/message', '/errors/0/detail', '/error_response/msg', '/meta/errorDetail', '/meta/msg',
  '/error_message', '/message', '/detail', '/errmsg', '/msg', '/err', '/reason', '/error_summary', '/errors', '/title'
]
// What stands in an answer that describes nobody, with whatever status, where something failed.
const flags = ['/error', '/errors', '/errcode', '/error_code', '/error_id', '/error_response', '/code', '/resultcode']
const successes = ['/ok', '/success']

/** Undefined where the answer gives no reason. */
export function reasonOf ({ text, headers }: Pick<Answer, 'text' | 'headers'>): string | undefined {
  return reasonIn(jsonObjectIn(text)) ?? bearerChallengeOf(headers['www-authenticate'])?.error
}

/** The reason in the JSON of an answer. */
export function reasonIn (body: unknown): string | undefined {
  const description = descriptions.map(pointer => valueAt(body, pointer)).find(isText)
  const name = valueAt(body, '/error')
  if (!isText(name)) return description
  return description === undefined || description === name ? name : `${name}: ${description}`
}

/** The reason in JSON that was sent with a status of success; undefined where it tells of no failure. */
export function failureIn (body: unknown): string | undefined {
  const isFailure = flags.some(pointer => isFlag(valueAt(body, pointer))) || successes.some(pointer => valueAt(body, pointer) === false)
  return isFailure ? reasonIn(body) ?? 'it gives no reason' : undefined
}

function isFlag (value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== '' && value !== false && Number(value) !== 0
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
