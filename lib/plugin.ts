// Composition: options → context (providers, grants) → session → decorators → guard → routes → OpenAPI → close.
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { OAuthPluginOptions } from '../types/options.js'
import { parsePluginOptions } from './options.js'
import { Provider } from './provider.js'
import { createAppOAuth } from './web/app-oauth.js'
import { Challenger } from './web/challenge.js'
import { createContext } from './web/context.js'
import { DeviceLogins } from './web/device-login.js'
import { Guard } from './web/guard.js'
import { LoginFlow } from './web/login-flow.js'
import { OpenApi } from './web/openapi.js'
import { Owners } from './web/owner.js'
import { decorateRequest } from './web/request-decorator.js'
import { registerRoutes } from './web/routes.js'
import { requireSession } from './web/session.js'

async function oauth (app: FastifyInstance, given: OAuthPluginOptions): Promise<void> {
  const options = parsePluginOptions(given)
  const context = createContext(app, options)
  await requireSession(app, options)

  const owners = new Owners(context)
  const flow = new LoginFlow(context, owners)
  const challenger = new Challenger(context, flow)

  const bind = decorateRequest(app, { context, owners, flow, challenger })
  const guard = new Guard(context, { owners, challenger, bind })
  const devices = new DeviceLogins(context)
  app.decorate('oauth', createAppOAuth(context, { owners, guard, devices }))

  const openApi = new OpenApi(context.registry)
  app.addHook('onRoute', route => guard.checkRoute(route))
  app.addHook('onRoute', route => openApi.note(route))
  app.addHook('onRequest', (request, reply, done) => guard.onRequest(request, reply, done))

  await app.register(routes => registerRoutes(routes, { context, owners, flow, challenger, bind }))

  app.addHook('onReady', async () => openApi.complete(app))
  app.addHook('onReady', async () => { await Promise.all([...context.registry].filter(one => one instanceof Provider).filter(({ isEager }) => isEager).map(provider => provider.prepare())) })
  app.addHook('onClose', async () => {
    await devices.close()
    await context.keeper.drain()
    await options.store?.close?.()
    await context.registry.close()
    if (options.dispatcher === undefined) await context.dispatcher.close()
  })
}

/** The Fastify plugin: `app.register(oauthPlugin, options)`. */
export const oauthPlugin = fp(oauth, { name: 'fastify-oauth', fastify: '5.x' })
