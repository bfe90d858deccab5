// What real token endpoints answer, brought into the form that RFC 6749 sections 5.1 and 5.2 give it.
import type { OAuthTokenAnswerQuirks } from '../../types/wire-quirks.js'
import { jsonObjectIn } from '../http/json-object.js'
import { toResponse } from '../http/read-answer.js'
import type { Answer } from '../http/transport.js'
import { standardShape } from './token-shape.js'

const tokenTypes: ReadonlySet<string> = new Set(['bearer', 'dpop'])

export interface TokenAnswerReading {
  /** Where it is declared. */
  scopeDelimiter?: string | undefined
  /** False leaves out an id_token that could not be verified. */
  readsIdToken: boolean
  /** Where members have other names or places. */
  shape?: OAuthTokenAnswerQuirks | undefined
  clock?: () => number
}

/**
 * Reads the answer of a token endpoint. Accepts JSON under any content type and form encoding; an error in a 200
 * becomes a 400, a missing or made-up token_type becomes Bearer, lists of scopes become one string. Anything else is left to the engine.
 */
export function readTokenAnswer (answer: Answer, reading: TokenAnswerReading): Response {
  const read = jsonObjectIn(answer.text) ?? parseForm(answer.text)
  if (read === undefined) return toResponse(answer, 'application/json')
  const { shape, clock = Date.now } = reading
  const body = shape === undefined ? read : standardShape(read, shape, clock())
  const failed = body.access_token === undefined && typeof body.error === 'string' && body.error !== ''
  const status = failed ? 400 : answer.status
  return toResponse({ status, text: answer.text, json: failed ? body : normalise(body, reading) }, 'application/json')
}

/** RFC 7009 section 2.2: 200 is all that counts, and other successes mean the same, unless the answer itself tells of a failure. */
export function readRevocation ({ status, text }: Answer, shape: OAuthTokenAnswerQuirks = {}): Response {
  if (status >= 300) return toResponse({ status, text }, 'application/json')
  const body = standardShape(jsonObjectIn(text) ?? {}, { error: shape.error }, 0)
  const failed = typeof body.error === 'string' && !['', '0'].includes(body.error)
  return toResponse({ status: failed ? 400 : 200, text, json: body }, 'application/json')
}

function normalise (body: Record<string, unknown>, { scopeDelimiter, readsIdToken }: TokenAnswerReading): Record<string, unknown> {
  const { token_type: type, scope, expires_in: expiresIn, refresh_token: refreshToken, id_token: idToken } = body
  const lifetime = typeof expiresIn === 'string' || typeof expiresIn === 'number' ? Number(expiresIn) : Number.NaN
  return Object.assign(body, {
    token_type: typeof type === 'string' && tokenTypes.has(type.toLowerCase()) ? type : 'bearer',
    // 0 and nonsense mean that the provider states no lifetime.
    expires_in: lifetime > 0 && Number.isFinite(lifetime) ? lifetime : undefined,
    refresh_token: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
    id_token: readsIdToken ? idToken ?? undefined : undefined,
    scope: scopesOf(scope, scopeDelimiter)
  })
}

// RFC 6749 lets a scope hold a comma; providers that are asked with spaces answer with commas (GitHub, LinkedIn), and none has one in a name.
function scopesOf (scope: unknown, delimiter = ','): string | undefined {
  const text = Array.isArray(scope) ? scope.join(' ') : typeof scope === 'string' ? scope : ''
  const names = text.split(delimiter).join(' ').split(/\s+/).filter(name => name !== '')
  return names.length === 0 ? undefined : names.join(' ')
}

function parseForm (text: string): Record<string, unknown> | undefined {
  if (!/^[\w.-]+=/.test(text)) return undefined
  const form = Object.fromEntries(new URLSearchParams(text))
  return 'access_token' in form || 'error' in form ? form : undefined
}
