import type { OAuthClientAuth } from './client-auth.js'
import type { OAuthProviderOptions } from './options-provider.js'

/** A provider whose client is yet to be registered. */
export interface OAuthDynamicProviderOptions extends Omit<OAuthProviderOptions, 'clientId' | 'clientSecret' | 'clientSecretExpiresAt'> {
  /** What permits the registration, where the provider wants that (RFC 7591 section 1.2). */
  initialAccessToken?: string
  /** Client metadata besides those that the options tell, which it wins over (RFC 7591 section 2). */
  metadata?: Record<string, unknown>
}

/** By what a registration is read and deleted (RFC 7592 section 3). */
export interface OAuthRegistrationAccess {
  registrationAccessToken?: string | undefined
  registrationClientUri?: string | undefined
}

/** A client that was registered. It holds secrets, and the plugin keeps none of it. */
export interface OAuthClientRegistration extends OAuthRegistrationAccess {
  /** To be spread into a provider's options. */
  client: {
    clientId: string
    clientSecret?: string
    /** Milliseconds since the epoch. */
    clientSecretExpiresAt?: number
    clientAuth: OAuthClientAuth
  }
  /** All that the provider registered, without the secrets above. */
  metadata: Record<string, unknown>
}
