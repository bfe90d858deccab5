import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthLoginParameters } from './authorization-request.js'
import type { OAuthProviderOptionsOf } from './catalogue.js'
import type { OAuthCatalogueScopes } from './catalogue-names.js'
import type { OAuthTokenClient, OAuthTokenTarget } from './client.js'
import type { OAuthDeviceLogin, OAuthDeviceOptions } from './device.js'
import type { OAuthGrant, OAuthGrantRevocation, OAuthRevocation } from './grant.js'
import type { OAuthUnauthorizedState } from './options.js'
import type { OAuthTenantFunction } from './options-provider.js'
import type { OAuthProfile } from './profile.js'
import type { OAuthProvider, OAuthProviderName, OAuthScope, OAuthScopeNames } from './providers.js'
import type { OAuthClientRegistration, OAuthDynamicProviderOptions, OAuthRegistrationAccess } from './registration.js'

/** `app.oauth.providers`: name to provider. */
export interface OAuthProviderRegistry extends Iterable<OAuthProvider> {
  /** Throws FST_OAUTH_UNKNOWN_PROVIDER, which names the nearest known ones. */
  get(name: OAuthProviderName): OAuthProvider
  has(name: string): boolean
  /** Adds a provider, also while the application runs. Throws FST_OAUTH_INVALID_OPTIONS. */
  register<Name extends string>(name: Name, options: OAuthProviderOptionsOf<Name> | OAuthTenantFunction): OAuthProvider
  unregister(name: string): boolean
  /**
   * Registers a client at the provider (RFC 7591), adds the provider, and answers what has to be kept of it. Throws
   * FST_OAUTH_INVALID_OPTIONS, FST_OAUTH_PROVIDER_EXISTS, FST_OAUTH_INVALID_CALL where the provider does not offer it,
   * FST_OAUTH_TOKEN_REFUSED where it refuses the client, and the provider's other errors.
   */
  registerDynamically(name: string, options: OAuthDynamicProviderOptions): Promise<OAuthClientRegistration>
  /** The registration as the provider has it now, perhaps with a new secret (RFC 7592 section 2.1). Throws as above. */
  readRegistration(name: OAuthProviderName, registration: OAuthRegistrationAccess): Promise<OAuthClientRegistration>
  /** Deletes the client at the provider (RFC 7592 section 2.3), and removes the provider. Throws as above. */
  deregister(name: OAuthProviderName, registration: OAuthRegistrationAccess): Promise<void>
  readonly size: number
}

/** Names a grant without a request. */
export interface OAuthClientSelector {
  owner: string
  /** Required where each tenant has its own provider. */
  tenant?: string
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

/**
 * In whose name a client without a request calls. `audience`, `resource` and `scope` are for providers with `grant` alone, and those
 * take neither owner nor account.
 */
export interface OAuthClientOptions extends OAuthTokenTarget {
  /** Required at a provider with logins, unless its tokens come from a `tokenGetter`. */
  owner?: string
  /** Required where each tenant has its own provider. */
  tenant?: string
  /** Default: the account of the last login. */
  account?: string
  /** With `grant: 'jwt_bearer'`: in whose name the token is asked for. Default: as the option `assertion` says. */
  subject?: string
}

/** `app.oauth` */
export interface FastifyOAuth {
  readonly providers: OAuthProviderRegistry
  readonly settings: OAuthSettings
  /**
   * A hook for every route of an encapsulated context: `app.addHook('onRequest', app.oauth.require('github'))`. What a route's own
   * `config.oauth` needs comes on top. Throws FST_OAUTH_INVALID_OPTIONS.
   */
  require(requirement: OAuthProviderName | OAuthRouteRequirement): OAuthRequirementHook
  /** The client of `request.oauth` without a request: for jobs and queues, and for the application's own calls. */
  client(provider: OAuthProviderName, options?: OAuthClientOptions): OAuthTokenClient
  /**
   * Starts a login that the user finishes on another device (RFC 8628). Throws FST_OAUTH_INVALID_CALL where the provider offers none,
   * FST_OAUTH_NO_LOGINS, FST_OAUTH_INVALID_OPTIONS, and the provider's errors.
   */
  device(provider: OAuthProviderName, options: OAuthDeviceOptions): Promise<OAuthDeviceLogin>
  readonly grants: {
    /** Every grant of an owner, or those at one provider, of one tenant or of all. Throws FST_OAUTH_STORE_FAILED. */
    list(selector: { owner: string, provider?: OAuthProviderName, tenant?: string }): Promise<OAuthGrant[]>
    /** Drops one grant, at the provider too where it can (RFC 7009). Throws FST_OAUTH_STORE_FAILED, FST_OAUTH_GRANT_BUSY. */
    revoke(provider: OAuthProviderName, selector: OAuthClientSelector): Promise<OAuthRevocation>
    /** The same for every grant of an owner; one that fails does not stop the others. Throws where the store cannot list them. */
    revokeAll(selector: { owner: string }): Promise<OAuthGrantRevocation[]>
    /**
     * Moves the grants of this request's session to a named owner, at sign-in, and answers how many. The session forgets that
     * it had any. Where the owner has a grant of the same account, that of the later login stays. Throws FST_OAUTH_INVALID_CALL
     * where the owner is empty, FST_OAUTH_OWNER_REQUIRED where there is no session, and the store's errors.
     */
    adopt(request: FastifyRequest, owner: string): Promise<number>
    /**
     * Encrypts every grant anew that was not encrypted with the first secret, and answers how many: then an old secret can go.
     * Throws FST_OAUTH_STORE_FAILED, also where the store has no `scan`.
     */
    rewrap(): Promise<number>
  }
}

/** What `app.oauth.require()` answers: an onRequest hook. */
export type OAuthRequirementHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** How strongly, and how lately, a user must have been authenticated (RFC 9470, OpenID Connect Core 1.0 section 2). */
export interface OAuthAuthenticationRequirement {
  /** `acr` of the id_token: one of these, the most wanted first. */
  acr?: string | readonly string[]
  /** Seconds since `auth_time` of the id_token at most; 60 more are tolerated. */
  maxAge?: number
}

/** How a login that a handler starts differs from the provider's options. */
export interface OAuthAuthorizeOptions extends OAuthAuthenticationRequirement, OAuthLoginParameters {
  /** Asked for besides the provider's own scopes and those granted already. */
  scope?: readonly string[]
  /** Where the login ends: a path on this origin. */
  returnTo?: string
  /** OpenID Connect Core 1.0 section 3.1.2.1, or the provider's own values. */
  prompt?: string
  loginHint?: string
  /**
   * Without questions (`prompt=none`): the browser ends at `returnTo` whether it came through or not, and `request.oauth.silentFailure` says
   * why it has not. Default: false.
   */
  silent?: boolean
  /**
   * Adds an account to those of a signed-in owner, who must be the same when it ends; a start from another site is refused. Scopes
   * granted already are those of another account, and not asked for. Default: false.
   */
  link?: boolean
}

/** How a logout that a handler starts differs. */
export interface OAuthLogoutOptions {
  /** Where it ends: a path on this origin, or one of `returnToUris`. */
  returnTo?: string
  /** Default: every account of the owner at the provider. */
  account?: string
}

/**
 * Why a login without questions failed: the user is not signed in at the provider, has not yet allowed what is asked for, has to do something
 * else there (also: to authenticate more strongly), or it was refused.
 */
export type OAuthSilentFailure = 'login_required' | 'consent_required' | 'interaction_required' | 'access_denied'

/** `request.oauth`: signed calls in the name of the request's owner. */
export interface RequestOAuth extends OAuthTokenClient {
  /** The same, bound to another provider, to another account of it, or to another tenant's. */
  use(provider: OAuthProviderName, options?: { account?: string, tenant?: string }): RequestOAuth
  /** The grant that the guard or `loadGrant()` loaded, or null. */
  readonly grant: OAuthGrant | null
  /** Loads the grant, refreshed where it had to be; null where there is none. */
  loadGrant(): Promise<OAuthGrant | null>
  /** Why the last silent login at the bound provider failed, in this browser and within five minutes; null where none has. */
  readonly silentFailure: OAuthSilentFailure | null
  /** Every grant of this owner. */
  grants(): Promise<OAuthGrant[]>
  /** Whether the loaded grant covers all these scopes. */
  has(...scope: string[]): boolean
  /** Starts a login from a handler: replies with a redirect to the provider. */
  authorize(reply: FastifyReply, options?: OAuthAuthorizeOptions): Promise<FastifyReply>
  /**
   * Answers an error by which the API asked for more (FST_OAUTH_API_INSUFFICIENT_SCOPE, FST_OAUTH_API_INSUFFICIENT_AUTHENTICATION), or
   * one that says that nothing was granted (FST_OAUTH_GRANT_REQUIRED), as a guarded route does. Rejects with any other error.
   */
  challenge(reply: FastifyReply, error: unknown): Promise<FastifyReply>
  /** id_token claims and userinfo in one shape. */
  profile(): Promise<OAuthProfile>
  /** Drops the grant, at the provider too where it can. */
  revoke(): Promise<OAuthRevocation>
  /** Logs the user out: here, then at the provider. Replies as the route of the plugin does. */
  logout(reply: FastifyReply, options?: OAuthLogoutOptions): Promise<FastifyReply>
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

/** What a route needs of one provider before its handler runs. */
export interface OAuthRequirementAt<Provider extends string> extends OAuthAuthenticationRequirement {
  provider: Provider
  /** Scopes that the grant must hold. */
  scope?: ReadonlyArray<OAuthScope<Provider>>
  /** Account at the provider, or a function of the request that answers it. Default, and where it answers undefined: that of the last login. */
  account?: string | ((request: FastifyRequest) => string | undefined | Promise<string | undefined>)
  /**
   * Page loads first ask the provider whether it can do without asking the user (`prompt=none`), once in five minutes: where that fails, the
   * route goes on as without this option. OpenID providers alone. Default: false.
   */
  silent?: boolean
  /** Run the handler without it too; then `request.oauth.grant` is null. Default: false. */
  optional?: boolean
  /** Instead of the redirect or the JSON: reply in it. Where it does not reply, they follow. */
  onUnauthorized?: (state: OAuthUnauthorizedState) => unknown
  /** Where the access token is put for a proxy, or for a front end that calls the API itself. Default: nowhere. */
  inject?: OAuthInjection
}

/** What a route needs before its handler runs. */
export type OAuthRouteRequirement = OAuthRequirementAt<OAuthProviderName> | { [Provider in (keyof OAuthScopeNames | keyof OAuthCatalogueScopes) & OAuthProviderName]: OAuthRequirementAt<Provider> }[(keyof OAuthScopeNames | keyof OAuthCatalogueScopes) & OAuthProviderName]

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
