// The plugin's own calls to a provider: one total deadline, a size cap after decompression, no redirects.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Agent, request } from 'undici'
import type { Dispatcher } from 'undici'
import { isOAuthError, oauthError } from '../errors.js'
import { Deadline } from './deadline.js'

/** A call: method, headers in lower case, and a body that is text. */
export interface Call {
  method: string
  headers: Record<string, string>
  body?: string | null
  /** How many redirects may be followed, for what carries no secret. Default: none. */
  redirects?: number
}

/** An answer, read to its end. Header names are in lower case. */
export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** A limit was reached: the seconds until there is none, NaN where that is not known. */
  pause?: number
}

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
const decoders: ReadonlyMap<string, (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)]
])

/** The dispatcher of an application that brings none. A request with `reset` has a connection of its own. */
export function createAgent (options: Agent.Options = {}): Dispatcher {
  const alone = new Agent({ ...options, pipelining: 0 })
  return new Agent(options).compose(dispatch => (opts, handler) => opts.reset === true ? alone.dispatch(opts, handler) : dispatch(opts, handler))
}

/**
 * A failure before the first byte was written, such as a refused connection, a certificate that does not hold, or no connection
 * within the time, has `unspent: true`: what the call would have sent is as good as before. So has a redirect, which is an answer.
 */
export function createTransport (options: TransportOptions): Transport {
  const noted = { ...options, dispatcher: options.dispatcher.compose(noting) }
  return async (url, call) => {
    const deadline = new CallDeadline(options.timeout)
    try {
      return await deadline.limit(send(url, call, noted, deadline))
    } catch (error) {
      throw deadline.aborted ? oauthError('FST_OAUTH_PROVIDER_TIMEOUT', [options.provider, options.timeout], error, { unspent: !deadline.isSent }) : explain(error, options.provider, !deadline.isSent)
    }
  }
}

/** The time of a call, and whether anything of it was sent. */
class CallDeadline extends Deadline {
  isSent = false
}

// undici starts a request when it has a connection for it.
const noting: Dispatcher.DispatcherComposeInterceptor = dispatch => (options: Dispatcher.DispatchOptions & { signal?: unknown }, handler) => {
  const start = handler.onRequestStart as NonNullable<typeof handler.onRequestStart>
  handler.onRequestStart = (controller, context) => {
    (options.signal as CallDeadline).isSent = true
    start.call(handler, controller, context)
  }
  return dispatch(options, handler)
}

async function send (url: URL, call: Call, options: TransportOptions, signal: CallDeadline): Promise<Answer> {
  const { dispatcher, provider, allows } = options
  const { method, headers, body = null, redirects = 0 } = call
  if (!allows(url)) throw oauthError('FST_OAUTH_INSECURE_URL', [url.origin], undefined, { unspent: true })
  const response = await request(url, { dispatcher, method: method as Dispatcher.HttpMethod, headers, body, signal, ...(holdsRefreshToken(call) ? { reset: true } : {}) })
  const status = response.statusCode
  if (status < 300 || status >= 400) {
    const bytes = await decode(await collect(response.body), response.headers['content-encoding'], provider)
    return { status, headers: response.headers, text: bytes.toString('utf8') }
  }
  await response.body.dump()
  const { location } = response.headers
  if (redirects <= 0 || typeof location !== 'string' || !URL.canParse(location, url.href)) throw oauthError('FST_OAUTH_PROVIDER_REDIRECT', [provider, status], undefined, { unspent: true })
  return send(new URL(location, url), { ...call, redirects: redirects - 1 }, options, signal)
}

// Sent over a connection that was idle, it may meet a server that is closing it, and nobody knows whether it was read: a
// provider that rotates takes a refresh token once. A new connection that takes it has a server behind it.
function holdsRefreshToken ({ body }: Call): boolean {
  return body?.includes('grant_type=refresh_token') === true
}

// By events: an iterator of a stream costs several times as much.
function collect (body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) body.destroy(new RangeError('too large'))
    })
    body.on('end', () => resolve(Buffer.concat(chunks)))
    body.on('error', reject)
  })
}

async function decode (data: Buffer, encoding: string | string[] | undefined, provider: string): Promise<Buffer> {
  const decoder = decoders.get(String(encoding).toLowerCase())
  if (decoder === undefined || data.length === 0) return data
  return decoder(data, { maxOutputLength: maxBytes }).catch(error => {
    throw error instanceof RangeError ? error : oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['compressed body', provider, codeOf(error)], error)
  })
}

function explain (error: unknown, provider: string, unspent: boolean): Error {
  if (isOAuthError(error)) return error
  if (error instanceof RangeError) return oauthError('FST_OAUTH_ANSWER_TOO_LARGE', [provider, maxBytes], error)
  return oauthError('FST_OAUTH_PROVIDER_UNREACHABLE', [provider, codeOf(error)], error, { retryAfter: 5, unspent })
}

/** What undici, Node and zlib call a failure. */
export function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error && error.code !== undefined ? String(error.code) : 'no code'
}
