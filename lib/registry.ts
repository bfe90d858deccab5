// Name to provider: app.oauth.providers.
import type { OAuthProviderOptionsOf } from '../types/catalogue.js'
import type { OAuthProviderRegistry } from '../types/fastify.js'
import type { OAuthTenantFunction } from '../types/options-provider.js'
import type { OAuthClientRegistration, OAuthDynamicProviderOptions, OAuthRegistrationAccess } from '../types/registration.js'
import { oauthError, quote } from './errors.js'
import { nearest } from './nearest.js'
import { parseProvider } from './options.js'
import type { ProviderOptions, TenantOptions } from './options.js'
import { pathOf } from './place.js'
import type { Place } from './place.js'
import { Provider } from './provider.js'
import type { ProviderSurroundings } from './provider.js'
import { registerClient } from './registration.js'
import { TenantProviders } from './tenants.js'
import type { Whose } from './tenants.js'

export class ProviderRegistry implements OAuthProviderRegistry {
  readonly #providers = new Map<string, Provider | TenantProviders>()
  readonly #surroundings: ProviderSurroundings
  readonly #underWay = new Set<string>()
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

  register<Name extends string> (name: Name, options: OAuthProviderOptionsOf<Name> | OAuthTenantFunction): Provider | TenantProviders {
    return this.add(name, parseProvider(name, options))
  }

  /** Registers the client at the provider (RFC 7591), and then the provider here. */
  async registerDynamically (name: string, given: OAuthDynamicProviderOptions): Promise<OAuthClientRegistration> {
    if (this.#providers.has(name) || this.#underWay.has(name)) throw oauthError('FST_OAUTH_PROVIDER_EXISTS', [`"${name}"`])
    this.#underWay.add(name)
    try {
      const registration = await registerClient(name, given, { surroundings: this.#surroundings, check: options => this.#checkCallback({ provider: name }, options) })
      const { initialAccessToken, metadata, ...options } = given
      this.register(name, { ...options, ...registration.client })
      return registration
    } finally {
      this.#underWay.delete(name)
    }
  }

  /** The registration of a client as it is now (RFC 7592). */
  async readRegistration (name: string, access: OAuthRegistrationAccess): Promise<OAuthClientRegistration> {
    const provider = await this.at(name, { request: undefined })
    return provider.oauth2('dynamic client registration').registration.read(access)
  }

  /** Deletes the client at the provider (RFC 7592), and the provider here. */
  async deregister (name: string, access: OAuthRegistrationAccess): Promise<void> {
    const provider = await this.at(name, { request: undefined })
    await provider.oauth2('dynamic client registration').registration.delete(access)
    this.unregister(name)
  }

  /** From now on a provider with a callback URL of its own needs a path that is a route already: Fastify adds none later. */
  limitCallbackPaths (isRoute: (name: string, path: string, tenant?: string) => boolean): void {
    this.#isRoute = isRoute
  }

  /** Registers a provider whose options were checked. */
  add (name: string, options: ProviderOptions | OAuthTenantFunction): Provider | TenantProviders {
    if (typeof options !== 'function') this.#checkCallback({ provider: name }, options)
    if (this.#providers.has(name)) throw oauthError('FST_OAUTH_PROVIDER_EXISTS', [`"${name}"`])
    const provider = typeof options === 'function'
      ? new TenantProviders(name, options, answer => this.#createFor(name, answer))
      : new Provider(name, options, this.#surroundings)
    this.#providers.set(name, provider)
    return provider
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

  #createFor (name: string, { options, ...tenant }: TenantOptions): Provider {
    this.#checkCallback({ provider: name, tenant: tenant.tenant }, options)
    return new Provider(name, options, this.#surroundings, tenant)
  }

  #checkCallback (place: Place, { callbackUrl }: ProviderOptions): void {
    if (callbackUrl === undefined || callbackUrl === 'oob' || this.#isRoute(place.provider, new URL(callbackUrl).pathname, place.tenant)) return
    throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${pathOf(place)}.callbackUrl is ${JSON.stringify(callbackUrl)}; allowed is, once the routes are registered, the usual callback URL or one whose path the option providers has named`])
  }

  #advice (name: string): string {
    const known = [...this.#providers.keys()]
    if (known.length === 0) return '; none is registered'
    return `; the nearest names are ${nearest(name, known).map(({ one }) => `"${one}"`).join(', ')}`
  }
}
