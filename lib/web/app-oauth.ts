// app.oauth: providers, grants, and calls in the name of an owner without a request.
import type { FastifyOAuth, OAuthClientSelector } from '../../types/fastify.js'
import { ApiClient } from '../http/client.js'
import type { OAuthContext } from './context.js'
import { revokeGrant } from './revoke.js'
import { signerOf } from './signer.js'

export function createAppOAuth ({ registry, keeper, dispatcher, prefix, options }: OAuthContext): FastifyOAuth {
  return Object.freeze({
    providers: registry,
    settings: Object.freeze({ prefix, baseUrl: options.baseUrl, dispatcher }),
    client (name: string, { owner, account }: OAuthClientSelector) {
      const provider = registry.get(name)
      const source = { current: () => keeper.fresh(provider, { owner, provider: name, account }), renewed () {} }
      return new ApiClient({ signer: signerOf(provider, keeper, source), dispatcher: provider.dispatcher, baseUrl: provider.apiBaseUrl })
    },
    grants: Object.freeze({
      list: ({ owner }: { owner: string }) => keeper.list(owner),
      revoke: (name: string, { owner, account }: OAuthClientSelector) => revokeGrant(registry.get(name), keeper, { owner, provider: name, account })
    })
  })
}
