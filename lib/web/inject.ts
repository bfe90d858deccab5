// Token injection of routes whose config.oauth asks for it: onto the request that a proxy forwards, and onto the response to
// a front end that calls the API itself. Bearer tokens alone (RFC 6750): other signatures belong to one request.
import type { FastifyReply, FastifyRequest, RouteOptions, onSendHookHandler } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { RouteRequirement } from '../options.js'
import { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
import { cookiesIn, isTokenParameter, replaceCredentials, withoutToken } from './credentials.js'
import { refuseForgery, siteOf } from './same-origin.js'

export class Injection {
  readonly #context: OAuthContext
  readonly #exposing = new WeakSet<object>()

  constructor (context: OAuthContext) {
    this.#context = context
  }

  /** Prepares a route when it is added. Throws FST_OAUTH_INVALID_OPTIONS where its provider's tokens cannot be injected. */
  prepare (route: Pick<RouteOptions, 'config' | 'onSend'>, { provider, inject }: RouteRequirement, where: string): void {
    const { registry } = this.#context
    const found = inject !== undefined && registry.has(provider) ? registry.get(provider) : undefined
    // A tenant's is checked when it is known.
    if (found instanceof Provider) checkProtocol(found, where)
    // Of the route, not of the instance: they run after all others, so that what they see is the answer as it leaves, and routes
    // without them pay nothing.
    if (inject?.request === true) route.onSend = [route.onSend ?? [], this.#renewal()].flat()
    if (inject?.response === undefined) return
    route.onSend = [route.onSend ?? [], this.#exposure(inject.response)].flat()
    this.#exposing.add(Object(route.config?.oauth))
  }

  /** Before a grant is looked for. Throws FST_OAUTH_CROSS_SITE, FST_OAUTH_SITE_UNKNOWN, FST_OAUTH_INVALID_OPTIONS. */
  check (request: FastifyRequest, provider: Provider, { inject }: RouteRequirement): void {
    if (inject === undefined) return
    const { config, method, url } = request.routeOptions
    const where = `${String(method)} ${String(url)}`
    checkProtocol(provider, where)
    if (inject.response !== undefined && !this.#exposing.has(Object(config.oauth))) {
      throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`config.oauth.inject.response of ${where} has no effect: the route was added before the plugin was loaded; add it after await app.register(...)`])
    }
    if (inject.request) refuseForgery(this.#context, request, provider)
  }

  /** Puts the token on the request, in place of all credentials that came with it; without a grant it leaves none. */
  apply (request: FastifyRequest, { inject }: RouteRequirement, grant: OAuthGrant | null): void {
    if (inject === undefined || !inject.request) return
    removeToken(request)
    const token = bearerOf(grant)
    const cookie = cookiesIn(request.headers.cookie, inject.cookies)
    replaceCredentials(request.raw, {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === '' ? {} : { cookie })
    })
  }

  // The proxy has sent the request and cannot send it again with another token: the next one of the client's has it.
  #renewal (): onSendHookHandler {
    const { registry, keeper } = this.#context
    return async (request, { statusCode }, payload) => {
      const { grant } = request.oauth
      if (statusCode !== 401 || grant === null || !registry.has(grant.provider)) return payload
      try {
        const provider = await registry.at(grant.provider, { request, tenant: grant.tenant })
        if (!provider.hasOwnTokens) await keeper.renew(provider, grant)
      } catch (err) {
        request.log.warn({ err, provider: grant.provider }, 'The API refused a token, and it could not be refreshed')
      }
      return payload
    }
  }

  #exposure (header: string): onSendHookHandler {
    return (request, reply, payload, done) => {
      // Whatever the handler, or a proxied API, put there.
      reply.removeHeader(header)
      vary(reply)
      const token = this.#mayExpose(request, reply) ? bearerOf(request.oauth.grant) : undefined
      if (token !== undefined) reply.header(header, token).header('cache-control', 'no-store')
      done(null, payload)
    }
  }

  // A script can read the header of what it fetched itself alone: nothing else needs it. 304 would renew what a cache keeps.
  #mayExpose (request: FastifyRequest, { statusCode }: FastifyReply): boolean {
    const { 'sec-fetch-dest': destination = 'empty' } = request.headers
    return statusCode >= 200 && statusCode < 300 && destination === 'empty' && siteOf(this.#context, request) === 'own'
  }
}

// A proxy takes the address from the request as Node has it; a handler that forwards query parameters, from what Fastify has read.
function removeToken (request: FastifyRequest): void {
  const { raw, query } = request
  raw.url = withoutToken(String(raw.url))
  for (const name of Object.keys(Object(query)).filter(isTokenParameter)) Reflect.deleteProperty(Object(query), name)
}

// A grant from before the provider's options changed may hold a token that is bound to a key.
function bearerOf (grant: OAuthGrant | null): string | undefined {
  return grant?.dpopKey === undefined ? grant?.accessToken : undefined
}

function checkProtocol ({ name, protocol, bindsTokens }: Provider, where: string): void {
  if (protocol !== 'oauth1' && !bindsTokens) return
  const why = bindsTokens
    ? 'with bearer tokens: with dpop or clientCert they are of no use to another who holds them'
    : 'of OAuth 2: a signature of OAuth 1.0a belongs to one request to the API, which is not known here'
  throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`config.oauth.inject of ${where} is set for ${name}; allowed is a provider ${why}. Call the API with request.oauth`])
}

// What decides over the token, for caches that keep answers without it.
function vary (reply: FastifyReply): void {
  const own = ['Cookie', 'Origin', 'Sec-Fetch-Site', 'Sec-Fetch-Dest']
  const before = [reply.getHeader('vary') ?? []].flat().join(',').split(',').map(name => name.trim()).filter(name => name !== '')
  const known = before.map(name => name.toLowerCase())
  if (!known.includes('*')) reply.header('vary', [...before, ...own.filter(name => !known.includes(name.toLowerCase()))].join(', '))
}
