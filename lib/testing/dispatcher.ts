// An undici Dispatcher that hands requests to Fastify applications in this process, and makes none beyond it.
import { Readable } from 'node:stream'
import { Dispatcher, errors } from 'undici'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { oauthError } from '../errors.js'

/** An application and the origin under which it is known. */
export interface InProcessServer { origin (): string, app: FastifyInstance }

type Options = Dispatcher.DispatchOptions
type Handler = Dispatcher.DispatchHandler

export class InProcessDispatcher extends Dispatcher {
  readonly servers: readonly InProcessServer[]
  readonly #dispatch: Dispatcher['dispatch']

  constructor (servers: readonly InProcessServer[]) {
    super()
    this.servers = servers
    // For undici's wrapping of handlers: those of its own methods are of an older kind.
    this.#dispatch = super.compose(() => (opts, handler) => this.#serve(opts, handler)).dispatch
  }

  override dispatch (opts: Options, handler: Handler): boolean {
    return this.#dispatch(opts, handler)
  }

  override async close (): Promise<void> {}

  override async destroy (): Promise<void> {}

  #serve (opts: Options, handler: Handler): boolean {
    const exchange = new Exchange(handler)
    const origin = new URL(String(opts.origin)).origin
    const server = this.servers.find(one => one.origin() === origin)
    handler.onRequestStart?.(exchange, {})
    if (exchange.aborted) return true
    if (server === undefined) exchange.fail(oauthError('FST_OAUTH_TESTING_FOREIGN_ORIGIN', [this.servers.map(one => one.origin()).join(', '), origin]))
    else inject(server.app, opts).then(response => exchange.answer(response), error => exchange.fail(error))
    return true
  }
}

// One request under way, as undici's handlers are shown it.
class Exchange implements Dispatcher.DispatchController {
  readonly #handler: Handler
  #response: LightMyRequestResponse | undefined
  #stream: Readable | undefined
  paused = false
  aborted = false
  reason: Error | null = null
  rawHeaders = null
  rawTrailers = null

  constructor (handler: Handler) {
    this.#handler = handler
  }

  pause (): void {
    this.paused = true
    this.#stream?.pause()
  }

  resume (): void {
    this.paused = false
    this.#stream?.resume()
  }

  // undici's own handlers give no reason.
  abort (reason: Error = new errors.RequestAbortedError()): void {
    this.fail(reason)
    this.#hangUp()
  }

  fail (error: Error & { code?: string }): void {
    if (this.aborted) return
    this.aborted = true
    // As undici says it when the other side hangs up.
    this.reason = error.code === 'LIGHT_ECONNRESET' ? new errors.SocketError('other side closed') : error
    this.#handler.onResponseError?.(this, this.reason)
  }

  answer (response: LightMyRequestResponse): void {
    this.#response = response
    if (this.aborted) return this.#hangUp()
    const stream = this.#stream = response.stream()
    stream.on('error', error => this.fail(error))
    stream.on('data', (chunk: Buffer) => {
      if (!this.aborted) this.#handler.onResponseData?.(this, chunk)
    })
    stream.on('end', () => {
      if (!this.aborted) this.#handler.onResponseEnd?.(this, {})
    })
    this.#handler.onResponseStart?.(this, response.statusCode, response.headers as Record<string, string | string[]>, response.statusMessage)
    if (this.paused) stream.pause()
  }

  // The server learns of it as of a connection that was closed.
  #hangUp (): void {
    this.#response?.raw.res.destroy()
    this.#stream?.destroy()
  }
}

// An application that was closed throws at once.
async function inject (app: FastifyInstance, opts: Options): Promise<LightMyRequestResponse> {
  return app.inject({ ...injectionOf(opts), payloadAsStream: true })
}

function injectionOf ({ origin, path, method, query, headers, body }: Options): InjectOptions {
  const url = new URL(path, String(origin))
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, String(value))
  return { url: url.href, method: method as NonNullable<InjectOptions['method']>, headers: { host: url.host, ...headersOf(headers) }, ...payloadOf(body) }
}

// light-my-request knows texts, Buffers and streams.
function payloadOf (body: Options['body']): Pick<InjectOptions, 'payload'> {
  if (body === null || body === undefined) return {}
  if (body instanceof Uint8Array) return { payload: Buffer.from(body) }
  return { payload: typeof body === 'object' && Symbol.asyncIterator in body && !(body instanceof Readable) ? Readable.from(body) : body as InjectOptions['payload'] }
}

// undici takes headers as an object, a flat list, or an iterable of pairs.
function headersOf (headers: Options['headers']): Record<string, string> {
  if (headers === null || headers === undefined) return {}
  const list = Symbol.iterator in headers ? [...headers as Iterable<unknown>] : Object.entries(headers)
  const pairs = typeof list[0] === 'string' ? list.flatMap((name, at) => at % 2 === 0 ? [[name, list[at + 1]]] : []) : list as unknown[][]
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [String(name).toLowerCase(), Array.isArray(value) ? value.join(', ') : String(value)]))
}
