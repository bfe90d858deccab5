// app.oauth: providers, grants, and calls in the name of an owner without a request.
import type { FastifyRequest } from 'fastify'
import type { FastifyOAuth, OAuthClientSelector } from '../../types/fastify.js'
import { ApiClient } from '../http/client.js'
import type { OAuthContext } from './context.js'
import type { Owners } from './owner.js'
import { revokeGrant, revokeGrants } from './revoke.js'
import { signerOf } from './signer.js'

export function createAppOAuth (context: OAuthContext, owners: Owners): FastifyOAuth {
  const { registry, keeper, dispatcher, prefix, options } = context
  return Object.freeze({
    providers: registry,
    settings: Object.freeze({ prefix, baseUrl: options.baseUrl, dispatcher }),
    client (name: string, { owner, account }: OAuthClientSelector) {
      const provider = registry.get(name)
      const source = { current: () => keeper.fresh(provider, { owner, provider: name, account }), renewed () {} }
      return new ApiClient({ signer: signerOf(provider, keeper, source), dispatcher, baseUrl: provider.apiBaseUrl })
    },
    grants: Object.freeze({
      list: ({ owner, provider }: { owner: string, provider?: string }) => keeper.list(owner, provider),
      revoke: (name: string, { owner, account }: OAuthClientSelector) => revokeGrant(registry.get(name), keeper, { owner, provider: name, account }),
      revokeAll: ({ owner }: { owner: string }) => revokeGrants(context, owner),
      adopt: (request: FastifyRequest, owner: string) => owners.adopt(request, owner),
      rewrap: () => keeper.rewrap()
    })
  })
}
