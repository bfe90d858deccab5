// Dropping grants: here first, then at the provider; what the provider said is reported, not thrown.
import type { OAuthGrant, OAuthGrantRevocation, OAuthRevocation, OAuthTokenName } from '../../types/grant.js'
import type { OAuthErrorDetails } from '../errors.js'
import type { GrantKeeper, GrantSelector } from '../grants/keeper.js'
import type { Provider } from '../provider.js'
import type { ProviderRegistry } from '../registry.js'
import { placeIn } from '../place.js'
import type { Place } from '../place.js'
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
    const { notRevoked = both } = error as OAuthErrorDetails
    return { provider: 'failed', notRevoked, error: error as Error }
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
