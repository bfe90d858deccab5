// Name to provider: app.oauth.providers.
import type { OAuthProviderRegistry } from '../types/fastify.js'
import type { OAuthProviderOptions, OAuthTenantFunction } from '../types/options.js'
import { oauthError, quote } from './errors.js'
import { parseProvider } from './options.js'
import type { ProviderOptions } from './options.js'
import { pathOf } from './place.js'
import type { ProviderTenant } from './place.js'
import { Provider } from './provider.js'
import type { ProviderSurroundings } from './provider.js'
import { TenantProviders } from './tenants.js'
import type { Whose } from './tenants.js'

export class ProviderRegistry implements OAuthProviderRegistry {
  readonly #providers = new Map<string, Provider | TenantProviders>()
  readonly #surroundings: ProviderSurroundings
  #isRoute: (name: string, path: string, tenant?: string) => boolean = () => true

  constructor (surroundings: ProviderSurroundings) {
    this.#surroundings = surroundings
  }

  get size (): number {
    return this.#providers.size
  }

  get (name: string): Provider | TenantProviders {
    const provider = this.#providers.get(name)
    if (provider !== undefined) return provider
    // A caller without types may ask for anything.
    const asked = String(name)
    throw oauthError('FST_OAUTH_UNKNOWN_PROVIDER', [`"${asked === '' ? '' : quote(asked)}"`, this.#advice(asked)])
  }

  /** The provider under a name: at once where it is the same for everyone. Throws FST_OAUTH_UNKNOWN_TENANT where it is, and a tenant is named. */
  at (name: string, whose: Whose): Provider | Promise<Provider> {
    const found = this.get(name)
    if (found instanceof TenantProviders) return found.at(whose)
    if (whose.tenant !== undefined) throw oauthError('FST_OAUTH_UNKNOWN_TENANT', [name, `"${quote(whose.tenant)}"`])
    return found
  }

  /** Throws FST_OAUTH_INVALID_CALL where a tenant would have to be named, or is and cannot be. */
  checkTenant (name: string, tenant: string | undefined): void {
    const needed = this.get(name) instanceof TenantProviders
    if (needed !== (tenant !== undefined)) throw oauthError('FST_OAUTH_INVALID_CALL', [name, needed ? 'each tenant has its own: name the tenant' : 'it is the same for every tenant: name none'])
  }

  has (name: string): boolean {
    return this.#providers.has(name)
  }

  register (name: string, options: OAuthProviderOptions | OAuthTenantFunction): Provider | TenantProviders {
    return this.add(name, parseProvider(name, options))
  }

  /** From now on a provider with a callback URL of its own needs a path that is a route already: Fastify adds none later. */
  limitCallbackPaths (isRoute: (name: string, path: string, tenant?: string) => boolean): void {
    this.#isRoute = isRoute
  }

  /** Registers a provider whose options were checked. */
  add (name: string, options: ProviderOptions | OAuthTenantFunction): Provider | TenantProviders {
    if (this.#providers.has(name)) throw oauthError('FST_OAUTH_PROVIDER_EXISTS', [`"${name}"`])
    const provider = typeof options === 'function'
      ? new TenantProviders(name, options, ({ options, ...tenant }) => this.#create(name, options, tenant))
      : this.#create(name, options)
    this.#providers.set(name, provider)
    return provider
  }

  #create (name: string, options: ProviderOptions, tenant: ProviderTenant = {}): Provider {
    const { callbackUrl } = options
    if (callbackUrl !== undefined && callbackUrl !== 'oob' && !this.#isRoute(name, new URL(callbackUrl).pathname, tenant.tenant)) {
      throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${pathOf({ provider: name, tenant: tenant.tenant })}.callbackUrl is ${JSON.stringify(callbackUrl)}; allowed is, once the routes are registered, the usual callback URL or one whose path the option providers has named`])
    }
    return new Provider(name, options, this.#surroundings, tenant)
  }

  unregister (name: string): boolean {
    // Nobody waits for the calls that are under way.
    this.#providers.get(name)?.close()
    return this.#providers.delete(name)
  }

  async close (): Promise<void> {
    await Promise.all([...this].map(provider => provider.close()))
  }

  [Symbol.iterator] (): Iterator<Provider | TenantProviders> {
    return this.#providers.values()
  }

  #advice (name: string): string {
    const known = [...this.#providers.keys()]
    if (known.length === 0) return '; none is registered'
    const nearest = known.map(one => ({ one, away: distance(one, name.slice(0, 64)) })).sort((a, b) => a.away - b.away).slice(0, 3)
    return `; the nearest names are ${nearest.map(({ one }) => `"${one}"`).join(', ')}`
  }
}

// Levenshtein's distance.
function distance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
