// Revocation (RFC 7009) and introspection (RFC 7662).
import type { FakeRequest } from '../../types/testing.js'
import { authenticate } from './client-auth.js'
import { issuerOf, joinScope, standardParams } from './core.js'
import type { FakeCore } from './core.js'
import { json } from './wire.js'
import type { WireAnswer } from './wire.js'

/** A refresh token takes the tokens of its family with it (RFC 7009 section 2.1). Answers 200 to any token. */
export async function answerRevocation (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  const params = standardParams(core, request.params)
  const { clientId } = await authenticate(core, request, params)
  const token = String(params.token)
  const found = core.state.issued.get(token)
  if (found?.authorization.clientId === clientId) {
    if (found.kind === 'refresh') core.state.revokeFamily(found.authorization)
    else core.state.issued.delete(token)
  }
  return json({})
}

export async function answerIntrospection (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  const params = standardParams(core, request.params)
  await authenticate(core, request, params)
  const found = core.state.active(params.token, 'access') ?? core.state.active(params.token, 'refresh')
  if (found === undefined) return json({ active: false })
  const { authorization: { user, scope, clientId }, expiresAt, kind, jkt } = found
  return json({
    active: true,
    iss: issuerOf(core),
    sub: user.sub,
    client_id: clientId,
    scope: joinScope(core, scope),
    ...(Number.isFinite(expiresAt) ? { exp: Math.floor(expiresAt / 1_000) } : {}),
    ...(kind === 'access' ? { token_type: jkt === undefined ? 'Bearer' : 'DPoP' } : {}),
    ...(jkt === undefined ? {} : { cnf: { jkt } })
  })
}
