import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthClient } from './client.js'
import type { OAuthGrant, OAuthRevocation } from './grant.js'
import type { OAuthProviderOptions } from './options.js'
import type { OAuthProfile } from './profile.js'
import type { OAuthProvider, OAuthProviderName } from './providers.js'

/** `app.oauth.providers`: name to provider. */
export interface OAuthProviderRegistry extends Iterable<OAuthProvider> {
  /** Throws FST_OAUTH_UNKNOWN_PROVIDER, which names the nearest known ones. */
  get(name: OAuthProviderName): OAuthProvider
  has(name: string): boolean
  /** Adds a provider, also while the application runs. Throws FST_OAUTH_INVALID_OPTIONS. */
  register(name: string, options: OAuthProviderOptions): OAuthProvider
  unregister(name: string): boolean
  readonly size: number
}

/** Names a grant without a request. */
export interface OAuthClientSelector {
  owner: string
  /** Default: the account of the last login. */
  account?: string
}

/** What is in force of the plugin's options, for tools and tests. */
export interface OAuthSettings {
  /** Where the plugin's routes live, with the prefix of the instance that it is registered in. */
  readonly prefix: string
  readonly baseUrl: string | undefined
  /** What every request of the plugin goes through. */
  readonly dispatcher: Dispatcher
}

/** `app.oauth` */
export interface FastifyOAuth {
  readonly providers: OAuthProviderRegistry
  readonly settings: OAuthSettings
  /** The client of `request.oauth` without a request, for jobs and queues. */
  client(provider: OAuthProviderName, selector: OAuthClientSelector): OAuthClient
  readonly grants: {
    /** Every grant of an owner. */
    list(selector: { owner: string }): Promise<OAuthGrant[]>
    /** Revokes one grant at the provider and drops it. */
    revoke(provider: OAuthProviderName, selector: OAuthClientSelector): Promise<OAuthRevocation>
  }
}

/** How a login that a handler starts differs from the provider's options. */
export interface OAuthAuthorizeOptions {
  /** Asked for besides the provider's own scopes and those granted already. */
  scope?: readonly string[]
  /** Where the login ends: a path on this origin. */
  returnTo?: string
  /** OpenID Connect Core 1.0 section 3.1.2.1, or the provider's own values. */
  prompt?: string
  loginHint?: string
}

/** `request.oauth`: signed calls in the name of the request's owner. */
export interface RequestOAuth extends OAuthClient {
  /** The same, bound to another provider or to another account of it. */
  use(provider: OAuthProviderName, options?: { account?: string }): RequestOAuth
  /** The grant that the guard or `loadGrant()` loaded, or null. */
  readonly grant: OAuthGrant | null
  /** Loads the grant, refreshed where it had to be; null where there is none. */
  loadGrant(): Promise<OAuthGrant | null>
  /** Every grant of this owner. */
  grants(): Promise<OAuthGrant[]>
  /** Whether the loaded grant covers all these scopes. */
  has(...scope: string[]): boolean
  /** Starts a login from a handler: replies with a redirect to the provider. */
  authorize(reply: FastifyReply, options?: OAuthAuthorizeOptions): Promise<FastifyReply>
  /** id_token claims and userinfo in one shape. */
  profile(): Promise<OAuthProfile>
  /** Drops the grant, at the provider too where it can. */
  revoke(): Promise<OAuthRevocation>
}

/** Where a route's access token is put. Of OAuth 2 alone: a signature of OAuth 1.0a belongs to one request. */
export interface OAuthInjection {
  /**
   * Puts `authorization: Bearer …` (RFC 6750 section 2.1) on the request, in place of every credential that came with it, for
   * @fastify/http-proxy and @fastify/reply-from to forward. Requests that change something must come from the application's own
   * origin: else 403, FST_OAUTH_CROSS_SITE or FST_OAUTH_SITE_UNKNOWN. Default: false.
   */
  request?: boolean
  /**
   * Name of a header, beginning with `x-`, that brings the access token to a script of the application's own origin. With
   * `cache-control: no-store`, on answers of 200 to 299 alone. Default: none.
   */
  response?: string
  /** With `request`: names of cookies that stay on the request. Default: none, so that no session reaches the API. */
  cookies?: readonly string[]
}

/** What a route needs before its handler runs. */
export interface OAuthRouteRequirement {
  provider: OAuthProviderName
  /** Scopes that the grant must hold. */
  scope?: readonly string[]
  /** Account at the provider. Default: that of the last login. */
  account?: string
  /** Where the access token is put for a proxy, or for a front end that calls the API itself. Default: nowhere. */
  inject?: OAuthInjection
}

declare module 'fastify' {
  interface FastifyInstance {
    oauth: FastifyOAuth
  }

  interface FastifyRequest {
    readonly oauth: RequestOAuth
  }

  interface FastifyContextConfig {
    /** The grant this route needs: a provider's name, or with scopes. */
    oauth?: OAuthProviderName | OAuthRouteRequirement
  }
}
