// The credentials of an API request (RFC 6750, RFC 9449 section 7): which token, and whether it is good.
import { createHmac } from 'node:crypto'
import type { FakeRequest } from '../../types/testing.js'
import type { FakeCore } from './core.js'
import { verifyProof } from './dpop.js'
import { tokenCredentialsOf } from './oauth1-request.js'
import type { Issued } from './state.js'
import { Refusal } from './wire.js'

/** What a request was signed for. Throws invalid_token, insufficient_scope (RFC 6750 section 3.1) and those of DPoP. */
export async function credentialsOf (core: FakeCore, request: FakeRequest, scope: readonly string[] = []): Promise<Issued> {
  if (core.protocol === 'oauth1') return tokenCredentialsOf(core, request, scope)
  const { token, isProven } = tokenOf(core, request)
  const found = core.state.active(token, 'access')
  const scheme = core.quirks.tokenScheme ?? (found?.jkt === undefined ? 'Bearer' : 'DPoP')
  const fail = (status: number, error: string, why: string) => new Refusal(status, error, why, { 'www-authenticate': challenge(scheme, error, scope) })
  if (token === undefined) throw new Refusal(401, 'unauthorized', 'no token came with it', { 'www-authenticate': challenge(scheme, undefined, scope) })
  if (found === undefined || found.raw === true) throw fail(401, 'invalid_token', 'the token is unknown, ended or revoked')
  if (found.jkt !== undefined && (!isProven || await verifyProof(core, request, token) !== found.jkt)) throw fail(401, 'invalid_token', 'the token is bound to a key that the request does not prove')
  checkQuirks(core, request, { token, found })
  const { authorization } = found
  if (scope.some(name => !authorization.scope.includes(name))) throw fail(403, 'insufficient_scope', 'the token does not cover this')
  return found
}

function tokenOf ({ quirks }: FakeCore, { headers, query, params }: FakeRequest): { token: string | undefined, isProven: boolean } {
  if (quirks.tokenIn !== undefined) {
    const [place, name = ''] = quirks.tokenIn.split(':')
    const found = place === 'query' ? query[name] : place === 'header' ? headers[name.toLowerCase()] : params[name]
    return { token: found === undefined ? undefined : String(found), isProven: false }
  }
  const { authorization = '' } = headers
  if (quirks.tokenScheme === '') return { token: authorization === '' ? undefined : authorization, isProven: false }
  const [scheme = '', token] = authorization.split(' ')
  const isProven = scheme.toLowerCase() === 'dpop'
  return { token: isProven || scheme.toLowerCase() === (quirks.tokenScheme ?? 'bearer').toLowerCase() ? token : undefined, isProven }
}

function checkQuirks ({ quirks, state }: FakeCore, { headers, params }: FakeRequest, { token, found }: { token: string, found: Issued }): void {
  const header = quirks.requiredHeaders?.find(name => headers[name] === undefined)
  if (header !== undefined) throw new Refusal(400, 'invalid_request', `the header ${header} is missing`)
  const secret = String(state.clients.get(found.authorization.clientId)?.clientSecret)
  if (quirks.appsecretProof === true && params.appsecret_proof !== createHmac('sha256', secret).update(token).digest('hex')) {
    throw new Refusal(400, 'invalid_request', 'appsecret_proof is missing or wrong')
  }
}

function challenge (scheme: string, error: string | undefined, scope: readonly string[]): string {
  const parts = ['realm="fake provider"', ...(error === undefined ? [] : [`error="${error}"`]), ...(scope.length === 0 ? [] : [`scope="${scope.join(' ')}"`])]
  return `${scheme === '' ? 'Bearer' : scheme} ${parts.join(', ')}`
}
