// How a login ends: the application's hooks, and what is replied where they do not reply.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthError } from '../errors.js'
import { quote } from '../errors.js'
import { paramsOf } from './callback.js'
import type { OAuthContext } from './context.js'
import { seeOther, sendError } from './reply.js'

interface Ending { request: FastifyRequest, reply: FastifyReply, provider: string }

/** Runs onAuthorized, then redirects to where the login started. */
export async function endLogin ({ options }: OAuthContext, { grant, returnTo, ...ending }: Ending & { grant: OAuthGrant, returnTo: string }): Promise<FastifyReply> {
  const { reply } = ending
  const replied = await runsHook(reply, () => options.onAuthorized?.({ ...ending, grant, returnTo }))
  return replied ? reply : seeOther(reply, returnTo)
}

/** Runs onDenied or onError, then replies with the error. */
export async function failLogin ({ options, registry }: OAuthContext, { error, ...ending }: Ending & { error: OAuthError }): Promise<FastifyReply> {
  const { request, reply, provider } = ending
  const denied = error.code === 'FST_OAUTH_ACCESS_DENIED'
  request.log[denied ? 'info' : error.statusCode < 500 ? 'warn' : 'error']({ err: error, provider: quote(provider) }, error.message)
  const returnTo = error.returnTo ?? options.returnTo
  const replied = await runsHook(reply, () => denied ? options.onDenied?.({ ...ending, ...denialOf(request), returnTo }) : options.onError?.({ ...ending, error }))
  return replied ? reply : sendError(request, reply, error, registry.has(provider) ? retryUrl(options, { request, provider, error }) : undefined)
}

// What the provider said; the hook's to show, so it is told as it came.
function denialOf (request: FastifyRequest) {
  const params = paramsOf(request)
  const value = (name: string) => params.get(name) ?? undefined
  return { error: value('error') ?? 'access_denied', errorDescription: value('error_description'), errorUri: value('error_uri'), errorReason: value('error_reason') }
}

function retryUrl ({ baseUrl, prefix, routes }: OAuthContext['options'], { request, provider, error }: Omit<Ending, 'reply'> & { error: OAuthError }): string | undefined {
  if (routes.login === false || request.url.includes('/logout')) return undefined
  const base = baseUrl === undefined ? '' : new URL(baseUrl).pathname.replace(/\/$/, '')
  if (error.code === 'FST_OAUTH_CROSS_SITE') return `${base}${request.originalUrl}`
  return `${base}${prefix}/${provider}${error.returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(error.returnTo)}`}`
}

// Whether a hook replied. Fastify tells that only when the reply has gone out, and a hook need not wait for that.
async function runsHook (reply: FastifyReply, hook: () => unknown): Promise<boolean> {
  let replied = false
  const { send } = reply
  reply.send = function (this: FastifyReply, payload?: unknown) {
    replied = true
    return send.call(this, payload)
  }
  try {
    await hook()
  } finally {
    reply.send = send
  }
  return replied || reply.sent
}
