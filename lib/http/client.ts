// The verbs of request.oauth: signed calls over undici.
import { Request, fetch, request } from 'undici'
import type { Dispatcher, RequestInfo, RequestInit, Response } from 'undici'
import type { OAuthCallOptions, OAuthClient, OAuthResponse } from '../../types/client.js'
import { isOAuthError, oauthError, withoutPayload } from '../errors.js'
import { apiErrorOf, isRefusal, watchScope } from './api-error.js'
import { prepareCall, resolveUrl } from './call.js'
import type { PreparedCall } from './call.js'
import { orAborted } from './deadline.js'
import { dispatcherLater } from './later.js'
import { redirected } from './redirect.js'
import { isReplayable } from './replay.js'
import { signing } from './sign.js'
import type { Signature, Signer } from './sign.js'
import { codeOf } from './transport.js'

export interface ApiClientOptions {
  signer: Signer
  dispatcher: Dispatcher
  baseUrl: string | undefined
  /** Where the above are not known yet: ends when they are. */
  prepare?: () => Promise<void> | undefined
  /** Told of every answer whose body the caller may or may not read. */
  answered?: (response: OAuthResponse) => void
}

// Nothing else holds the sources of a joined signal: collected, they no longer end the reading of a body (nodejs/node#57736).
const signalsOf = new WeakMap<OAuthResponse['body'], AbortSignal[]>()

const redirectsAtMost = 5
const notSent: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])

export class ApiClient implements OAuthClient {
  readonly #options: ApiClientOptions

  constructor (options: ApiClientOptions) {
    this.#options = options
  }

  /** The URL is resolved against apiBaseUrl. Throws FST_OAUTH_… ; a status of 400 and above is an answer, not an error. */
  async request (method: string, url: string | URL, options: OAuthCallOptions = {}): Promise<OAuthResponse> {
    const unknown = this.#options.prepare?.()
    if (unknown !== undefined) await unknown
    const { signer, answered } = this.#options
    const call = prepareCall(signer.provider, { method: method.toUpperCase(), url: this.#resolve(url), options })
    const limit = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout)
    const signals = [options.signal, limit].filter(signal => signal !== undefined)
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0] ?? null
    try {
      const response = await orAborted(this.#follow(call, { signal, replay: options.retry !== false }), signal)
      signalsOf.set(response.body, signals)
      answered?.(response)
      const { throwOnError } = options
      if (throwOnError === true ? response.statusCode >= 400 : throwOnError === undefined && isRefusal(signer, response)) throw await apiErrorOf(signer, response)
      if (throwOnError !== false) watchScope(signer, response)
      return response
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      if (limit?.aborted) throw oauthError('FST_OAUTH_API_TIMEOUT', [signer.provider, options.timeout as number], error)
      throw isOAuthError(error) ? error : unsent(error, signer.provider)
    }
  }

  get (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('GET', url, options) }
  head (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('HEAD', url, options) }
  post (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('POST', url, options) }
  put (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('PUT', url, options) }
  patch (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('PATCH', url, options) }
  delete (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('DELETE', url, options) }

  async fetch (input: RequestInfo, init: RequestInit = {}): Promise<Response> {
    await this.#options.prepare?.()
    const { signer, dispatcher } = this.#options
    const isRequest = typeof input === 'object' && 'url' in input
    const url = this.#resolve(isRequest ? input.url : input as string | URL)
    // A Request of another undici, such as Node's own, is none to this one.
    const target = !isRequest ? url : input instanceof Request ? input : new Request(url, input as RequestInit)
    let refused: Signature | undefined
    const dispatched = (signature: Signature | undefined) => { refused = signature }
    const interceptor = (signature?: Signature) => signing(signer, { foreign: 'unsigned', replay: true, signature, dispatched })
    const send = (signature?: Signature) => fetch(target, { ...init, dispatcher: dispatcher.compose(interceptor(signature)) }).catch(error => { throw asOwnError(error) })
    const response = await send()
    // fetch turns every body into a stream before it is dispatched, so a body that can be sent twice is only seen here.
    const hasBody = init.body !== undefined && init.body !== null && (isReplayable(init.body) || init.body instanceof URLSearchParams)
    return hasBody ? this.#sentAgain(response, { send, refusal: () => refused }) : response
  }

  get dispatcher (): Dispatcher {
    const unknown = this.#options.prepare?.()
    return unknown === undefined ? this.#signing() : dispatcherLater(unknown.then(() => this.#signing()))
  }

  #signing (): Dispatcher {
    const { signer, dispatcher } = this.#options
    return dispatcher.compose(signing(signer, { foreign: 'refused', replay: true }))
  }

  async #sentAgain (response: Response, { send, refusal }: { send: (signature: Signature) => Promise<Response>, refusal: () => Signature | undefined }): Promise<Response> {
    const renewed = response.status === 401 ? await refusal()?.renew().catch(() => null) ?? null : null
    if (renewed === null) return response
    await response.body?.cancel()
    const next = await send(renewed)
    return renewed.renewable === true ? this.#sentAgain(next, { send, refusal }) : next
  }

  #resolve (url: string | URL): URL {
    const { signer, baseUrl } = this.#options
    const target = resolveUrl(signer.provider, url, baseUrl)
    if (!signer.allowsOrigin(target.origin)) throw oauthError('FST_OAUTH_ORIGIN_NOT_ALLOWED', [signer.provider, target.origin])
    return target
  }

  async #follow (call: PreparedCall, { signal, replay }: { signal: AbortSignal | null, replay: boolean }): Promise<OAuthResponse> {
    const { signer, dispatcher } = this.#options
    const signed = dispatcher.compose(signing(signer, { foreign: 'unsigned', replay }))
    let response = await send(call, signed, signal)
    let next = redirected(call, response)
    for (let hop = 0; next !== null && hop < redirectsAtMost; hop++) {
      await response.body.dump()
      response = await send(next, signed, signal)
      next = redirected(next, response)
    }
    return response
  }
}

function send ({ method, url, headers, body }: PreparedCall, dispatcher: Dispatcher, signal: AbortSignal | null): Promise<OAuthResponse> {
  return request(url, { method: method as Dispatcher.HttpMethod, headers, body: body ?? null, dispatcher, signal })
}

function unsent (error: unknown, provider: string): Error {
  const code = codeOf(error)
  // undici names the argument, never its value.
  if (notSent.has(code)) return oauthError('FST_OAUTH_INVALID_CALL', [provider, (error as Error).message], error)
  return oauthError('FST_OAUTH_API_UNREACHABLE', [provider, code], error)
}

// fetch hides our errors in a TypeError's cause, and those of its parser with the bytes that it could not read.
function asOwnError (error: Error): unknown {
  if (error.cause === undefined) return error
  return isOAuthError(error.cause) ? error.cause : Object.assign(error, { cause: withoutPayload(error.cause) })
}
