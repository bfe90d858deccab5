// app.oauth: providers, grants, and calls in the name of an owner without a request.
import type { FastifyOAuth, OAuthClientOptions, OAuthClientSelector } from '../../types/fastify.js'
import type { OAuthContext } from './context.js'
import { revokeGrant } from './revoke.js'
import { clientOf } from './token-client.js'

export function createAppOAuth (context: OAuthContext): FastifyOAuth {
  const { registry, keeper } = context
  return Object.freeze({
    providers: registry,
    client: (name: string, options: OAuthClientOptions = {}) => clientOf(context, name, options),
    grants: Object.freeze({
      list: ({ owner }: { owner: string }) => keeper.list(owner),
      revoke: (name: string, { owner, account }: OAuthClientSelector) => revokeGrant(registry.get(name), keeper, { owner, provider: name, account })
    })
  })
}
