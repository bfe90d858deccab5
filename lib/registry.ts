// Name to provider: app.oauth.providers.
import type { OAuthProviderOptionsOf } from '../types/catalogue.js'
import type { OAuthProviderRegistry } from '../types/fastify.js'
import type { OAuthClientRegistration, OAuthDynamicProviderOptions, OAuthRegistrationAccess } from '../types/registration.js'
import { oauthError, quote } from './errors.js'
import { nearest } from './nearest.js'
import { parseProviderOptions } from './options.js'
import type { ProviderOptions } from './options.js'
import { Provider } from './provider.js'
import type { ProviderSurroundings } from './provider.js'
import { registerClient } from './registration.js'

export class ProviderRegistry implements OAuthProviderRegistry {
  readonly #providers = new Map<string, Provider>()
  readonly #surroundings: ProviderSurroundings
  readonly #underWay = new Set<string>()
  #isRoute: (name: string, path: string) => boolean = () => true

  constructor (surroundings: ProviderSurroundings) {
    this.#surroundings = surroundings
  }

  get size (): number {
    return this.#providers.size
  }

  get (name: string): Provider {
    const provider = this.#providers.get(name)
    if (provider !== undefined) return provider
    // A caller without types may ask for anything.
    const asked = String(name)
    throw oauthError('FST_OAUTH_UNKNOWN_PROVIDER', [`"${asked === '' ? '' : quote(asked)}"`, this.#advice(asked)])
  }

  has (name: string): boolean {
    return this.#providers.has(name)
  }

  register<Name extends string> (name: Name, options: OAuthProviderOptionsOf<Name>): Provider {
    return this.add(name, parseProviderOptions(name, options))
  }

  /** Registers the client at the provider (RFC 7591), and then the provider here. */
  async registerDynamically (name: string, given: OAuthDynamicProviderOptions): Promise<OAuthClientRegistration> {
    if (this.#providers.has(name) || this.#underWay.has(name)) throw oauthError('FST_OAUTH_PROVIDER_EXISTS', [`"${name}"`])
    this.#underWay.add(name)
    try {
      const registration = await registerClient(name, given, { surroundings: this.#surroundings, check: options => this.#checkCallback(name, options) })
      const { initialAccessToken, metadata, ...options } = given
      this.register(name, { ...options, ...registration.client })
      return registration
    } finally {
      this.#underWay.delete(name)
    }
  }

  /** The registration of a client as it is now (RFC 7592). */
  async readRegistration (name: string, access: OAuthRegistrationAccess): Promise<OAuthClientRegistration> {
    return this.get(name).oauth2('dynamic client registration').registration.read(access)
  }

  /** Deletes the client at the provider (RFC 7592), and the provider here. */
  async deregister (name: string, access: OAuthRegistrationAccess): Promise<void> {
    await this.get(name).oauth2('dynamic client registration').registration.delete(access)
    this.unregister(name)
  }

  /** From now on a provider with a callback URL of its own needs a path that is a route already: Fastify adds none later. */
  limitCallbackPaths (isRoute: (name: string, path: string) => boolean): void {
    this.#isRoute = isRoute
  }

  /** Registers a provider whose options were checked. */
  add (name: string, options: ProviderOptions): Provider {
    this.#checkCallback(name, options)
    if (this.#providers.has(name)) throw oauthError('FST_OAUTH_PROVIDER_EXISTS', [`"${name}"`])
    const provider = new Provider(name, options, this.#surroundings)
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

  [Symbol.iterator] (): Iterator<Provider> {
    return this.#providers.values()
  }

  #checkCallback (name: string, { callbackUrl }: ProviderOptions): void {
    if (callbackUrl === undefined || callbackUrl === 'oob' || this.#isRoute(name, new URL(callbackUrl).pathname)) return
    throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`providers.${name}.callbackUrl is ${JSON.stringify(callbackUrl)}; allowed is, once the routes are registered, the usual callback URL or one whose path the option providers has named`])
  }

  #advice (name: string): string {
    const known = [...this.#providers.keys()]
    if (known.length === 0) return '; none is registered'
    return `; the nearest names are ${nearest(name, known).map(({ one }) => `"${one}"`).join(', ')}`
  }
}
