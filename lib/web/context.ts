// What the web room shares within one application.
// For its declaration merging: reply.setCookie and its like.
import type {} from '@fastify/cookie'
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { OAuthClient } from '../../types/client.js'
import { entryOf } from '../catalogue/index.js'
import { Cipher } from '../grants/cipher.js'
import { GrantKeeper } from '../grants/keeper.js'
import { MemoryGrantStore } from '../grants/memory-store.js'
import { createAgent } from '../http/transport.js'
import type { PluginOptions } from '../options.js'
import { ProviderRegistry } from '../registry.js'

export interface OAuthContext {
  readonly options: PluginOptions
  /** The option baseUrl. */
  readonly baseUrl: URL | undefined
  /** Where the plugin's routes live, with the prefix of the instance that it is registered in. */
  readonly prefix: string
  readonly registry: ProviderRegistry
  readonly keeper: GrantKeeper
  readonly cipher: Cipher
  readonly dispatcher: OAuthClient['dispatcher']
}

// What saving a refreshed grant may take, besides the call to the provider.
const saveTime = 10_000

export function createContext (app: FastifyInstance, options: PluginOptions): OAuthContext {
  const { clock, timeout } = options
  const dispatcher = options.dispatcher ?? createAgent()
  if (options.secret === undefined) {
    app.log.warn('fastify-oauth: the option secret is not set. Logins under way and grants are lost at a restart, and cannot be shared between processes')
  }
  if (options.store === undefined && process.env.NODE_ENV === 'production') {
    app.log.warn('fastify-oauth: the option store is not set. Grants are kept in the memory of this process: they are lost at a restart, and other processes do not see them')
  }
  const cipher = new Cipher(options.secret ?? [randomBytes(32)])
  const keeper = new GrantKeeper({
    store: options.store ?? new MemoryGrantStore({ clock }),
    cipher,
    clock,
    leaseTime: timeout + saveTime,
    ...(options.onGrantChange === undefined ? {} : { onChange: options.onGrantChange }),
    warn: (message, error) => { app.log.warn({ err: error }, message) }
  })
  const baseUrl = options.baseUrl === undefined ? undefined : new URL(options.baseUrl)
  const prefix = `${app.prefix.replace(/\/$/, '')}${options.prefix}`
  const callbackUrl = (name: string) => `${options.baseUrl}${prefix}/${name}/callback`
  const registry = new ProviderRegistry({ dispatcher, timeout, clock, ...(baseUrl === undefined ? {} : { callbackUrl }) })
  for (const [name, provider] of Object.entries(options.providers)) {
    registry.add(name, provider)
    if (typeof provider !== 'function' && provider.extends !== undefined && entryOf(provider.extends)?.verified === false) {
      app.log.warn(`fastify-oauth: the entry ${provider.extends} of the catalogue, which providers.${name} takes, was read in one source only. Check it against the provider's documentation`)
    }
  }
  return { options, baseUrl, prefix, registry, keeper, cipher, dispatcher }
}
