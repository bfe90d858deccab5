// What a token is worth, by the word of its authorization server (RFC 7662), which may be signed (RFC 9701).
import { hash } from 'node:crypto'
import { introspectionRequest, processIntrospectionResponse } from 'oauth4webapi'
import type { AuthorizationServer, IntrospectionResponse } from 'oauth4webapi'
import type { OAuthActiveToken, OAuthIntrospectOptions, OAuthIntrospection } from '../../types/introspection.js'
import { oauthError } from '../errors.js'
import { toResponse } from '../http/read-answer.js'
import type { IdTokenVerifier } from '../oidc/id-token.js'
import type { ClientEndpoint } from './client-endpoint.js'
import { remember } from './remember.js'

export interface IntrospectionOptions {
  provider: string
  endpoint: ClientEndpoint
  metadata: () => Promise<AuthorizationServer>
  /** Verifies what the provider has signed. */
  keys: IdTokenVerifier
  clock: () => number
}

interface Kept { answer: OAuthActiveToken, askedAt: number }

const keptAtMost = 1_000
const name = 'introspection endpoint'
const signedAnswers = /^application\/token-introspection\+jwt\b/i
const inactive = Object.freeze({ active: false } as const)

export class Introspection {
  readonly #given: IntrospectionOptions
  readonly #kept = new Map<string, Kept>()

  constructor (given: IntrospectionOptions) {
    this.#given = given
  }

  /** Throws FST_OAUTH_INVALID_CALL where the provider has no such endpoint, and what it answers besides. */
  async ask (token: string, { hint, cacheFor = 0, signed = false }: OAuthIntrospectOptions): Promise<OAuthIntrospection> {
    // RFC 6749 appendix A.12: no token is empty.
    if (token === '') return inactive
    const id = cacheFor === 0 ? undefined : hash('sha256', `${signed} ${token}`, 'base64url')
    const kept = id === undefined ? undefined : this.#fresh(id, cacheFor)
    if (kept !== undefined) return kept
    const askedAt = this.#given.clock()
    const body = await this.#introspect(token, { hint, signed })
    if (!body.active) return inactive
    const answer = activeToken(body)
    if (id !== undefined) remember(this.#kept, id, { value: { answer, askedAt }, atMost: keptAtMost })
    return answer
  }

  #fresh (id: string, cacheFor: number): OAuthActiveToken | undefined {
    const now = this.#given.clock()
    const kept = this.#kept.get(id)
    if (kept === undefined || kept.askedAt + cacheFor <= now) return undefined
    return kept.answer.expiresAt !== undefined && kept.answer.expiresAt <= now ? undefined : kept.answer
  }

  async #introspect (token: string, { hint, signed }: Pick<OAuthIntrospectOptions, 'hint' | 'signed'>): Promise<IntrospectionResponse> {
    const { provider, endpoint, metadata, keys } = this.#given
    const server = await metadata()
    if (server.introspection_endpoint === undefined) throw oauthError('FST_OAUTH_INVALID_CALL', [provider, 'it names no introspection_endpoint. If it has one all the same, set the option introspectionUrl'])
    return endpoint.explained({ endpoint: name, noIdToken: true, secrets: [token] }, async () => {
      let isSigned = false
      const http = endpoint.posting(answer => {
        isSigned = signedAnswers.test(String(answer.headers['content-type']))
        return toResponse(answer, isSigned ? 'application/token-introspection+jwt' : 'application/json')
      })
      const response = await introspectionRequest(server, endpoint.client, endpoint.auth(server), token, { ...http, requestJwtResponse: signed === true, additionalParameters: hint === undefined ? {} : { token_type_hint: hint } })
      const body = await processIntrospectionResponse(server, endpoint.client, response)
      if (isSigned) await keys.verifySignature(server, response)
      else if (signed === true) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [name, provider, 'it is not signed'])
      return body
    })
  }
}

function activeToken (body: IntrospectionResponse): OAuthActiveToken {
  const { scope, aud, cnf } = body
  return Object.freeze({
    active: true as const,
    subject: textOf(body.sub),
    clientId: textOf(body.client_id),
    username: textOf(body.username),
    scope: Object.freeze((Array.isArray(scope) ? scope : String(scope ?? '').split(/\s+/)).map(String).filter(name => name !== '')),
    audience: Object.freeze([aud ?? []].flat().map(String)),
    issuer: textOf(body.iss),
    tokenType: textOf(body.token_type)?.toLowerCase(),
    id: textOf(body.jti),
    expiresAt: timeOf(body.exp),
    issuedAt: timeOf(body.iat),
    notBefore: timeOf(body.nbf),
    confirmation: typeof cnf === 'object' && cnf !== null ? Object.freeze({ ...cnf }) : undefined,
    raw: Object.freeze({ ...body })
  })
}

function textOf (value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

// Seconds, which some servers send as text.
function timeOf (value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000 : undefined
}
