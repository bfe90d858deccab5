// Composition: options → providers → grants → decorators → hooks → routes → close.
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyOAuth, OAuthClientSelector } from '../types/fastify.js'
import type { OAuthPluginOptions } from '../types/options.js'
import { oauthError } from './errors.js'
import { Cipher } from './grants/cipher.js'
import { GrantKeeper } from './grants/keeper.js'
import { MemoryGrantStore } from './grants/memory-store.js'
import { ApiClient } from './http/client.js'
import { createAgent } from './http/transport.js'
import { parsePluginOptions } from './options.js'
import type { PluginOptions } from './options.js'
import { ProviderRegistry } from './registry.js'
import { Challenger } from './web/challenge.js'
import type { OAuthContext } from './web/context.js'
import { Guard } from './web/guard.js'
import type { Bind } from './web/guard.js'
import { LoginFlow } from './web/login-flow.js'
import { Owners } from './web/owner.js'
import { RequestOAuth } from './web/request-oauth.js'
import type { Binding } from './web/request-oauth.js'
import { revokeGrant } from './web/revoke.js'
import { registerRoutes } from './web/routes.js'
import { signerOf } from './web/signer.js'

// What saving a refreshed grant may take, besides the call to the provider.
const saveTime = 10_000

async function oauth (app: FastifyInstance, given: OAuthPluginOptions): Promise<void> {
  const options = parsePluginOptions(given)
  const context = createContext(app, options)
  for (const [name, provider] of Object.entries(options.providers)) context.registry.add(name, provider)
  await requireSession(app, options)

  const owners = new Owners(context)
  const flow = new LoginFlow(context, owners)
  const challenger = new Challenger(context, flow)
  const bind = decorateRequest(app, { context, owners, flow })
  app.decorate('oauth', createApi(context))

  const guard = new Guard(context, { owners, challenger, bind })
  app.addHook('onRoute', route => guard.checkRoute(route))
  app.addHook('onRequest', (request, reply, done) => guard.onRequest(request, reply, done))
  await app.register(routes => registerRoutes(routes, { context, flow, challenger, bind }))

  app.addHook('onClose', async () => {
    await context.keeper.drain()
    await options.store?.close?.()
    if (options.dispatcher === undefined) await context.dispatcher.close()
  })
}

function createContext (app: FastifyInstance, options: PluginOptions): OAuthContext {
  const { clock, timeout } = options
  const dispatcher = options.dispatcher ?? createAgent()
  if (options.secret === undefined) {
    app.log.warn('fastify-oauth: the option secret is not set. Logins under way and grants are lost at a restart, and cannot be shared between processes')
  }
  const cipher = new Cipher(options.secret ?? [randomBytes(32)])
  const keeper = new GrantKeeper({
    store: options.store ?? new MemoryGrantStore({ clock }),
    cipher,
    clock,
    leaseTime: timeout + saveTime,
    warn: (message, error) => { app.log.warn({ err: error }, message) }
  })
  return { options, registry: new ProviderRegistry({ dispatcher, timeout, clock }), keeper, cipher, dispatcher }
}

async function requireSession (app: FastifyInstance, options: PluginOptions): Promise<void> {
  if (!app.hasReplyDecorator('setCookie')) await app.register(cookie)
  if (app.hasRequestDecorator('session') || (options.owner !== undefined && options.session.secret === undefined)) return
  if (options.session.secret === undefined) throw oauthError('FST_OAUTH_SESSION_REQUIRED')
  await app.register(session, { secret: options.session.secret, cookie: { secure: 'auto' }, saveUninitialized: false })
}

// request.oauth is a getter: it also exists in contexts created before the plugin, and costs nothing until it is touched.
function decorateRequest (app: FastifyInstance, parts: { context: OAuthContext, owners: Owners, flow: LoginFlow }): Bind {
  const bound = new WeakMap<FastifyRequest, { oauth: RequestOAuth, answers: ConstructorParameters<typeof RequestOAuth>[0]['answers'] }>()
  const bind = (request: FastifyRequest, binding: Binding) => {
    const answers = bound.get(request)?.answers ?? []
    const oauth = new RequestOAuth({ ...parts, request, answers }, binding)
    bound.set(request, { oauth, answers })
    return oauth
  }
  app.decorateRequest('oauth', {
    getter (this: FastifyRequest) { return bound.get(this)?.oauth ?? bind(this, { provider: undefined }) }
  })
  // A body that nobody has begun to read holds its connection.
  app.addHook('onResponse', (request, _reply, done) => {
    for (const { body } of bound.get(request)?.answers ?? []) {
      if (!body.bodyUsed && body.readableFlowing === null) body.dump().catch(() => {})
    }
    done()
  })
  return bind
}

function createApi ({ registry, keeper, dispatcher }: OAuthContext): FastifyOAuth {
  return Object.freeze({
    providers: registry,
    client (name: string, { owner, account }: OAuthClientSelector) {
      const provider = registry.get(name)
      const source = { current: () => keeper.fresh(provider, { owner, provider: name, account }), renewed () {} }
      return new ApiClient({ signer: signerOf(provider, keeper, source), dispatcher, baseUrl: provider.apiBaseUrl })
    },
    grants: {
      list: ({ owner }: { owner: string }) => keeper.list(owner),
      revoke: (name: string, { owner, account }: OAuthClientSelector) => revokeGrant(registry.get(name), keeper, { owner, provider: name, account })
    }
  })
}

/** The Fastify plugin: `app.register(oauthPlugin, options)`. */
export const oauthPlugin = fp(oauth, { name: 'fastify-oauth', fastify: '5.x' })
