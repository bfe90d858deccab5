// The userinfo endpoint (OpenID Connect Core 1.0 section 5.3), and what passes for one elsewhere.
import type { FakeRequest } from '../../types/testing.js'
import { claimsOf } from './claims.js'
import { issuerOf, pathOf } from './core.js'
import type { FakeCore } from './core.js'
import { credentialsOf } from './credentials.js'
import { signJwt } from './id-token.js'
import { Refusal, json, missingOf } from './wire.js'
import type { WireAnswer } from './wire.js'

export async function answerUserinfo (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  const { quirks, protocol } = core
  const { authorization } = await credentialsOf(core, request, protocol === 'oidc' ? ['openid'] : [])
  const missing = missingOf(request.query, quirks.userinfoQuery)
  if (quirks.userinfoMethod === 'POST' && request.method !== 'POST') throw new Refusal(405, 'invalid_request', 'only POST is taken here')
  if (missing !== undefined) throw new Refusal(400, 'invalid_request', `${missing} is missing, or not what it must be`)
  const { sub } = authorization.user
  const path = `${pathOf(core, 'userinfo')}${quirks.userinfoIdInPath === true ? `/${encodeURIComponent(sub)}` : ''}`
  if (request.path !== path) throw new Refusal(404, 'not_found', 'nobody is described here')
  const claims = claimsOf(core, authorization)
  if (quirks.userinfoJwt !== true) return json(nest(quirks.userinfoPath, claims))
  const token = await signJwt(core, { ...claims, iss: issuerOf(core), aud: authorization.clientId })
  return { ...json({}), headers: { 'content-type': 'application/jwt' }, body: token }
}

/** Puts a profile where a path says: `data`, `response.user`, `data[]`. */
function nest (path: string | undefined, profile: unknown): unknown {
  const names = (path ?? '').split('.').filter(name => name !== '')
  return names.reduceRight<unknown>((inner, name) => name.endsWith('[]') ? { [name.slice(0, -2)]: [inner] } : { [name]: inner }, profile)
}
