// Logout that the provider starts (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8). What is posted is trusted for its
// signature alone: anyone can post it, so its size and the number of those under way are bounded.
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isOAuthError, oauthError, quote } from '../errors.js'
import { placeIn } from '../place.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import { asError, sendError } from './reply.js'

const atOnce = 50
// Longer than a token counts (lib/oidc/logout-token.ts), its tolerance included.
const usedFor = 600_000

export class BackchannelLogout {
  readonly #context: OAuthContext
  #underway = 0

  constructor (context: OAuthContext) {
    this.#context = context
  }

  /** Answers the provider: 200 when every session that it names has ended, else 400. */
  async answer (request: FastifyRequest, reply: FastifyReply, { name, tenant }: { name: string, tenant: string | undefined }): Promise<void> {
    this.#underway++
    try {
      if (this.#underway > atOnce) throw oauthError('FST_OAUTH_LOGOUT_BUSY', [quote(name)], undefined, { retryAfter: 1 })
      const provider = await this.#context.registry.at(name, { request, tenant })
      provider.checkLogins()
      await this.#logOut(request, reply, provider)
      reply.code(200).send()
    } catch (error) {
      this.#refuse(request, reply, asError(error))
    } finally {
      this.#underway--
    }
  }

  async #logOut (request: FastifyRequest, reply: FastifyReply, provider: Provider): Promise<void> {
    const { keeper, options } = this.#context
    const refused = (why: string) => oauthError('FST_OAUTH_LOGOUT_TOKEN_INVALID', [provider.name, why])
    const tokens = request.body instanceof URLSearchParams ? request.body.getAll('logout_token') : []
    const [token] = tokens
    if (token === undefined || tokens.length > 1) throw refused('the request is not a form with one logout_token')
    if (provider.logout === undefined) throw refused('OAuth 1.0a has none')
    const notice = await provider.logout.verify(token)
    if (!await keeper.claim(`logout:${idOf([provider.place, notice.issuer, notice.jti])}`, usedFor)) throw refused('it was used before')
    const { issuer, sid, subject, issuedAt } = notice
    const grants = await keeper.sessions.end({ provider: provider.place, issuer, sid, subject, endedAt: issuedAt })
    request.log.info({ ...placeIn(provider.place), ended: grants.length }, 'The provider has logged a user out')
    await options.onLogout?.({ request, reply, ...placeIn(provider.place), by: 'provider', grants, subject, sid })
  }

  // Section 2.8: whatever failed, it is 400. What cannot be a logout at all is not.
  #refuse (request: FastifyRequest, reply: FastifyReply, error: Error): void {
    request.log.warn({ err: error }, 'A logout by the provider failed')
    if (isOAuthError(error) && (error.statusCode === 404 || error.code === 'FST_OAUTH_LOGOUT_BUSY')) return sendError(request, reply, error)
    const isInvalid = isOAuthError(error) && error.code === 'FST_OAUTH_LOGOUT_TOKEN_INVALID'
    reply.code(400).send(isInvalid ? { error: 'invalid_request', error_description: quote(error.message) } : { error: 'server_error', error_description: 'The sessions could not be ended' })
  }
}

function idOf (what: readonly string[]): string {
  return hash('sha256', JSON.stringify(what), 'base64url')
}
