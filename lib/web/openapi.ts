// What @fastify/swagger's OpenAPI document says of guarded routes: a security scheme for each provider in use, and each route's
// security. Whatever the application has set there itself stays.
import type { FastifyInstance, RouteOptions } from 'fastify'
import { parseRouteRequirement } from '../options.js'
import { Provider } from '../provider.js'
import type { ProviderRegistry } from '../registry.js'
import type { TenantProviders } from '../tenants.js'

type Members = Record<string, unknown>
type Swagger = (options?: { yaml?: boolean }) => unknown
type Route = Pick<RouteOptions, 'config' | 'method' | 'schema' | 'url'>

interface Document extends Members {
  openapi?: string
  components?: { securitySchemes?: Members }
  paths?: Record<string, Members>
  security?: Members[]
}

// Members that begin with x- come from a route's schema into its operation, whatever path it has there. It is taken out again.
const marker = 'x-fastify-oauth'

export class OpenApi {
  readonly #registry: ProviderRegistry
  readonly #routes: Route[] = []

  constructor (registry: ProviderRegistry) {
    this.#registry = registry
  }

  /** Told of every route. */
  note (route: Route): void {
    if (route.config?.oauth !== undefined) this.#routes.push(route)
  }

  /**
   * Completes the document, once all routes and plugins are there. @fastify/swagger holds the very objects that `note` was given,
   * and Fastify itself has read them by now.
   */
  complete (app: FastifyInstance): void {
    const routes = this.#routes.splice(0)
    if (routes.length === 0 || !app.hasDecorator('swagger')) return
    for (const route of routes) {
      const { provider, scope, optional } = parseRouteRequirement(route.config?.oauth, `${String(route.method)} ${route.url}`)
      route.schema = Object.assign({}, route.schema, { [marker]: { provider, scope, optional } })
    }
    // A decorator of an instance around this one must be replaced there: its other children use it too.
    let holder: object = app
    while (!Object.hasOwn(holder, 'swagger')) holder = Object.getPrototypeOf(holder)
    const document = Reflect.get(holder, 'swagger') as Swagger
    Reflect.set(holder, 'swagger', (options?: { yaml?: boolean }) => {
      const completed = this.#completed(document() as Document)
      // JSON is YAML (YAML 1.2, section 1.3).
      return options?.yaml === true ? JSON.stringify(completed, null, 2) : completed
    })
  }

  #completed (document: Document): Document {
    const scopes = new Map<string, Set<string>>()
    const paths = mapped(document.paths, path => mapped(path, given => {
      const { [marker]: mark, ...operation } = given as Members
      if (mark === undefined) return given
      const { provider: name, scope, optional } = mark as { provider: string, scope: string[], optional: boolean }
      // Its provider may be gone, and Swagger 2.0 knows no OpenID Connect.
      if (operation.security !== undefined || document.openapi === undefined || !this.#registry.has(name)) return operation
      const { protocol } = this.#registry.get(name)
      scopes.set(name, new Set([...scopes.get(name) ?? [], ...scope]))
      // Beside what the application requires everywhere: the security of an operation replaces that.
      const everywhere = document.security ?? [{}]
      const granted = everywhere.map(one => ({ ...one, [name]: protocol === 'oauth1' || protocol === undefined ? [] : scope }))
      return { ...operation, security: optional ? [...granted, ...everywhere] : granted }
    }))
    const schemes = Object.fromEntries([...scopes].map(([name, used]) => [name, schemeOf(this.#registry.get(name), used)]))
    const securitySchemes = { ...schemes, ...document.components?.securitySchemes }
    return scopes.size === 0 ? { ...document, paths } : { ...document, components: { ...document.components, securitySchemes }, paths }
  }
}

// OpenAPI 3.0, section 4.7.27.
function schemeOf (provider: Provider | TenantProviders, used: ReadonlySet<string>): Members {
  const { name } = provider
  const description = `What the user has granted at ${name}. The application keeps it under the user's session: clients send no token, but open the authorizeUrl of its answer 401 or 403.`
  if (!(provider instanceof Provider)) return { type: 'apiKey', in: 'header', name: 'Authorization', description: `${description} Each tenant has a provider of its own.` }
  const { protocol, issuer, endpoints: { authorizeUrl, accessTokenUrl } } = provider
  if (protocol === 'oauth1') return { type: 'apiKey', in: 'header', name: 'Authorization', description: `${description} OAuth 1.0a (RFC 5849).` }
  if (protocol === 'oidc') return { type: 'openIdConnect', openIdConnectUrl: `${String(issuer).replace(/\/$/, '')}/.well-known/openid-configuration`, description }
  const scopes = Object.fromEntries([...new Set([...provider.scope, ...used])].map(scope => [scope, '']))
  return { type: 'oauth2', description, flows: { authorizationCode: { authorizationUrl: authorizeUrl, tokenUrl: accessTokenUrl, scopes } } }
}

function mapped <T> (members: Record<string, T> = {}, change: (value: T) => unknown): Record<string, T> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, typeof value === 'object' && value !== null && !Array.isArray(value) ? change(value) as T : value]))
}
