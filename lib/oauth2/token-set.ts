// A token answer as what a grant is made of. Its id_token is not verified here.
import { getValidatedIdTokenClaims } from 'oauth4webapi'
import type { OAuthAuthorizationDetail } from '../../types/authorization-request.js'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { oauthError } from '../errors.js'
import type { TokenAnswer } from './token-endpoint.js'

export interface TokenSetReading {
  provider: string
  clock: () => number
  dpop: OAuthProviderOptions['dpop']
  /** What the request proved. */
  key: OAuthDpopKey | undefined
}

/** Throws FST_OAUTH_TOKEN_NOT_BOUND where a proof was answered with a bearer token, and FST_OAUTH_INVALID_PROVIDER_ANSWER where it is the other way round. */
export function tokenSetOf ({ body }: TokenAnswer, { provider, clock, dpop, key }: TokenSetReading): OAuthTokenSet {
  const { access_token: accessToken, token_type: tokenType, refresh_token: refreshToken, id_token: idToken, scope, expires_in: expiresIn, authorization_details: details, ...raw } = body
  const bound = tokenType === 'dpop'
  if (bound && key === undefined) throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', provider, 'its token is bound to a key (DPoP), and none was proven'])
  // RFC 9449 section 5: the client decides whether that is good enough.
  if (!bound && dpop === true) throw oauthError('FST_OAUTH_TOKEN_NOT_BOUND', [provider, tokenType])
  return {
    tokenType,
    accessToken,
    ...(bound ? { dpopKey: key } : {}),
    refreshToken,
    idToken,
    scope: scope?.split(' '),
    expiresAt: expiresIn === undefined ? undefined : clock() + expiresIn * 1_000,
    ...(isDetails(details) ? { authorizationDetails: details } : {}),
    claims: getValidatedIdTokenClaims(body),
    raw
  }
}

// RFC 9396 section 7: what was granted, which may be less than was asked for, or more in detail.
function isDetails (value: unknown): value is OAuthAuthorizationDetail[] {
  return Array.isArray(value) && value.every(one => typeof one === 'object' && one !== null && typeof one.type === 'string')
}

/** A refreshed id_token must be of the same issuer and subject (OpenID Connect Core 1.0 section 12.2). Throws FST_OAUTH_ID_TOKEN_INVALID. */
export function checkSameUser ({ claims }: OAuthTokenSet, { grant, provider }: { grant: OAuthGrant, provider: string }): void {
  const { claims: { iss, sub = grant.subject } = {} } = grant
  if (claims !== undefined && sub !== undefined && claims.sub !== sub) throw oauthError('FST_OAUTH_ID_TOKEN_INVALID', [provider, 'the refreshed one has another subject'])
  if (claims !== undefined && iss !== undefined && claims.iss !== iss) throw oauthError('FST_OAUTH_ID_TOKEN_INVALID', [provider, 'the refreshed one has another issuer'])
}
