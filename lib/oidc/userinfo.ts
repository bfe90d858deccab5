// The userinfo request (OpenID Connect Core 1.0 section 5.3), also of providers that only resemble it.
import { JSON_ATTRIBUTE_COMPARISON, processUserInfoResponse, skipSubjectCheck } from 'oauth4webapi'
import type { AuthorizationServer, Client } from 'oauth4webapi'
import { isOAuthError, oauthError, quote } from '../errors.js'
import type { SignedParts } from '../http/sign.js'
import { toResponse } from '../http/read-answer.js'
import { reasonOf } from '../http/reason.js'
import type { Answer, Transport } from '../http/transport.js'
import { refuseUnavailable } from '../http/unavailable.js'
import type { IdTokenVerifier } from './id-token.js'

/** What a provider wants in the request besides a signature. */
export interface UserinfoCall {
  method: 'GET' | 'POST'
  body?: string
  headers?: Record<string, string>
  /** The body holds the token, so that no signature is added. */
  carriesToken?: boolean
}

export interface UserinfoRequest {
  provider: string
  server: AuthorizationServer
  client: Client
  url: URL
  /** Default: a GET. */
  call?: UserinfoCall
  /** Signs the request. */
  sign: () => SignedParts
  /** The id_token's subject, which the userinfo must have too; without it there is nothing to compare. */
  subject: unknown
  /** What must not be repeated in a message. */
  secrets: Array<string | undefined>
  transport: Transport
  clock: () => number
  idTokens: IdTokenVerifier
}

/** Answers the claims. Throws FST_OAUTH_USERINFO_MISMATCH, FST_OAUTH_INVALID_PROVIDER_ANSWER, FST_OAUTH_PROVIDER_UNAVAILABLE and the transport's errors. */
export async function fetchUserinfo (request: UserinfoRequest): Promise<Record<string, unknown>> {
  return read(request, answer => typeof request.subject === 'string' || isSigned(answer) ? readClaims(request, answer) : objectIn(answer.text))
}

/** Answers another resource of the same user, whatever JSON it is. Throws as fetchUserinfo does. */
export async function fetchJson (request: UserinfoRequest): Promise<unknown> {
  return read<unknown>(request, answer => JSON.parse(answer.text))
}

async function read <T> (request: UserinfoRequest, reading: (answer: Answer) => T | Promise<T>): Promise<T> {
  const answer = await ask(request)
  refuseUnavailable(answer, request.provider, request.clock)
  try {
    if (answer.status !== 200) throw new TypeError(`status ${answer.status}`)
    return await reading(answer)
  } catch (error) {
    if (isOAuthError(error)) throw error
    const mismatch = error instanceof Error && 'code' in error && error.code === JSON_ATTRIBUTE_COMPARISON
    if (mismatch) throw oauthError('FST_OAUTH_USERINFO_MISMATCH', [request.provider], error)
    const reason = reasonOf(answer)
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['userinfo endpoint', request.provider, reason === undefined ? why : `${why}: ${quote(reason, request.secrets)}`], error)
  }
}

// Once more where the server wants its nonce in the signature (RFC 9449 section 9).
async function ask (request: UserinfoRequest, retried = false): Promise<Answer> {
  const { method, body = null, headers: own, carriesToken = false } = request.call ?? { method: 'GET' }
  const { headers, path, heed }: SignedParts = carriesToken ? { headers: {} } : request.sign()
  const url = path === undefined ? request.url : new URL(`${request.url.origin}${path}`)
  const answer = await request.transport(url, { method, body, headers: { accept: 'application/json, application/jwt;q=0.9', 'user-agent': 'fastify-oauth', ...own, ...headers } })
  return heed?.(answer.headers) === true && !retried ? ask(request, true) : answer
}

async function readClaims ({ server, client, subject, idTokens }: UserinfoRequest, answer: Answer): Promise<Record<string, unknown>> {
  const signed = isSigned(answer)
  const response = toResponse(answer, signed ? 'application/jwt' : 'application/json')
  const claims = await processUserInfoResponse(server, client, typeof subject === 'string' ? subject : skipSubjectCheck, response)
  if (signed) await idTokens.verifySignature(server, response)
  return claims
}

function isSigned ({ headers }: Answer): boolean {
  return /^application\/jwt\b/i.test(String(headers['content-type']))
}

function objectIn (text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('it is not an object')
  return value as Record<string, unknown>
}
