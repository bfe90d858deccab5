// Where a request comes from, as its browser says: Fetch Metadata (Sec-Fetch-Site), else Origin (RFC 6454 section 7).
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { Provider } from '../provider.js'
import { baseUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'

/** `own`: a page of this origin; `user`: no page at all, such as a bookmark; `unknown`: the client does not say. */
export type Site = 'own' | 'user' | 'foreign' | 'unknown'

// RFC 9110 section 9.2.1. A browser is not told of QUERY yet: it asks before it sends one elsewhere, and is then refused here.
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** A neighbour under the same domain is foreign: it may be anyone's. */
export function siteOf (context: OAuthContext, request: FastifyRequest, at?: Pick<Provider, 'baseUrl'>): Site {
  const { 'sec-fetch-site': site, origin } = request.headers
  if (site !== undefined) return site === 'same-origin' ? 'own' : site === 'none' ? 'user' : 'foreign'
  if (origin === undefined) return 'unknown'
  return origin === baseUrlOf(context, request, at).origin ? 'own' : 'foreign'
}

/**
 * Refuses a request that changes something, or opens a WebSocket, and that a page of another origin may have caused. A client
 * that says nothing of where it comes from must send x-requested-with: a page of another origin cannot, without asking first.
 * Throws FST_OAUTH_CROSS_SITE, FST_OAUTH_SITE_UNKNOWN.
 */
export function refuseForgery (context: OAuthContext, request: FastifyRequest, provider: Pick<Provider, 'name' | 'baseUrl'>): void {
  const { method, headers } = request
  const opensSocket = /websocket/i.test(headers.upgrade ?? '')
  if (safeMethods.has(method) && !opensSocket) return
  const site = siteOf(context, request, provider)
  if (site === 'foreign') throw oauthError('FST_OAUTH_CROSS_SITE', [provider.name])
  if (site === 'unknown' && headers['x-requested-with'] === undefined) throw oauthError('FST_OAUTH_SITE_UNKNOWN', [provider.name])
}
