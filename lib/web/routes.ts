// The plugin's own routes. All others stay as they are: what these need is in a context of its own.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import { isOAuthError } from '../errors.js'
import { basePathOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import { failLogin } from './endings.js'
import { asError, guarded } from './reply.js'
import { finishLogin, logOut, startLogin } from './steps.js'
import type { Step, StepParts } from './steps.js'

const formBodyAtMost = 64 * 1024

/** Registers the routes in an encapsulated context. */
export async function registerRoutes (app: FastifyInstance, parts: StepParts): Promise<void> {
  const { context } = parts
  const { prefix, routes: { login, callback, logout } } = context.options
  acceptForms(app)
  // Also for what Fastify answers before a handler runs: a body that is too large, or of an unknown type.
  app.addHook('onRequest', (_request, reply, done) => {
    guarded(reply)
    done()
  })
  const add = (method: 'GET' | 'POST', url: string, given: RouteShorthandOptions, handler: ReturnType<typeof handlerOf>) => {
    app.route({ ...given, method, url, handler, exposeHeadRoute: false, logSerializers: { req: describeRequest } })
  }
  if (login !== false) add('GET', `${prefix}/:provider`, login, handlerOf(context, startLogin(parts)))
  if (logout !== false) add('POST', `${prefix}/:provider/logout`, logout, handlerOf(context, logOut(parts)))
  if (callback === false) return
  for (const { path, name } of [{ path: `${prefix}/:provider/callback`, name: undefined }, ...ownCallbackPaths(app, context)]) {
    const handler = handlerOf(context, finishLogin(parts), name)
    add('GET', path, callback, handler)
    add('POST', path, callback, handler)
  }
}

// Every route: find the provider, take the step, and turn what it throws into a reply.
function handlerOf (context: OAuthContext, { run, retryUrl }: Step, fixedName?: string) {
  const { registry } = context
  const take = async (request: FastifyRequest, reply: FastifyReply, name: string): Promise<void> => {
    try {
      await run(request, reply, registry.get(name))
    } catch (error) {
      if (!isOAuthError(error)) throw error
      await failLogin(context, { request, reply, provider: name, error, retryUrl: registry.has(name) ? retryUrl(request, name, error) : undefined })
    }
  }
  return (request: FastifyRequest, reply: FastifyReply): void => {
    take(request, reply, fixedName ?? (request.params as { provider: string }).provider).catch(error => reply.send(asError(error)))
  }
}

// Paths of callback URLs that providers know from before, unless they are the plugin's own.
function ownCallbackPaths (app: FastifyInstance, context: OAuthContext): Array<{ name: string, path: string }> {
  return [...context.registry].flatMap(({ name, callbackUrl }) => {
    if (callbackUrl === undefined) return []
    const path = without(basePathOf(context), new URL(callbackUrl).pathname)
    return path === `${context.prefix}/${name}/callback` ? [] : [{ name, path: without(app.prefix.replace(/\/$/, ''), path) }]
  })
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
