// app.oauth: providers, grants, and calls in the name of an owner without a request.
import type { FastifyRequest } from 'fastify'
import type { OAuthDeviceOptions } from '../../types/device.js'
import type { FastifyOAuth, OAuthClientOptions, OAuthClientSelector } from '../../types/fastify.js'
import type { OAuthContext } from './context.js'
import type { DeviceLogins } from './device-login.js'
import type { Guard } from './guard.js'
import type { Owners } from './owner.js'
import { revokeGrant, revokeGrants } from './revoke.js'
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
      list: ({ owner, provider }: { owner: string, provider?: string }) => keeper.list(owner, provider),
      revoke: (name: string, { owner, account }: OAuthClientSelector) => revokeGrant(registry.get(name), keeper, { owner, provider: name, account }),
      revokeAll: ({ owner }: { owner: string }) => revokeGrants(context, owner),
      adopt: (request: FastifyRequest, owner: string) => owners.adopt(request, owner),
      rewrap: () => keeper.rewrap()
    })
  })
}
