import type { OAuthTokenTarget } from './client.js'
import type { OAuthGrant } from './grant.js'

/** How a login on a device starts. */
export interface OAuthDeviceOptions extends OAuthTokenTarget {
  /** Who the grant will belong to. */
  owner: string
  /** Required where each tenant has its own provider. */
  tenant?: string
}

/** A login that a user finishes on another device (RFC 8628). */
export interface OAuthDeviceLogin {
  /** What the user enters there. Holds no control characters. */
  readonly userCode: string
  /** Where: an http or https URL. */
  readonly verificationUri: string
  /** The same with the code in it, where the provider gives one. */
  readonly verificationUriComplete: string | undefined
  /** Until when the code is good, in milliseconds since the epoch. */
  readonly expiresAt: number
  /**
   * Waits for the user, and answers the grant, which is stored by then. Several calls at once are one, with the first one's signal.
   * Throws FST_OAUTH_ACCESS_DENIED, FST_OAUTH_DEVICE_CODE_EXPIRED, the errors of the token endpoint and of the store, the signal's
   * reason, and FST_OAUTH_INVALID_CALL where the application is closed.
   */
  wait(options?: { signal?: AbortSignal }): Promise<OAuthGrant>
}
