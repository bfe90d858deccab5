// RFC 6749's authorization code flow, and OpenID Connect Core 1.0 on top of it.
import type * as engine from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import type { OAuthProtocolName } from '../../types/providers.js'
import { clientSigner } from '../client-key.js'
import { isOAuthError, oauthError } from '../errors.js'
import type { CallToSign } from '../http/call-to-sign.js'
import type { SignedParts } from '../http/sign.js'
import type { Transport } from '../http/transport.js'
import { IdTokenVerifier } from '../oidc/id-token.js'
import { fetchJson, fetchUserinfo } from '../oidc/userinfo.js'
import { bearerParts, headersOf } from './access-token.js'
import { ProviderLogout } from '../oidc/logout.js'
import type { LoginSecrets } from './authorization-request.js'
import { checkResponse, parametersOf } from './authorization-response.js'
import { pick, standardCallback } from './callback-params.js'
import { ClientEndpoint } from './client-endpoint.js'
import { DpopProver, createDpopKey } from './dpop.js'
import { endpointOf } from './endpoint.js'
import { Introspection } from './introspection.js'
import { LoginRequests } from './login-request.js'
import type { LoginStart } from './login-request.js'
import { metadataOf } from './metadata.js'
import { OtherGrants } from './other-grants.js'
import { Registration } from './registration.js'
import { RequestObjects } from './request-object.js'
import { revokeTokens } from './revocation.js'
import { Strategies } from './strategies.js'
import { TokenEndpoint } from './token-endpoint.js'
import type { TokenAnswer } from './token-endpoint.js'
import { checkSameUser, tokenSetOf } from './token-set.js'
import { userinfoUrl } from './userinfo-request.js'
import type { Described } from './userinfo-request.js'

export interface OAuth2Options {
  provider: string
  options: OAuthProviderOptions
  transport: Transport
  clock: () => number
  /** Whether an address may be called, or a browser be sent to it. */
  allows: (url: URL) => boolean
}

/** How a login ends. */
export interface LoginEnd {
  /** The authorization response. */
  callback: URLSearchParams
  secrets: LoginSecrets
  redirectUri: string
  /** Added to the token request. */
  params: Record<string, string>
}

/** A token, and the key that it is bound to. */
type BoundToken = Pick<OAuthGrant, 'accessToken' | 'dpopKey'>

export class OAuth2Protocol {
  readonly name: OAuthProtocolName
  /** Tokens without a redirect. */
  readonly grants: OtherGrants
  readonly introspection: Introspection
  readonly logout: ProviderLogout
  readonly registration: Registration
  readonly #provider: string
  readonly #options: OAuthProviderOptions
  readonly #transport: Transport
  readonly #clock: () => number
  readonly #metadata: () => Promise<engine.AuthorizationServer>
  readonly #endpoint: ClientEndpoint
  readonly #tokens: TokenEndpoint
  readonly #logins: LoginRequests
  readonly #prover: DpopProver
  readonly #idTokens: IdTokenVerifier
  readonly #strategies: Strategies

  constructor ({ provider, options, transport, clock, allows }: OAuth2Options) {
    const { clientId, clientKey, clientKeyAlg, clientKeyId, clockTolerance, issuer, scope, grant } = options
    const signer = clientKey === undefined ? undefined : clientSigner({ clientKey, clientKeyAlg, clientKeyId })
    const asks = scope?.includes('openid') ?? true
    this.name = issuer !== undefined && asks && grant === undefined ? 'oidc' : 'oauth2'
    this.#provider = provider
    this.#options = options
    this.#transport = transport
    this.#clock = clock
    this.#metadata = metadataOf({ provider, options, transport, clock, allows, needsKeys: this.name === 'oidc' && options.idTokenAlg !== 'HS256' })
    this.#prover = new DpopProver(clock)
    this.#strategies = new Strategies({ provider, options, signer, transport, clock })
    this.#endpoint = new ClientEndpoint({ provider, options, signer, prover: this.#prover, strategies: this.#strategies, transport, clock })
    this.#tokens = new TokenEndpoint({ options, endpoint: this.#endpoint, clock })
    const requests = signer === undefined ? undefined : new RequestObjects({ provider, clientId, signer, clock })
    this.#logins = new LoginRequests({ options, nonce: this.name === 'oidc', endpoint: this.#endpoint, requests })
    const clientSecret = options.idTokenAlg === 'HS256' ? options.clientSecret : undefined
    this.#idTokens = new IdTokenVerifier({ provider, clientId, clientSecret, clockTolerance, transport, clock })
    this.introspection = new Introspection({ provider, clock, endpoint: this.#endpoint, metadata: this.#metadata, keys: this.#idTokens })
    this.registration = new Registration({ provider, options, transport, clock, metadata: this.#metadata })
    this.grants = new OtherGrants({
      provider,
      options,
      clock,
      signer,
      endpoint: this.#endpoint,
      tokens: this.#tokens,
      metadata: this.#metadata,
      needsIdToken: this.name === 'oidc',
      newKey: () => this.#newKey(),
      tokensOf: (answer, key) => this.#tokensOf(answer, key),
      read: (server, answer, key) => this.#read(server, answer, { key })
    })
    this.logout = new ProviderLogout({ provider, options, transport, clock, metadata: this.#metadata, hasIdTokens: this.name === 'oidc' })
  }

  /** Throws where the metadata cannot be had, or be worked with. */
  async prepare (): Promise<void> {
    await this.#metadata()
  }

  /** Names the pending login of a callback. Throws FST_OAUTH_INVALID_CALLBACK. */
  keyOf (callback: URLSearchParams): string | null {
    const states = this.read(callback).getAll('state')
    if (states.length > 1) throw oauthError('FST_OAUTH_INVALID_CALLBACK', [this.#provider, 'it has more than one state'])
    return states[0] ?? null
  }

  /** The parameters of a callback, those of a signed one unverified. Throws FST_OAUTH_INVALID_CALLBACK. */
  read (callback: URLSearchParams): URLSearchParams {
    return parametersOf(standardCallback(callback, this.#quirks.paramNames?.callback), this.#provider)
  }

  /** The authorization URL, and what its answer will be checked against. */
  async begin (start: LoginStart): Promise<{ url: string, key: string, secrets: LoginSecrets }> {
    const server = await this.#metadata()
    // Before a user is sent there in vain.
    this.#endpoint.auth(server)
    return this.#logins.begin(server, { ...start, redirectUri: this.#quirks.redirectUri ?? start.redirectUri })
  }

  /** Checks the authorization response, in the order state, iss, error, code; exchanges the code; verifies the id_token. */
  async complete ({ callback: sent, secrets, redirectUri, params }: LoginEnd): Promise<OAuthTokenSet> {
    const server = await this.#metadata()
    const { paramNames, nonce, callbackParams, tokenRequest, redirectUri: alias = redirectUri } = this.#quirks
    const callback = standardCallback(sent, paramNames?.callback)
    const checked = await checkResponse({ provider: this.#provider, options: this.#options, server, client: this.#endpoint.client, callback, secrets, keys: this.#idTokens.keys })
    this.#strategies.checkCallback(sent)
    const answer = await this.#tokens.exchange(server, {
      callback: checked,
      redirectUri: alias,
      verifier: secrets.verifier,
      nonce: nonce === 'not-echoed' ? undefined : secrets.nonce,
      requireIdToken: this.name === 'oidc',
      params: { ...params, ...pick(callback, tokenRequest?.callbackParams) },
      resource: secrets.resource,
      maxAge: secrets.maxAge,
      key: secrets.dpopKey
    })
    const tokens = await this.#strategies.kept(await this.#read(server, answer, { code: String(checked.get('code')), key: secrets.dpopKey }))
    if (callbackParams !== undefined) tokens.raw = { ...tokens.raw, callback: pick(callback, callbackParams) }
    if (secrets.resource !== undefined) tokens.resource = secrets.resource
    return tokens
  }

  /** RFC 6749 section 6. A refreshed id_token must be of the same issuer and subject (OpenID Connect Core 1.0 section 12.2). */
  async refresh (grant: OAuthGrant): Promise<OAuthTokenSet> {
    const renewed = await this.#strategies.refreshed(grant.refreshToken as string)
    if (renewed !== undefined) return renewed
    // What fails here has not sent the refresh token.
    const server = await this.#metadata().catch(error => { throw Object.assign(error, { unspent: true }) })
    // A grant from before the option dpop was set gets a key now.
    const key = grant.dpopKey ?? this.#newKey()
    const answer = await this.#tokens.refresh(server, grant.refreshToken as string, key, grant.resource)
    const tokens = await this.#read(server, answer, { key }).catch(error => {
      if (isOAuthError(error) && error.code === 'FST_OAUTH_ID_TOKEN_INVALID') throw error
      // The refresh token is spent: where the keys cannot be had, its successor must not be lost. The old id_token stays.
      return { ...this.#tokensOf(answer, key), idToken: undefined, claims: undefined }
    })
    checkSameUser(tokens, { grant, provider: this.#provider })
    return tokens
  }

  /** Revokes both tokens at the provider (RFC 7009); false where it has no endpoint for that. */
  async revoke (grant: OAuthGrant): Promise<boolean> {
    const server = await this.#metadata()
    if (server.revocation_endpoint === undefined) return false
    await revokeTokens(this.#endpoint, server, grant, this.#quirks.tokenAnswer)
    return true
  }

  /** The userinfo of whom the access token stands for; undefined where the provider has none. */
  async userinfo (token: BoundToken & Described & Pick<OAuthGrant, 'claims'>): Promise<Record<string, unknown> | undefined> {
    if (this.#quirks.userinfo?.from === 'token-answer') return token.raw
    const server = await this.#metadata()
    const endpoint = endpointOf(server, 'userinfo_endpoint', this.#options)
    if (endpoint === undefined) return undefined
    const url = userinfoUrl(endpoint, token, { provider: this.#provider, clientId: this.#options.clientId })
    return fetchUserinfo({ ...this.#described(server, token, url), call: await this.#strategies.userinfo(token.accessToken), subject: token.claims?.sub })
  }

  /** Another resource of the same user, by GET: JSON, whatever it holds. */
  async resource (token: BoundToken, url: URL): Promise<unknown> {
    return fetchJson(this.#described(await this.#metadata(), token, url))
  }

  #described (server: engine.AuthorizationServer, token: BoundToken, url: URL) {
    const sign = () => this.#signed(token, { method: this.#quirks.userinfo?.method ?? 'GET', origin: url.origin, path: url.pathname + url.search })
    const secrets = [token.accessToken, this.#options.clientSecret]
    return { provider: this.#provider, server, client: this.#endpoint.client, url, sign, subject: undefined, secrets, transport: this.#transport, clock: this.#clock, idTokens: this.#idTokens }
  }

  /** Signs one API call (RFC 6750 section 2.1, RFC 9449 section 7.1). */
  async sign (grant: OAuthGrant, call: CallToSign): Promise<SignedParts> {
    return this.#signed(grant, call)
  }

  // By the token's own kind, whatever the options say now.
  #signed ({ accessToken, dpopKey }: BoundToken, call: Pick<CallToSign, 'method' | 'origin' | 'path'>): SignedParts {
    const { clientId, quirks } = this.#options
    if (dpopKey === undefined) return bearerParts({ accessToken, clientId, path: () => call.path }, quirks)
    const signed = this.#prover.sign(dpopKey, { method: call.method, origin: call.origin, path: call.path, accessToken })
    return quirks?.headers === undefined ? signed : { ...signed, headers: { ...headersOf(quirks.headers, clientId), ...signed.headers } }
  }

  get #quirks (): OAuthQuirks {
    // The schema of the options sees to it.
    return this.#options.quirks as OAuthQuirks
  }

  #newKey (): OAuthDpopKey | undefined {
    return this.#options.dpop ? createDpopKey() : undefined
  }

  #tokensOf (answer: TokenAnswer, key: OAuthDpopKey | undefined): OAuthTokenSet {
    return tokenSetOf(answer, { provider: this.#provider, clock: this.#clock, dpop: this.#options.dpop, key })
  }

  async #read (server: engine.AuthorizationServer, answer: TokenAnswer, { code, key }: { code?: string, key: OAuthDpopKey | undefined }): Promise<OAuthTokenSet> {
    const tokens = this.#tokensOf(answer, key)
    const { idToken, claims, accessToken } = tokens
    if (idToken !== undefined && claims !== undefined) await this.#idTokens.verify(server, { response: answer.response, idToken, claims, accessToken, code })
    return tokens
  }
}
