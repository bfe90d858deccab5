// The error of a signed call whose answer says why it was refused: a missing scope, too weak an authentication, an oauth_problem.
import type { OAuthChallenge, OAuthResponse } from '../../types/client.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import { oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import { bearerChallengeOf } from './challenge-header.js'
import { problemOf } from './problem.js'
import { missingScopeIn, missingScopeInText, watchJson } from './scope-in-body.js'

/** What is known of the provider whose API has answered. */
export interface ApiOf {
  provider: string
  insufficientScope?: OAuthQuirks['insufficientScope'] | undefined
}

type Refusal = Pick<OAuthResponse, 'statusCode' | 'headers'>

const bodyAtMost = 64 * 1024

/** Whether an answer is an error unless the caller wants every status: what it says is in no status. */
export function isRefusal (api: ApiOf, response: Refusal): boolean {
  return challengeOf(api, response) !== undefined || (response.statusCode === 401 && problemOf(response.headers) !== undefined)
}

/** Reads the answer's body, up to 64 KiB, and makes an error of it. */
export async function apiErrorOf (api: ApiOf, response: OAuthResponse): Promise<OAuthError> {
  const { provider } = api
  const { statusCode, headers } = response
  const body = await readBody(response)
  const details = { response: { statusCode, headers, body } }
  const challenge = challengeOf(api, response, body)
  if (challenge !== undefined) return challengeError(challenge, details)
  const problem = statusCode === 401 ? problemOf(headers, body) : undefined
  return problem === undefined
    ? oauthError('FST_OAUTH_API_ERROR', [provider, statusCode], undefined, details)
    : oauthError('FST_OAUTH_API_PROBLEM', [provider, problem], undefined, { ...details, providerError: problem })
}

/** Lets the reading of an answer fail where its JSON says that a scope is missing. */
export function watchScope ({ provider, insufficientScope }: ApiOf, response: OAuthResponse): void {
  const { status, error, body: inBody } = insufficientScope ?? {}
  const { statusCode, headers } = response
  if (inBody === undefined || error !== undefined || (status !== undefined && status !== statusCode)) return
  watchJson(response, json => {
    const scope = missingScopeIn(json, inBody)
    if (scope === undefined) return undefined
    const body = JSON.stringify(json).slice(0, bodyAtMost)
    return challengeError({ provider, error: 'insufficient_scope', scope, acr: [], maxAge: undefined }, { response: { statusCode, headers, body } })
  })
}

function challengeError (challenge: OAuthChallenge, details: Pick<OAuthError, 'response'>): OAuthError {
  const { provider, error, scope, acr, maxAge } = challenge
  const [code, what] = error === 'insufficient_scope'
    ? ['FST_OAUTH_API_INSUFFICIENT_SCOPE', scope.join(' ')] as const
    : ['FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION', [...acr, ...(maxAge === undefined ? [] : [`max_age ${maxAge}`])].join(' ')] as const
  return oauthError(code, [provider, what === '' ? 'it does not say which' : what], undefined, { ...details, providerError: error, challenge })
}

function challengeOf ({ provider, insufficientScope }: ApiOf, { statusCode, headers }: Refusal, body?: string): OAuthChallenge | undefined {
  const { error, scope = [], acr = [], maxAge } = bearerChallengeOf(headers['www-authenticate']) ?? {}
  const asked = { provider, scope, acr, maxAge }
  if (statusCode === 403 && error === 'insufficient_scope') return { ...asked, error }
  if ((statusCode === 401 || statusCode === 403) && error === 'insufficient_user_authentication') return { ...asked, error }
  if (insufficientScope === undefined || statusCode !== (insufficientScope.status ?? statusCode)) return undefined
  if (insufficientScope.error !== undefined && error !== insufficientScope.error) return undefined
  const { bodyContains, body: inBody } = insufficientScope
  if (bodyContains !== undefined && body?.includes(bodyContains) !== true) return undefined
  if (inBody === undefined) return { ...asked, error: 'insufficient_scope' }
  const named = missingScopeInText(body ?? '', inBody)
  return named === undefined ? undefined : { ...asked, scope: [...new Set([...scope, ...named])], error: 'insufficient_scope' }
}

async function readBody ({ body }: OAuthResponse): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > bodyAtMost) break
  }
  // As a stream: a character that the cap cuts is left out.
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, bodyAtMost), { stream: true })
}
