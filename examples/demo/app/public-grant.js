// A grant as the page may know it: chosen member by member, so that no token can slip through.

export function publicGrant (grant) {
  return {
    provider: grant.provider,
    account: grant.account,
    tokenType: grant.tokenType,
    scope: grant.scope,
    expiresAt: grant.expiresAt ?? null,
    updatedAt: grant.updatedAt,
    authorizedAt: grant.authorizedAt,
    version: grant.version,
    hasRefreshToken: grant.refreshToken !== undefined
  }
}

/** The grant of a provider, or of the last login; as it is stored, since looking at it should not refresh it. */
export async function peekGrant (request, provider) {
  const grants = await request.oauth.grants()
  const latestFirst = grants.sort((a, b) => b.authorizedAt - a.authorizedAt)
  return latestFirst.find((grant) => grant.provider === provider) ?? (provider === undefined ? latestFirst[0] : undefined)
}
