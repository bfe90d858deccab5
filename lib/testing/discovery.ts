// Metadata of a fake provider (OpenID Connect Discovery 1.0 section 3, RFC 8414).
import { namesIssuer } from './callback.js'
import { clientAuthsOf } from './client-auth.js'
import { issuerOf, urlOf } from './core.js'
import type { FakeCore } from './core.js'
import { json } from './wire.js'
import type { WireAnswer } from './wire.js'

export function answerDiscovery (core: FakeCore): WireAnswer {
  const { quirks, keys, protocol, dpop, par } = core
  return json({
    issuer: issuerOf(core),
    authorization_endpoint: urlOf(core, 'authorize'),
    token_endpoint: urlOf(core, 'token'),
    userinfo_endpoint: urlOf(core, 'userinfo'),
    revocation_endpoint: urlOf(core, 'revocation'),
    introspection_endpoint: urlOf(core, 'introspection'),
    pushed_authorization_request_endpoint: urlOf(core, 'par'),
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: clientAuthsOf(core),
    authorization_response_iss_parameter_supported: namesIssuer(core),
    dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256', 'PS256'],
    ...(par === 'required' ? { require_pushed_authorization_requests: true } : {}),
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'EdDSA', 'RS256', 'PS256'],
    ...(dpop === 'required' ? { dpop_bound_access_tokens: true } : {}),
    ...(quirks.pkce === 'refused' ? {} : { code_challenge_methods_supported: [quirks.pkce === 'plain' ? 'plain' : 'S256'] }),
    ...(protocol === 'oidc'
      ? {
          jwks_uri: urlOf(core, 'jwks'),
          subject_types_supported: ['public'],
          scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
          id_token_signing_alg_values_supported: [keys.alg],
          claims_supported: ['sub', 'name', 'email', 'email_verified', 'picture']
        }
      : {})
  }, 200, { 'cache-control': 'max-age=0' })
}
