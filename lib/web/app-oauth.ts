// app.oauth: providers, grants, and calls in the name of an owner without a request.
import type { FastifyRequest } from 'fastify'
import type { OAuthDeviceOptions } from '../../types/device.js'
import type { FastifyOAuth, OAuthClientOptions, OAuthClientSelector } from '../../types/fastify.js'
import type { OAuthGrant } from '../../types/grant.js'
import { placeOf } from '../place.js'
import { TenantProviders } from '../tenants.js'
import type { OAuthContext } from './context.js'
import type { DeviceLogins } from './device-login.js'
import type { Guard } from './guard.js'
import type { Owners } from './owner.js'
import { providerLater, revokeGrant, revokeGrants } from './revoke.js'
import { clientOf } from './token-client.js'

export function createAppOAuth (context: OAuthContext, { owners, guard, devices }: { owners: Owners, guard: Pick<Guard, 'require'>, devices: Pick<DeviceLogins, 'begin'> }): FastifyOAuth {
  const { registry, keeper, dispatcher, prefix, options } = context
  return Object.freeze({
    providers: registry,
    settings: Object.freeze({ prefix, baseUrl: options.baseUrl, dispatcher }),
    require: (requirement: Parameters<FastifyOAuth['require']>[0]) => guard.require(requirement),
    client: (name: string, options: OAuthClientOptions = {}) => clientOf(context, name, options),
    device: (name: string, options: OAuthDeviceOptions) => devices.begin(name, options),
    grants: Object.freeze({
      list: (selector: { owner: string, provider?: string, tenant?: string }) => listGrants(context, selector),
      revoke: (name: string, { owner, tenant, account }: OAuthClientSelector) => {
        registry.checkTenant(name, tenant)
        return revokeGrant(providerLater(registry, { provider: name, tenant }), keeper, { owner, provider: name, tenant, account })
      },
      revokeAll: ({ owner }: { owner: string }) => revokeGrants(context, owner),
      adopt: (request: FastifyRequest, owner: string) => owners.adopt(request, owner),
      rewrap: () => keeper.rewrap()
    })
  })
}

// Stores list by provider and tenant together.
async function listGrants ({ keeper, registry }: OAuthContext, { owner, provider, tenant }: { owner: string, provider?: string, tenant?: string }): Promise<OAuthGrant[]> {
  const needsTenant = provider !== undefined && registry.has(provider) && registry.get(provider) instanceof TenantProviders
  if (provider !== undefined && (tenant !== undefined || !needsTenant)) return keeper.list(owner, placeOf({ provider, tenant }))
  const grants = await keeper.list(owner)
  return grants.filter(grant => (provider === undefined || grant.provider === provider) && (tenant === undefined || grant.tenant === tenant))
}
