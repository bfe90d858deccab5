// What a token for a service is asked for with: client credentials (RFC 6749 section 4.4.2) and exchanges (RFC 8693 section 2).
import { oauthError, quote } from '../errors.js'

/** What a token is for. */
export interface TokenTarget {
  audience: readonly string[]
  /** RFC 8707. */
  resource: readonly string[]
  scope: readonly string[]
}

/** What a token is exchanged for. */
export interface TokenExchange extends TokenTarget {
  /** The access token that is given. */
  subjectToken: string
  requestedTokenType: string | undefined
}

const tokenTypes = 'urn:ietf:params:oauth:token-type:'
const accessTokenType = `${tokenTypes}access_token`

export function targetForm ({ audience, resource, scope }: TokenTarget, { params = {}, scopeDelimiter }: { params?: Record<string, string> | undefined, scopeDelimiter: string }): URLSearchParams {
  const named = [
    ...audience.map(value => ['audience', value]),
    ...resource.map(value => ['resource', value]),
    ...(scope.length === 0 ? [] : [['scope', scope.join(scopeDelimiter)]])
  ] as Array<[string, string]>
  const more = Object.entries(params).filter(([name]) => !named.some(([taken]) => taken === name))
  return new URLSearchParams([...more, ...named])
}

export function exchangeForm ({ subjectToken, requestedTokenType, ...target }: TokenExchange, scopeDelimiter: string): URLSearchParams {
  const form = targetForm(target, { scopeDelimiter })
  form.set('subject_token', subjectToken)
  form.set('subject_token_type', accessTokenType)
  if (requestedTokenType !== undefined) form.set('requested_token_type', requestedTokenType)
  return form
}

/** RFC 8693 section 2.2.1: a refresh token, say, must not be sent to an API. Servers that name no type issue access tokens. */
export function checkIssuedType (answer: { access_token: string, issued_token_type?: unknown }, { subjectToken, requestedTokenType }: TokenExchange, provider: string): void {
  const { issued_token_type: issued, access_token: token } = answer
  const usable = [undefined, requestedTokenType, accessTokenType, `${tokenTypes}jwt`]
  if (usable.includes(issued as string | undefined)) return
  throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', provider, `it issued a token of the type ${quote(issued, [subjectToken, token])}`])
}
