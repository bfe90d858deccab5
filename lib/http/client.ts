// The verbs of request.oauth: signed calls over undici.
import { fetch, request } from 'undici'
import type { Dispatcher, RequestInfo, RequestInit, Response } from 'undici'
import type { OAuthCallOptions, OAuthClient, OAuthResponse } from '../../types/client.js'
import { isOAuthError, oauthError } from '../errors.js'
import { prepareCall, resolveUrl } from './call.js'
import type { PreparedCall } from './call.js'
import { redirected } from './redirect.js'
import { isReplayable, signing } from './sign.js'
import type { Signer } from './sign.js'

export interface ApiClientOptions {
  signer: Signer
  dispatcher: Dispatcher
  baseUrl: string | undefined
  /** Told of every answer whose body the caller may or may not read. */
  answered?: (response: OAuthResponse) => void
}

const redirectsAtMost = 5
const errorBodyAtMost = 64 * 1024

export class ApiClient implements OAuthClient {
  readonly #options: ApiClientOptions

  constructor (options: ApiClientOptions) {
    this.#options = options
  }

  /** The URL is resolved against apiBaseUrl. Throws FST_OAUTH_… ; a status of 400 and above is an answer, not an error. */
  async request (method: string, url: string | URL, options: OAuthCallOptions = {}): Promise<OAuthResponse> {
    const { signer, answered } = this.#options
    const call = prepareCall(signer.provider, { method: method.toUpperCase(), url: this.#resolve(url), options })
    const limit = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout)
    const signals = [options.signal, limit].filter(signal => signal !== undefined)
    try {
      const response = await this.#follow(call, { signal: signals.length === 0 ? null : AbortSignal.any(signals), replay: options.retry !== false })
      answered?.(response)
      if (options.throwOnError === true && response.statusCode >= 400) throw await this.#apiError(response)
      return response
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      if (limit?.aborted) throw oauthError('FST_OAUTH_API_TIMEOUT', [signer.provider, options.timeout as number], error)
      throw isOAuthError(error) ? error : oauthError('FST_OAUTH_API_UNREACHABLE', [signer.provider, codeOf(error)], error)
    }
  }

  get (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('GET', url, options) }
  head (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('HEAD', url, options) }
  post (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('POST', url, options) }
  put (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('PUT', url, options) }
  patch (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('PATCH', url, options) }
  delete (url: string | URL, options?: OAuthCallOptions): Promise<OAuthResponse> { return this.request('DELETE', url, options) }

  async fetch (input: RequestInfo, init: RequestInit = {}): Promise<Response> {
    const { signer, dispatcher } = this.#options
    const isRequest = typeof input === 'object' && 'url' in input
    const url = this.#resolve(isRequest ? input.url : input as string | URL)
    const send = () => fetch(isRequest ? input : url, { ...init, dispatcher: dispatcher.compose(signing(signer, { foreign: 'unsigned', replay: true })) })
    const response = await send()
    // fetch turns every body into a stream before it is dispatched, so a body that can be sent twice is only seen here.
    const replayable = isReplayable(init.body) || init.body instanceof URLSearchParams
    if (response.status !== 401 || init.body === undefined || init.body === null || !replayable) return response
    if (await (await signer.sign()).renew() === null) return response
    await response.body?.cancel()
    return send()
  }

  get dispatcher (): Dispatcher {
    const { signer, dispatcher } = this.#options
    return dispatcher.compose(signing(signer, { foreign: 'refused', replay: true }))
  }

  #resolve (url: string | URL): URL {
    const { signer, baseUrl } = this.#options
    const target = resolveUrl(signer.provider, url, baseUrl)
    if (!signer.allowsOrigin(target.origin)) throw oauthError('FST_OAUTH_ORIGIN_NOT_ALLOWED', [signer.provider, target.origin])
    return target
  }

  async #follow (call: PreparedCall, { signal, replay }: { signal: AbortSignal | null, replay: boolean }): Promise<OAuthResponse> {
    const { signer, dispatcher } = this.#options
    const signed = dispatcher.compose(signing(signer, { foreign: 'refused', replay }))
    let next = call
    let left = false
    for (let hop = 0; ; hop++) {
      // A redirect that has left the allowed origins once is not trusted to lead back with a token.
      left ||= !signer.allowsOrigin(next.url.origin)
      const response = await send(next, left ? dispatcher : signed, signal)
      const target = hop < redirectsAtMost ? redirected(next, response) : null
      if (target === null) return response
      await response.body.dump()
      next = target
    }
  }

  async #apiError (response: OAuthResponse): Promise<Error> {
    const { statusCode, headers } = response
    let body = ''
    for await (const chunk of response.body.setEncoding('utf8')) {
      body += chunk
      if (body.length > errorBodyAtMost) break
    }
    return oauthError('FST_OAUTH_API_ERROR', [this.#options.signer.provider, statusCode], undefined, { response: { statusCode, headers, body: body.slice(0, errorBodyAtMost) } })
  }
}

function send ({ method, url, headers, body }: PreparedCall, dispatcher: Dispatcher, signal: AbortSignal | null): Promise<OAuthResponse> {
  return request(url, { method: method as Dispatcher.HttpMethod, headers, body: body ?? null, dispatcher, signal })
}

function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code'
}
