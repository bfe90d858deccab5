// How a login ends: the application's hooks, and what is replied where they do not reply.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthError, OAuthErrorCode } from '../errors.js'
import { quote } from '../errors.js'
import type { OAuthContext } from './context.js'
import { baseUrlOf } from './base-url.js'
import { publicText } from './error-texts.js'
import { sendToOpener } from './popup.js'
import { seeOther, sendError } from './reply.js'
import type { WaysOn } from './reply.js'

interface Ending {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  /** The tenant's own, where it has one. */
  baseUrl?: URL | undefined
  /** It ends in a window that another page has opened. */
  popup?: boolean | undefined
}

/** A login, or another step of the plugin's routes, that came to an error. */
interface FailedEnding extends Ending, WaysOn { error: OAuthError }

/** Runs onAuthorized, then redirects to where the login started. */
export async function endLogin (context: OAuthContext, { popup, grant, returnTo, baseUrl, ...ending }: Ending & { grant: OAuthGrant, returnTo: string }): Promise<void> {
  const { request, reply, provider } = ending
  const { onAuthorized } = context.options
  const replied = onAuthorized !== undefined && await runsHook(reply, () => onAuthorized({ ...ending, grant, returnTo }))
  if (replied) return
  if (popup !== true) return seeOther(reply, returnTo)
  sendToOpener(reply, { origin: baseUrlOf(context, request, { baseUrl }).origin, statusCode: 200, message: 'You are logged in.', result: { provider, ok: true } })
}

const denials: ReadonlySet<OAuthErrorCode> = new Set(['FST_OAUTH_ACCESS_DENIED', 'FST_OAUTH_LOGIN_REQUIRED', 'FST_OAUTH_CONSENT_REQUIRED', 'FST_OAUTH_INTERACTION_REQUIRED'])

/** Whether the user or the provider refused: that is nobody's fault. */
export function isDenial ({ code }: OAuthError): boolean {
  return denials.has(code)
}

/** Runs onDenied with what the provider said, then replies with the error. */
export async function denyLogin (context: OAuthContext, { callback, ...failed }: FailedEnding & { callback: URLSearchParams }): Promise<void> {
  const { error, request, reply, provider } = failed
  log('info', failed)
  const said = (name: string) => callback.get(name) ?? undefined
  // OAuth 1.0a has no parameter error.
  const denial = { error: said('error') ?? String(error.providerError), errorDescription: said('error_description') ?? said('oauth_problem_advice'), errorUri: said('error_uri'), errorReason: said('error_reason') }
  const replied = await runsHook(reply, () => context.options.onDenied?.({ request, reply, provider, ...denial, returnTo: error.returnTo as string }))
  if (!replied) replyToFailure(context, failed)
}

/** Runs onError, then replies with the error. */
export async function failLogin (context: OAuthContext, failed: FailedEnding): Promise<void> {
  const { error, request, reply, provider } = failed
  log(error.statusCode < 500 ? 'warn' : 'error', failed)
  const replied = await runsHook(reply, () => context.options.onError?.({ request, reply, provider, error }))
  if (!replied) replyToFailure(context, failed)
}

function replyToFailure (context: OAuthContext, { request, reply, provider, baseUrl, popup, error, ...waysOn }: FailedEnding): void {
  const app = context.options.returnToUris.find(uri => uri === error.returnTo)
  if (popup !== true) return app === undefined ? sendError(request, reply, error, waysOn) : seeOther(reply, withError(app, error))
  sendToOpener(reply, { origin: baseUrlOf(context, request, { baseUrl }).origin, statusCode: error.statusCode, message: publicText(error), result: { provider, ok: false, code: error.code } })
}

// A native application waits for its address, and its user for the application: neither would go on from a page.
function withError (uri: string, { code }: OAuthError): string {
  const [address] = uri.split('#', 1) as [string]
  return `${address}${address.includes('?') ? '&' : '?'}error=${code}${uri.slice(address.length)}`
}

function log (level: 'info' | 'warn' | 'error', { request, provider, error }: FailedEnding): void {
  request.log[level]({ err: error, provider: quote(provider) }, error.message)
}

/** Whether a hook replied. */
// Fastify tells that only when the reply has gone out, and a hook need not wait for that.
export async function runsHook (reply: FastifyReply, hook: () => unknown): Promise<boolean> {
  let replied = false
  const { send } = reply
  reply.send = (payload?: unknown) => {
    replied = true
    return send.call(reply, payload)
  }
  await hook()
  return replied || reply.sent
}
