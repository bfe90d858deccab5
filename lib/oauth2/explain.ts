// The engine's errors as this plugin's: which side is at fault, and what it said, without what was secret in it.
import { AuthorizationResponseError, JWT_TIMESTAMP_CHECK, OperationProcessingError, RESPONSE_IS_NOT_CONFORM, ResponseBodyError } from 'oauth4webapi'
import { isOAuthError, oauthError, quote } from '../errors.js'
import type { OAuthErrorCode } from '../errors.js'
import { textOf } from '../http/read-answer.js'
import { failureIn, reasonOf } from '../http/reason.js'

export interface FailedStep {
  provider: string
  /** What answered, in words: `token endpoint`. */
  endpoint: string
  /** The authorization code is at stake. */
  exchange?: boolean
  /** JWTs in the answer are not id_tokens. */
  noIdToken?: boolean
  /** What must not be repeated in a message. */
  secrets: Array<string | undefined>
}

const aboutIdTokens = /JW[TSE]|id[_ ]token/i

/** Answers the error to throw. */
export function explainEngineError (error: unknown, { provider, endpoint, exchange, noIdToken = false, secrets }: FailedStep): Error {
  if (isOAuthError(error)) return error
  const message = (error as Error).message
  if (error instanceof ResponseBodyError) {
    const code = quote(error.error, secrets)
    const text = error.error_description ? `${code}: ${quote(error.error_description, secrets)}` : code
    if (exchange && error.error === 'invalid_grant') return oauthError('FST_OAUTH_CODE_REFUSED', [provider, text], error, { providerError: code })
    return oauthError('FST_OAUTH_TOKEN_REFUSED', [endpoint, provider, text], error, { providerError: code })
  }
  if (!noIdToken && error instanceof OperationProcessingError && error.code === JWT_TIMESTAMP_CHECK) {
    return oauthError('FST_OAUTH_ID_TOKEN_INVALID', [provider, `${message}: it is old, or the clocks of this machine and of the provider differ`], error)
  }
  if (!noIdToken && aboutIdTokens.test(message)) return oauthError('FST_OAUTH_ID_TOKEN_INVALID', [provider, message], error)
  if (error instanceof OperationProcessingError && error.code === RESPONSE_IS_NOT_CONFORM) {
    const { status } = error.cause as Response
    const reason = reasonOf({ text: textOf(error.cause as Response), headers: {} })
    return oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [endpoint, provider, withReason(`status ${status}`, reason, secrets)], error, { unspent: status >= 400 })
  }
  const reason = failureIn(Object((error as Error).cause).body)
  return oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', [endpoint, provider, withReason(message, reason, secrets)], error)
}

function withReason (why: string, reason: string | undefined, secrets: FailedStep['secrets']): string {
  return reason === undefined ? why : `${why}: ${quote(reason, secrets)}`
}

// What a login without questions ends with where it cannot do without (OpenID Connect Core 1.0 section 3.1.2.6).
const asking: Record<string, OAuthErrorCode> = {
  login_required: 'FST_OAUTH_LOGIN_REQUIRED',
  consent_required: 'FST_OAUTH_CONSENT_REQUIRED',
  interaction_required: 'FST_OAUTH_INTERACTION_REQUIRED',
  account_selection_required: 'FST_OAUTH_INTERACTION_REQUIRED'
}

// RFC 6749 section 4.1.2.1; the last two are LinkedIn's.
const denials: ReadonlySet<string> = new Set(['access_denied', 'user_cancelled_login', 'user_cancelled_authorize'])

/** The error of an authorization response that the engine refused. */
export function explainCallbackError (error: unknown, provider: string): Error {
  if (!(error instanceof AuthorizationResponseError)) return oauthError('FST_OAUTH_INVALID_CALLBACK', [provider, (error as Error).message], error)
  const secrets = ['code', 'state'].map(name => error.cause.get(name) ?? undefined)
  const providerError = quote(error.error, secrets)
  if (Object.hasOwn(asking, error.error)) return oauthError(asking[error.error] as OAuthErrorCode, [provider, providerError], undefined, { providerError })
  return denials.has(error.error)
    ? oauthError('FST_OAUTH_ACCESS_DENIED', [provider, providerError], undefined, { providerError })
    : oauthError('FST_OAUTH_AUTHORIZATION_FAILED', [provider, providerError, quote(error.error_description, secrets)], undefined, { providerError })
}
