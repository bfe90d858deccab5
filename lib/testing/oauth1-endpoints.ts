// Temporary credentials, resource owner authorization, token credentials (RFC 5849 sections 2.1 to 2.3).
import { randomBytes } from 'node:crypto'
import type { FakeRequest } from '../../types/testing.js'
import { refused, showLogin } from './authorize.js'
import { splitScope, standardParams } from './core.js'
import type { FakeCore } from './core.js'
import { problem, verifyRequest } from './oauth1-request.js'
import type { Temporary } from './state.js'
import { write } from './token-answer.js'
import { Refusal, missingOf } from './wire.js'
import type { WireAnswer } from './wire.js'

type Params = Readonly<Record<string, string>>

const temporaryLifetime = 600_000

export function answerTemporary (core: FakeCore, request: FakeRequest): WireAnswer {
  if (core.quirks.oneUrl === true && /oauth_token=/.test(`${request.headers.authorization} ${request.url} ${request.body}`)) return answerTokenCredentials(core, request)
  checkMethod(core, request)
  const { state, quirks, clock } = core
  const { client, params } = verifyRequest(core, request, () => null)
  const callback = params.oauth_callback
  if (quirks.callbackOn !== 'authorize' && quirks.verifier !== 'absent' && !isCallback(callback, client.redirectUris)) {
    throw problem(400, callback === undefined ? 'parameter_absent' : 'parameter_rejected', 'oauth_callback is missing, or not one of the client\'s')
  }
  const token = `fake-temporary-${randomBytes(18).toString('base64url')}`
  const secret = randomBytes(18).toString('base64url')
  state.temporary.set(token, { client, secret, callback, params, expiresAt: clock() + temporaryLifetime })
  return respond(core, request, { oauth_token: token, oauth_token_secret: secret, ...(quirks.verifier === 'absent' ? {} : { oauth_callback_confirmed: 'true' }) })
}

export function answerOAuth1Authorize (core: FakeCore, request: FakeRequest): WireAnswer {
  const { state, quirks, clock } = core
  const token = String(request.query.oauth_token)
  const temporary = state.temporary.get(token)
  if (temporary === undefined || temporary.granted !== undefined || temporary.expiresAt <= clock()) return refused('the oauth_token is unknown, used or too old')
  const callback = temporary.callback ?? request.query.oauth_callback
  if (!isCallback(callback, temporary.client.redirectUris)) return refused('there is no callback of the client to go back to')
  const params = standardParams(core, { ...temporary.params, ...request.query })
  const missing = missingOf(params, quirks.requiredParams)
  if (missing !== undefined) return refused(`${missing} is missing, or not what it must be`)
  return showLogin(core, { client: temporary.client, redirectUri: callback, scope: quirks.fixedScope ?? splitScope(core, params.scope), params, temporary: token })
}

export function answerTokenCredentials (core: FakeCore, request: FakeRequest): WireAnswer {
  checkMethod(core, request)
  const { state, quirks, lifetimes } = core
  const { client, params } = verifyRequest(core, request, (given, { clientId }) => {
    const temporary = activeOf(core, given)
    return temporary?.client.clientId === clientId ? temporary.secret : undefined
  })
  const { granted } = activeOf(core, params) as Temporary
  if (granted === undefined) throw problem(401, 'permission_unknown', 'the user has not answered yet')
  if (quirks.verifier !== 'absent' && params.oauth_verifier !== granted.verifier) throw problem(401, 'token_rejected', 'the verifier does not match')
  state.temporary.delete(String(params.oauth_token))
  const secret = randomBytes(18).toString('base64url')
  const { authorization } = granted
  const token = state.issue('access', { ...authorization, clientId: client.clientId }, { lifetime: quirks.expires === undefined ? Infinity : lifetimes.accessToken, secret })
  return respond(core, request, {
    oauth_token: token,
    oauth_token_secret: secret,
    ...(quirks.expires === undefined ? {} : { oauth_expires_in: String(lifetimes.accessToken) }),
    ...(quirks.identityIn === undefined ? {} : { [quirks.identityIn]: authorization.user.sub })
  })
}

function activeOf ({ state, clock }: FakeCore, { oauth_token: token }: Params): Temporary | undefined {
  const found = state.temporary.get(String(token))
  return found === undefined || found.expiresAt <= clock() ? undefined : found
}

function isCallback (callback: string | undefined, allowed: readonly string[] | undefined): callback is string {
  if (callback === undefined) return false
  return callback === 'oob' || (URL.canParse(callback) && (allowed === undefined || allowed.includes(callback)))
}

function checkMethod ({ quirks }: FakeCore, { method }: FakeRequest): void {
  if (quirks.tokenMethod !== undefined && method !== quirks.tokenMethod) throw new Refusal(405, 'method_not_allowed', `${method} is not taken here`)
}

function respond ({ quirks }: FakeCore, request: FakeRequest, members: Record<string, string>): WireAnswer {
  return write(quirks.tokenFormat ?? 'form', members, request)
}
