import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthProvidersOption } from './catalogue.js'
import type { OAuthGrant, OAuthGrantChange } from './grant.js'
import type { GrantStore } from './store.js'

/** The end of a login that succeeded. */
export interface OAuthAuthorizedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  grant: OAuthGrant
  /** Where the login will end unless the hook replies itself: a path on this origin, or one of `returnToUris`. */
  returnTo: string
}

/** The end of a login that the user or the provider refused (RFC 6749 section 4.1.2.1). */
export interface OAuthDeniedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  error: string
  errorDescription: string | undefined
  errorUri: string | undefined
  /** Facebook's `error_reason`. */
  errorReason: string | undefined
  returnTo: string
}

/** The end of a login that failed. */
export interface OAuthErrorState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  error: Error & { code: string, statusCode?: number }
}

/** The end of a user's session: by a logout here, or at the provider. */
export interface OAuthLogoutState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  /** Whose provider it is, where each tenant has its own. */
  tenant?: string | undefined
  /** `user`: the browser that made the request. `provider`: the provider told of it, and the request is the provider's. */
  by: 'user' | 'provider'
  /** The grants that ended here; they may be none. */
  grants: readonly OAuthGrant[]
  /** Whose session it was, as far as the provider tells. */
  subject: string | undefined
  /** Which session it was at the provider; undefined where the provider ended every session of the subject, or has no ids for them. */
  sid: string | undefined
}

/** A request that lacks what its route needs. */
export interface OAuthUnauthorizedState {
  request: FastifyRequest
  reply: FastifyReply
  provider: string
  /** Scopes that the route needs. */
  scope: readonly string[]
  /** FST_OAUTH_GRANT_REQUIRED, FST_OAUTH_INSUFFICIENT_SCOPE or FST_OAUTH_INSUFFICIENT_AUTHENTICATION. */
  error: Error & { code: string, statusCode: number }
  /** Where a browser starts the login that brings it. */
  authorizeUrl: string
}

/** How one of the plugin's routes is registered: `false` switches it off. */
export type OAuthRouteOption = false | Omit<RouteShorthandOptions, 'handler' | 'errorHandler' | 'logSerializers' | 'schema'>

/** The page that lists the providers. */
export interface OAuthSignInPage {
  /** Its heading. Default: `Sign in`. */
  title?: string
  /** A path of this origin: a stylesheet that is loaded after the page's own style, and may set its CSS variables anew. Default: none. */
  stylesheet?: string
}

/** Options of the plugin. */
export interface OAuthPluginOptions {
  /**
   * Name to provider, or to a function where each tenant has its own. With the name of an entry of the catalogue only the client has to be given. More can be added later with
   * `app.oauth.providers.register`.
   */
  providers?: OAuthProvidersOption
  /**
   * Public origin of the application, from which every callback URL is built, such as `https://app.example.com`.
   * Required when NODE_ENV is `production`; otherwise the request's own loopback address serves.
   */
  baseUrl?: string
  /** Where the plugin's routes live. Default: `/oauth`. */
  prefix?: string
  /** Encrypts pending logins and grants: the first encrypts, all decrypt. At least 32 bytes each. Default: random per start. */
  secret?: string | Uint8Array | ReadonlyArray<string | Uint8Array>
  /** Where grants live. Default: `new MemoryGrantStore()`. */
  store?: GrantStore
  /** Who a grant belongs to. Default, and where it answers null: an opaque id in the session. */
  owner?: (request: FastifyRequest) => string | null | Promise<string | null>
  session?: {
    /** Registers @fastify/session with this secret (32 characters at least) where no session is registered. */
    secret?: string
    /** Keys of the session that survive its renewal at login. Default: none. */
    keep?: readonly string[]
  }
  /** Where a login ends when it did not start from a route. Default: `/`. */
  returnTo?: string
  /**
   * Addresses besides those of this origin where a login may end, each compared as a whole: deep links of native applications, such
   * as `com.example.app:/signed-in` (RFC 8252 section 7.1). Default: none.
   */
  returnToUris?: readonly string[]
  /** After a login, before the redirect. Reply in it to replace the redirect. */
  onAuthorized?: (state: OAuthAuthorizedState) => unknown
  /** When the user or the provider refused. Default: an error reply, 403. */
  onDenied?: (state: OAuthDeniedState) => unknown
  /** After every change of a grant. It is not waited for, and what it throws is logged. */
  onGrantChange?: (change: OAuthGrantChange) => unknown
  /** After a logout, before the reply: end sessions of your own. By a user, reply in it to replace the redirect. */
  onLogout?: (state: OAuthLogoutState) => unknown
  /** When a login failed. Default: an error reply, as a page or as JSON. */
  onError?: (state: OAuthErrorState) => unknown
  /** Serves a page at `prefix` that lists the providers as links. Default: false. */
  signIn?: boolean | OAuthSignInPage
  routes?: {
    login?: OAuthRouteOption
    callback?: OAuthRouteOption
    logout?: OAuthRouteOption
    backchannelLogout?: OAuthRouteOption
    signIn?: OAuthRouteOption
  }
  /** undici Dispatcher of every request of the plugin. Default: an Agent of its own. */
  dispatcher?: Dispatcher
  /** Milliseconds for each of the plugin's own calls to a provider, their bodies included. Default: 10 000. */
  timeout?: number
  /** Milliseconds that a user has to finish a login. Default: 600 000. */
  loginTimeout?: number
  /** Milliseconds since the epoch. For tests. Default: `Date.now`. */
  clock?: () => number
}
