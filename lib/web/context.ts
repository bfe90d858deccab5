// What the web room shares within one application.
// For its declaration merging: reply.setCookie and its like.
import type {} from '@fastify/cookie'
import type { OAuthClient } from '../../types/client.js'
import type { Cipher } from '../grants/cipher.js'
import type { GrantKeeper } from '../grants/keeper.js'
import type { PluginOptions } from '../options.js'
import type { ProviderRegistry } from '../registry.js'

export interface OAuthContext {
  readonly options: PluginOptions
  readonly registry: ProviderRegistry
  readonly keeper: GrantKeeper
  readonly cipher: Cipher
  readonly dispatcher: OAuthClient['dispatcher']
}
