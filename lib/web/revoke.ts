// Dropping grants: here first, then at the provider; what the provider said is reported, not thrown.
import type { OAuthGrant, OAuthGrantRevocation, OAuthRevocation, OAuthTokenName } from '../../types/grant.js'
import { isOAuthError } from '../errors.js'
import type { GrantKeeper, GrantSelector } from '../grants/keeper.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'

type Revoker = Pick<Provider, 'revoke'>

export async function revokeGrant (provider: Revoker, keeper: GrantKeeper, selector: GrantSelector): Promise<OAuthRevocation> {
  const grant = await keeper.remove(selector)
  return grant === null ? { removed: false, provider: 'unsupported' } : { removed: true, ...await revokeTokens(provider, grant) }
}

/** Both tokens of a grant that is gone here. */
export async function revokeTokens (provider: Revoker, grant: OAuthGrant): Promise<Omit<OAuthRevocation, 'removed'>> {
  try {
    return { provider: await provider.revoke(grant) ? 'revoked' : 'unsupported' }
  } catch (error) {
    const both: OAuthTokenName[] = grant.refreshToken === undefined ? ['access_token'] : ['refresh_token', 'access_token']
    const notRevoked = isOAuthError(error) ? error.notRevoked : undefined
    return { provider: 'failed', notRevoked: notRevoked ?? both, error: error as Error }
  }
}

/** Every grant of an owner, also at providers that are not registered any more; each on its own. */
export async function revokeGrants ({ keeper, registry }: OAuthContext, owner: string): Promise<OAuthGrantRevocation[]> {
  const keys = await keeper.keys(owner)
  return Promise.all(keys.map(async ({ provider, account }) => {
    const atProvider = { revoke: async (grant: OAuthGrant) => registry.get(provider).revoke(grant) }
    const failed = (error: Error): OAuthRevocation => ({ removed: false, provider: 'failed', error })
    return { grant: { provider, account }, ...await revokeGrant(atProvider, keeper, { owner, provider, account }).catch(failed) }
  }))
}
