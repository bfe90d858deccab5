// What the FAPI 2.0 Security Profile asks of an authorization server (section 5.3.2), as far as its metadata say it.
import type { AuthorizationServer } from 'oauth4webapi'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { clientSigner } from '../client-key.js'
import { implied } from './client-auth.js'

/** Everything in the metadata that breaks the profile, or that this client cannot work with under it. */
export function breaches (server: AuthorizationServer, options: OAuthProviderOptions): string[] {
  const { clientKey, clientKeyAlg, clientKeyId, dpop, grant } = options
  const hasLogins = grant === undefined
  const method = options.clientAuth ?? implied(options) as string
  const alg = clientKey === undefined || method !== 'private_key_jwt' ? undefined : clientSigner({ clientKey, clientKeyAlg, clientKeyId }).alg
  const conditions: Array<[boolean, string]> = [
    [!hasLogins || server.pushed_authorization_request_endpoint !== undefined, 'it names no pushed_authorization_request_endpoint'],
    [!hasLogins || server.authorization_response_iss_parameter_supported === true, 'authorization_response_iss_parameter_supported is not true'],
    [!hasLogins || lists(server.code_challenge_methods_supported, 'S256'), 'code_challenge_methods_supported lacks S256'],
    [lists(server.token_endpoint_auth_methods_supported, method), `token_endpoint_auth_methods_supported lacks ${method}`],
    [alg === undefined || lists(server.token_endpoint_auth_signing_alg_values_supported, alg), `token_endpoint_auth_signing_alg_values_supported lacks ${alg}`],
    [dpop !== true || lists(server.dpop_signing_alg_values_supported, 'ES256'), 'dpop_signing_alg_values_supported lacks ES256'],
    [dpop === true || server.tls_client_certificate_bound_access_tokens === true, 'tls_client_certificate_bound_access_tokens is not true']
  ]
  return conditions.filter(([holds]) => !holds).map(([, what]) => what)
}

function lists (values: unknown, value: string): boolean {
  return Array.isArray(values) && values.includes(value)
}
