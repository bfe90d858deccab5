// The public address of the application, from which every callback URL is built.
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import { isLoopback } from '../options.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'

/** baseUrl, or in development the loopback address that the request came to. No header can make it another host. */
export function baseUrlOf ({ options }: OAuthContext, request: FastifyRequest): URL {
  if (options.baseUrl !== undefined) return new URL(options.baseUrl)
  const url = `${request.protocol}://${request.headers.host ?? ''}`
  if (!URL.canParse(url) || !isLoopback(new URL(url))) throw oauthError('FST_OAUTH_BASE_URL_REQUIRED')
  return new URL(new URL(url).origin)
}

/** An address of the application as a browser outside sees it. */
export function publicUrl (context: OAuthContext, request: FastifyRequest, path: string): string {
  const base = baseUrlOf(context, request)
  return `${base.origin}${base.pathname.replace(/\/$/, '')}${path}`
}

/** redirect_uri of a provider (RFC 6749 section 3.1.2). */
export function callbackUrlOf (context: OAuthContext, request: FastifyRequest, provider: Provider): string {
  return provider.callbackUrl ?? publicUrl(context, request, `${context.options.prefix}/${provider.name}/callback`)
}
