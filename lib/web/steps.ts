// What each of the plugin's routes does: start a login, finish one, log out.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import type { Provider } from '../provider.js'
import type { OAuthProvider } from '../../types/providers.js'
import { basePathOf, baseUrlOf } from './base-url.js'
import { callbackOf, paramsOf, passAsGet } from './callback.js'
import type { Challenger } from './challenge.js'
import type { OAuthContext } from './context.js'
import { denyLogin, endLogin } from './endings.js'
import type { LoginFlow } from './login-flow.js'
import { wantsPage, wantsPopup } from './negotiation.js'
import { seeOther } from './reply.js'
import type { WaysOn } from './reply.js'
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
  /** Which tenant's provider it is about, where each has its own; undefined where the request decides. Default: the one in the path. */
  tenantOf? (request: FastifyRequest, provider: string): string | undefined
  /** Where a browser can go on after an error, and whether it is a window that another page has opened. */
  waysOn (request: FastifyRequest, provider: Pick<OAuthProvider, 'name' | 'protocol'>, error: OAuthError): WaysOn & { popup?: boolean | undefined }
}

export function tenantInPath ({ params }: FastifyRequest): string | undefined {
  return (params as { tenant?: string }).tenant
}

export function startLogin ({ context, flow, challenger }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const query = paramsOf(request)
      const crossSite = request.headers['sec-fetch-site'] === 'cross-site'
      if (crossSite && !provider.allowCrossSiteStart) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
      const ticket = challenger.openTicket(provider, query.get('login'))
      const returnTo = query.get('returnTo') ?? ticket?.returnTo
      await flow.start(request, reply, { ...ticket, provider, returnTo, popup: wantsPopup(query), crossSite })
    },
    tenantOf: (request, name) => challenger.openTicket({ name }, paramsOf(request).get('login'))?.tenant,
    // Not the path of the request: with Fastify's ignoreDuplicateSlashes it may begin with two.
    waysOn: (request, { name }) => ({ popup: wantsPopup(paramsOf(request)), retryUrl: `${basePathOf(context)}${context.prefix}/${name}${request.originalUrl.slice(`${request.originalUrl}?`.indexOf('?'))}` })
  }
}

export function finishLogin (parts: StepParts): Step {
  const { context, flow, bind } = parts
  const waysOn = waysOnFrom(parts)
  return {
    async run (request, reply, provider) {
      const callback = callbackOf(context, request, provider)
      const elsewhere = passAsGet(context, { request, pending: flow.pending, provider, callback })
      if (elsewhere !== null) {
        leaveSession(request)
        return seeOther(reply, elsewhere)
      }
      const { name, tenant, baseUrl } = provider
      try {
        const { grant, login: { returnTo, popup } } = await flow.finish(request, reply, { provider, callback })
        bind(request, { provider: name, tenant, account: grant.account, grant })
        await endLogin(context, { request, reply, provider: name, baseUrl, grant, returnTo, popup })
      } catch (error) {
        if (!isOAuthError(error) || error.code !== 'FST_OAUTH_ACCESS_DENIED') throw error
        await denyLogin(context, { request, reply, provider: name, baseUrl, error, ...waysOn(request, provider, error), callback })
      }
    },
    waysOn
  }
}

// The same login again; and where another account came back, with the choice to link that one.
function waysOnFrom ({ context, flow, challenger }: StepParts): Step['waysOn'] {
  const { prefix, options } = context
  return (request, { name, protocol }, error) => {
    const login = flow.failedBy(error)
    const popup = login?.popup
    if (options.routes.login === false || error.code === 'FST_OAUTH_UNKNOWN_TENANT') return { popup }
    const base = basePathOf(context)
    const { returnTo } = error
    const tenant = login?.tenant ?? tenantInPath(request)
    const again = tenant === undefined
      ? `${base}${prefix}/${name}${returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`
      : `${base}${challenger.loginPath({ name }, { tenant, returnTo })}`
    if (login === undefined || error.code !== 'FST_OAUTH_OTHER_ACCOUNT') return { popup, retryUrl: again }
    const { scope, required, acr, maxAge, account, owner: { id } } = login
    const ticket = { tenant, scope, required, acr, maxAge, returnTo }
    // The provider would come back with the same account, without asking (OpenID Connect Core 1.0 section 3.1.2.1).
    const prompt = protocol === 'oidc' ? 'login' : undefined
    return {
      popup,
      retryUrl: `${base}${challenger.loginPath({ name }, { ...ticket, account, prompt })}`,
      linkUrl: id === null ? undefined : `${base}${challenger.loginPath({ name }, { ...ticket, link: true, owner: id })}`
    }
  }
}

/** For what a callback's address is asked by another method than GET and POST. */
export const refuseMethod: Step = {
  async run (_request, reply, provider) {
    reply.header('allow', 'GET, POST')
    throw oauthError('FST_OAUTH_METHOD_NOT_ALLOWED', [provider.name])
  },
  waysOn: () => ({})
}

export function logOut ({ context }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const { origin, 'sec-fetch-site': site } = request.headers
      const base = baseUrlOf(context, request, provider)
      if (site === 'cross-site' || (origin !== undefined && origin !== base.origin)) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
      const params = paramsOf(request)
      const account = params.get('account')
      const { removed, provider: answer, error } = await request.oauth.use(provider.name, account === null ? {} : { account }).revoke()
      if (error !== undefined) request.log.warn({ err: error }, 'The grant was dropped, but the provider did not revoke it')
      if (wantsPage(request)) seeOther(reply, checkReturnTo(params.get('returnTo'), base.origin) ?? context.options.returnTo)
      else reply.send({ removed, provider: answer })
    },
    waysOn: () => ({})
  }
}
