// One provider: begin, complete, refresh, revoke. It picks its protocol once, at construction.
import type { OAuthDpopKey } from '../types/client-auth.js'
import type { OAuthGrant, OAuthTokenSet } from '../types/grant.js'
import type { OAuthProfile } from '../types/profile.js'
import type { OAuthProtocolName, OAuthProvider } from '../types/providers.js'
import { oauthError } from './errors.js'
import type { CallToSign, SignedBodies } from './http/call-to-sign.js'
import { createMutualTlsAgent, presenting } from './http/mutual-tls.js'
import type { SignedParts } from './http/sign.js'
import { createTransport } from './http/transport.js'
import type { TransportOptions } from './http/transport.js'
import { OAuth1Protocol } from './oauth1/protocol.js'
import { OAuth2Protocol } from './oauth2/protocol.js'
import type { TokenExchange, TokenTarget } from './oauth2/token-request.js'
import { toProfile } from './oidc/profile.js'
import { pathOf, placeOf } from './place.js'
import type { ProviderTenant } from './place.js'
import { isLoopback, parseOwnTokens, parseParams } from './options.js'
import type { OwnTokens, ProviderOptions } from './options.js'

/** What every provider of an application shares. */
export interface ProviderSurroundings extends Pick<TransportOptions, 'dispatcher' | 'timeout'> { clock: () => number }

/** What a callback is checked against: each protocol has its own part of it. */
export interface LoginSecrets {
  /** 256 bits: tells logins apart everywhere. */
  state: string
  /** OAuth 2: of PKCE. */
  verifier?: string
  /** OpenID Connect. */
  nonce?: string
  /** What the tokens will be bound to (RFC 9449). */
  dpopKey?: OAuthDpopKey
  /** OAuth 1.0a: the temporary credentials. */
  token?: string
  tokenSecret?: string
}

/** How a login starts. */
export interface LoginStart {
  redirectUri: string
  scope: readonly string[]
  /** Added to the authorization request. */
  params: Record<string, string>
}

/** How a login ends. */
export interface LoginEnd {
  /** The authorization response. */
  callback: URLSearchParams
  secrets: LoginSecrets
  redirectUri: string
}

/** What the tokens say of whom they stand for. */
type Identity = Pick<OAuthTokenSet, 'accessToken' | 'tokenSecret' | 'dpopKey'> & Pick<OAuthGrant, 'claims' | 'raw'>

/** What a protocol folder offers. */
interface Protocol {
  readonly name: OAuthProtocolName
  /** Bodies of API calls that it signs. */
  readonly signsBodies?: SignedBodies
  /** What names the pending login of a callback; null where the callback does not say. */
  keyOf(callback: URLSearchParams): string | null
  begin(start: LoginStart & { requestParams: Record<string, string> }): Promise<{ url: string, key: string, secrets: LoginSecrets }>
  complete(end: LoginEnd & { params: Record<string, string> }): Promise<OAuthTokenSet>
  refresh(grant: OAuthGrant): Promise<OAuthTokenSet>
  revoke(grant: OAuthGrant): Promise<boolean>
  userinfo(identity: Identity): Promise<Record<string, unknown> | undefined>
  /** One API call: what the signature depends on is read from it only as far as it matters. */
  sign(grant: OAuthGrant, call: CallToSign): Promise<SignedParts>
  clientCredentials?(target: TokenTarget, params: Record<string, string>): Promise<OAuthTokenSet>
  exchange?(exchange: TokenExchange): Promise<OAuthTokenSet>
}

/** A login that came through: its tokens, and whose they are. */
export interface CompletedLogin { tokens: OAuthTokenSet, subject: string | undefined, account: string }

type TokenGetter = NonNullable<ProviderOptions['tokenGetter']>

export class Provider implements OAuthProvider {
  readonly name: string
  readonly tenant: ProviderTenant['tenant']
  readonly place: string
  readonly baseUrl: ProviderTenant['baseUrl']
  readonly issuer: string | undefined
  readonly scope: readonly string[]
  readonly apiBaseUrl: string | undefined
  readonly callbackUrl: string | undefined
  readonly defaultReturnTo: string | undefined
  readonly allowCrossSiteStart: boolean
  readonly refreshGrace: number | undefined
  /** What API calls go through. */
  readonly dispatcher: TransportOptions['dispatcher']
  readonly #agent: TransportOptions['dispatcher'] | undefined
  readonly #options: ProviderOptions
  readonly #protocol: Protocol
  readonly #apiOrigins: ReadonlySet<string>

  constructor (name: string, options: ProviderOptions, { dispatcher, timeout, clock }: ProviderSurroundings, { tenant, baseUrl }: ProviderTenant = {}) {
    this.name = name
    this.tenant = tenant
    this.baseUrl = baseUrl
    const place = this.place = placeOf({ provider: name, tenant })
    this.issuer = options.issuer
    this.scope = options.scope ?? (options.issuer === undefined || options.grant !== undefined ? [] : ['openid'])
    this.apiBaseUrl = options.apiBaseUrl
    this.callbackUrl = options.callbackUrl === 'oob' ? undefined : options.callbackUrl
    this.defaultReturnTo = options.defaultReturnTo
    this.allowCrossSiteStart = options.allowCrossSiteStart
    this.refreshGrace = options.quirks.refreshGrace
    this.#options = options
    this.#apiOrigins = new Set([options.apiBaseUrl, ...options.apiOrigins].filter(url => url !== undefined).map(url => new URL(url).origin))
    const allows = (url: URL) => url.protocol === 'https:' || isLoopback(url) || options.allowInsecureRequests
    const { clientCert: cert, clientCertKey: key, serverCa: ca } = options
    this.#agent = cert === undefined || key === undefined ? undefined : createMutualTlsAgent({ cert, key, ca })
    this.dispatcher = this.#agent === undefined ? dispatcher : presenting(this.#agent, { others: dispatcher, to: origin => this.allowsOrigin(origin) })
    const transport = createTransport({ dispatcher: this.#agent ?? dispatcher, provider: place, timeout, allows })
    this.#protocol = options.requestTokenUrl === undefined
      ? new OAuth2Protocol({ provider: place, options, transport, clock, allows })
      : new OAuth1Protocol({ provider: place, options, transport, clock })
  }

  /** Ends the connections that are this provider's own, when the calls under way have ended; who holds it may call on. */
  async close (): Promise<void> {
    await this.#agent?.close()
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

  /** Starts a login. The request is what `requestTokenParams` and `authorizeParams` may be functions of. */
  async begin ({ redirectUri, scope, params }: LoginStart, request: unknown) {
    const own = await this.#params(this.#options.authorizeParams, 'authorizeParams', request)
    const requestParams = await this.#params(this.#options.requestTokenParams, 'requestTokenParams', request)
    const all = { ...own, ...params }
    return { ...await this.#protocol.begin({ redirectUri, scope, params: all, requestParams }), formPost: all.response_mode === 'form_post' }
  }

  /** Ends a login. The request is what `accessTokenParams` may be a function of. */
  async complete (end: LoginEnd, request: unknown): Promise<CompletedLogin> {
    const params = await this.#params(this.#options.accessTokenParams, 'accessTokenParams', request)
    const tokens = await this.#protocol.complete({ ...end, params })
    const subject = await this.#subjectOf(tokens)
    return { tokens, subject, account: subject ?? 'default' }
  }

  async refresh (grant: OAuthGrant): Promise<OAuthTokenSet> {
    return this.#protocol.refresh(grant)
  }

  /** False where the provider offers no revocation. */
  async revoke (grant: OAuthGrant): Promise<boolean> {
    return this.#protocol.revoke(grant)
  }

  /** Whether its tokens are bound to a key or a certificate (RFC 9449, RFC 8705), or may be. */
  get bindsTokens (): boolean {
    return Boolean(this.#options.dpop) || this.#agent !== undefined
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

  /** What distinguishes a token of this provider's client from one of another client under the same name, as a text. */
  get client (): string {
    const { clientId, issuer, accessTokenUrl, accessTokenParams } = this.#options
    return JSON.stringify([clientId, issuer, accessTokenUrl, accessTokenParams])
  }

  /** A token of the client itself (RFC 6749 section 4.4). */
  async clientCredentials (target: TokenTarget): Promise<OAuthTokenSet> {
    return (this.#protocol as Required<Protocol>).clientCredentials(target, await this.#params(this.#options.accessTokenParams, 'accessTokenParams', undefined))
  }

  /** A token for another service in exchange for a user's (RFC 8693). */
  async exchange (exchange: TokenExchange): Promise<OAuthTokenSet> {
    if (this.#protocol.exchange === undefined) throw oauthError('FST_OAUTH_INVALID_CALL', [this.name, 'OAuth 1.0a has no token exchange'])
    return this.#protocol.exchange(exchange)
  }

  async sign (grant: OAuthGrant, call: CallToSign): Promise<SignedParts> {
    return this.#protocol.sign(grant, call)
  }

  /** Throws FST_OAUTH_PROFILE_UNAVAILABLE where the provider tells nothing of its users, FST_OAUTH_USERINFO_MISMATCH where it tells of another. */
  async profile (grant: OAuthGrant): Promise<OAuthProfile> {
    const userinfo = await this.#protocol.userinfo(grant)
    if (userinfo === undefined && grant.claims === undefined) throw oauthError('FST_OAUTH_PROFILE_UNAVAILABLE', [this.name])
    const profile = toProfile({ ...grant.claims, ...userinfo }, this.#options.profile)
    // With an id_token the subjects were compared already.
    if (grant.claims === undefined && grant.subject !== undefined && profile.id !== grant.subject) throw oauthError('FST_OAUTH_USERINFO_MISMATCH', [this.name])
    return profile
  }

  // Without an id_token, userinfo alone tells two accounts apart.
  async #subjectOf (tokens: OAuthTokenSet): Promise<string | undefined> {
    if (tokens.claims !== undefined) return String(tokens.claims.sub)
    if (this.#options.userinfoUrl === undefined && this.protocol !== 'oauth1') return undefined
    const userinfo = await this.#protocol.userinfo(tokens)
    return userinfo === undefined ? undefined : toProfile(userinfo, this.#options.profile).id
  }

  async #params (params: ProviderOptions['authorizeParams'], option: string, request: unknown): Promise<Record<string, string>> {
    if (typeof params !== 'function') return params ?? {}
    return parseParams(await params(request as Parameters<typeof params>[0]), `${pathOf({ provider: this.name, tenant: this.tenant })}.${option}()`, this.protocol === 'oauth1' ? 'oauth1' : 'oauth2')
  }
}
