// What each protocol folder offers to a provider: a login's start and end, and what is done with its tokens.
import type { OAuthGrant, OAuthTokenSet } from '../types/grant.js'
import type { OAuthProtocolName } from '../types/providers.js'
import type { CallToSign, SignedBodies } from './http/call-to-sign.js'
import type { SignedParts } from './http/sign.js'
import type { AskedRequest, LoginSecrets, OwnRequest } from './login-start.js'
import type { ProviderLogout } from './oidc/logout.js'

export type { LoginSecrets }

/** How a login starts. */
export interface LoginStart extends OwnRequest {
  redirectUri: string
  scope: readonly string[]
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
export interface Protocol {
  readonly name: OAuthProtocolName
  /** Bodies of API calls that it signs. */
  readonly signsBodies?: SignedBodies
  /** Fetches what must be known before a login. */
  prepare?(): Promise<void>
  /** What names the pending login of a callback; null where the callback does not say. */
  keyOf(callback: URLSearchParams): string | null
  /** Its parameters, those of a signed one unverified. */
  read?(callback: URLSearchParams): URLSearchParams
  begin(start: Omit<LoginStart, 'asks'> & AskedRequest & { requestParams: Record<string, string> }): Promise<{ url: string, key: string, secrets: LoginSecrets }>
  complete(end: LoginEnd & { params: Record<string, string> }): Promise<OAuthTokenSet>
  refresh(grant: OAuthGrant): Promise<OAuthTokenSet>
  revoke(grant: OAuthGrant): Promise<boolean>
  userinfo(identity: Identity): Promise<Record<string, unknown> | undefined>
  resource(identity: Identity, url: URL): Promise<unknown>
  /** One API call: what the signature depends on is read from it only as far as it matters. */
  sign(grant: OAuthGrant, call: CallToSign): Promise<SignedParts>
  /** Of OAuth 2: logout at the provider. */
  readonly logout?: ProviderLogout
}
