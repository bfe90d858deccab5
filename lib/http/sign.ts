// The interceptor of signed calls: origin check, signature, one replay after a 401.
import type { Dispatcher } from 'undici'
import type { OAuthQuirks } from '../../types/quirks.js'
import { oauthError } from '../errors.js'
import { DispatchedCall, readStream } from './call-to-sign.js'
import type { CallToSign, SignedBodies } from './call-to-sign.js'
import { isPresent, pairsOf } from './headers.js'
import { ReplayHandler, isReplayable } from './replay.js'
import { stop } from './stop.js'

/** What a signature adds to a request, or changes in it. */
export interface SignedParts {
  /** Names in lower case. */
  headers: Record<string, string>
  /** Replaces the path and its query. */
  path?: string | undefined
  /** Replaces the body. */
  body?: string | undefined
  /** Told of the headers of every answer. True where a call that was refused is good with a signature that heeds them, such as a DPoP nonce. */
  heed?: ((headers: AnswerHeaders) => boolean) | undefined
}

/** Names in lower case. */
export type AnswerHeaders = Record<string, string | string[] | undefined>

/** A signature for one request, and the way to a newer one when it is refused. */
export interface Signature extends SignedParts {
  /** Whether a call that is made again with it may be made once more, for another reason. Default: false. */
  renewable?: boolean
  /** Heeds what the refusal said, or refreshes the token; null where no other signature is to be had. */
  renew (): Promise<Signature | null>
}

/** Signs in the name of one grant. */
export interface Signer {
  /** Names the provider in errors. */
  readonly provider: string
  /** Bodies that count in its signatures. Default: none. */
  readonly signsBodies?: SignedBodies | undefined
  /** How its API says that a scope is missing. */
  readonly insufficientScope?: OAuthQuirks['insufficientScope'] | undefined
  allowsOrigin (origin: string): boolean
  /** Throws FST_OAUTH_GRANT_REQUIRED where there is no grant. */
  sign (call: CallToSign): Promise<Signature>
}

export interface SigningOptions {
  /** What becomes of a request to an origin that the token may not go to. `unsigned` is for hops of a redirect. */
  foreign: 'refused' | 'unsigned'
  replay: boolean
  /** Of the first dispatch, where it is there already. */
  signature?: Signature | undefined
  /** Told of every dispatch: its signature where only the caller can send it again, else undefined. */
  dispatched?: (signature: Signature | undefined) => void
}

type Interceptor = Dispatcher.DispatcherComposeInterceptor
type Handler = Dispatcher.DispatchHandler
type Options = Dispatcher.DispatchOptions

/** An interceptor that signs every dispatch to an allowed origin. Where foreign ones go unsigned, compose it anew for each call. */
export function signing (signer: Signer, { foreign, replay, signature: ready, dispatched }: SigningOptions): Interceptor {
  return dispatch => {
    let left = false
    let first = ready
    const sign = (call: CallToSign): Promise<Signature> => {
      if (first === undefined) return signer.sign(call)
      const signed = Promise.resolve(first)
      first = undefined
      return signed
    }
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
      const send = (sent: Options) => sign(new DispatchedCall(sent, origin)).then(signature => {
        const replays = replay && isReplayable(sent.body)
        dispatched?.(replays ? undefined : signature)
        dispatch(withParts(sent, signature), receiver(sent, signature, replays))
      })
      const sending = signer.signsBodies === undefined ? send(opts) : readStream(opts, signer.provider, signer.signsBodies).then(send)
      sending.catch(error => stop(handler, error))
      return true

      function receiver (sent: Options, signature: Signature, replays: boolean): Handler {
        const { heed } = signature
        if (replays) return new ReplayHandler(handler, { renew: renewal(sent, signature), heed })
        return heed === undefined ? handler : new ReplayHandler(handler, { renew: null, heed })
      }

      function renewal (sent: Options, signature: Signature) {
        return async () => {
          const renewed = await signature.renew()
          return renewed === null ? null : () => { dispatch(withParts(sent, renewed), receiver(sent, renewed, renewed.renewable === true)) }
        }
      }
    }
  }
}

function withParts (opts: Options, { headers, path, body }: SignedParts): Options {
  const own = new Set(Object.keys(headers))
  // undici counts the bytes of a body that replaces another.
  if (body !== undefined) own.add('content-length')
  const kept = pairsOf(opts.headers).filter(([name]) => !own.has(name.toLowerCase()))
  const signed: Options = { ...opts, headers: [...kept, ...Object.entries(headers)].flat() }
  if (body !== undefined) signed.body = body
  if (path === undefined) return signed
  // It holds the query already.
  const { query, ...rest } = signed
  return { ...rest, path }
}
