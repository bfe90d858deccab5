// Requests and answers as the endpoints of a fake provider see them.
import type { FastifyRequest } from 'fastify'
import type { FakeEndpoint, FakeRequest } from '../../types/testing.js'

/** An answer before it is written. */
export interface WireAnswer { status: number, headers: Record<string, string>, body: string | Buffer }

/** A refusal: OAuth's error (RFC 6749 section 5.2, RFC 6750 section 3.1) with its status. */
export class Refusal extends Error {
  readonly status: number
  readonly error: string
  readonly headers: Record<string, string>

  constructor (status: number, error: string, description: string, headers: Record<string, string> = {}) {
    super(description)
    this.status = status
    this.error = error
    this.headers = headers
  }
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

export function json (body: unknown, status = 200, headers: Record<string, string> = {}): WireAnswer {
  return { status, headers: { 'content-type': 'application/json', ...noStore, ...headers }, body: JSON.stringify(body) }
}

export function html (body: string, status = 200): WireAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...noStore }, body }
}

export function redirect (location: string): WireAnswer {
  return { status: 302, headers: { location, ...noStore }, body: '' }
}

/** A refusal in the form of RFC 6749 section 5.2. */
export function refusalAnswer ({ status, error, message, headers }: Refusal): WireAnswer {
  return json({ error, error_description: message }, status, headers)
}

/** A request with its body as text. */
export function readRequest (request: FastifyRequest, endpoint: FakeEndpoint | 'unknown'): FakeRequest {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const body = rawBody.toString()
  const { url } = request
  const [path = '', search = ''] = url.split(/\?(.*)/s)
  const query = Object.fromEntries(new URLSearchParams(search))
  const params = { ...query, ...bodyParams(body, String(request.headers['content-type'])) }
  return Object.freeze({ endpoint, method: request.method, path, query, headers: request.headers, url, body, rawBody, params })
}

/** Parameters of a form, or of a JSON object. */
export function bodyParams (body: string, contentType: string): Record<string, string> {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body))
  if (!contentType.startsWith('application/json')) return {}
  try {
    return Object.fromEntries(Object.entries(JSON.parse(body) as object).map(([name, value]) => [name, String(value)]))
  } catch {
    return {}
  }
}

/** Whether parameters hold all of these; an empty value stands for any. */
export function missingOf (params: Readonly<Record<string, string>>, required: Readonly<Record<string, string>> = {}): string | undefined {
  return Object.entries(required).find(([name, value]) => params[name] === undefined || (value !== '' && params[name] !== value))?.[0]
}
