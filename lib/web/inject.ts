// Token injection of routes whose config.oauth asks for it: onto the request that a proxy forwards, and onto the response to
// a front end that calls the API itself. Bearer tokens alone (RFC 6750): other signatures belong to one request.
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest, RouteOptions, onSendHookHandler } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { RouteRequirement } from '../options.js'
import { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'
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
    if (inject?.response === undefined) return
    // Of the route, not of the instance: it runs after all others, so that what it sees is the answer as it leaves, and routes
    // without it pay nothing.
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
    const token = bearerOf(grant)
    const cookie = cookiesIn(request.headers.cookie, inject.cookies)
    replaceCredentials(request.raw, {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === '' ? {} : { cookie })
    })
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

// Every spelling: servers and gateways that turn names into variables take `-` and `_` for the same, or drop what they do not know.
function isCredential (name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z]/g, '')
  return letters === 'authorization' || letters === 'proxyauthorization' || letters === 'cookie'
}

/** All views that Node has of the headers of a request. */
function replaceCredentials (raw: IncomingMessage, credentials: Record<string, string>): void {
  const { headers, rawHeaders, headersDistinct = {} } = raw
  // RFC 9110 section 7.6.1: what Connection names goes no further than to us; a proxy would drop the token as well.
  const connection = headers.connection?.split(',').map(option => option.trim()).filter(option => option !== '' && !isCredential(option)).join(', ')
  const added = { ...credentials, ...(connection === undefined || connection === '' ? {} : { connection }) }
  const isOld = (name: string) => isCredential(name) || name.toLowerCase() === 'connection'

  const kept = rawHeaders.flatMap((name, index) => index % 2 === 0 && !isOld(name) ? [name, rawHeaders[index + 1] as string] : [])
  rawHeaders.splice(0, rawHeaders.length, ...kept, ...Object.entries(added).flat())
  for (const name of Object.keys(headers).filter(isOld)) Reflect.deleteProperty(headers, name)
  for (const name of Object.keys(headersDistinct).filter(isOld)) Reflect.deleteProperty(headersDistinct, name)
  for (const [name, value] of Object.entries(added)) {
    headers[name] = value
    headersDistinct[name] = [value]
  }
}

/** Those of a Cookie header (RFC 6265 section 4.2) that have one of these names. */
function cookiesIn (header: string | undefined, names: readonly string[]): string {
  if (header === undefined || names.length === 0) return ''
  return header.split(';').map(pair => pair.trim()).filter(pair => names.includes(pair.split('=', 1)[0] as string)).join('; ')
}

// What decides over the token, for caches that keep answers without it.
function vary (reply: FastifyReply): void {
  const own = ['Cookie', 'Origin', 'Sec-Fetch-Site', 'Sec-Fetch-Dest']
  const before = [reply.getHeader('vary') ?? []].flat().join(',').split(',').map(name => name.trim()).filter(name => name !== '')
  const known = before.map(name => name.toLowerCase())
  if (!known.includes('*')) reply.header('vary', [...before, ...own.filter(name => !known.includes(name.toLowerCase()))].join(', '))
}
