// The plugin's own calls to a provider: one total deadline, a size cap after decompression, no redirects.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { isOAuthError, oauthError } from '../errors.js'

/** A call: method, headers in lower case, and a body that is text. */
export interface Call {
  method: string
  headers: Record<string, string>
  body?: string | null
  /** How many redirects may be followed, for what carries no secret. Default: none. */
  redirects?: number
}

/** An answer, read to its end. Header names are in lower case. */
export interface Answer { status: number, headers: Record<string, string | string[] | undefined>, text: string }

/** Makes one call. Throws FST_OAUTH_PROVIDER_… and FST_OAUTH_INSECURE_URL. */
export type Transport = (url: URL, call: Call) => Promise<Answer>

export interface TransportOptions {
  dispatcher: Dispatcher
  /** Names the provider in errors. */
  provider: string
  /** Milliseconds for the whole call. */
  timeout: number
  /** Whether a plain http address beyond loopback may be called. */
  allows: (url: URL) => boolean
}

const maxBytes = 1024 * 1024
const decoders: Record<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress)
}

/** The dispatcher of an application that brings none. */
export function createAgent (): Dispatcher {
  return new Agent()
}

export function createTransport (options: TransportOptions): Transport {
  return async (url, call) => {
    const signal = AbortSignal.timeout(options.timeout)
    try {
      return await send(url, call, { ...options, signal })
    } catch (error) {
      throw signal.aborted ? oauthError('FST_OAUTH_PROVIDER_TIMEOUT', [options.provider, options.timeout], error) : explain(error, options.provider)
    }
  }
}

async function send (url: URL, { method, headers, body = null, redirects = 0 }: Call, { dispatcher, provider, allows, signal }: TransportOptions & { signal: AbortSignal }): Promise<Answer> {
  let target = url
  for (let left = redirects; ; left--) {
    if (!allows(target)) throw oauthError('FST_OAUTH_INSECURE_URL', [target.origin])
    const response = await request(target, { dispatcher, method: method as Dispatcher.HttpMethod, headers, body, signal })
    const status = response.statusCode
    if (status < 300 || status >= 400) {
      const bytes = await decode(await collect(response.body), response.headers['content-encoding'])
      return { status, headers: response.headers, text: bytes.toString('utf8') }
    }
    await response.body.dump()
    const { location } = response.headers
    if (left <= 0 || typeof location !== 'string' || !URL.canParse(location, target.href)) throw oauthError('FST_OAUTH_PROVIDER_REDIRECT', [provider, status])
    target = new URL(location, target)
  }
}

/** An answer as the Response that the OAuth 2 engine reads, under the content type it expects. */
export function toResponse ({ status, text }: Pick<Answer, 'status' | 'text'>, contentType: string): Response {
  const empty = status === 204 || status === 205
  return new Response(empty ? null : text, { status: status > 599 ? 502 : status, headers: { 'content-type': contentType } })
}

async function collect (body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new RangeError('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function decode (data: Buffer, encoding: string | string[] | undefined): Promise<Buffer> {
  const decoder = decoders[String(encoding).toLowerCase()]
  return decoder === undefined ? data : decoder(data, { maxOutputLength: maxBytes })
}

function explain (error: unknown, provider: string): Error {
  if (isOAuthError(error)) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
  if (error instanceof RangeError || code === 'ERR_BUFFER_TOO_LARGE') return oauthError('FST_OAUTH_ANSWER_TOO_LARGE', [provider, maxBytes], error)
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT')) return oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['compressed body', provider, code], error)
  return oauthError('FST_OAUTH_PROVIDER_UNREACHABLE', [provider, code], error, { retryAfter: 5 })
}
