// The plugin's own routes. All others stay as they are: what these need is in a context of its own.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import { isOAuthError } from '../errors.js'
import { Provider } from '../provider.js'
import { BackchannelLogout } from './backchannel-logout.js'
import { basePathOf, callbackPathOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import { failLogin } from './endings.js'
import { asError, guarded } from './reply.js'
import { sendSignIn } from './sign-in.js'
import { finishLogin, finishLogout, refuseMethod, startLogin, startLogout, tenantInPath } from './steps.js'
import type { Step, StepParts } from './steps.js'

const formBodyAtMost = 64 * 1024

/** Registers the routes in an encapsulated context. */
export async function registerRoutes (app: FastifyInstance, parts: StepParts): Promise<void> {
  const { context } = parts
  const { prefix, signIn, routes: { login, callback, logout, backchannelLogout, signIn: page } } = context.options
  acceptForms(app)
  // Also for what Fastify answers before a handler runs: a body that is too large, or of an unknown type.
  app.addHook('onRequest', (_request, reply, done) => {
    guarded(reply)
    done()
  })
  const add = (method: string | string[], url: string, given: RouteShorthandOptions, handler: ReturnType<typeof handlerOf>) => {
    app.route({ ...given, method, url, handler, exposeHeadRoute: false, schema: { hide: true } as object, logSerializers: { req: describeRequest } })
  }
  if (signIn !== false && page !== false) add('GET', prefix, page, sendSignIn(context, signIn))
  if (login !== false) add('GET', `${prefix}/:provider`, login, handlerOf(context, startLogin(parts)))
  if (logout !== false) {
    add('POST', `${prefix}/:provider/logout`, logout, handlerOf(context, startLogout(parts)))
    for (const path of ['/:provider/logout/callback', '/:provider/logout/callback/:tenant']) add('GET', `${prefix}${path}`, logout, handlerOf(context, finishLogout(parts)))
  }
  if (backchannelLogout !== false) {
    const logouts = new BackchannelLogout(context)
    for (const path of ['/:provider/backchannel-logout', '/:provider/backchannel-logout/:tenant']) {
      add('POST', `${prefix}${path}`, backchannelLogout, (request, reply) => { logouts.answer(request, reply, { name: nameInPath(request), tenant: tenantInPath(request) }) })
    }
  }
  if (callback === false) return
  const finish = finishLogin(parts)
  const own = ownCallbackPaths(app, context)
  for (const { path, nameOf } of [{ path: callbackPathOf({ prefix }, { name: ':provider' }), nameOf: nameInPath }, { path: callbackPathOf({ prefix }, { name: ':provider', tenant: ':tenant' }), nameOf: nameInPath }, ...own]) {
    // Whatever else comes to these addresses may hold a code too: Fastify's own 404 would log it.
    for (const url of ignoresTrailingSlash(app) ? [path] : [path, `${path}/`]) {
      add(['GET', 'POST'], url, callback, handlerOf(context, finish, nameOf))
      add(app.supportedMethods.filter(method => method !== 'GET' && method !== 'POST'), url, callback, handlerOf(context, refuseMethod, nameOf))
    }
  }
  const usual = (name: string, tenant?: string) => `${basePathOf(context)}${callbackPathOf(context, { name, tenant })}`
  context.registry.limitCallbackPaths((name, path, tenant) => path === usual(name) || path === usual(name, tenant) || own.some(({ publicPath }) => publicPath === path))
}

const nameInPath = (request: FastifyRequest): string => (request.params as { provider: string }).provider

// Every route: find the provider, take the step, and turn what it throws into a reply.
function handlerOf (context: OAuthContext, { run, tenantOf = tenantInPath, waysOn }: Step, nameOf = nameInPath) {
  const { registry } = context
  const take = async (request: FastifyRequest, reply: FastifyReply, name: string): Promise<void> => {
    let provider: Provider | undefined
    try {
      const isOne = registry.get(name) instanceof Provider
      const found = registry.at(name, { request, tenant: isOne ? tenantInPath(request) : tenantOf(request, name) })
      provider = found instanceof Provider ? found : await found
      provider.checkLogins()
      await run(request, reply, provider)
    } catch (error) {
      if (!isOAuthError(error)) throw error
      const known = provider ?? (registry.has(name) ? registry.get(name) : undefined)
      await failLogin(context, { request, reply, provider: name, baseUrl: provider?.baseUrl, error, ...(known?.hasLogins === true ? waysOn(request, known, error) : {}) })
    }
  }
  return (request: FastifyRequest, reply: FastifyReply): void => {
    take(request, reply, nameOf(request)).catch(error => reply.send(asError(error)))
  }
}

// Paths of callback URLs that providers know from before, unless they are the plugin's own. The provider that has one may be
// replaced while the application runs.
function ownCallbackPaths (app: FastifyInstance, context: OAuthContext) {
  const { registry } = context
  return [...registry].flatMap(({ name, callbackUrl }) => {
    if (callbackUrl === undefined) return []
    const publicPath = new URL(callbackUrl).pathname
    const path = without(basePathOf(context), publicPath)
    const nameOf = () => [...registry].find(({ callbackUrl }) => callbackUrl !== undefined && new URL(callbackUrl).pathname === publicPath)?.name ?? name
    return path === `${context.prefix}/${name}/callback` ? [] : [{ publicPath, nameOf, path: without(app.prefix.replace(/\/$/, ''), path) }]
  })
}

function ignoresTrailingSlash ({ initialConfig }: FastifyInstance): boolean {
  const { ignoreTrailingSlash, routerOptions } = initialConfig as { ignoreTrailingSlash?: boolean, routerOptions?: { ignoreTrailingSlash?: boolean } }
  return ignoreTrailingSlash === true || routerOptions?.ignoreTrailingSlash === true
}

function without (prefix: string, path: string): string {
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
}

function acceptForms (app: FastifyInstance): void {
  const type = 'application/x-www-form-urlencoded'
  if (app.hasContentTypeParser(type)) app.removeContentTypeParser(type)
  app.addContentTypeParser<string>(type, { parseAs: 'string', bodyLimit: formBodyAtMost }, (_request, body, done) => {
    done(null, new URLSearchParams(body))
  })
}

// The query of a callback holds the code: it reaches no log, Fastify's own line for each request included.
function describeRequest ({ method, url, host, ip, socket }: FastifyRequest) {
  return { method, url: url.split('?', 1)[0], host, remoteAddress: ip, remotePort: socket.remotePort }
}
