// Who a grant belongs to: whom the application names, or an opaque id in the session.
import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { OAuthContext } from './context.js'
import type { PendingLogin, TakenLogin } from './pending-login.js'
import { sessionOf } from './session.js'

export type Owner = PendingLogin['owner']

const ownerKey = 'oauthOwner'
/** Logins that other tabs had under way when this session got its owner: they may end in it too. */
const followersKey = 'oauthFollowers'

export class Owners {
  readonly #context: OAuthContext

  constructor (context: OAuthContext) {
    this.#context = context
  }

  /** The owner of a request's grants; null while nobody has logged in. Throws FST_OAUTH_OWNER_REQUIRED. */
  async of (request: FastifyRequest): Promise<Owner> {
    const { owner } = this.#context.options
    const named = await owner?.(request)
    // Ids that are numbers come from applications in JavaScript.
    if (named !== undefined && named !== null && named !== '') return { id: String(named), named: true }
    return { id: inSession(request), named: false }
  }

  /** Its id alone; a promise only where the application has to be asked: every guarded request comes here. */
  idOf (request: FastifyRequest): Promise<string | null> | string | null {
    return this.#context.options.owner === undefined ? inSession(request) : this.of(request).then(({ id }) => id)
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
    if (login.link === true && current.id === null) throw oauthError('FST_OAUTH_OWNER_CHANGED', [login.provider])
    // A session may have ended meanwhile, or another tab of the same browser may have finished its login first.
    const follows = !current.named && !login.owner.named && (current.id === null || followersIn(request).includes(hashOf([login])))
    if (current.id !== login.owner.id && !follows) throw oauthError('FST_OAUTH_OWNER_CHANGED', [login.provider])
    return current
  }

  /**
   * The owner of a login's grant. A session gets a new id, and a new owner that takes over the grants of the old one:
   * whoever planted or copied the session before the login is left with nothing.
   */
  async settle (request: FastifyRequest, login: TakenLogin, { named, id }: Owner): Promise<string> {
    if (named) return String(id)
    // Callbacks that arrive at once bring the same cookies: they come to the same owner, whichever session stays.
    const owner = hashOf([login, ...login.others])
    const follows = (other: PendingLogin) => [login.owner.id, id].includes(other.owner.id) || followersIn(request).includes(hashOf([other]))
    const followers = login.others.filter(follows).map(other => hashOf([other]))
    await sessionOf(request).regenerate?.([...this.#context.options.session.keep])
    // regenerate() puts a new object on the request.
    const session = sessionOf(request)
    session.set(ownerKey, owner)
    session.set(followersKey, followers)
    if (id !== null) await this.#context.keeper.move(id, owner)
    return owner
  }

  /** Ends the session of a request whose owner has no grant left. A named owner's session is the application's. */
  async leave (request: FastifyRequest): Promise<void> {
    const { id, named } = await this.of(request)
    if (named || id === null || (await this.#context.keeper.keys(id)).length > 0) return
    await sessionOf(request).regenerate?.([...this.#context.options.session.keep])
    const session = sessionOf(request)
    session.set(ownerKey, undefined)
    session.set(followersKey, undefined)
  }

  /** Gives the grants of a session to a named owner. Answers how many. */
  async adopt (request: FastifyRequest, owner: string): Promise<number> {
    // A caller without types may give anything.
    const name = String(owner ?? '')
    if (name === '') throw oauthError('FST_OAUTH_INVALID_CALL', ['app.oauth.grants.adopt', 'the owner is empty'])
    const session = sessionOf(request)
    const id = session.get(ownerKey)
    if (typeof id !== 'string') return 0
    const count = await this.#context.keeper.move(id, name)
    // Only now: where the store fails it can be tried again.
    session.set(ownerKey, undefined)
    session.set(followersKey, undefined)
    return count
  }
}

function inSession (request: FastifyRequest): string | null {
  const id = sessionOf(request).get(ownerKey)
  return typeof id === 'string' ? id : null
}

function hashOf (logins: PendingLogin[]): string {
  const states = logins.map(({ secrets }) => secrets.state).sort()
  return hash('sha256', states.join('\0'), 'base64url')
}

function followersIn (request: FastifyRequest): unknown[] {
  const followers = sessionOf(request).get(followersKey)
  return Array.isArray(followers) ? followers : []
}
