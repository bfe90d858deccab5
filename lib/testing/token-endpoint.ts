// The token endpoint (RFC 6749 sections 4.1.3 and 6): codes with PKCE, refresh tokens that rotate.
import { createHash } from 'node:crypto'
import type { FakeClient, FakeRequest } from '../../types/testing.js'
import { authenticate } from './client-auth.js'
import { splitScope, standardParams } from './core.js'
import type { FakeCore } from './core.js'
import { verifyProof } from './dpop.js'
import { createIdToken } from './id-token.js'
import type { Authorization } from './state.js'
import { tokenAnswer } from './token-answer.js'
import type { TokenMembers } from './token-answer.js'
import { Refusal, bodyParams, missingOf } from './wire.js'
import type { WireAnswer } from './wire.js'

type Params = Readonly<Record<string, string>>

interface TokenRequest { client: FakeClient, params: Params, jkt: string | undefined }

export async function answerToken (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  return tokenAnswer(core, request, await membersFor(core, request))
}

async function membersFor (core: FakeCore, request: FakeRequest): Promise<TokenMembers> {
  const { quirks } = core
  const params = readParams(core, request)
  if (quirks.exchangeGrantType !== undefined && params.grant_type === quirks.exchangeGrantType) return exchangeToken(core, params)
  checkRequest(core, request, params)
  const client = await authenticate(core, request, params)
  const jkt = await verifyProof(core, request)
  if (core.dpop === 'required' && jkt === undefined) throw new Refusal(400, 'invalid_dpop_proof', 'a proof is required')
  if (params.grant_type === 'refresh_token') return refresh(core, { client, params, jkt })
  if ((params.grant_type ?? '') !== (quirks.grantType ?? 'authorization_code')) throw new Refusal(400, 'unsupported_grant_type', 'the grant_type is unknown')
  return exchangeCode(core, { client, params, jkt })
}

/** Parameters under their standard names, from where the provider looks for them. */
function readParams (core: FakeCore, { method, query, headers, body, path, params }: FakeRequest): Params {
  const { quirks } = core
  const isRefresh = path === quirks.refreshPath || standardParams(core, params).grant_type === 'refresh_token'
  const isExchange = quirks.exchangeGrantType !== undefined && params.grant_type === quirks.exchangeGrantType
  const takes = isExchange ? 'GET' : (isRefresh ? quirks.refreshMethod : undefined) ?? quirks.tokenMethod ?? 'POST'
  if (method !== takes) throw new Refusal(405, 'invalid_request', `${method} is not taken here`)
  const contentType = String(headers['content-type'])
  if (method === 'GET' || quirks.tokenParamsIn === 'query') return standardParams(core, query)
  if (!contentType.startsWith(quirks.tokenBody === 'json' ? 'application/json' : 'application/x-www-form-urlencoded')) throw new Refusal(415, 'invalid_request', 'the body is of another type')
  return standardParams(core, bodyParams(body, contentType))
}

function checkRequest ({ quirks }: FakeCore, { headers }: FakeRequest, params: Params): void {
  const invalid = (why: string) => new Refusal(400, 'invalid_request', why)
  const isRefresh = params.grant_type === 'refresh_token'
  const header = quirks.requiredHeaders?.find(name => headers[name] === undefined)
  const repeated = [...(quirks.tokenNeedsScope === true ? ['scope'] : []), ...(isRefresh ? quirks.refreshNeeds ?? [] : [])]
  const missing = missingOf(params, { ...quirks.requiredTokenParams, ...Object.fromEntries(repeated.map(name => [name, ''])) })
  const extra = quirks.refusedTokenParams?.find(name => params[name] !== undefined)
  if (header !== undefined) throw invalid(`the header ${header} is missing`)
  if (missing !== undefined) throw invalid(`${missing} is missing, or not what it must be`)
  if (extra !== undefined) throw invalid(`${extra} is not taken here`)
}

async function exchangeCode (core: FakeCore, { client, params, jkt }: TokenRequest): Promise<TokenMembers> {
  const { state, quirks } = core
  const authorization = state.take(params.code, 'code')?.authorization
  const fail = (why: string) => new Refusal(400, 'invalid_grant', why)
  if (authorization?.clientId !== client.clientId) throw fail('the code is unknown, used, old, or another client\'s')
  const needsRedirect = quirks.refusedTokenParams?.includes('redirect_uri') !== true
  if (needsRedirect && params.redirect_uri !== authorization.redirectUri) throw fail('the redirect_uri is another')
  // RFC 9449 section 10.
  if (authorization.params.dpop_jkt !== undefined && authorization.params.dpop_jkt !== jkt) throw fail('the code belongs to another key')
  if (quirks.pkce !== 'ignored' && !verifies(authorization.params, params.code_verifier)) throw fail('the code_verifier does not match')
  return issue(core, authorization, { jkt, idTokenAt: params.code })
}

async function refresh (core: FakeCore, { client, params, jkt }: TokenRequest): Promise<TokenMembers> {
  const { state, quirks } = core
  const isReusable = quirks.refreshTokens === 'reusable'
  const found = isReusable ? state.active(params.refresh_token, 'refresh') : state.take(params.refresh_token, 'refresh')
  const fail = (why: string) => new Refusal(400, 'invalid_grant', why)
  if (found?.authorization.clientId !== client.clientId) throw fail('the refresh token is unknown, used, ended, or another client\'s')
  // RFC 9449 section 5: a public client's refresh token belongs to its key.
  if (found.jkt !== undefined && found.jkt !== jkt) throw fail('the refresh token belongs to another key')
  const asked = params.scope === undefined ? found.authorization.scope : splitScope(core, params.scope)
  if (asked.some(name => !found.authorization.scope.includes(name))) throw new Refusal(400, 'invalid_scope', 'more than was granted')
  const members = await issue(core, found.authorization, { jkt, scope: asked })
  if (isReusable) delete members.refresh_token
  return members
}

// A token that is good for nothing but to be exchanged, as some providers give first.
async function exchangeToken (core: FakeCore, params: Params): Promise<TokenMembers> {
  const found = core.state.active(params.access_token, 'access')
  if (found?.raw !== true) throw new Refusal(400, 'invalid_grant', 'the token cannot be exchanged')
  found.raw = false
  return { access_token: params.access_token, token_type: 'bearer', expires_in: core.lifetimes.accessToken }
}

interface IssueOptions { jkt: string | undefined, scope?: readonly string[], idTokenAt?: string | undefined }

async function issue (core: FakeCore, authorization: Authorization, { jkt, scope = authorization.scope, idTokenAt }: IssueOptions): Promise<TokenMembers> {
  const { state, quirks, lifetimes, protocol, dpop } = core
  const accessToken = state.issue('access', { ...authorization, scope }, { lifetime: lifetimes.accessToken, jkt, raw: quirks.exchangeGrantType !== undefined })
  const isPublic = state.clients.get(authorization.clientId)?.clientSecret === undefined
  const keepsJkt = isPublic || dpop === 'required' ? jkt : undefined
  const refreshes = quirks.refreshTokens !== 'none' && missingOf(scopeAware(core, authorization), quirks.refreshTokenNeeds) === undefined
  return {
    access_token: accessToken,
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: lifetimes.accessToken,
    scope,
    ...(refreshes ? { refresh_token: state.issue('refresh', authorization, { lifetime: lifetimes.refreshToken, jkt: keepsJkt }) } : {}),
    ...(protocol === 'oidc' && scope.includes('openid') ? { id_token: await createIdToken(core, authorization, { accessToken, code: idTokenAt }) } : {}),
    ...(quirks.identityIn === undefined ? {} : { [quirks.identityIn]: authorization.user })
  }
}

// The parameters of the authorization request, with a needed scope as if it were alone.
function scopeAware ({ quirks }: FakeCore, { params, scope }: Authorization): Params {
  const needed = quirks.refreshTokenNeeds?.scope
  return needed !== undefined && scope.includes(needed) ? { ...params, scope: needed } : params
}

// RFC 7636 section 4.6.
function verifies ({ code_challenge: challenge, code_challenge_method: method }: Params, verifier: string | undefined): boolean {
  if (challenge === undefined) return verifier === undefined
  return challenge === (method === 'S256' ? createHash('sha256').update(String(verifier)).digest('base64url') : verifier)
}
