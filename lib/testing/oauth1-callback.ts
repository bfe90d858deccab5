// Back to the client with a verifier, or without (RFC 5849 section 2.2).
import { randomBytes, randomUUID } from 'node:crypto'
import type { FakeUser } from '../../types/testing.js'
import type { FakeCore } from './core.js'
import { errorPage, verifierPage } from './pages.js'
import type { Interaction } from './state.js'
import { html, redirect } from './wire.js'
import type { WireAnswer } from './wire.js'

type Answered = Interaction & { user: FakeUser }

export function oauth1GrantOf (core: FakeCore, interaction: Answered, scope: readonly string[]): WireAnswer {
  const { state, quirks, clock } = core
  const { client, redirectUri, user, params, temporary = '' } = interaction
  const due = core.faults.ofStage('callback')
  if (due.has('access_denied') || due.has('server_error') || due.has('temporarily_unavailable')) return oauth1DenialOf(core, interaction)
  const verifier = randomBytes(9).toString('base64url')
  const authorization = { family: randomUUID(), clientId: client.clientId, redirectUri, user, scope, params, at: clock() }
  const known = state.temporary.get(temporary)
  // Another tab was here first.
  if (known === undefined) return html(errorPage('this was answered already'), 400)
  known.granted = { authorization, verifier }
  if (redirectUri === 'oob') return html(verifierPage(verifier))
  return back(interaction, {
    ...quirks.callbackParams,
    ...(due.has('no-state') ? {} : { oauth_token: due.has('wrong-state') ? 'a-token-that-nobody-asked-for' : temporary }),
    ...(quirks.verifier === 'absent' ? {} : { oauth_verifier: verifier })
  })
}

/** The user refused. What providers say then differs. */
export function oauth1DenialOf ({ state, quirks }: FakeCore, interaction: Answered): WireAnswer {
  const { temporary = '', redirectUri } = interaction
  state.temporary.delete(temporary)
  if (redirectUri === 'oob') return html(errorPage('the user said no'), 403)
  switch (quirks.denial) {
    case undefined: return back(interaction, { oauth_token: temporary, oauth_problem: 'user_refused' })
    case 'verifier': return back(interaction, { oauth_token: temporary, oauth_verifier: 'denied' })
    case 'bare': return back(interaction, { oauth_token: temporary })
    case 'denied': return back(interaction, { denied: temporary })
  }
}

function back ({ redirectUri }: Interaction, params: Record<string, string>): WireAnswer {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(params)) url.searchParams.append(name, value)
  return redirect(url.href)
}
