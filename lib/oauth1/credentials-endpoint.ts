// The one place that asks for temporary credentials and token credentials (RFC 5849 sections 2.1 and 2.3), and for userinfo.
import { isOAuthError, oauthError, quote } from '../errors.js'
import { problemOf } from '../http/problem.js'
import { reasonOf } from '../http/reason.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import { isDenial } from './callback.js'
import { readCredentials } from './credentials-answer.js'
import type { CredentialsAnswer } from './credentials-answer.js'
import type { ClientSigner, SigningToken } from './client-signer.js'

export interface CredentialsEndpointOptions {
  provider: string
  signer: ClientSigner
  transport: Transport
  clock: () => number
}

/** A request for credentials. */
export interface CredentialsRequest {
  /** In words: `request token endpoint`. */
  endpoint: string
  url: string
  method: 'GET' | 'POST'
  /** What it is signed with and says besides the client. */
  token: SigningToken
  /** Sent as a form, or in the query of a GET. */
  params: Record<string, string>
}

const form = 'application/x-www-form-urlencoded'
/** Of the token or the verifier, not of the client (the Problem Reporting extension). */
const tokenProblems: ReadonlySet<unknown> = new Set(['verifier_invalid', 'token_used', 'token_expired', 'token_revoked', 'token_rejected', 'permission_unknown'])

export class CredentialsEndpoint {
  readonly #options: CredentialsEndpointOptions

  constructor (options: CredentialsEndpointOptions) {
    this.#options = options
  }

  /** Sends one request, once. Throws FST_OAUTH_TOKEN_REFUSED, FST_OAUTH_VERIFIER_REFUSED, FST_OAUTH_ACCESS_DENIED and the transport's errors. */
  async ask (request: CredentialsRequest): Promise<CredentialsAnswer> {
    const { endpoint, url, method, params, token } = request
    const target = new URL(url)
    const encoded = new URLSearchParams(params).toString()
    if (method === 'GET' && encoded !== '') target.search += target.search === '' ? encoded : `&${encoded}`
    const answer = await this.#send({ url: target, method, token, body: method === 'GET' || encoded === '' ? null : encoded, accept: `${form}, application/json;q=0.9, */*;q=0.1` })
    if (answer.status !== 200 && answer.status !== 201) throw this.#refusal(request, answer)
    const credentials = readCredentials(answer.text)
    if (credentials !== null) return credentials
    if (problemOf(answer.headers, answer.text) !== undefined) throw this.#refusal(request, answer)
    throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [endpoint, this.#options.provider, 'it holds no oauth_token with its oauth_token_secret'])
  }

  /** The user's data: a signed GET. Throws FST_OAUTH_INVALID_PROVIDER_ANSWER and the transport's errors. */
  async userinfo (url: string, token: SigningToken): Promise<Record<string, unknown>> {
    const answer = await this.#send({ url: new URL(url), method: 'GET', token, body: null, accept: 'application/json' })
    const refuse = (why: string) => oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['userinfo endpoint', this.#options.provider, why])
    if (answer.status !== 200) throw refuse(this.#reason(answer, token))
    try {
      const value: unknown = JSON.parse(answer.text)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('it is not an object')
      return value as Record<string, unknown>
    } catch (error) {
      throw isOAuthError(error) ? error : refuse('it is not JSON')
    }
  }

  async #send ({ url, method, token, body, accept }: { url: URL, method: string, token: SigningToken, body: string | null, accept: string }): Promise<Answer> {
    const { transport, signer, provider, clock } = this.#options
    const contentType = signer.placement === 'body' && method === 'POST' ? form : body === null ? undefined : form
    const parts = signer.sign(token, { method, origin: url.origin, path: `${url.pathname}${url.search}`, contentType, body })
    const headers = { accept, 'user-agent': 'fastify-oauth', ...(contentType === undefined ? {} : { 'content-type': contentType }), ...parts.headers }
    const target = parts.path === undefined ? url : new URL(`${url.origin}${parts.path}`)
    const answer = await transport(target, { method, headers, body: parts.body ?? body })
    refuseUnavailable(answer, provider, clock)
    return answer
  }

  #refusal ({ endpoint, token }: CredentialsRequest, answer: Answer): Error {
    const { provider } = this.#options
    const problem = problemOf(answer.headers, answer.text)
    const why = this.#reason(answer, token)
    const details = problem === undefined ? {} : { providerError: why }
    const exchange = token.token !== undefined
    if (exchange && isDenial(problem)) return oauthError('FST_OAUTH_ACCESS_DENIED', [provider, why], undefined, details)
    if (exchange && tokenProblems.has(problem)) return oauthError('FST_OAUTH_VERIFIER_REFUSED', [provider, why], undefined, details)
    return oauthError('FST_OAUTH_TOKEN_REFUSED', [endpoint, provider, why], undefined, details)
  }

  #reason (answer: Answer, { token, tokenSecret, verifier }: SigningToken): string {
    const secrets = [token, tokenSecret, verifier, ...this.#options.signer.secrets]
    const problem = problemOf(answer.headers, answer.text)
    if (problem !== undefined) return quote(problem, secrets)
    const reason = reasonOf(answer)
    return reason === undefined ? `status ${answer.status}` : `status ${answer.status}: ${quote(reason, secrets)}`
  }
}
