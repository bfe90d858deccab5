// Logins under way: one encrypted cookie each, named by a hash of its state, or of its oauth_token, so that tabs do not
// collide. A login is taken once: the cookie is deleted, and the store's claim decides between copies of one callback.
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { oauthError } from '../errors.js'
import type { OAuthErrorCode } from '../errors.js'
import type { LoginSecrets } from '../login-start.js'
import type { AuthenticationNeeds } from './authentication.js'
import { baseUrlOf } from './base-url.js'
import type { OAuthContext } from './context.js'
import { cookieAttributes, cookieName, cookiesOf, isSecure } from './cookies.js'

/** What a login must bring to have come to its purpose. */
export interface LoginNeeds extends AuthenticationNeeds {
  /** Scopes without which it has failed. */
  required: readonly string[]
  /** The account that it is for: another is refused, and nothing of it stored. */
  account?: string | undefined
}

/** What a callback is checked against and continued with. */
export interface PendingLogin extends LoginNeeds {
  provider: string
  /** Whose provider it is, where each tenant has its own. */
  tenant?: string | undefined
  secrets: LoginSecrets
  /** Scopes asked for. */
  scope: readonly string[]
  returnTo: string
  /** It ends in a window that another page has opened. */
  popup?: boolean | undefined
  /** It adds an account to those of an owner, who must be signed in when it ends. */
  link?: boolean | undefined
  /** Another site started it: it may add no account to those of an owner. */
  crossSite?: boolean | undefined
  /** Without questions; the browser goes back where it came from, whatever comes of it. */
  silent?: boolean | undefined
  /** Who started it, and whether the application said so. */
  owner: { id: string | null, named: boolean }
  /** The provider calls back by a cross-site POST. */
  formPost: boolean
  /** The browser sent cookies besides ours when the login started. */
  hadCookies: boolean
  /** Milliseconds since the epoch. */
  startedAt: number
}

/** A login that its callback has taken, and the others that its browser has under way. */
export interface TakenLogin extends PendingLogin { others: PendingLogin[] }

/** Where a callback came to: its provider, and what names its login. */
interface Taking { provider: string, tenant?: string | undefined, baseUrl?: URL | undefined, key: string | null }

const cookieNames = /^(?:__Host-)?oauth-[\w-]{22}$/
const loginsAtMost = 8
// Proxies commonly refuse a Cookie header of more than 8 KiB, and the application has cookies too.
const bytesAtMost = 5_000
// More than these are not looked at.
const cookiesAtMost = 64

export class PendingLogins {
  readonly #context: OAuthContext

  constructor (context: OAuthContext) {
    this.#context = context
  }

  /** Remembers a login in the browser; beyond eight of them, or 5 000 bytes, the oldest are dropped. */
  save (request: FastifyRequest, reply: FastifyReply, { key, login }: { key: string, login: Omit<PendingLogin, 'startedAt' | 'hadCookies'> }): void {
    const hadCookies = Object.keys(cookiesOf(request)).some(name => !cookieNames.test(name))
    const pending: PendingLogin = Object.assign(login, { hadCookies, startedAt: this.#context.options.clock() })
    const id = idOf(key)
    const name = this.#nameOf(request, id)
    const value = this.#context.cipher.seal('pending-login', id, JSON.stringify(pending))
    let bytes = name.length + value.length
    this.#underway(request, reply).forEach((other, index) => {
      bytes += other.bytes
      if (index + 2 > loginsAtMost || bytes > bytesAtMost) this.#clear(request, reply, other.name, other.login.formPost)
    })
    const maxAge = Math.ceil(this.#keptFor / 1_000)
    reply.setCookie(name, value, { ...this.#attributes(request, login.formPost), maxAge })
  }

  /** The login of a callback, which no other callback can take. Throws FST_OAUTH_STATE_…, FST_OAUTH_STORE_FAILED. */
  async take (request: FastifyRequest, reply: FastifyReply, { provider, tenant, baseUrl, key }: Taking): Promise<TakenLogin> {
    const refuse = (code: OAuthErrorCode) => oauthError(code, [provider])
    if (key === null || key === '') throw refuse('FST_OAUTH_STATE_MISSING')
    const id = idOf(key)
    const name = this.#nameOf(request, id)
    const value = cookiesOf(request)[name]
    if (value === undefined) throw this.#missing(request, provider, baseUrl)
    const login = this.#open(id, value)
    if (login === null || isRepeated(request, name)) throw refuse('FST_OAUTH_STATE_UNREADABLE')
    const { state } = login.secrets
    const first = await this.#context.keeper.claim(`login:${state === key ? id : idOf(state)}`, this.#keptFor)
    const others = this.#underway(request, reply, name)
    this.#clear(request, reply, name, login.formPost)
    if (!first) throw refuse('FST_OAUTH_STATE_USED')
    if (login.provider !== provider) throw refuse('FST_OAUTH_STATE_OTHER_PROVIDER')
    if (login.tenant !== tenant) throw refuse('FST_OAUTH_STATE_OTHER_TENANT')
    if (this.#isExpired(login)) throw refuse('FST_OAUTH_STATE_EXPIRED')
    return Object.assign(login, { others: others.map(other => other.login) })
  }

  /** Whether a login started in a browser that has cookies besides ours, which a cross-site POST may come without. */
  hadCookies (request: FastifyRequest, key: string | null): boolean {
    const id = idOf(key ?? '')
    return this.#open(id, cookiesOf(request)[this.#nameOf(request, id)])?.hadCookies === true
  }

  // Longer than a login may take, so that one that took too long is told from one that never was.
  get #keptFor (): number {
    return this.#context.options.loginTimeout * 2
  }

  // The newest first. What is too old or cannot be read is cleared on the way, but for what another application, on another
  // port of this host, has sealed.
  #underway (request: FastifyRequest, reply: FastifyReply, except?: string) {
    const ours = Object.entries(cookiesOf(request)).filter(([name]) => name !== except && cookieNames.test(name)).slice(0, cookiesAtMost)
    const found = ours.flatMap(([name, value]) => {
      const id = name.slice(-22)
      const login = name === this.#nameOf(request, id) ? this.#open(id, value) : null
      if (login !== null && !this.#isExpired(login)) return [{ name, login, bytes: name.length + String(value).length }]
      if (!this.#context.cipher.isForeign(String(value))) this.#clear(request, reply, name, login?.formPost ?? false)
      return []
    })
    return found.sort((a, b) => b.login.startedAt - a.login.startedAt)
  }

  #open (id: string, value: string | undefined): PendingLogin | null {
    const plain = value === undefined ? null : this.#context.cipher.open('pending-login', id, value)
    return plain === null ? null : JSON.parse(plain)
  }

  #isExpired ({ startedAt }: PendingLogin): boolean {
    return this.#context.options.clock() - startedAt > this.#context.options.loginTimeout
  }

  #missing (request: FastifyRequest, provider: string, baseUrl: URL | undefined): Error {
    const expected = baseUrlOf(this.#context, request, { baseUrl }).host
    if (request.host !== expected) return oauthError('FST_OAUTH_STATE_OTHER_HOST', [provider, request.host, expected])
    const hasOthers = Object.keys(cookiesOf(request)).some(name => cookieNames.test(name))
    return oauthError(hasOthers ? 'FST_OAUTH_STATE_MISMATCH' : 'FST_OAUTH_STATE_NO_COOKIE', [provider])
  }

  #clear (request: FastifyRequest, reply: FastifyReply, name: string, formPost: boolean): void {
    reply.clearCookie(name, this.#attributes(request, formPost))
  }

  // RFC 6265bis: a cross-site POST brings only cookies with SameSite=None, and those must be Secure.
  #attributes (request: FastifyRequest, formPost: boolean) {
    return formPost ? cookieAttributes(true, 'none') : cookieAttributes(isSecure(this.#context, request))
  }

  #nameOf (request: FastifyRequest, id: string): string {
    return cookieName(`oauth-${id}`, isSecure(this.#context, request))
  }
}

function idOf (key: string): string {
  return hash('sha256', key, 'base64url').slice(0, 22)
}

// Two cookies of one name: one was planted from another host or path of the site.
function isRepeated (request: FastifyRequest, name: string): boolean {
  return String(request.headers.cookie).split(';').filter(part => part.trim().startsWith(`${name}=`)).length > 1
}
