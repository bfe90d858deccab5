// What each of the plugin's routes does: start a login, finish one, log out.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { basePathOf, baseUrlOf } from './base-url.js'
import { callbackOf, paramsOf, passAsGet } from './callback.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { denyLogin, endLogin } from './endings.js'
import type { LoginFlow } from './login-flow.js'
import { seeOther, wantsPage } from './reply.js'
import type { Bind } from './request-decorator.js'
import { checkReturnTo } from './return-to.js'
import { leaveSession } from './session.js'

export interface StepParts {
  context: OAuthContext
  flow: LoginFlow
  challenger: Challenger
  bind: Bind
}

export interface Step {
  run (request: FastifyRequest, reply: FastifyReply, provider: Provider): Promise<void>
  /** Where a browser can try again after an error. */
  retryUrl (request: FastifyRequest, provider: string, error: OAuthError): string | undefined
}

export function startLogin ({ context, flow, challenger }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const query = paramsOf(request)
      if (request.headers['sec-fetch-site'] === 'cross-site' && !provider.allowCrossSiteStart) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
      const ticket = challenger.openTicket(provider, query.get('login'))
      const returnTo = ticket?.returnTo ?? query.get('returnTo') ?? undefined
      await flow.start(request, reply, { provider, scope: ticket?.scope, required: ticket?.required, returnTo })
    },
    // Not the path of the request: with Fastify's ignoreDuplicateSlashes it may begin with two.
    retryUrl: ({ originalUrl }, provider) => `${basePathOf(context)}${context.prefix}/${provider}${originalUrl.slice(`${originalUrl}?`.indexOf('?'))}`
  }
}

export function finishLogin ({ context, flow, bind }: StepParts): Step {
  const retryUrl: Step['retryUrl'] = (_request, provider, { returnTo }) => {
    if (context.options.routes.login === false) return undefined
    return `${basePathOf(context)}${context.prefix}/${provider}${returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`
  }
  return {
    async run (request, reply, provider) {
      const callback = callbackOf(context, request, provider)
      const elsewhere = passAsGet(context, { request, pending: flow.pending, provider, callback })
      if (elsewhere !== null) {
        leaveSession(request)
        return seeOther(reply, elsewhere)
      }
      const { name } = provider
      try {
        const { grant, returnTo } = await flow.finish(request, reply, { provider, callback })
        bind(request, { provider: name, account: grant.account, grant })
        await endLogin(context, { request, reply, provider: name, grant, returnTo })
      } catch (error) {
        if (!isOAuthError(error) || error.code !== 'FST_OAUTH_ACCESS_DENIED') throw error
        await denyLogin(context, { request, reply, provider: name, error, retryUrl: retryUrl(request, name, error), callback })
      }
    },
    retryUrl
  }
}

/** For what a callback's address is asked by another method than GET and POST. */
export const refuseMethod: Step = {
  async run (_request, reply, provider) {
    reply.header('allow', 'GET, POST')
    throw oauthError('FST_OAUTH_METHOD_NOT_ALLOWED', [provider.name])
  },
  retryUrl: () => undefined
}

export function logOut ({ context }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const { origin, 'sec-fetch-site': site } = request.headers
      const base = baseUrlOf(context, request)
      if (site === 'cross-site' || (origin !== undefined && origin !== base.origin)) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
      const params = paramsOf(request)
      const account = params.get('account')
      const { removed, provider: answer, error } = await request.oauth.use(provider.name, account === null ? {} : { account }).revoke()
      if (error !== undefined) request.log.warn({ err: error }, 'The grant was dropped, but the provider did not revoke it')
      if (wantsPage(request)) seeOther(reply, checkReturnTo(params.get('returnTo'), base.origin) ?? context.options.returnTo)
      else reply.send({ removed, provider: answer })
    },
    retryUrl: () => undefined
  }
}
