// The authorization response (RFC 6749 section 4.1.2, RFC 9207): by redirect, or by form_post.
import { createHmac, randomUUID } from 'node:crypto'
import type { FakeUser } from '../../types/testing.js'
import { issuerOf, joinScope } from './core.js'
import type { FakeCore } from './core.js'
import { formPostPage } from './pages.js'
import type { Authorization, Interaction } from './state.js'
import { html, redirect } from './wire.js'
import type { WireAnswer } from './wire.js'

const errors = ['access_denied', 'server_error', 'temporarily_unavailable'] as const

/** An error for the client. */
export function denialOf (core: FakeCore, interaction: Interaction, { error, description }: { error: string, description: string }): WireAnswer {
  return respond(core, interaction, { error, error_description: description }, interaction.params.state)
}

/** A code for the client, unless a fault makes it an error. */
export function grantOf (core: FakeCore, interaction: Interaction & { user: FakeUser }, scope: readonly string[]): WireAnswer {
  const { quirks, state, clock, lifetimes } = core
  const due = core.faults.ofStage('callback')
  const error = errors.find(name => due.has(name))
  const returned = due.has('no-state') ? null : due.has('wrong-state') ? 'a-state-that-nobody-sent' : interaction.params.state
  if (error !== undefined) return respond(core, interaction, { error, error_description: 'as a fault' }, returned)
  const { client, redirectUri, user, params } = interaction
  const authorization: Authorization = { family: randomUUID(), clientId: client.clientId, redirectUri, user, scope, params, at: clock() }
  const code = state.issue('code', authorization, { lifetime: lifetimes.code })
  return respond(core, interaction, {
    [quirks.codeParam ?? 'code']: code,
    ...(quirks.scopeInCallback === true ? { scope: joinScope(core, scope) } : {}),
    ...(due.has('wrong-callback-iss') ? { iss: 'https://another-issuer.test' } : {})
  }, returned)
}

/** Whether callbacks name the issuer. */
export function namesIssuer ({ quirks, protocol }: FakeCore): boolean {
  return quirks.callbackIss ?? protocol === 'oidc'
}

function respond (core: FakeCore, interaction: Interaction, own: Record<string, string>, state: string | null | undefined): WireAnswer {
  const { quirks } = core
  const params = new URLSearchParams({
    ...quirks.callbackParams,
    ...(namesIssuer(core) ? { iss: issuerOf(core) } : {}),
    ...(typeof state === 'string' && quirks.state !== 'not-echoed' ? { state } : {}),
    ...own
  })
  if (quirks.callbackHmac === true) params.set('hmac', hmacOf(params, String(interaction.client.clientSecret)))
  if (quirks.responseMode === 'form_post' || interaction.params.response_mode === 'form_post') return html(formPostPage(interaction.redirectUri, params))
  const url = new URL(interaction.redirectUri)
  for (const [name, value] of params) url.searchParams.append(name, value)
  if (quirks.callbackFragment !== undefined) url.hash = quirks.callbackFragment
  return redirect(url.href)
}

function hmacOf (params: URLSearchParams, secret: string): string {
  const sorted = [...params].map(([name, value]) => `${name}=${value}`).sort().join('&')
  return createHmac('sha256', secret).update(sorted).digest('hex')
}
