// How a login ends: the application's hooks, and what is replied where they do not reply.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthError } from '../errors.js'
import { quote } from '../errors.js'
import type { OAuthContext } from './context.js'
import { seeOther, sendError } from './reply.js'

interface Ending { request: FastifyRequest, reply: FastifyReply, provider: string }

/** A login, or another step of the plugin's routes, that came to an error. */
interface FailedEnding extends Ending {
  error: OAuthError
  /** Where a browser can try again. */
  retryUrl: string | undefined
}

/** Runs onAuthorized, then redirects to where the login started. */
export async function endLogin ({ options }: OAuthContext, { grant, returnTo, ...ending }: Ending & { grant: OAuthGrant, returnTo: string }): Promise<void> {
  const { reply } = ending
  const { onAuthorized } = options
  const replied = onAuthorized !== undefined && await runsHook(reply, () => onAuthorized({ ...ending, grant, returnTo }))
  if (!replied) seeOther(reply, returnTo)
}

/** Runs onDenied with what the provider said, then replies with the error. */
export async function denyLogin ({ options }: OAuthContext, { error, retryUrl, callback, ...ending }: FailedEnding & { callback: URLSearchParams }): Promise<void> {
  const { request, reply } = ending
  log('info', ending, error)
  const said = (name: string) => callback.get(name) ?? undefined
  // OAuth 1.0a has no parameter error.
  const denial = { error: said('error') ?? String(error.providerError), errorDescription: said('error_description') ?? said('oauth_problem_advice'), errorUri: said('error_uri'), errorReason: said('error_reason') }
  const replied = await runsHook(reply, () => options.onDenied?.({ ...ending, ...denial, returnTo: error.returnTo as string }))
  if (!replied) sendError(request, reply, error, retryUrl)
}

/** Runs onError, then replies with the error. */
export async function failLogin ({ options }: OAuthContext, { error, retryUrl, ...ending }: FailedEnding): Promise<void> {
  const { request, reply } = ending
  log(error.statusCode < 500 ? 'warn' : 'error', ending, error)
  const replied = await runsHook(reply, () => options.onError?.({ ...ending, error }))
  if (!replied) sendError(request, reply, error, retryUrl)
}

function log (level: 'info' | 'warn' | 'error', { request, provider }: Ending, error: OAuthError): void {
  request.log[level]({ err: error, provider: quote(provider) }, error.message)
}

// Whether a hook replied. Fastify tells that only when the reply has gone out, and a hook need not wait for that.
async function runsHook (reply: FastifyReply, hook: () => unknown): Promise<boolean> {
  let replied = false
  const { send } = reply
  reply.send = (payload?: unknown) => {
    replied = true
    return send.call(reply, payload)
  }
  await hook()
  return replied || reply.sent
}
