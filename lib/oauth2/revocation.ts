// Revocation of a grant's tokens at the provider (RFC 7009).
import { processRevocationResponse, revocationRequest } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthGrant, OAuthTokenName } from '../../types/grant.js'
import type { OAuthTokenAnswerQuirks } from '../../types/wire-quirks.js'
import type { OAuthError } from '../errors.js'
import type { ClientEndpoint } from './client-endpoint.js'
import { readRevocation } from './token-answer.js'

const goneWithIt: ReadonlySet<unknown> = new Set(['invalid_token', 'unsupported_token_type'])

/** Revokes both tokens, the second also where the first fails. Throws FST_OAUTH_TOKEN_REFUSED and the transport's errors, with `notRevoked`. */
export async function revokeTokens (endpoint: ClientEndpoint, server: AuthorizationServer, { refreshToken, accessToken }: OAuthGrant, shape: OAuthTokenAnswerQuirks | undefined): Promise<void> {
  let failure: OAuthError | undefined
  const notRevoked: OAuthTokenName[] = []
  const revoke = (token: string, hint: OAuthTokenName) => revokeToken(endpoint, server, { token, hint, shape }).catch(error => {
    failure ??= error
    notRevoked.push(hint)
  })
  if (refreshToken !== undefined) await revoke(refreshToken, 'refresh_token')
  const isRevoked = refreshToken !== undefined && failure === undefined
  await revoke(accessToken, 'access_token')
  // Some servers refuse an access token that went with its refresh token, or that they cannot revoke (section 2.2.1).
  if (failure !== undefined && !(isRevoked && goneWithIt.has(failure.providerError))) throw Object.assign(failure, { notRevoked })
}

async function revokeToken (endpoint: ClientEndpoint, server: AuthorizationServer, { token, hint, shape }: { token: string, hint: OAuthTokenName, shape: OAuthTokenAnswerQuirks | undefined }): Promise<void> {
  await endpoint.explained({ endpoint: 'revocation endpoint', secrets: [token] }, async () => {
    const response = await revocationRequest(server, endpoint.client, endpoint.auth(server), token, {
      ...endpoint.posting(answer => readRevocation(answer, shape)),
      additionalParameters: { token_type_hint: hint }
    })
    await processRevocationResponse(response)
  })
}
