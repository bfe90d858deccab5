// Logout at an OpenID provider: where a browser ends its session there (OpenID Connect RP-Initiated Logout 1.0), and which
// sessions the provider may end by itself (OpenID Connect Back-Channel Logout 1.0).
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderSession, OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { oauthError } from '../errors.js'
import { LogoutTokenVerifier } from './logout-token.js'
import type { LogoutNotice, LogoutTokenOptions } from './logout-token.js'

export interface ProviderLogoutOptions extends Omit<LogoutTokenOptions, 'clientId'> {
  options: OAuthProviderOptions
  metadata: () => Promise<AuthorizationServer>
  /** Whether its logins end with an id_token. */
  hasIdTokens: boolean
}

// Longer addresses are refused by servers and proxies on the way.
const longestUrl = 7_500

export class ProviderLogout {
  readonly #options: ProviderLogoutOptions
  readonly #tokens: LogoutTokenVerifier

  constructor (given: ProviderLogoutOptions) {
    this.#options = given
    this.#tokens = new LogoutTokenVerifier({ ...given, clientId: given.options.clientId })
  }

  /** Where the provider sends browsers after a logout. */
  get returnUrl (): string | undefined {
    return this.#options.options.postLogoutRedirectUrl
  }

  /** Where a browser ends its session at the provider (section 2); undefined where that has no such address. */
  async url ({ idToken, state }: { idToken: string | undefined, state: string }): Promise<string | undefined> {
    const { options: { clientId, postLogoutRedirectUrl, quirks }, metadata } = this.#options
    const { end_session_endpoint: endpoint } = await metadata()
    if (endpoint === undefined) return undefined
    const url = new URL(endpoint)
    url.searchParams.set('client_id', clientId)
    if (postLogoutRedirectUrl !== undefined) {
      url.searchParams.set(quirks?.endSessionReturnParam ?? 'post_logout_redirect_uri', postLogoutRedirectUrl)
      url.searchParams.set('state', state)
    }
    // Without the hint the provider asks the user.
    if (idToken !== undefined && url.href.length + idToken.length < longestUrl) url.searchParams.set('id_token_hint', idToken)
    return url.href
  }

  /** The session that a login has at the provider, where that may end it by itself. */
  async sessionOf ({ claims }: OAuthTokenSet): Promise<OAuthProviderSession | undefined> {
    if (claims === undefined || !await this.#isTold()) return undefined
    const { iss, sub, sid, iat } = claims
    return { issuer: String(iss), subject: String(sub), sid: typeof sid === 'string' ? sid : undefined, since: Number(iat) }
  }

  /** Throws FST_OAUTH_LOGOUT_TOKEN_INVALID, and the errors of discovery and transport. */
  async verify (token: string): Promise<LogoutNotice> {
    const { provider } = this.#options
    if (!await this.#isTold()) throw oauthError('FST_OAUTH_LOGOUT_TOKEN_INVALID', [provider, 'the provider offers no back-channel logout, and the option backchannelLogout is not true'])
    return this.#tokens.verify(await this.#options.metadata(), token)
  }

  async #isTold (): Promise<boolean> {
    const { options: { backchannelLogout }, metadata, hasIdTokens } = this.#options
    if (!hasIdTokens) return false
    return backchannelLogout ?? (await metadata()).backchannel_logout_supported === true
  }
}
