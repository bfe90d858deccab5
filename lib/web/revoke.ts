// Dropping grants: here first, then at the provider; what the provider said is reported, not thrown.
import type { OAuthGrantRevocation, OAuthRevocation } from '../../types/grant.js'
import type { GrantKeeper, GrantSelector } from '../grants/keeper.js'
import type { Provider } from '../provider.js'
import type { ProviderRegistry } from '../registry.js'
import { placeIn } from '../place.js'
import type { Place } from '../place.js'
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

/** A provider that is looked for when the grant is gone: it may be gone itself. */
export function providerLater (registry: ProviderRegistry, { provider, tenant }: Place): Pick<Provider, 'revoke'> {
  return { revoke: async grant => (await registry.at(provider, { request: undefined, tenant })).revoke(grant) }
}

/** Every grant of an owner, also at providers that are not registered any more; each on its own. */
export async function revokeGrants ({ keeper, registry }: OAuthContext, owner: string): Promise<OAuthGrantRevocation[]> {
  const keys = await keeper.keys(owner)
  return Promise.all(keys.map(async ({ provider: place, account }) => {
    const { provider, tenant } = placeIn(place)
    const failed = (error: Error): OAuthRevocation => ({ removed: false, provider: 'failed', error })
    const grant = { provider, account, ...(tenant === undefined ? {} : { tenant }) }
    return { grant, ...await revokeGrant(providerLater(registry, grant), keeper, { owner, ...grant }).catch(failed) }
  }))
}
