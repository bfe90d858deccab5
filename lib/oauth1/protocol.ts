// RFC 5849's three-legged flow: temporary credentials, the user's authorization, token credentials; and signed calls.
import type { OAuthGrant, OAuthTokenSet } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import type { CallToSign, SignedBodies } from '../http/call-to-sign.js'
import type { SignedParts } from '../http/sign.js'
import type { Transport } from '../http/transport.js'
import { RandomSource } from '../random.js'
import { denialIn, tokenOf, verifierOf } from './callback.js'
import { ClientSigner } from './client-signer.js'
import type { OAuth1ProviderOptions } from './client-signer.js'
import { CredentialsEndpoint } from './credentials-endpoint.js'

export interface OAuth1Options {
  provider: string
  options: OAuth1ProviderOptions
  transport: Transport
  clock: () => number
}

/** The temporary credentials that a callback must belong to. */
export interface TemporaryCredentials {
  /** 256 bits of ours: the token is the provider's choice. */
  state: string
  token: string
  tokenSecret: string
}

/** How a login starts. */
export interface OAuth1LoginStart {
  redirectUri: string
  scope: readonly string[]
  /** Added to the authorization URL. */
  params: Record<string, string>
  /** Added to the request for temporary credentials. */
  requestParams: Record<string, string>
}

/** How a login ends. */
export interface OAuth1LoginEnd {
  callback: URLSearchParams
  secrets: TemporaryCredentials
  /** Plays no part in it: the provider was told at the start. */
  redirectUri: string
  /** Added to the request for token credentials. */
  params: Record<string, string>
}

// They must fit into a cookie.
const temporaryAtMost = 1_024

export class OAuth1Protocol {
  readonly name = 'oauth1'
  readonly signsBodies: SignedBodies
  readonly #provider: string
  readonly #options: OAuth1ProviderOptions
  readonly #clock: () => number
  readonly #signer: ClientSigner
  readonly #endpoint: CredentialsEndpoint
  readonly #random = new RandomSource(32)

  constructor ({ provider, options, transport, clock }: OAuth1Options) {
    this.#provider = provider
    this.#options = options
    this.#clock = clock
    this.#signer = new ClientSigner(options, clock)
    this.#endpoint = new CredentialsEndpoint({ provider, signer: this.#signer, transport, clock })
    this.signsBodies = options.quirks.oauth1BodyHash ? 'all' : 'forms'
  }

  /** Names the pending login of a callback. Throws FST_OAUTH_TOKEN_MISSING and FST_OAUTH_INVALID_CALLBACK. */
  keyOf (callback: URLSearchParams): string {
    return this.#key(tokenOf(this.#provider, callback))
  }

  /** Asks for temporary credentials; answers the authorization URL, and what its answer will be checked against. */
  async begin ({ redirectUri, scope, params, requestParams }: OAuth1LoginStart): Promise<{ url: string, key: string, secrets: TemporaryCredentials }> {
    const { requestTokenUrl, accessTokenMethod = 'POST', callbackUrl, quirks } = this.#options
    const { oauth1RequestTokenMethod = accessTokenMethod, oauth1ScopeOnRequestToken = false } = quirks
    const scopeParams = this.#scopeParams(scope)
    const callback = callbackUrl === 'oob' ? 'oob' : redirectUri
    const { token, tokenSecret, rest } = await this.#endpoint.ask({
      endpoint: 'request token endpoint',
      url: requestTokenUrl as string,
      method: oauth1RequestTokenMethod,
      token: this.#confirms ? { callback } : {},
      params: { ...requestParams, ...(oauth1ScopeOnRequestToken ? scopeParams : {}) }
    })
    if (this.#confirms && String(rest.oauth_callback_confirmed) !== 'true') throw oauthError('FST_OAUTH_CALLBACK_UNCONFIRMED', [this.#provider])
    if (token.length + tokenSecret.length > temporaryAtMost) {
      throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['request token endpoint', this.#provider, `its temporary credentials have more than ${temporaryAtMost} characters`])
    }
    const own = { oauth_token: token, ...(this.#confirms || callback === 'oob' ? {} : { oauth_callback: callback }) }
    const url = authorizationUrl(this.#options.authorizeUrl as string, { ...params, ...(oauth1ScopeOnRequestToken ? {} : scopeParams), ...own })
    return { url, key: this.#key(token), secrets: { state: this.#random.next().toString('base64url'), token, tokenSecret } }
  }

  /** Checks the callback, in the order oauth_token, denial, verifier; then exchanges the temporary credentials, once. */
  async complete ({ callback, secrets, params }: OAuth1LoginEnd): Promise<OAuthTokenSet> {
    const { token, tokenSecret } = secrets
    if (tokenOf(this.#provider, callback) !== token) throw oauthError('FST_OAUTH_INVALID_CALLBACK', [this.#provider, 'its oauth_token belongs to another login'])
    const denial = denialIn(callback)
    if (denial !== undefined) throw oauthError('FST_OAUTH_ACCESS_DENIED', [this.#provider, denial], undefined, { providerError: denial })
    const { accessTokenUrl, accessTokenMethod = 'POST', quirks } = this.#options
    const verifier = verifierOf(this.#provider, callback, quirks.oauth1Revision !== '1.0')
    const answer = await this.#endpoint.ask({
      endpoint: 'access token endpoint',
      url: accessTokenUrl as string,
      method: accessTokenMethod,
      token: { token, tokenSecret, verifier },
      params
    })
    // The Session extension's lifetime; oauth_session_handle stays in raw.
    const { oauth_expires_in: expiresIn, ...raw } = answer.rest
    const lifetime = Number(expiresIn)
    return {
      tokenType: 'oauth1',
      accessToken: answer.token,
      tokenSecret: answer.tokenSecret,
      refreshToken: undefined,
      idToken: undefined,
      scope: undefined,
      expiresAt: lifetime > 0 && Number.isFinite(lifetime) ? this.#clock() + lifetime * 1_000 : undefined,
      claims: undefined,
      raw
    }
  }

  /** Only a grant of another protocol, from before the provider's options were changed, has a refresh token. */
  async refresh (): Promise<OAuthTokenSet> {
    throw oauthError('FST_OAUTH_GRANT_REQUIRED', [this.#provider])
  }

  /** RFC 5849 knows no revocation. */
  async revoke (): Promise<boolean> {
    return false
  }

  /** What userinfoUrl answers. Without one, a declared profile reads the answer that brought the token. */
  async userinfo ({ accessToken, tokenSecret, raw }: Pick<OAuthTokenSet, 'accessToken' | 'tokenSecret' | 'raw'>): Promise<Record<string, unknown> | undefined> {
    const { userinfoUrl, profile } = this.#options
    if (userinfoUrl !== undefined) return this.#endpoint.userinfo(userinfoUrl, { token: accessToken, tokenSecret })
    return profile === undefined ? undefined : raw
  }

  /** Another resource of the same user, by GET. */
  async resource ({ accessToken, tokenSecret }: Pick<OAuthTokenSet, 'accessToken' | 'tokenSecret'>, url: URL): Promise<unknown> {
    return this.#endpoint.userinfo(url.href, { token: accessToken, tokenSecret })
  }

  /** Signs one API call. Throws FST_OAUTH_CANNOT_SIGN. */
  async sign ({ accessToken, tokenSecret }: OAuthGrant, call: CallToSign): Promise<SignedParts> {
    return this.#signer.sign({ token: accessToken, tokenSecret }, call)
  }

  // Two providers may choose the same token.
  #key (token: string): string {
    return `${this.#provider} ${token}`
  }

  // Whether the provider is told the callback with the request for temporary credentials, and confirms it (RFC 5849 section 2.1).
  get #confirms (): boolean {
    const { oauth1Revision, oauth1CallbackOnAuthorize } = this.#options.quirks
    return oauth1Revision !== '1.0' && oauth1CallbackOnAuthorize !== true
  }

  #scopeParams (scope: readonly string[]): Record<string, string> {
    const { scopeParam = 'scope', scopeDelimiter = ' ' } = this.#options.quirks
    return scope.length === 0 ? {} : { [scopeParam]: scope.join(scopeDelimiter) }
  }
}

function authorizationUrl (endpoint: string, params: Record<string, string>): string {
  const url = new URL(endpoint)
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
  return url.href
}
