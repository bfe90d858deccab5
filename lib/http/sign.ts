// The interceptor of signed calls: origin check, signature, one replay after a 401.
import type { Dispatcher } from 'undici'
import { oauthError } from '../errors.js'
import { ReplayHandler, isReplayable } from './replay.js'

/** A signature for one request, and the way to a newer one when it is refused. */
export interface Signature {
  /** Names in lower case. */
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
  /** Told of every dispatch: its signature where only the caller can send it again, else undefined. */
  dispatched?: (signature: Signature | undefined) => void
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor
type Handler = Dispatcher.DispatchHandler
type Options = Dispatcher.DispatchOptions

/** An interceptor that signs every dispatch to an allowed origin. Where foreign ones go unsigned, compose it anew for each call. */
export function signing (signer: Signer, { foreign, replay, dispatched }: SigningOptions): Interceptor {
  return dispatch => {
    let left = false
    return (opts, handler) => {
      const origin = new URL(String(opts.origin)).origin
      const isForeign = !signer.allowsOrigin(origin)
      if (isForeign && (foreign === 'refused' || isPresent(opts.body))) {
        stop(handler, oauthError('FST_OAUTH_ORIGIN_NOT_ALLOWED', [signer.provider, origin]))
        return true
      }
      // A redirect that has left the allowed origins once is not trusted to lead back with a token.
      left ||= isForeign
      if (left) {
        dispatched?.(undefined)
        return dispatch(opts, handler)
      }
      signer.sign().then(signature => {
        const replays = replay && isReplayable(opts.body)
        dispatched?.(replays ? undefined : signature)
        dispatch(withHeaders(opts, signature), replays ? new ReplayHandler(handler, renewal(signature)) : handler)
      }).catch(error => stop(handler, error))
      return true

      function renewal (signature: Signature) {
        return async () => {
          const renewed = await signature.renew()
          return renewed === null ? null : () => { dispatch(withHeaders(opts, renewed), handler) }
        }
      }
    }
  }
}

// A dispatch that never began has no controller of undici's.
function stop (handler: Handler, reason: Error): void {
  const nothing = () => {}
  handler.onResponseError?.({ aborted: true, paused: false, reason, abort: nothing, pause: nothing, resume: nothing }, reason)
}

function isPresent (body: unknown): boolean {
  return body !== null && body !== undefined
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
