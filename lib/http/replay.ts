// One replay after a 401. Its answer is held back until it is known whether the call can be made again.
import type { Dispatcher } from 'undici'

type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController
type Headers = Parameters<NonNullable<Handler['onResponseStart']>>[2]
type Trailers = Parameters<NonNullable<Handler['onResponseEnd']>>[1]

/** Prepares the second call; answers how it is made, or null where there is to be none. */
export type Renewal = () => Promise<(() => void) | null>

export interface ReplayOptions {
  /** null: the answer is passed through whatever it is. */
  renew: Renewal | null
  /** Told of the headers of every answer. */
  heed?: ((headers: Headers) => unknown) | undefined
}

const discardedAtMost = 128 * 1024

/** Whether a body can be sent twice. */
export function isReplayable (body: unknown): boolean {
  return body === null || body === undefined || typeof body === 'string' || ArrayBuffer.isView(body)
}

/** Passes an answer through, unless it is a 401 after which the call can be made again. */
export class ReplayHandler implements Handler {
  readonly #handler: Handler
  readonly #options: ReplayOptions
  /** What came of a 401 that is held back; a dispatcher that knows no pause, such as a MockAgent, goes on. */
  #held: Array<() => void> | undefined
  #again: (() => void) | undefined
  #discarded = 0

  constructor (handler: Handler, options: ReplayOptions) {
    this.#handler = handler
    this.#options = options
  }

  onRequestStart (controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade (...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#handler.onRequestUpgrade?.(...args)
  }

  onResponseStart (controller: Controller, statusCode: number, headers: Headers, statusMessage?: string): void {
    const pass = () => this.#handler.onResponseStart?.(controller, statusCode, headers, statusMessage)
    const { renew, heed } = this.#options
    heed?.(headers)
    if (statusCode !== 401 || renew === null) return pass()
    const held = this.#held = []
    controller.pause()
    renew().catch(() => null).then(again => {
      if (this.#held === held) this.#release(again, pass)
      controller.resume()
      // Outside of undici's own callbacks, nobody else catches what a handler throws.
    }).catch(error => controller.abort(error))
  }

  onResponseData (controller: Controller, chunk: Buffer): void {
    if (this.#isHeld(() => this.onResponseData(controller, chunk))) return
    if (this.#again === undefined) return this.#handler.onResponseData?.(controller, chunk)
    this.#discarded += chunk.length
    if (this.#discarded > discardedAtMost) controller.abort(new Error('the rest of a refused answer is not read'))
  }

  onResponseEnd (controller: Controller, trailers: Trailers): void {
    if (this.#isHeld(() => this.onResponseEnd(controller, trailers))) return
    if (this.#again === undefined) this.#handler.onResponseEnd?.(controller, trailers)
    else this.#replay(controller, this.#again)
  }

  onResponseError (controller: Controller, error: Error): void {
    this.#held = undefined
    if (this.#again === undefined) this.#handler.onResponseError?.(controller, error)
    else this.#replay(controller, this.#again)
  }

  #isHeld (event: () => void): boolean {
    this.#held?.push(event)
    return this.#held !== undefined
  }

  #release (again: (() => void) | null, pass: () => void): void {
    const held = this.#held as Array<() => void>
    this.#held = undefined
    if (again === null) pass()
    else this.#again = again
    for (const event of held) event()
  }

  #replay (controller: Controller, again: () => void): void {
    try {
      again()
    } catch (error) {
      this.#handler.onResponseError?.(controller, error as Error)
    }
  }
}
