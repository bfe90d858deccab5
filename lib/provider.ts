// One provider: begin, complete, refresh, revoke. It picks its protocol once, at construction.
import type { OAuthGrant, OAuthProviderSession, OAuthTokenSet } from '../types/grant.js'
import type { OAuthIntrospectOptions, OAuthIntrospection } from '../types/introspection.js'
import type { OAuthProfile } from '../types/profile.js'
import type { OAuthProtocolName, OAuthProvider } from '../types/providers.js'
import { oauthError } from './errors.js'
import type { CallToSign, SignedBodies } from './http/call-to-sign.js'
import { connectionsOf } from './http/connections.js'
import type { Connections } from './http/connections.js'
import { withRateLimit } from './http/rate-limit.js'
import type { SignedParts } from './http/sign.js'
import { createTransport } from './http/transport.js'
import type { TransportOptions } from './http/transport.js'
import { OAuth1Protocol } from './oauth1/protocol.js'
import type { DeviceAuthorization } from './oauth2/device.js'
import { OAuth2Protocol } from './oauth2/protocol.js'
import { LoginRequestParams } from './login-start.js'
import type { ProviderLogout } from './oidc/logout.js'
import { checkUser, toProfile, withEmails } from './oidc/profile.js'
import { pathOf, placeOf } from './place.js'
import type { ProviderTenant } from './place.js'
import { isLoopback, parseIntrospectOptions, parseOwnTokens } from './options.js'
import type { OwnTokens, ProviderOptions } from './options.js'
import type { LoginEnd, LoginStart, Protocol } from './protocol.js'

export type { LoginEnd, LoginSecrets, LoginStart } from './protocol.js'

/** What every provider of an application shares. */
export interface ProviderSurroundings extends Pick<TransportOptions, 'dispatcher' | 'timeout'> {
  clock: () => number
  /** The usual callback URL of a provider, where it can be told without a request. */
  callbackUrl?: (name: string) => string
}

/** A login that came through: its tokens, and whose they are. */
export interface CompletedLogin { tokens: OAuthTokenSet, subject: string | undefined, account: string, /** Which the provider may end. */ session?: OAuthProviderSession | undefined }

export type { DeviceAuthorization }

type TokenGetter = NonNullable<ProviderOptions['tokenGetter']>

export class Provider implements OAuthProvider {
  readonly name: string
  readonly tenant: ProviderTenant['tenant']
  readonly place: string
  readonly baseUrl: ProviderTenant['baseUrl']
  readonly title: string
  readonly issuer: string | undefined
  readonly scope: readonly string[]
  readonly apiBaseUrl: string | undefined
  readonly callbackUrl: string | undefined
  readonly defaultReturnTo: string | undefined
  readonly allowCrossSiteStart: boolean
  readonly refreshGrace: number | undefined
  /** What API calls go through. */
  readonly dispatcher: TransportOptions['dispatcher']
  readonly #connections: Connections
  readonly #options: ProviderOptions
  readonly #protocol: Protocol
  readonly #asked: LoginRequestParams
  readonly #apiOrigins: ReadonlySet<string>

  constructor (name: string, options: ProviderOptions, { dispatcher, timeout, clock }: ProviderSurroundings, { tenant, baseUrl }: ProviderTenant = {}) {
    this.name = name
    this.tenant = tenant
    this.baseUrl = baseUrl
    const place = this.place = placeOf({ provider: name, tenant })
    this.title = options.title ?? name
    this.issuer = options.issuer
    this.scope = options.scope ?? (options.issuer === undefined || options.grant !== undefined ? [] : ['openid'])
    this.apiBaseUrl = options.apiBaseUrl
    this.callbackUrl = options.callbackUrl === 'oob' ? undefined : options.callbackUrl
    this.defaultReturnTo = options.defaultReturnTo
    this.allowCrossSiteStart = options.allowCrossSiteStart
    this.refreshGrace = options.quirks.refreshGrace
    this.#options = options
    this.#asked = new LoginRequestParams(pathOf({ provider: name, tenant }), options)
    this.#apiOrigins = new Set([options.apiBaseUrl, ...options.apiOrigins].filter(url => url !== undefined).map(url => new URL(url).origin))
    const allows = (url: URL) => url.protocol === 'https:' || isLoopback(url) || options.allowInsecureRequests
    this.#connections = connectionsOf(options, { provider: place, dispatcher, to: origin => this.allowsOrigin(origin) })
    this.dispatcher = this.#connections.api
    const transport = withRateLimit(createTransport({ dispatcher: this.#connections.endpoints, provider: place, timeout, allows }), options.quirks.rateLimit, clock)
    this.#protocol = options.requestTokenUrl === undefined
      ? new OAuth2Protocol({ provider: place, options, transport, clock, allows })
      : new OAuth1Protocol({ provider: place, options, transport, clock })
  }

  /** Whether its metadata are wanted before the application is ready. */
  get isEager (): boolean {
    return this.#options.discovery === 'eager'
  }

  /** Fetches the metadata. Throws FST_OAUTH_DISCOVERY_FAILED and the errors of the transport. */
  async prepare (): Promise<void> {
    await this.#protocol.prepare?.()
  }

  /** Ends the connections that are this provider's own, when the calls under way have ended; who holds it may call on. */
  async close (): Promise<void> {
    await this.#connections.close()
  }

  get protocol (): OAuthProtocolName {
    return this.#protocol.name
  }

  /** Those that were given by hand. */
  get endpoints (): Pick<ProviderOptions, 'authorizeUrl' | 'accessTokenUrl'> {
    return this.#options
  }

  /** Whether the access token may go to this origin. */
  allowsOrigin (origin: string): boolean {
    return this.#apiOrigins.has(origin)
  }

  get signsBodies (): SignedBodies | undefined {
    return this.#protocol.signsBodies
  }

  /** How its API says that a scope is missing. */
  get insufficientScope (): ProviderOptions['quirks']['insufficientScope'] {
    return this.#options.quirks.insufficientScope
  }

  /** What names the pending login of a callback: its state, or its oauth_token; null where it has none. */
  keyOf (callback: URLSearchParams): string | null {
    return this.#protocol.keyOf(callback)
  }

  /** The parameters of a callback, those of a signed one unverified. */
  readCallback (callback: URLSearchParams): URLSearchParams {
    return this.#protocol.read?.(callback) ?? callback
  }

  /** Starts a login. The request is what `requestTokenParams` and `authorizeParams` may be functions of. */
  async begin (start: LoginStart, request: unknown) {
    const { redirectUri, scope } = start
    const { params, resource, maxAge } = await this.#asked.of(start, request)
    const requestParams = await this.#asked.params('requestTokenParams', request)
    const { url, key, secrets } = await this.#protocol.begin({ redirectUri, scope, params, resource, maxAge, requestParams })
    return { url, key, secrets, formPost: /^form_post(\.jwt)?$/.test(params.response_mode ?? '') }
  }

  /** Ends a login. The request is what `accessTokenParams` may be a function of. */
  async complete ({ callback, secrets, redirectUri }: LoginEnd, request: unknown): Promise<CompletedLogin> {
    const params = await this.#asked.params('accessTokenParams', request)
    return this.identify(await this.#protocol.complete({ callback, secrets, redirectUri, params }))
  }

  /** Finds out whose tokens those of a login are. */
  async identify (tokens: OAuthTokenSet): Promise<CompletedLogin> {
    const subject = await this.#subjectOf(tokens)
    return { tokens, subject, account: subject ?? 'default', session: await this.#protocol.logout?.sessionOf(tokens) }
  }

  async refresh (grant: OAuthGrant): Promise<OAuthTokenSet> {
    return this.#protocol.refresh(grant)
  }

  /** False where the provider offers no revocation. */
  async revoke (grant: OAuthGrant): Promise<boolean> {
    return this.#protocol.revoke(grant)
  }

  /** Logout at the provider; undefined at OAuth 1.0a, which has none. */
  get logout (): ProviderLogout | undefined {
    return this.#protocol.logout
  }

  /** Whether its tokens are bound to a key or a certificate (RFC 9449, RFC 8705), or may be. */
  get bindsTokens (): boolean {
    return Boolean(this.#options.dpop) || this.#options.clientCert !== undefined
  }

  /** Whether users log in: else its tokens are the application's own. */
  get hasLogins (): boolean {
    return this.#options.grant === undefined
  }

  /** Throws FST_OAUTH_NO_LOGINS. */
  checkLogins (): void {
    if (!this.hasLogins) throw oauthError('FST_OAUTH_NO_LOGINS', [this.name])
  }

  /** Whether the application keeps the tokens of its users itself. */
  get hasOwnTokens (): boolean {
    return this.#options.tokenGetter !== undefined
  }

  /** What the application keeps, where it does; null where that is nothing. Throws FST_OAUTH_INVALID_OPTIONS. */
  async ownTokens (state: Parameters<TokenGetter>[0]): Promise<OwnTokens> {
    return parseOwnTokens(await (this.#options.tokenGetter as TokenGetter)(state), `${pathOf({ provider: this.name, tenant: this.tenant })}.tokenGetter()`)
  }

  /** What OAuth 2 has besides logins. Throws FST_OAUTH_INVALID_CALL at an OAuth 1.0a provider, where there is no such thing. */
  oauth2 (what: string): OAuth2Protocol {
    if (this.#protocol instanceof OAuth2Protocol) return this.#protocol
    throw oauthError('FST_OAUTH_INVALID_CALL', [this.name, `OAuth 1.0a has no ${what}`])
  }

  /** What the provider says of a token (RFC 7662). */
  async introspect (token: string, options: OAuthIntrospectOptions = {}): Promise<OAuthIntrospection> {
    return this.oauth2('token introspection').introspection.ask(token, parseIntrospectOptions(options) as OAuthIntrospectOptions)
  }

  async sign (grant: OAuthGrant, call: CallToSign): Promise<SignedParts> {
    return this.#protocol.sign(grant, call)
  }

  /** Throws FST_OAUTH_PROFILE_UNAVAILABLE where the provider tells nothing of its users, FST_OAUTH_USERINFO_MISMATCH where it tells of another. */
  async profile (grant: OAuthGrant): Promise<OAuthProfile> {
    const userinfo = await this.#protocol.userinfo(grant)
    if (userinfo === undefined && grant.claims === undefined) throw oauthError('FST_OAUTH_PROFILE_UNAVAILABLE', [this.name])
    const profile = this.#profileOf({ ...grant.claims, ...userinfo }, grant)
    // With an id_token the subjects were compared already.
    if (grant.claims === undefined && grant.subject !== undefined && profile.id !== grant.subject) throw oauthError('FST_OAUTH_USERINFO_MISMATCH', [this.name])
    return withEmails(profile, this.#options.profile, url => this.#protocol.resource(grant, url))
  }

  // Without an id_token, userinfo alone tells two accounts apart.
  async #subjectOf (tokens: OAuthTokenSet): Promise<string | undefined> {
    if (tokens.claims !== undefined) return String(tokens.claims.sub)
    const { userinfoUrl, quirks } = this.#options
    if (userinfoUrl === undefined && quirks.userinfo?.from === undefined && this.protocol !== 'oauth1') return undefined
    const userinfo = await this.#protocol.userinfo(tokens)
    return userinfo === undefined ? undefined : this.#profileOf(userinfo, tokens).id
  }

  #profileOf (raw: Record<string, unknown>, { accessToken, tokenSecret }: Pick<OAuthTokenSet, 'accessToken' | 'tokenSecret'>): OAuthProfile {
    const { profile: map, clientSecret } = this.#options
    const profile = toProfile(raw, map)
    checkUser(profile, { provider: this.place, map, secrets: [accessToken, tokenSecret, clientSecret] })
    return profile
  }
}
