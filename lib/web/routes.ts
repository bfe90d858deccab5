// The plugin's own routes: login, callback, logout. All others stay as they are: what they need is in a context of its own.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import { isOAuthError, oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { baseUrlOf } from './base-url.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { endLogin, failLogin } from './endings.js'
import { callbackOf, paramsOf, passAsGet } from './callback.js'
import type { Bind } from './guard.js'
import type { LoginFlow } from './login-flow.js'
import { guarded, seeOther, wantsPage } from './reply.js'
import { checkReturnTo } from './return-to.js'

export interface RouteParts {
  context: OAuthContext
  flow: LoginFlow
  challenger: Challenger
  bind: Bind
}

type Step = (request: FastifyRequest, reply: FastifyReply, provider: Provider) => Promise<unknown>

const formBodyAtMost = 64 * 1024

/** Registers the routes in an encapsulated context. */
export async function registerRoutes (app: FastifyInstance, parts: RouteParts): Promise<void> {
  const { context } = parts
  const { login, callback, logout } = context.options.routes
  acceptForms(app)
  const add = (method: 'GET' | 'POST', url: string, given: RouteShorthandOptions, handler: ReturnType<typeof step>) => {
    app.route({ ...given, method, url, handler, exposeHeadRoute: false, logSerializers: { req: describeRequest } })
  }
  const { prefix } = context.options
  if (login !== false) add('GET', `${prefix}/:provider`, login, step(parts, startLogin))
  if (logout !== false) add('POST', `${prefix}/:provider/logout`, logout, step(parts, logOut))
  if (callback === false) return
  add('GET', `${prefix}/:provider/callback`, callback, step(parts, finishLogin))
  add('POST', `${prefix}/:provider/callback`, callback, step(parts, finishLogin))
  for (const { name, path } of ownCallbackPaths(context)) {
    add('GET', path, callback, step(parts, finishLogin, name))
    add('POST', path, callback, step(parts, finishLogin, name))
  }
}

// Every route: find the provider, take the step, and turn what it throws into a reply.
function step (parts: RouteParts, take: (parts: RouteParts) => Step, fixedName?: string) {
  const run = take(parts)
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const name = fixedName ?? (request.params as { provider: string }).provider
    try {
      await run(request, guarded(reply), parts.context.registry.get(name))
      return reply
    } catch (error) {
      if (!isOAuthError(error)) throw error
      return failLogin(parts.context, { request, reply, provider: name, error })
    }
  }
}

function startLogin ({ flow, challenger }: RouteParts): Step {
  return async (request, reply, provider) => {
    const query = paramsOf(request)
    if (request.headers['sec-fetch-site'] === 'cross-site' && !provider.allowCrossSiteStart) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
    const ticket = challenger.openTicket(provider, query.get('login'))
    const returnTo = ticket?.returnTo ?? query.get('returnTo') ?? undefined
    return flow.start(request, reply, { provider, scope: ticket?.scope, required: ticket?.required, returnTo })
  }
}

function finishLogin ({ context, flow, bind }: RouteParts): Step {
  return async (request, reply, provider) => {
    const callback = callbackOf(context, request, provider)
    const elsewhere = passAsGet(context, { request, pending: flow.pending, provider, callback })
    if (elsewhere !== null) return seeOther(reply, elsewhere)
    const { grant, returnTo } = await flow.finish(request, reply, { provider, callback })
    bind(request, { provider: provider.name, account: grant.account, grant })
    return endLogin(context, { request, reply, provider: provider.name, grant, returnTo })
  }
}

function logOut ({ context }: RouteParts): Step {
  return async (request, reply, provider) => {
    const { origin, 'sec-fetch-site': site } = request.headers
    const base = baseUrlOf(context, request)
    if (site === 'cross-site' || (origin !== undefined && origin !== base.origin)) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
    const params = paramsOf(request)
    const account = params.get('account')
    const { removed, provider: answer, error } = await request.oauth.use(provider.name, account === null ? {} : { account }).revoke()
    if (error !== undefined) request.log.warn({ err: error }, 'The grant was dropped, but the provider did not revoke it')
    if (!wantsPage(request)) return reply.send({ removed, provider: answer })
    return seeOther(reply, checkReturnTo(params.get('returnTo'), base.origin) ?? context.options.returnTo)
  }
}

// Paths of callback URLs that providers know from before, unless they are the plugin's own.
function ownCallbackPaths ({ registry, options }: OAuthContext): Array<{ name: string, path: string }> {
  const base = options.baseUrl === undefined ? '' : new URL(options.baseUrl).pathname.replace(/\/$/, '')
  return [...registry].flatMap(({ name, callbackUrl }) => {
    if (callbackUrl === undefined) return []
    const { pathname } = new URL(callbackUrl)
    const path = pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname
    return path === `${options.prefix}/${name}/callback` ? [] : [{ name, path }]
  })
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
