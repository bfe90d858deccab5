// Where an endpoint is: for mutual TLS it may have another address (RFC 8705 section 5).
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'

export function endpointOf (server: AuthorizationServer, name: 'token_endpoint' | 'userinfo_endpoint', { clientCert }: OAuthProviderOptions): string | undefined {
  const alias = clientCert === undefined ? undefined : server.mtls_endpoint_aliases?.[name]
  return alias ?? server[name]
}
