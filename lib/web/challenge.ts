// One answer to 'authorization required': a redirect for page loads, JSON with WWW-Authenticate for everything else.
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { basePathOf, publicUrl } from './base-url.js'
import type { OAuthContext } from './context.js'
import type { LoginFlow } from './login-flow.js'
import { guarded, wantsPage } from './reply.js'

export interface Challenge {
  provider: Provider
  /** Scopes that are required. */
  scope: readonly string[]
  /** The grant that does not cover them, or null. */
  grant: OAuthGrant | null
}

/** What the `login` parameter of the login route carries, sealed: a query cannot ask for scopes of its own. */
export interface LoginTicket { scope: readonly string[], required: readonly string[], returnTo: string | undefined }

export class Challenger {
  readonly #context: OAuthContext
  readonly #flow: LoginFlow

  constructor (context: OAuthContext, flow: LoginFlow) {
    this.#context = context
    this.#flow = flow
  }

  async challenge (request: FastifyRequest, reply: FastifyReply, { provider, scope, grant }: Challenge): Promise<void> {
    const union = [...new Set([...scope, ...(grant?.scope ?? [])])]
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (isRead && wantsPage(request)) {
      const returnTo = `${basePathOf(this.#context)}${request.originalUrl}`
      return this.#flow.start(request, reply, { provider, scope: union, required: scope, returnTo })
    }
    const ticket: LoginTicket = { scope: union, required: scope, returnTo: request.headers.referer }
    const sealed = this.#context.cipher.seal('login-request', provider.name, JSON.stringify(ticket))
    const authorizeUrl = publicUrl(this.#context, request, `${this.#context.prefix}/${provider.name}?login=${sealed}`)
    sendChallenge(reply, { provider, scope, grant }, authorizeUrl)
  }

  /** Opens a ticket of this provider; null where it is none. */
  openTicket (provider: Provider, sealed: unknown): LoginTicket | null {
    const plain = typeof sealed === 'string' ? this.#context.cipher.open('login-request', provider.name, sealed) : null
    return plain === null ? null : JSON.parse(plain)
  }
}

// RFC 6750 section 3: no error code for a request without credentials; insufficient_scope for one with too little.
function sendChallenge (reply: FastifyReply, { provider, scope, grant }: Challenge, authorizeUrl: string): void {
  const { name } = provider
  const missing = scope.filter(one => !grant?.scope.includes(one))
  const { code, statusCode, message } = grant === null
    ? oauthError('FST_OAUTH_GRANT_REQUIRED', [name])
    : oauthError('FST_OAUTH_INSUFFICIENT_SCOPE', [name, missing.join(' ')])
  const parts = [`realm="${name}"`, ...(grant === null ? [] : ['error="insufficient_scope"']), ...(scope.length === 0 ? [] : [`scope="${scope.join(' ')}"`])]
  guarded(reply)
    .code(statusCode)
    .header('www-authenticate', `Bearer ${parts.join(', ')}`)
    .send({ statusCode, code, error: STATUS_CODES[statusCode], message, provider: name, scope, authorizeUrl })
}
