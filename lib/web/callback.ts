// The parameters of a callback: from the query, or from the body of a form_post (OAuth 2.0 Form Post Response Mode).
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { callbackUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import type { PendingLogins } from './pending-login.js'

const passedOn = 'form_post'
const passedOnFor = 60_000

/** Query and form parameters as they came, duplicates included. */
export function paramsOf (request: FastifyRequest): URLSearchParams {
  const query = new URLSearchParams(request.url.split('?').slice(1).join('?'))
  return request.body instanceof URLSearchParams ? new URLSearchParams([...query, ...request.body]) : query
}

/** The authorization response. */
export function callbackOf ({ cipher, options }: OAuthContext, request: FastifyRequest, provider: Provider): URLSearchParams {
  const params = paramsOf(request)
  const sealed = params.get(passedOn)
  if (sealed === null) return params
  const refuse = (why: string) => oauthError('FST_OAUTH_INVALID_CALLBACK', [provider.name, why])
  const plain = cipher.open('form-post', provider.name, sealed)
  if (plain === null) throw refuse(`its parameter ${passedOn} was not made here, or was changed`)
  const { at, form } = JSON.parse(plain)
  if (options.clock() - at > passedOnFor) throw refuse('it was passed on more than a minute ago')
  return new URLSearchParams(form)
}

/**
 * A cross-site POST brings no SameSite=Lax cookie, so the user's session would be missing, and be replaced by a new one.
 * The address that the browser is sent to instead, with the form in it, encrypted; null where it has no other cookies.
 */
export function passAsGet (context: OAuthContext, { request, pending, provider, callback }: { request: FastifyRequest, pending: PendingLogins, provider: Provider, callback: URLSearchParams }): string | null {
  if (request.method !== 'POST' || !pending.hadCookies(request, provider.keyOf(callback))) return null
  const sealed = context.cipher.seal('form-post', provider.name, JSON.stringify({ at: context.options.clock(), form: callback.toString() }))
  return `${callbackUrlOf(context, request, provider)}?${passedOn}=${sealed}`
}
