// Who a grant belongs to: whom the application names, or an opaque id in the session.
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { OAuthContext } from './context.js'
import type { PendingLogin } from './pending-login.js'

/** The part of a session that is used: @fastify/session and @fastify/secure-session both have it. */
export interface Session {
  get (key: string): unknown
  set (key: string, value: unknown): void
  regenerate? (keep: string[]): unknown
  /** @fastify/session's. */
  cookie?: { secure?: unknown }
}

export type Owner = PendingLogin['owner']

const sessionKey = 'oauthOwner'

export class Owners {
  readonly #context: OAuthContext

  constructor (context: OAuthContext) {
    this.#context = context
  }

  /** The owner of a request's grants; null while nobody has logged in. Throws FST_OAUTH_OWNER_REQUIRED. */
  async of (request: FastifyRequest): Promise<Owner> {
    const { owner } = this.#context.options
    const named = await owner?.(request)
    if (named !== undefined && named !== null && named !== '') return { id: named, named: true }
    const id = sessionOf(request).get(sessionKey)
    return { id: typeof id === 'string' ? id : null, named: false }
  }

  /** Fails a login before it starts whose session @fastify/session would not save: it would start over and over. */
  checkSession (request: FastifyRequest, owner: Owner): void {
    if (!owner.named && sessionOf(request).cookie?.secure === true && request.protocol !== 'https') throw oauthError('FST_OAUTH_SESSION_NOT_SAVED')
  }

  /**
   * Refuses a login that another owner finishes than the one who started it: it would give one user's account to the other.
   * Answers who finishes it.
   */
  async check (request: FastifyRequest, login: PendingLogin): Promise<Owner> {
    const current = await this.of(request)
    const same = current.named === login.owner.named && current.id === login.owner.id
    // A session may have ended meanwhile, or another tab of the same browser may have finished its login first.
    const followed = !current.named && !login.owner.named && (current.id === null || current.id === ownerOf(login))
    if (!same && !followed) throw oauthError('FST_OAUTH_OWNER_CHANGED', [login.provider])
    return current
  }

  /**
   * The owner of a login's grant. A session gets a new id, and a new owner that takes over the grants of the old one:
   * whoever planted or copied the session before the login is left with nothing.
   */
  async settle (request: FastifyRequest, login: PendingLogin, current: Owner): Promise<string> {
    if (current.named) return String(current.id)
    const owner = ownerOf(login)
    await sessionOf(request).regenerate?.([...this.#context.options.session.keep])
    // regenerate() puts a new object on the request.
    sessionOf(request).set(sessionKey, owner)
    if (current.id !== null && current.id !== owner) await this.#context.keeper.move(current.id, owner)
    return owner
  }
}

// The same for all logins that one browser has under way, whichever ends first; known to none but that browser.
function ownerOf ({ browser }: PendingLogin): string {
  return createHash('sha256').update(`owner\0${browser}`).digest('base64url')
}

function sessionOf (request: FastifyRequest): Session {
  const session = Reflect.get(request, 'session') as Partial<Session> | null | undefined
  if (typeof session?.get !== 'function' || typeof session.set !== 'function') throw oauthError('FST_OAUTH_OWNER_REQUIRED')
  return session as Session
}
