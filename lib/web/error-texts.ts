// What a user is told when a login fails. The developer's hint, which names causes, is in the error's message and the log.
import type { OAuthError, OAuthErrorCode } from '../errors.js'

const texts: Partial<Record<OAuthErrorCode, string>> = {
  FST_OAUTH_ACCESS_DENIED: 'You did not allow access, or it was refused. Nothing has changed.',
  FST_OAUTH_LOGIN_REQUIRED: 'You are not signed in at the provider.',
  FST_OAUTH_CONSENT_REQUIRED: 'The provider has to ask you before it allows access.',
  FST_OAUTH_INTERACTION_REQUIRED: 'The provider has to ask you something first.',
  FST_OAUTH_CROSS_SITE: 'This was started by another website. If you want to go on, start again from here.',
  FST_OAUTH_STATE_MISSING: 'This address belongs to the end of a login and cannot be opened by itself.',
  FST_OAUTH_TOKEN_MISSING: 'This address belongs to the end of a login and cannot be opened by itself. If you refused access, nothing has changed.',
  FST_OAUTH_METHOD_NOT_ALLOWED: 'This address belongs to the end of a login and cannot be used in this way.',
  FST_OAUTH_STATE_NO_COOKIE: 'This browser has no such login under way. It was finished already, took too long, was started in another browser, or cookies are blocked.',
  FST_OAUTH_STATE_OTHER_HOST: 'The login ended at another address than it started from. Start again from the address you usually use.',
  FST_OAUTH_STATE_MISMATCH: 'This login is not one that this browser has under way.',
  FST_OAUTH_STATE_UNREADABLE: 'This login cannot be continued.',
  FST_OAUTH_STATE_EXPIRED: 'This login took too long.',
  FST_OAUTH_DEVICE_CODE_EXPIRED: 'This login took too long.',
  FST_OAUTH_STATE_OTHER_PROVIDER: 'This login was started at another provider.',
  FST_OAUTH_STATE_OTHER_TENANT: 'This login was started for another organisation. Start again from here.',
  FST_OAUTH_STATE_USED: 'This login was already finished. There is nothing left to do here.',
  FST_OAUTH_OWNER_CHANGED: 'You are signed in as somebody else than when this login was started.',
  FST_OAUTH_GRANT_REQUIRED: 'This needs your login.',
  FST_OAUTH_INSUFFICIENT_SCOPE: 'This needs more access than you have allowed.',
  FST_OAUTH_INSUFFICIENT_AUTHENTICATION: 'The provider did not confirm your identity as strongly, or as lately, as this page needs.',
  FST_OAUTH_OTHER_ACCOUNT: 'You came back with another account than the one this was for. Nothing has changed.',
  FST_OAUTH_LOGGED_OUT: 'You have been logged out at the provider meanwhile.',
  FST_OAUTH_NOT_SIGNED_IN: 'You are no longer signed in. Sign in first.',
  FST_OAUTH_API_INSUFFICIENT_SCOPE: 'The provider allows less than this page needs, and would not allow more.',
  FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION: 'The provider wants your identity confirmed in a way that it does not offer here.',
  FST_OAUTH_UNKNOWN_PROVIDER: 'There is no such provider.',
  FST_OAUTH_UNKNOWN_TENANT: 'There is no such organisation here.',
  FST_OAUTH_NO_LOGINS: 'Nobody logs in at this provider.',
  FST_OAUTH_PROVIDER_UNREACHABLE: 'The provider cannot be reached. Try again in a moment.',
  FST_OAUTH_PROVIDER_UNAVAILABLE: 'The provider is not available. Try again in a moment.',
  FST_OAUTH_PROVIDER_TIMEOUT: 'The provider did not answer in time. Try again in a moment.'
}

/** A sentence or two for the user: fixed for each code, so that nothing of the request or the provider is repeated. */
export function publicText ({ code, statusCode }: Pick<OAuthError, 'code' | 'statusCode'>): string {
  if (texts[code] !== undefined) return texts[code]
  return statusCode < 500 ? 'The login could not be completed.' : 'The login could not be completed, through no fault of yours. Try again in a moment.'
}
