// The interceptor of signed calls: origin check, signature, one replay after a 401.
import type { Dispatcher } from 'undici'
import { oauthError } from '../errors.js'

/** A signature for one request, and the way to a newer one when it is refused. */
export interface Signature {
  headers: Record<string, string>
  /** Refreshes the token; null where no other is to be had. */
  renew (): Promise<Signature | null>
}

/** Signs in the name of one grant. */
export interface Signer {
  /** Names the provider in errors. */
  readonly provider: string
  allowsOrigin (origin: string): boolean
  /** Throws FST_OAUTH_GRANT_REQUIRED where there is no grant. */
  sign (): Promise<Signature>
}

export interface SigningOptions {
  /** What becomes of a request to an origin that the token may not go to. `unsigned` is for hops of a redirect. */
  foreign: 'refused' | 'unsigned'
  replay: boolean
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor
type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController
type Headers = Parameters<NonNullable<Handler['onResponseStart']>>[2]
type Options = Dispatcher.DispatchOptions

const discardedAtMost = 128 * 1024

/** An interceptor that signs every dispatch to an allowed origin. */
export function signing (signer: Signer, { foreign, replay }: SigningOptions): Interceptor {
  return dispatch => (opts, handler) => {
    const origin = new URL(String(opts.origin)).origin
    if (!signer.allowsOrigin(origin)) {
      if (foreign === 'refused' || isPresent(opts.body)) throw oauthError('FST_OAUTH_ORIGIN_NOT_ALLOWED', [signer.provider, origin])
      return dispatch(opts, handler)
    }
    signer.sign().then(signature => {
      const next = replay && isReplayable(opts.body) ? new ReplayHandler({ dispatch, opts, handler, signature }) : handler
      dispatch(withHeaders(opts, signature), next)
    }).catch(error => handler.onResponseError?.(stopped(error), error))
    return true
  }
}

/** Whether a body can be sent twice. */
export function isReplayable (body: unknown): boolean {
  return !isPresent(body) || typeof body === 'string' || ArrayBuffer.isView(body)
}

function isPresent (body: unknown): boolean {
  return body !== null && body !== undefined
}

/** Passes an answer through, unless it is a 401 for which a newer signature can be had. */
class ReplayHandler implements Handler {
  readonly #call: { dispatch: Dispatcher.Dispatch, opts: Options, handler: Handler, signature: Signature }
  #renewed: Signature | undefined
  #discarded = 0
  #failed = false

  constructor (call: { dispatch: Dispatcher.Dispatch, opts: Options, handler: Handler, signature: Signature }) {
    this.#call = call
  }

  onRequestStart (controller: Controller, context: unknown): void {
    this.#call.handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade (...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#call.handler.onRequestUpgrade?.(...args)
  }

  onResponseStart (controller: Controller, statusCode: number, headers: Headers, statusMessage?: string): void {
    const { handler, signature } = this.#call
    if (statusCode !== 401) return handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
    // The answer waits, unread, until it is known whether another token is to be had; if not, it is the answer.
    controller.pause()
    const decide = (renewed: Signature | null) => {
      if (this.#failed) return
      if (renewed === null) handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
      else this.#renewed = renewed
      controller.resume()
    }
    signature.renew().then(decide, () => decide(null))
  }

  onResponseData (controller: Controller, chunk: Buffer): void {
    if (this.#renewed === undefined) return this.#call.handler.onResponseData?.(controller, chunk)
    this.#discarded += chunk.length
    if (this.#discarded > discardedAtMost) controller.abort(new Error('the rest of a refused answer is not read'))
  }

  onResponseEnd (controller: Controller, trailers: Parameters<NonNullable<Handler['onResponseEnd']>>[1]): void {
    if (this.#renewed === undefined) this.#call.handler.onResponseEnd?.(controller, trailers)
    else this.#replay(this.#renewed)
  }

  onResponseError (controller: Controller, error: Error): void {
    this.#failed = true
    if (this.#renewed === undefined) this.#call.handler.onResponseError?.(controller, error)
    else this.#replay(this.#renewed)
  }

  #replay (signature: Signature): void {
    const { dispatch, opts, handler } = this.#call
    dispatch(withHeaders(opts, signature), handler)
  }
}

function withHeaders (opts: Options, { headers }: Signature): Options {
  const own = new Set(Object.keys(headers))
  const kept = pairsOf(opts.headers).filter(([name]) => !own.has(name.toLowerCase()))
  return { ...opts, headers: [...kept, ...Object.entries(headers)].flat() }
}

// undici takes headers as an object, a flat list, or an iterable of pairs.
function pairsOf (headers: Options['headers']): Array<[string, string]> {
  if (headers === null || headers === undefined) return []
  const list = Symbol.iterator in headers ? [...headers as Iterable<unknown>] : Object.entries(headers)
  const pairs = Array.isArray(list[0]) || list.length === 0 ? list as Array<[string, unknown]> : pairUp(list as string[])
  return pairs.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).filter(isPresent).map((one): [string, string] => [String(name), String(one)]))
}

function pairUp (flat: string[]): Array<[string, unknown]> {
  return flat.flatMap((name, index): Array<[string, unknown]> => index % 2 === 0 ? [[name, flat[index + 1]]] : [])
}

// A dispatch that never began has no controller of undici's.
function stopped (reason: Error): Controller {
  const nothing = () => {}
  return { aborted: true, paused: false, reason, abort: nothing, pause: nothing, resume: nothing }
}
