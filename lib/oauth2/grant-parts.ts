// What the grants without a redirect have in common.
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { OAuthTokenSet } from '../../types/grant.js'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { ClientSigner } from '../client-key.js'
import type { ClientEndpoint } from './client-endpoint.js'
import type { TokenAnswer, TokenEndpoint } from './token-endpoint.js'

export interface GrantParts {
  provider: string
  options: OAuthProviderOptions
  /** By the client's key, where it has one. */
  signer: ClientSigner | undefined
  endpoint: ClientEndpoint
  tokens: TokenEndpoint
  metadata: () => Promise<AuthorizationServer>
  /** Where tokens are to be bound. */
  newKey: () => OAuthDpopKey | undefined
  tokensOf: (answer: TokenAnswer, key: OAuthDpopKey | undefined) => OAuthTokenSet
  /** The same, with the id_token verified. */
  read: (server: AuthorizationServer, answer: TokenAnswer, key: OAuthDpopKey | undefined) => Promise<OAuthTokenSet>
  /** A user's login must bring an id_token. */
  needsIdToken: boolean
  clock: () => number
}
