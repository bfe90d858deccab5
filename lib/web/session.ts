// The session that holds an owner's id: @fastify/session's or @fastify/secure-session's, registered here where asked.
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { PluginOptions } from '../options.js'

/** The part of a session that is used: both kinds have it. */
export interface Session {
  get (key: string): unknown
  set (key: string, value: unknown): void
  regenerate? (keep: string[]): unknown
  /** @fastify/session's. */
  cookie?: { secure?: unknown }
}

/** Registers what the application has not: cookies, and a session where the option session.secret asks for one. */
export async function requireSession (app: FastifyInstance, options: PluginOptions): Promise<void> {
  const { secret } = options.session
  if (!app.hasReplyDecorator('setCookie')) await app.register(cookie)
  if (app.hasRequestDecorator('session') || (options.owner !== undefined && secret === undefined)) return
  if (secret === undefined) throw oauthError('FST_OAUTH_SESSION_REQUIRED')
  await app.register(session, { secret, cookie: { secure: 'auto', sameSite: 'lax' }, saveUninitialized: false })
}

/** The session of a request. Throws FST_OAUTH_OWNER_REQUIRED where there is none. */
export function sessionOf (request: FastifyRequest): Session {
  const found = Reflect.get(request, 'session') as Partial<Session> | null | undefined
  if (typeof found?.get !== 'function' || typeof found.set !== 'function') throw oauthError('FST_OAUTH_OWNER_REQUIRED')
  return found as Session
}

/** Keeps a request that came without the browser's cookies from replacing the browser's session by a new one. */
export function leaveSession (request: FastifyRequest): void {
  Reflect.set(request, 'session', {})
}
