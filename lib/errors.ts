// Every failure of the plugin: its code, HTTP status and message. docs/reference/errors.md has a heading for each.
import createError from '@fastify/error'
import type { FastifyError } from '@fastify/error'
import type { OAuthChallenge } from '../types/client.js'
import type { OAuthTokenName } from '../types/grant.js'

const table = {
  // Programmer's mistakes
  FST_OAUTH_INVALID_OPTIONS: [500, 'Invalid options of fastify-oauth: %s'],
  FST_OAUTH_SESSION_REQUIRED: [500, 'fastify-oauth keeps the id of a grant\'s owner in a session, and this instance has none: register @fastify/session or @fastify/secure-session first, or give the option session.secret, or say who owns a grant with the option owner'],
  FST_OAUTH_OWNER_REQUIRED: [500, 'Nobody can own the grant: the option owner answered nothing and the request has no session. Register a session, or answer an owner on every route that uses request.oauth'],
  FST_OAUTH_SESSION_NOT_SAVED: [500, 'The session would be lost: its cookie is Secure, and the request came over plain http. In development set cookie.secure of the session to "auto" or false; behind a proxy that ends TLS set Fastify\'s trustProxy'],
  FST_OAUTH_BASE_URL_REQUIRED: [500, 'The option baseUrl is not set and the request did not come to a loopback address, so no callback URL can be built. Set baseUrl to the public origin, such as https://app.example.com'],
  FST_OAUTH_UNKNOWN_PROVIDER: [404, 'No provider is registered under the name %s%s'],
  FST_OAUTH_UNKNOWN_TENANT: [404, 'At %s there is no tenant %s'],
  FST_OAUTH_TENANT_FAILED: [500, 'The options of a tenant at %s are not known: the function in the option providers failed'],
  FST_OAUTH_NO_LOGINS: [404, 'There are no logins and no users\' grants at %s: its tokens are the application\'s own. Call app.oauth.client() without an owner'],
  FST_OAUTH_PROVIDER_EXISTS: [500, 'A provider is already registered under the name %s: unregister it first'],
  FST_OAUTH_PROVIDER_NOT_CHOSEN: [500, 'request.oauth is not bound to a provider on this route: declare one in config.oauth, or call request.oauth.use(name)'],
  FST_OAUTH_INVALID_CALL: [500, 'The call to %s cannot be made: %s'],
  FST_OAUTH_CANNOT_SIGN: [500, 'The request cannot be signed with OAuth 1.0a: %s'],
  FST_OAUTH_CLIENT_KEY_FAILED: [500, 'The client cannot sign for %s: the option clientKey failed (%s)'],
  FST_OAUTH_CLIENT_SECRET_EXPIRED: [500, 'The secret of the client at %s has expired (option clientSecretExpiresAt): give its new secret, or register the client anew'],
  FST_OAUTH_ORIGIN_NOT_ALLOWED: [500, 'The access token of %s is not sent to %s. Add that origin to the option apiOrigins if the API lives there'],
  FST_OAUTH_INSECURE_URL: [500, 'The request to %s was not made: plain http is allowed to loopback addresses only, unless the provider\'s option allowInsecureRequests is true'],
  FST_OAUTH_PROFILE_UNAVAILABLE: [500, 'The profile at %s is unknown: the provider gave no id_token and no userinfoUrl is set'],
  // A login that did not come through
  FST_OAUTH_CROSS_SITE: [403, 'The request for %s was started by another site'],
  FST_OAUTH_SITE_UNKNOWN: [403, 'The request for %s does not say which site it comes from: it has neither Sec-Fetch-Site nor Origin. Browsers send one of them; other clients send x-requested-with'],
  FST_OAUTH_ACCESS_DENIED: [403, 'Access was denied at %s (%s)'],
  FST_OAUTH_LOGIN_REQUIRED: [401, 'A login without questions is not possible at %s (%s): the user is not signed in there'],
  FST_OAUTH_CONSENT_REQUIRED: [401, 'A login without questions is not possible at %s (%s): the user has not yet allowed what is asked for'],
  FST_OAUTH_INTERACTION_REQUIRED: [401, 'A login without questions is not possible at %s (%s): the user has to do something there'],
  FST_OAUTH_AUTHORIZATION_FAILED: [502, '%s could not authorize the login (%s). %s'],
  FST_OAUTH_STATE_MISSING: [400, 'The callback of %s came without a state: it was not called by a provider at the end of a login, or the provider drops the state parameter'],
  FST_OAUTH_TOKEN_MISSING: [400, 'The callback of %s came without an oauth_token (%s): it was not called by a provider at the end of a login, or the provider leaves it out when access is denied'],
  FST_OAUTH_STATE_NO_COOKIE: [400, 'The callback of %s came from a browser that holds no login under way: it was started in another browser or under another host name (localhost is not 127.0.0.1), cookies are blocked, or it took so long that the cookie was dropped'],
  FST_OAUTH_STATE_OTHER_HOST: [400, 'The callback of %s came to the host %s, but logins belong to %s: a cookie is bound to its host, so open the application under baseUrl'],
  FST_OAUTH_STATE_MISMATCH: [400, 'The state, or oauth_token, in the callback of %s belongs to none of the logins under way in this browser: it is forged, finished, or was pushed out by newer logins'],
  FST_OAUTH_STATE_UNREADABLE: [400, 'The pending login of %s cannot be decrypted: the option secret differs between processes, was changed without keeping the old one, or is not set and the process was restarted'],
  FST_OAUTH_STATE_EXPIRED: [400, 'The login at %s took longer than the option loginTimeout allows'],
  FST_OAUTH_STATE_OTHER_PROVIDER: [400, 'The callback of %s carries the state of a login at another provider'],
  FST_OAUTH_STATE_OTHER_TENANT: [400, 'The request for %s belongs to another tenant than its login: a login ends at the tenant that it was started for'],
  FST_OAUTH_STATE_USED: [400, 'The callback of %s was already used: it was reloaded, or called twice'],
  FST_OAUTH_OWNER_CHANGED: [403, 'The login at %s was started by another user than the one who finishes it'],
  FST_OAUTH_METHOD_NOT_ALLOWED: [405, 'The callback of %s takes GET and POST alone'],
  FST_OAUTH_INVALID_CALLBACK: [400, 'The callback of %s is not a valid authorization response: %s'],
  FST_OAUTH_CODE_REFUSED: [400, 'The token endpoint of %s refused the authorization code (%s)'],
  FST_OAUTH_VERIFIER_REFUSED: [400, 'The access token endpoint of %s refused the login (%s)'],
  FST_OAUTH_ID_TOKEN_INVALID: [400, 'The id_token of %s is not valid: %s'],
  FST_OAUTH_INSUFFICIENT_SCOPE: [403, '%s granted less than is needed; missing: %s'],
  FST_OAUTH_INSUFFICIENT_AUTHENTICATION: [403, 'The user was authenticated at %s less strongly, or longer ago, than is needed: %s'],
  FST_OAUTH_OTHER_ACCOUNT: [403, 'The login at %s came back with another account than the one it was for; nothing was stored'],
  FST_OAUTH_LOGGED_OUT: [403, 'The login at %s was ended by a logout at the provider before it came through'],
  FST_OAUTH_NOT_SIGNED_IN: [401, 'An account at %s can be linked to a signed-in owner alone, and this request has none'],
  FST_OAUTH_DEVICE_CODE_EXPIRED: [400, 'The login at %s was not finished before its code expired'],
  // A logout by the provider
  FST_OAUTH_LOGOUT_TOKEN_INVALID: [400, 'The logout token of %s is not valid: %s'],
  FST_OAUTH_LOGOUT_BUSY: [503, 'Too many logouts by %s are under way'],
  // A provider's fault
  FST_OAUTH_DISCOVERY_FAILED: [503, 'The metadata of %s cannot be used: %s'],
  FST_OAUTH_PKCE_UNSUPPORTED: [503, '%s does not offer PKCE with S256 (its metadata lists %s). If it knows no other than plain, declare quirks.pkce "plain"; if it works without PKCE, "unsupported"'],
  FST_OAUTH_PROFILE_BROKEN: [503, 'The metadata of %s breaks the profile FAPI 2.0: %s'],
  FST_OAUTH_TOKEN_NOT_BOUND: [502, '%s answered a proof of possession (DPoP) with a token of type %s, which whoever finds it can use. If that is to be accepted, set the option dpop to "optional"'],
  FST_OAUTH_CALLBACK_UNCONFIRMED: [502, '%s did not confirm the callback URL (oauth_callback_confirmed), so a login could be taken over by another user. If the provider speaks OAuth Core 1.0 alone, declare quirks.oauth1Revision "1.0"'],
  FST_OAUTH_TOKEN_REFUSED: [502, 'The %s of %s answered with an error (%s)'],
  FST_OAUTH_INVALID_PROVIDER_ANSWER: [502, 'The %s of %s gave an answer that cannot be used: %s'],
  FST_OAUTH_PROVIDER_REDIRECT: [502, '%s answered with a redirect (status %s), which is not followed'],
  FST_OAUTH_ADDRESS_REFUSED: [502, 'Nothing was sent to %s: its address is private, loopback, link-local or reserved, and the option untrustedAddresses allows none of these. Name it in allowedAddresses if it is meant'],
  FST_OAUTH_PROVIDER_UNREACHABLE: [503, '%s cannot be reached (%s)'],
  FST_OAUTH_PROVIDER_UNAVAILABLE: [503, '%s is not available (status %s)'],
  FST_OAUTH_PROVIDER_RESTING: [503, '%s kept failing, or asked for a pause, and is left alone for a moment'],
  FST_OAUTH_PROVIDER_TIMEOUT: [504, '%s did not answer within %s ms'],
  FST_OAUTH_ANSWER_TOO_LARGE: [502, '%s answered with more than %s bytes'],
  FST_OAUTH_USERINFO_MISMATCH: [502, 'The userinfo of %s belongs to another subject than the grant'],
  // Signed calls
  FST_OAUTH_GRANT_REQUIRED: [401, 'Nothing was granted at %s yet: a login is needed'],
  FST_OAUTH_API_ERROR: [502, 'The API of %s answered with status %s'],
  FST_OAUTH_API_PROBLEM: [502, 'The API of %s refused the signed call (oauth_problem %s)'],
  FST_OAUTH_API_INSUFFICIENT_SCOPE: [403, 'The API of %s needs more scopes than were granted: %s'],
  FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION: [403, 'The API of %s needs a stronger or newer authentication of the user: %s'],
  FST_OAUTH_API_UNREACHABLE: [502, 'The API of %s cannot be reached (%s)'],
  FST_OAUTH_API_TIMEOUT: [504, 'The API of %s did not answer within %s ms'],
  // The store
  FST_OAUTH_STORE_FAILED: [503, 'The grant store failed to %s'],
  FST_OAUTH_GRANT_BUSY: [503, 'The grant at %s is being changed by others; try again'],
  // fastify-oauth/testing
  FST_OAUTH_TESTING_LOGIN_FAILED: [500, 'The login at %s was not driven to its end: %s'],
  FST_OAUTH_TESTING_UNKNOWN_FAULT: [500, 'A fake provider has no fault %s; it has %s'],
  FST_OAUTH_TESTING_FOREIGN_ORIGIN: [500, 'The dispatcher of a fake provider serves %s and makes no request to %s']
} as const satisfies Record<string, readonly [number, string]>

/** A code of this plugin's errors. */
export type OAuthErrorCode = keyof typeof table

/** What an error of this plugin may carry besides code, statusCode, message and cause. */
export interface OAuthErrorDetails {
  /** The OAuth error code that the provider answered (RFC 6749 sections 4.1.2.1 and 5.2); of OAuth 1.0a the oauth_problem. */
  providerError?: string
  /** Seconds after which another try makes sense. */
  retryAfter?: number
  /** Whether the provider named retryAfter itself. */
  retryDemanded?: boolean
  /** Whether what was sent, such as a refresh token, is as good as before: nothing reached the provider, or it answered an error. */
  unspent?: boolean
  /** Where the login would have ended. */
  returnTo?: string
  /** What the API asked for; `request.oauth.challenge(reply, error)` asks the user for it. */
  challenge?: OAuthChallenge
  /** Which tokens a revocation endpoint did not revoke. */
  notRevoked?: readonly OAuthTokenName[]
  /** The API's answer, with the first 64 KiB of its body. Not enumerable, so that no logger prints it. */
  response?: { statusCode: number, headers: Record<string, string | string[] | undefined>, body: string }
}

/** An error of this plugin. */
export type OAuthError = FastifyError & OAuthErrorDetails & { code: OAuthErrorCode, statusCode: number }

type ErrorConstructors = { readonly [code in OAuthErrorCode]: new (...args: unknown[]) => OAuthError }

/** The class of every error, by its code: `error instanceof errorCodes.FST_OAUTH_ACCESS_DENIED`. */
export const errorCodes = Object.freeze(Object.fromEntries(
  Object.entries(table).map(([code, [status, message]]) => [code, createError(code, message, status)])
)) as unknown as ErrorConstructors

/** Makes the error of a code. The cause is stripped of everything but its name, code, message and stack. */
export function oauthError (code: OAuthErrorCode, args: Array<string | number> = [], cause?: unknown, details: OAuthErrorDetails = {}): OAuthError {
  const error = new errorCodes[code](...args)
  const { response, ...rest } = details
  if (response !== undefined) hide(error, 'response', response)
  if (cause !== undefined) hide(error, 'cause', withoutPayload(cause))
  // Fastify's own error handler sends these.
  if (details.retryAfter !== undefined) hide(error, 'headers', { 'retry-after': String(details.retryAfter) })
  return Object.assign(error, rest)
}

/** Whether an error is one of this plugin's. */
export function isOAuthError (error: unknown): error is OAuthError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(table, error.code)
}

// Libraries hang responses, bodies and parameters on their errors: tokens and codes among them.
/** A copy of an error that keeps its name, code, message and stack, and nothing else. */
export function withoutPayload (cause: unknown): Error {
  if (isOAuthError(cause)) return cause
  // A parser's message quotes what it could not read.
  if (!(cause instanceof Error) || cause instanceof SyntaxError) return new Error('its message may hold secrets')
  const bare = new Error(cause.message)
  bare.name = cause.name
  bare.stack = cause.stack ?? cause.message
  if ('code' in cause && typeof cause.code === 'string') Object.assign(bare, { code: cause.code })
  return bare
}

function hide (error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, enumerable: false, writable: true, configurable: true })
}

/** Cuts a text that a provider sent down to what may stand in a message: printable, short, free of the given secrets. */
export function quote (text: unknown, secrets: ReadonlyArray<string | undefined> = []): string {
  if (typeof text !== 'string' || text === '') return 'no description'
  let clean = text
  for (const secret of secrets) {
    if (secret === undefined || secret.length < 4) continue
    // As it is, and as it was sent: some servers repeat the request's body.
    for (const form of [secret, new URLSearchParams([['', secret]]).toString().slice(1)]) clean = clean.replaceAll(form, '[secret]')
  }
  // Assertions, signed secrets and tokens are made for one request each: no list holds them.
  clean = clean.slice(0, 4_000).replace(/eyJ[\w-]{8,}(?:\.[\w-]*)*/g, '[secret]')
  const cut = clean.length > 200 ? `${clean.slice(0, 200)}...` : clean
  return cut.replace(/[^\x20-\x7e]/g, ' ')
}
