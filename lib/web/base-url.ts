// The public address of the application, from which every callback URL is built.
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import { isLoopback } from '../options.js'
import type { Provider } from '../provider.js'
import type { OAuthContext } from './context.js'

/** The tenant's own, baseUrl, or in development the loopback address that the request came to. No header can make it another host. */
export function baseUrlOf (context: OAuthContext, request: FastifyRequest, at?: Pick<Provider, 'baseUrl'>): URL {
  const baseUrl = at?.baseUrl ?? context.baseUrl
  if (baseUrl !== undefined) return baseUrl
  // HTTP/2 has a field of its own for it. Fastify's request.host would believe X-Forwarded-Host.
  const { host, ':authority': authority = host } = request.headers
  const url = `${request.protocol}://${authority}`
  if (!URL.canParse(url) || !isLoopback(new URL(url))) throw oauthError('FST_OAUTH_BASE_URL_REQUIRED')
  return new URL(new URL(url).origin)
}

/** The path of baseUrl, without a slash at the end: a proxy takes it off before a request comes here. */
export function basePathOf ({ baseUrl }: OAuthContext): string {
  return baseUrl === undefined ? '' : baseUrl.pathname.replace(/\/$/, '')
}

/** An address of the application as a browser outside sees it. */
export function publicUrl (context: OAuthContext, request: FastifyRequest, path: string, at?: Pick<Provider, 'baseUrl'>): string {
  return `${baseUrlOf(context, request, at).origin}${basePathOf(context)}${path}`
}

/** Where a callback comes to; a tenant's by an address of its own (RFC 9700 section 4.4.2.2). */
export function callbackPathOf ({ prefix }: Pick<OAuthContext, 'prefix'>, { name, tenant }: { name: string, tenant?: string | undefined }): string {
  return `${prefix}/${name}/callback${tenant === undefined ? '' : `/${tenant}`}`
}

/** redirect_uri of a provider (RFC 6749 section 3.1.2). */
export function callbackUrlOf (context: OAuthContext, request: FastifyRequest, provider: Provider): string {
  return provider.callbackUrl ?? publicUrl(context, request, callbackPathOf(context, provider), provider)
}
