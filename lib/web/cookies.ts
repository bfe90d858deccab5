// What the plugin's own cookies have in common. All of them are encrypted.
import type { FastifyRequest } from 'fastify'
import type { Provider } from '../provider.js'
import { baseUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'

/** The request's cookies: the application may have told @fastify/cookie to parse later than we look. */
export function cookiesOf (request: FastifyRequest): Record<string, string | undefined> {
  return request.cookies ?? request.server.parseCookie(request.headers.cookie ?? '')
}

/** Under https no other name counts: a cookie with this prefix cannot have been planted by another host of the site (RFC 6265bis). */
export function cookieName (name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}

/** What the application has set for all its cookies does not count here: with a domain there is no __Host-. */
export function cookieAttributes (secure: boolean, sameSite: 'lax' | 'none' = 'lax') {
  return { path: '/', domain: undefined, httpOnly: true, secure, sameSite, signed: false } as const
}

export function isSecure (context: OAuthContext, request: FastifyRequest, at?: Pick<Provider, 'baseUrl'>): boolean {
  return baseUrlOf(context, request, at).protocol === 'https:'
}
