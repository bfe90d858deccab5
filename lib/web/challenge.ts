// One answer to 'authorization required': a redirect for page loads, JSON with WWW-Authenticate (RFC 6750 section 3, RFC 9470
// section 3) for everything else, and a page with the same status for the form that a person has sent.
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthUnauthorizedState } from '../../types/options.js'
import { oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import { covers } from '../grants/grant.js'
import type { RouteRequirement } from '../options.js'
import type { Provider } from '../provider.js'
import { authenticationParams, describeNeeds, isAuthenticated } from './authentication.js'
import type { AuthenticationNeeds } from './authentication.js'
import { basePathOf, publicUrl } from './base-url.js'
import type { OAuthContext } from './context.js'
import { runsHook } from './endings.js'
import type { LoginFlow, LoginRequest } from './login-flow.js'
import { isFormSent, isPageLoad } from './negotiation.js'
import { guarded, sendError } from './reply.js'

export interface Challenge extends AuthenticationNeeds {
  provider: Provider
  /** Scopes that are required. */
  scope: readonly string[]
  /** The grant that does not suffice, or null. */
  grant: OAuthGrant | null
  /** The account that the route names. */
  account?: string | undefined
  onUnauthorized?: RouteRequirement['onUnauthorized']
}

/** What the `login` parameter of the login route carries, sealed: a query cannot ask for anything of its own. */
export type LoginTicket = Omit<LoginRequest, 'provider' | 'popup' | 'crossSite'> & { tenant?: string | undefined }

// What an answer was made for may stay open in a tab; what it asks for is not good for ever.
const ticketTime = 3_600_000

export class Challenger {
  readonly #context: OAuthContext
  readonly #flow: LoginFlow

  constructor (context: OAuthContext, flow: LoginFlow) {
    this.#context = context
    this.#flow = flow
  }

  async challenge (request: FastifyRequest, reply: FastifyReply, challenge: Challenge): Promise<void> {
    const { provider, scope, onUnauthorized } = challenge
    const error = reasonOf(challenge)
    const ticket = ticketOf(challenge)
    if (onUnauthorized !== undefined) {
      const state = { request, reply, provider: provider.name, scope, error, authorizeUrl: this.#authorizeUrl(request, provider, { ...ticket, returnTo: this.#resumeAt(request) }) }
      if (await runsHook(reply, () => onUnauthorized(state))) return
    }
    if (isPageLoad(request)) return this.#flow.start(request, reply, { ...ticket, provider, returnTo: this.#resumeAt(request) })
    sendChallenge({ request, reply }, challenge, { error, authorizeUrl: this.#authorizeUrl(request, provider, { ...ticket, returnTo: this.#resumeAt(request) }) })
  }

  /** Asks the provider whether it can do without asking the user; the page load is repeated, whatever comes of it. */
  async trySilently (request: FastifyRequest, reply: FastifyReply, challenge: Challenge): Promise<void> {
    await this.#flow.start(request, reply, { ...ticketOf(challenge), provider: challenge.provider, returnTo: this.#resumeAt(request), silent: true })
  }

  /** Answers what an API has asked for. Where the grant has it already, another login would bring nothing: the answer is final. */
  async challengeUpstream (request: FastifyRequest, reply: FastifyReply, { error, ...challenge }: Challenge & { error: OAuthError }): Promise<void> {
    const { grant, scope } = challenge
    if (grant === null || !covers(grant, scope) || !isAuthenticated(grant, challenge, this.#context.options.clock())) return this.challenge(request, reply, challenge)
    if (isPageLoad(request)) return sendError(request, reply, error)
    sendChallenge({ request, reply }, challenge, { error })
  }

  /** The path of the login route with a ticket. */
  loginPath ({ name }: Pick<Provider, 'name'>, ticket: LoginTicket): string {
    const { cipher, prefix, options } = this.#context
    return `${prefix}/${name}?login=${cipher.seal('login-request', name, JSON.stringify({ ...ticket, at: options.clock() }))}`
  }

  /** Opens a ticket of this provider; null where it is none. Of one that is too old only whose it is and the way back are left: that page asks anew. */
  openTicket (provider: Pick<Provider, 'name'>, sealed: unknown): LoginTicket | null {
    const { cipher, options } = this.#context
    const plain = typeof sealed === 'string' ? cipher.open('login-request', provider.name, sealed) : null
    if (plain === null) return null
    const { at, ...ticket } = JSON.parse(plain)
    return options.clock() - at > ticketTime ? { tenant: ticket.tenant, returnTo: ticket.returnTo } : ticket
  }

  // A page load goes on where it was. What else there is is not repeated: it goes back to the page that it came from.
  #resumeAt (request: FastifyRequest): string | undefined {
    return isPageLoad(request) ? `${basePathOf(this.#context)}${request.originalUrl}` : request.headers.referer
  }

  #authorizeUrl (request: FastifyRequest, provider: Provider, ticket: LoginTicket): string {
    return publicUrl(this.#context, request, this.loginPath(provider, ticket), provider)
  }
}

function reasonOf ({ provider: { name }, scope, grant, ...needs }: Challenge): OAuthError {
  if (grant === null) return oauthError('FST_OAUTH_GRANT_REQUIRED', [name])
  if (covers(grant, scope)) return Object.assign(oauthError('FST_OAUTH_INSUFFICIENT_AUTHENTICATION', [name, describeNeeds(needs)]), { statusCode: 401 })
  return oauthError('FST_OAUTH_INSUFFICIENT_SCOPE', [name, scope.filter(one => !grant.scope.includes(one)).join(' ')])
}

// For the union of what is granted and what is needed; in the name of the account whose grant falls short.
function ticketOf ({ provider, scope, grant, account, acr, maxAge }: Challenge): LoginTicket {
  const union = [...new Set([...scope, ...(grant?.scope ?? [])])]
  // Where the provider names nobody, one account cannot be told from another.
  const expected = grant?.subject === undefined ? account : grant.account
  const hint = provider.protocol === 'oidc' && expected !== undefined ? String(grant?.claims?.email ?? grant?.claims?.preferred_username ?? expected) : undefined
  return { tenant: provider.tenant, scope: union, required: scope, acr, maxAge, account: expected, loginHint: hint }
}

const wireErrors: Record<string, string> = {
  FST_OAUTH_INSUFFICIENT_SCOPE: 'insufficient_scope',
  FST_OAUTH_API_INSUFFICIENT_SCOPE: 'insufficient_scope',
  FST_OAUTH_INSUFFICIENT_AUTHENTICATION: 'insufficient_user_authentication',
  FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION: 'insufficient_user_authentication'
}

// RFC 6750 section 3: no error code for a request without credentials.
function sendChallenge ({ request, reply }: Pick<OAuthUnauthorizedState, 'request' | 'reply'>, { provider: { name }, scope, acr, maxAge }: Challenge, { error, authorizeUrl }: { error: OAuthError, authorizeUrl?: string }): void {
  const { code, statusCode, message } = error
  const wireError = wireErrors[code]
  const params = { realm: name, ...(wireError === undefined ? {} : { error: wireError }), ...(scope.length === 0 ? {} : { scope: scope.join(' ') }), ...authenticationParams({ acr, maxAge }) }
  const needs = { scope, ...(acr === undefined || acr.length === 0 ? {} : { acr }), ...(maxAge === undefined ? {} : { maxAge }) }
  guarded(reply)
    .code(statusCode)
    .header('www-authenticate', `Bearer ${Object.entries(params).map(([key, value]) => `${key}="${value}"`).join(', ')}`)
  if (isFormSent(request)) sendError(request, reply, error, { allowUrl: authorizeUrl })
  else reply.send({ statusCode, code, error: STATUS_CODES[statusCode], message, provider: name, ...needs, authorizeUrl })
}
