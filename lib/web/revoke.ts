// Dropping grants: here first, then at the provider; what the provider said is reported, not thrown.
import type { OAuthGrant, OAuthGrantRevocation, OAuthRevocation } from '../../types/grant.js'
import type { GrantKeeper, GrantSelector } from '../grants/keeper.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'

export async function revokeGrant (provider: Pick<Provider, 'revoke'>, keeper: GrantKeeper, selector: GrantSelector): Promise<OAuthRevocation> {
  const grant = await keeper.remove(selector)
  if (grant === null) return { removed: false, provider: 'unsupported' }
  try {
    return { removed: true, provider: await provider.revoke(grant) ? 'revoked' : 'unsupported' }
  } catch (error) {
    return { removed: true, provider: 'failed', error: error as Error }
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
