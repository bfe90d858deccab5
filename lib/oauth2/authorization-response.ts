// The authorization response (RFC 6749 section 4.1.2): state, iss (RFC 9207), error, code; and as a signed JWT (JARM).
import { decodeJwt } from 'jose'
import * as engine from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { oauthError } from '../errors.js'
import type { ProviderKeys } from '../oidc/keys.js'
import { isOfTenant } from '../oidc/tenant-issuer.js'
import { explainCallbackError } from './explain.js'

export interface AuthorizationResponse {
  provider: string
  options: OAuthProviderOptions
  server: engine.AuthorizationServer
  client: engine.Client
  callback: URLSearchParams
  /** What it is checked against; `jarm` where it must be signed. */
  secrets: { state: string, jarm?: boolean }
  keys: ProviderKeys
}

// What a response holds besides one that is a JWT, where it is such a one, would contradict it.
const inside = ['code', 'error', 'iss']

/** The parameters of a response, those of a JWT as it has them, unverified. Throws FST_OAUTH_INVALID_CALLBACK. */
export function parametersOf (callback: URLSearchParams, provider: string): URLSearchParams {
  const [response, ...more] = callback.getAll('response')
  if (response === undefined) return callback
  if (more.length > 0) throw oauthError('FST_OAUTH_INVALID_CALLBACK', [provider, 'it has more than one response'])
  const claims = claimsOf(response)
  return new URLSearchParams(Object.entries(claims).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** Answers what may be exchanged: the engine marks it as checked. Throws FST_OAUTH_INVALID_CALLBACK, FST_OAUTH_ACCESS_DENIED and their like. */
export async function checkResponse (response: AuthorizationResponse): Promise<URLSearchParams> {
  const { provider, secrets: { jarm = false } } = response
  try {
    const checked = await (jarm ? checkSigned : checkPlain)(response)
    if (checked.getAll('code').length !== 1 || checked.get('code') === '') throw new TypeError('it holds no code, or more than one')
    return checked
  } catch (error) {
    throw explainCallbackError(error, provider)
  }
}

// Of a server whose response was to be signed, an unsigned one may be anybody's.
async function checkSigned ({ server, client, callback, secrets, keys }: AuthorizationResponse): Promise<URLSearchParams> {
  if (!callback.has('response')) throw new TypeError('it is not signed, and response_mode asks for that')
  if (inside.some(name => callback.has(name))) throw new TypeError('it holds parameters beside the signed ones')
  return keys.check(server, (keyed, options) => engine.validateJwtAuthResponse(keyed, client, callback, secrets.state, options))
}

async function checkPlain ({ options: { issuer, quirks = {} }, server, client, callback, secrets }: AuthorizationResponse): Promise<URLSearchParams> {
  const { tenantIssuer } = quirks
  const [iss, ...more] = callback.getAll('iss')
  // Some providers send iss (RFC 9207) without metadata to compare it with, and the user has named no issuer either.
  const isTold = more.length > 0 || iss === undefined || (tenantIssuer === undefined ? issuer !== undefined : server.issuer !== tenantIssuer || !isOfTenant(tenantIssuer, iss))
  if (isTold) return engine.validateAuthResponse(server, client, callback, secrets.state)
  const params = new URLSearchParams(callback)
  params.delete('iss')
  return engine.validateAuthResponse({ ...server, authorization_response_iss_parameter_supported: false }, client, params, secrets.state)
}

function claimsOf (jwt: string): Record<string, unknown> {
  try {
    return decodeJwt(jwt)
  } catch {
    return {}
  }
}
