// The authorization endpoint (RFC 6749 section 3.1), with the pages where a user signs in and consents.
import type { FakeClient, FakeRequest } from '../../types/testing.js'
import { denialOf, grantOf } from './callback.js'
import { issuerOf, splitScope, standardParams, urlOf } from './core.js'
import type { FakeCore } from './core.js'
import { oauth1DenialOf, oauth1GrantOf } from './oauth1-callback.js'
import { consentPage, errorPage, loginPage } from './pages.js'
import { pushedParams } from './pushed.js'
import type { Interaction } from './state.js'
import { html, missingOf } from './wire.js'
import type { WireAnswer } from './wire.js'

/** Checks the request, and shows the login page. */
export function answerAuthorize (core: FakeCore, request: FakeRequest): WireAnswer {
  const params = pushedParams(core, standardParams(core, request.params))
  if (params === undefined) return refused('the request was not pushed, was used before, or has ended')
  const client = core.state.clients.get(String(params.client_id))
  // RFC 6749 section 4.1.2.1: without these there is nowhere to send the browser back to.
  if (client === undefined) return refused('the client_id is unknown')
  if (!takesRedirect(client, params.redirect_uri)) return refused('the redirect_uri is not one of the client\'s')
  const interaction: Interaction = { client, redirectUri: String(params.redirect_uri), scope: core.quirks.fixedScope ?? splitScope(core, params.scope), params }
  const problem = problemOf(core, params)
  if (problem !== undefined) return denialOf(core, interaction, problem)
  return showLogin(core, interaction)
}

/** The login page of a request that was accepted. */
export function showLogin (core: FakeCore, interaction: Interaction): WireAnswer {
  const id = core.state.begin(interaction)
  return html(loginPage({ action: `${urlOf(core, 'authorize')}/login`, interaction: id, users: [...core.state.users.keys()], hint: interaction.params.login_hint }))
}

/** The login page was sent: shows the consent page. */
export function answerLogin (core: FakeCore, { params }: FakeRequest): WireAnswer {
  const interaction = core.state.interactions.get(String(params.interaction))
  if (interaction === undefined) return refused('it was not started here, or has ended')
  const user = core.state.users.get(String(params.username))
  if (user === undefined) return refused(`there is no user ${params.username}`)
  interaction.user = user
  return html(consentPage({ action: `${urlOf(core, 'authorize')}/consent`, interaction: String(params.interaction), client: interaction.client.clientId, scope: interaction.scope }))
}

/** The consent page was sent: back to the client. */
export function answerConsent (core: FakeCore, { params, body }: FakeRequest): WireAnswer {
  const id = String(params.interaction)
  const interaction = core.state.interactions.get(id)
  if (interaction?.user === undefined) return refused('nobody has signed in, or it has ended')
  core.state.interactions.delete(id)
  const allows = params.decision === 'allow'
  const answered = { ...interaction, user: interaction.user }
  const scope = new URLSearchParams(body).getAll('scope')
  if (interaction.temporary !== undefined) return allows ? oauth1GrantOf(core, answered, scope) : oauth1DenialOf(core, answered)
  return allows ? grantOf(core, answered, scope) : denialOf(core, interaction, { error: 'access_denied', description: 'the user said no' })
}

function takesRedirect ({ redirectUris }: FakeClient, given: string | undefined): boolean {
  if (given === undefined || !URL.canParse(given)) return false
  return redirectUris === undefined || redirectUris.includes(given)
}

/** Why a request is refused, in the words of RFC 6749 section 4.1.2.1. */
function problemOf (core: FakeCore, params: Record<string, string>): { error: string, description: string } | undefined {
  const { quirks } = core
  const invalid = (description: string) => ({ error: 'invalid_request', description })
  if (params.response_type !== 'code') return { error: 'unsupported_response_type', description: 'response_type is not code' }
  const missing = missingOf(params, quirks.requiredParams)
  if (missing !== undefined) return invalid(`${missing} is missing, or not what it must be`)
  if (quirks.state === 'required' && params.state === undefined) return invalid('state is missing')
  if (quirks.fixedScope !== undefined && params.scope !== undefined) return { error: 'invalid_scope', description: 'scopes are set in the settings of the app' }
  const pkce = pkceProblem(core, params)
  if (pkce !== undefined) return invalid(pkce)
  // Nobody stays signed in here.
  if (params.prompt === 'none') return { error: 'login_required', description: `nobody is signed in at ${issuerOf(core)}` }
  return undefined
}

// RFC 7636 section 4.4.1.
function pkceProblem ({ quirks }: FakeCore, params: Record<string, string>): string | undefined {
  const { code_challenge: challenge, code_challenge_method: method = 'plain' } = params
  if (quirks.pkce === 'ignored') return undefined
  if (challenge === undefined) return quirks.pkce === 'required' ? 'code_challenge is missing' : undefined
  if (quirks.pkce === 'refused') return 'code_challenge is unknown'
  const taken = quirks.pkce === 'plain' ? 'plain' : 'S256'
  return method === taken ? undefined : `code_challenge_method is not ${taken}`
}

/** A page for what cannot go back to a client. */
export function refused (message: string): WireAnswer {
  return html(errorPage(message), 400)
}
