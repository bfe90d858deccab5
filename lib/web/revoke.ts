// Dropping a grant: here first, then at the provider; what the provider said is reported, not thrown.
import type { OAuthRevocation } from '../../types/grant.js'
import type { GrantKeeper, GrantSelector } from '../grants/keeper.js'
import type { Provider } from '../provider.js'

export async function revokeGrant (provider: Provider, keeper: GrantKeeper, selector: GrantSelector): Promise<OAuthRevocation> {
  const grant = await keeper.remove(selector)
  if (grant === null) return { removed: false, provider: 'unsupported' }
  try {
    return { removed: true, provider: await provider.revoke(grant) ? 'revoked' : 'unsupported' }
  } catch (error) {
    return { removed: true, provider: 'failed', error: error as Error }
  }
}
