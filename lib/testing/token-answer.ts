// How a token answer is written (RFC 6749 section 5.1): as the quirks have it, with the faults that are due.
import type { FakeRequest } from '../../types/testing.js'
import { joinScope, urlOf } from './core.js'
import type { FakeCore } from './core.js'
import { json } from './wire.js'
import type { Refusal, WireAnswer } from './wire.js'

/** Members of a token answer under their standard names, scopes as a list. */
export type TokenMembers = Record<string, unknown>

export function tokenAnswer (core: FakeCore, request: FakeRequest, { scope, expires_in: lifetime, ...members }: TokenMembers): WireAnswer {
  const { quirks } = core
  const due = core.faults.ofStage('tokens')
  const standard: TokenMembers = {
    ...members,
    ...expiryOf(core, Number(lifetime)),
    ...(Array.isArray(scope) ? scopeOf(core, scope) : {}),
    ...(quirks.tokenType === undefined ? {} : { token_type: quirks.tokenType ?? undefined }),
    ...(quirks.apiBaseIn === undefined ? {} : { [quirks.apiBaseIn]: `${urlOf(core, 'api')}/` })
  }
  if (due.has('no-token-type')) delete standard.token_type
  if (due.has('odd-token-type')) standard.token_type = 'User Access Token'
  if (due.has('string-expires-in')) standard.expires_in = String(standard.expires_in)
  const renamed = Object.fromEntries(Object.entries(standard).map(([name, value]) => [quirks.tokenFields?.[name] ?? name, value]))
  const path = due.has('nested-tokens') ? 'data' : quirks.tokenPath
  const body = nest(path, renamed)
  return write(due.has('form-encoded') ? 'form' : quirks.tokenFormat, body, request)
}

/** An error of the token endpoint, in the provider's shape. */
export function tokenRefusal ({ quirks }: FakeCore, { status, error, message, headers }: Refusal): WireAnswer {
  const shapes = {
    object: { error: { message, type: error, code: status } },
    list: { success: false, errors: [{ errorType: error, message }] },
    message: { status, message },
    errcode: { errcode: 40_000 + status, errmsg: message },
    meta: { meta: { http_code: status, error_type: error, error_detail: message } }
  }
  const body = quirks.errorFormat === undefined ? { error, error_description: message } : shapes[quirks.errorFormat]
  return json(body, quirks.errorStatus ?? status, headers)
}

function expiryOf ({ quirks, clock }: FakeCore, seconds: number): TokenMembers {
  const at = clock() + seconds * 1_000
  switch (quirks.expires) {
    case undefined: return { expires_in: seconds }
    case 'string': return { expires_in: String(seconds) }
    case 'zero': return { expires_in: 0 }
    case 'absent': return {}
    case 'expires': return { expires: seconds }
    case 'expires_at': return { expires_at: Math.floor(at / 1_000) }
    case 'expires_at_iso': return { expires_at: new Date(at).toISOString() }
    case 'expires_at_ms': return { expires_at: at }
  }
}

function scopeOf (core: FakeCore, scope: readonly string[]): TokenMembers {
  switch (core.quirks.scopeAnswer) {
    case undefined: return { scope: joinScope(core, scope) }
    case 'array': return { scope }
    case 'comma': return { scope: scope.join(',') }
    case 'null': return { scope: null }
    case 'absent': return {}
  }
}

function nest (path: string | undefined, value: unknown): Record<string, unknown> {
  const names = (path ?? '').split('.').filter(name => name !== '')
  return names.reduceRight<Record<string, unknown>>((inner, name) => ({ [name]: inner }), value as Record<string, unknown>)
}

export function write (format: FakeCore['quirks']['tokenFormat'], body: Record<string, unknown>, { headers }: FakeRequest): WireAnswer {
  const answer = json(body)
  const as = (contentType: string, text: string): WireAnswer => ({ ...answer, headers: { ...answer.headers, 'content-type': contentType }, body: text })
  const flat = Object.entries(body).filter(([, value]) => value !== undefined && value !== null).map(([name, value]): [string, string] => [name, String(value)])
  switch (format) {
    case 'form': return as('application/x-www-form-urlencoded', new URLSearchParams(flat).toString())
    case 'form-unless-json': return /json/.test(headers.accept ?? '') ? answer : as('application/x-www-form-urlencoded', new URLSearchParams(flat).toString())
    case 'xml': return as('application/xml', `<?xml version="1.0"?><Token>${flat.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</Token>`)
    case 'jsonp': return as('text/javascript', `callback( ${String(answer.body)} );`)
    case 'text': return as('text/plain', String(answer.body))
    case 'json':
    case undefined: return answer
  }
}
