// What each of the plugin's routes does: start a login, finish one, log out.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isOAuthError, oauthError } from '../errors.js'
import type { OAuthError } from '../errors.js'
import type { Provider } from '../provider.js'
import type { OAuthProvider } from '../../types/providers.js'
import { basePathOf } from './base-url.js'
import { callbackOf, paramsOf, passAsGet } from './callback.js'
import type { Challenger, LoginTicket } from './challenge.js'
import type { OAuthContext } from './context.js'
import { denyLogin, endLogin, isDenial } from './endings.js'
import type { LoginFlow } from './login-flow.js'
import { logOut } from './logout.js'
import { wantsPopup } from './negotiation.js'
import type { Owners } from './owner.js'
import type { TakenLogin } from './pending-login.js'
import { takeLogout } from './pending-logout.js'
import { seeOther } from './reply.js'
import type { WaysOn } from './reply.js'
import type { Bind } from './request-decorator.js'
import { leaveSession } from './session.js'
import { remembersFailure } from './silent.js'

export interface StepParts {
  context: OAuthContext
  owners: Owners
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

const nowhere = (): WaysOn => ({})

export function startLogin ({ context, flow, challenger }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const query = paramsOf(request)
      const crossSite = request.headers['sec-fetch-site'] === 'cross-site'
      if (crossSite && !provider.allowCrossSiteStart) throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
      const ticket = challenger.openTicket(provider, query.get('login'))
      const returnTo = query.get('returnTo') ?? ticket?.returnTo
      await flow.start(request, reply, { ...ticket, provider, returnTo, popup: wantsPopup(query), crossSite, silent: query.get('silent') === '1' || undefined })
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
        if (!isOAuthError(error)) throw error
        const login = flow.failedBy(error)
        if (login?.silent === true && login.popup !== true && remembersFailure(context, request, reply, { provider, error })) return seeOther(reply, login.returnTo)
        if (!isDenial(error)) throw error
        await denyLogin(context, { request, reply, provider: name, baseUrl, error, ...waysOn(request, provider, error), callback: provider.readCallback(callback) })
      }
    },
    waysOn
  }
}

// Whoever is signed in now is not the one it was for, or another site has started it.
const startsAfresh: ReadonlySet<string> = new Set(['FST_OAUTH_OWNER_CHANGED', 'FST_OAUTH_NOT_SIGNED_IN', 'FST_OAUTH_CROSS_SITE'])

// The same login again, with all that it was to bring; and where another account came back, with the choice to link that one.
function waysOnFrom ({ context, flow, challenger }: StepParts): Step['waysOn'] {
  const { prefix, options } = context
  return (request, { name, protocol }, error) => {
    const login = flow.failedBy(error)
    const popup = login?.popup
    if (options.routes.login === false || error.code === 'FST_OAUTH_UNKNOWN_TENANT') return { popup }
    const base = basePathOf(context)
    const { returnTo } = error
    const tenant = login?.tenant ?? tenantInPath(request)
    const path = (ticket: LoginTicket) => `${base}${challenger.loginPath({ name }, { tenant, ...ticket })}`
    if (login === undefined || startsAfresh.has(error.code) || !hasNeeds(login)) {
      const plain = `${base}${prefix}/${name}${returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`}`
      return { popup, retryUrl: tenant === undefined ? plain : path({ returnTo }) }
    }
    const { scope, required, acr, maxAge, account, link, owner: { id } } = login
    const ticket = { scope, required, acr, maxAge, returnTo }
    const linking = { ...ticket, link: true, owner: id ?? undefined }
    const isOther = error.code === 'FST_OAUTH_OTHER_ACCOUNT'
    // The provider would come back with the same account, without asking (OpenID Connect Core 1.0 section 3.1.2.1).
    const prompt = isOther && protocol === 'oidc' ? 'login' : undefined
    return {
      popup,
      retryUrl: path(link === true ? linking : { ...ticket, account, prompt }),
      linkUrl: isOther && id !== null ? path(linking) : undefined
    }
  }
}

function hasNeeds ({ required, acr = [], maxAge, account, link }: TakenLogin): boolean {
  return required.length + acr.length > 0 || [maxAge, account, link].some(need => need !== undefined)
}

/** For what a callback's address is asked by another method than GET and POST. */
export const refuseMethod: Step = {
  async run (_request, reply, provider) {
    reply.header('allow', 'GET, POST')
    throw oauthError('FST_OAUTH_METHOD_NOT_ALLOWED', [provider.name])
  },
  waysOn: nowhere
}

export function startLogout (parts: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const params = paramsOf(request)
      await logOut(parts, { request, reply, provider, account: params.get('account') ?? undefined, returnTo: params.get('returnTo') ?? undefined })
    },
    waysOn: nowhere
  }
}

/** The browser is back from the provider (OpenID Connect RP-Initiated Logout 1.0 section 3). */
export function finishLogout ({ context }: StepParts): Step {
  return {
    async run (request, reply, provider) {
      const returnTo = takeLogout(context, request, reply, { provider, states: paramsOf(request).getAll('state') })
      seeOther(reply, returnTo ?? context.options.returnTo)
    },
    waysOn: nowhere
  }
}
