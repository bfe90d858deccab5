// A provider of which each tenant has its own: its options are what a function of the request answers. What is built of them is
// shared between requests, and bounded.
import { hash, randomUUID } from 'node:crypto'
import type { OAuthIntrospectOptions, OAuthIntrospection } from '../types/introspection.js'
import type { OAuthTenantFunction } from '../types/options-provider.js'
import type { OAuthProvider } from '../types/providers.js'
import { oauthError, quote } from './errors.js'
import { isTenantName, parseTenantOptions } from './options.js'
import type { TenantOptions } from './options.js'
import type { Provider } from './provider.js'

/** For which request or tenant a provider is wanted: one of them at least. */
export interface Whose {
  request: object | undefined
  tenant?: string | undefined
}

/** A provider, and the digest of the options that it was built of. */
interface Built { digest: string, provider: Provider }

const tenantsAtMost = 1_000
// Options may alternate for a while: not all replicas of a database know of a change at once.
const variantsAtMost = 2

export class TenantProviders implements OAuthProvider {
  readonly name: string
  readonly title: string
  readonly protocol = undefined
  readonly issuer = undefined
  readonly scope: readonly string[] = []
  readonly apiBaseUrl = undefined
  readonly callbackUrl = undefined
  readonly hasLogins = true
  readonly #answer: OAuthTenantFunction
  readonly #build: (options: TenantOptions) => Provider
  // The tenant that was not used for the longest time is the first; of one tenant, the newest options are.
  readonly #built = new Map<string, Built[]>()
  readonly #asked = new WeakMap<object, Map<string | undefined, Promise<Provider>>>()
  readonly #identities = new WeakMap<object, string>()

  constructor (name: string, answer: OAuthTenantFunction, build: (options: TenantOptions) => Provider) {
    this.name = this.title = name
    this.#answer = answer
    this.#build = build
  }

  /**
   * The provider of a tenant, or of whose a request is; the function is asked once for each request. Throws FST_OAUTH_UNKNOWN_TENANT,
   * FST_OAUTH_TENANT_FAILED, FST_OAUTH_INVALID_OPTIONS, FST_OAUTH_STATE_OTHER_TENANT.
   */
  at ({ request, tenant }: Whose): Promise<Provider> {
    if (request === undefined) return this.#find(request, tenant)
    const asked = this.#asked.get(request) ?? new Map<string | undefined, Promise<Provider>>()
    this.#asked.set(request, asked)
    const found = asked.get(tenant) ?? this.#find(request, tenant)
    asked.set(tenant, found)
    if (tenant === undefined) found.then(provider => asked.set(provider.tenant, found), () => {})
    return found
  }

  /** What the tenant's provider says of a token; without a request, so that the tenant has to be named. */
  async introspect (token: string, { tenant, ...options }: OAuthIntrospectOptions = {}): Promise<OAuthIntrospection> {
    const provider = await this.at({ request: undefined, tenant })
    return provider.introspect(token, options)
  }

  /** Ends the connections of every tenant. */
  async close (): Promise<void> {
    const all = [...this.#built.values()].flat()
    this.#built.clear()
    await Promise.all(all.map(({ provider }) => provider.close()))
  }

  async #find (request: object | undefined, tenant: string | undefined): Promise<Provider> {
    if (request === undefined && tenant === undefined) throw oauthError('FST_OAUTH_INVALID_CALL', [this.name, 'each tenant has its own, and there is no request: name the tenant'])
    if (tenant !== undefined && !isTenantName(tenant)) throw this.#unknown(tenant)
    const answer = await this.#ask(request, tenant)
    if (answer === null || answer === undefined) throw this.#unknown(tenant)
    const provider = this.#providerOf(answer)
    if (tenant === undefined || tenant === provider.tenant) return provider
    if (request !== undefined) throw oauthError('FST_OAUTH_STATE_OTHER_TENANT', [this.name])
    throw this.#invalid(`.tenant is ${JSON.stringify(provider.tenant)}; allowed is ${JSON.stringify(tenant)}, which was asked for`)
  }

  async #ask (request: object | undefined, tenant: string | undefined): Promise<unknown> {
    try {
      return await this.#answer(request as Parameters<OAuthTenantFunction>[0], tenant)
    } catch (error) {
      throw oauthError('FST_OAUTH_TENANT_FAILED', [this.name], error)
    }
  }

  #providerOf (answer: unknown): Provider {
    const digest = this.#digestOf(answer)
    const tenant = String(Reflect.get(answer as object, 'tenant'))
    const variants = this.#built.get(tenant) ?? []
    const known = variants.find(built => built.digest === digest)
    const built = known ?? { digest, provider: this.#build(parseTenantOptions(this.name, answer)) }
    const [kept, dropped] = [[built, ...variants.filter(other => other !== known)], []] as [Built[], Built[]]
    dropped.push(...kept.splice(variantsAtMost))
    this.#built.delete(tenant)
    this.#built.set(tenant, kept)
    for (const [oldest, unused] of this.#built) {
      if (this.#built.size <= tenantsAtMost) break
      this.#built.delete(oldest)
      dropped.push(...unused)
    }
    // Nobody waits for the calls that are under way.
    for (const { provider } of dropped) provider.close()
    return built.provider
  }

  // What is no plain value counts as what it is: nobody can tell whether two functions do the same.
  #digestOf (answer: unknown): string {
    if (!isPlain(answer)) throw this.#invalid(` is ${typeof answer === 'object' ? 'an object of a class' : `a ${typeof answer}`}; allowed is null, or a plain object of provider options with tenant`)
    try {
      return hash('sha256', JSON.stringify(answer, (_name, value) => typeof value === 'function' || (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlain(value)) ? this.#identityOf(value) : value))
    } catch (error) {
      throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`providers.${this.name}() is an object that cannot be compared with others; allowed is null, or a plain object of provider options with tenant`], error)
    }
  }

  #identityOf (value: object): string {
    const known = this.#identities.get(value) ?? randomUUID()
    this.#identities.set(value, known)
    return known
  }

  #unknown (tenant: string | undefined): Error {
    return oauthError('FST_OAUTH_UNKNOWN_TENANT', [this.name, tenant === undefined ? 'whose this request would be' : `"${quote(tenant)}"`])
  }

  #invalid (what: string): Error {
    return oauthError('FST_OAUTH_INVALID_OPTIONS', [`providers.${this.name}()${what}`])
  }
}

function isPlain (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
