// security 'fapi2': what breaks the FAPI 2.0 Security Profile in the metadata is named when these are read, all of it.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { clientCert, clientCertKey } from '../fixtures/certificates.js'
import { failureOf, startWireLogin } from '../fixtures/wire-login.js'

const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const right = {
  authorization_response_iss_parameter_supported: true,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'],
  token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256'],
  dpop_signing_alg_values_supported: ['ES256'],
  tls_client_certificate_bound_access_tokens: true
}

async function start (t: Test, metadata: Record<string, unknown>, options: Partial<OAuthProviderOptions> = { clientKey }) {
  const login = await startWireLogin(t, { clientSecret: undefined as never, security: 'fapi2', ...options })
  Object.assign(login.wire.metadata, { pushed_authorization_request_endpoint: `${login.wire.issuer}/par`, ...right, ...metadata })
  login.wire.on('/par' as never, () => ({ status: 201, body: { request_uri: 'urn:request:1', expires_in: 60 } }))
  return login
}

t.test('metadata that keep the profile', async (t) => {
  const { begin } = await start(t, { tls_client_certificate_bound_access_tokens: undefined })
  t.match(new URL((await begin()).url).searchParams.get('request_uri'), 'urn:request:1')

  const byCertificate = await start(t, { dpop_signing_alg_values_supported: undefined, token_endpoint_auth_signing_alg_values_supported: undefined }, { clientCert, clientCertKey })
  t.ok(await byCertificate.begin())
  const both = await start(t, { dpop_signing_alg_values_supported: undefined }, { clientKey, clientCert, clientCertKey })
  t.ok(await both.begin())
})

t.test('each that breaks it', async (t) => {
  const broken: Array<[Record<string, unknown>, string]> = [
    [{ pushed_authorization_request_endpoint: undefined }, 'it names no pushed_authorization_request_endpoint'],
    [{ authorization_response_iss_parameter_supported: undefined }, 'authorization_response_iss_parameter_supported is not true'],
    [{ code_challenge_methods_supported: undefined }, 'code_challenge_methods_supported lacks S256'],
    [{ token_endpoint_auth_methods_supported: ['client_secret_basic'] }, 'token_endpoint_auth_methods_supported lacks private_key_jwt'],
    [{ token_endpoint_auth_signing_alg_values_supported: ['RS256'] }, 'token_endpoint_auth_signing_alg_values_supported lacks ES256'],
    [{ dpop_signing_alg_values_supported: 'ES256' }, 'dpop_signing_alg_values_supported lacks ES256']
  ]
  for (const [metadata, why] of broken) {
    const { begin } = await start(t, metadata)
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_PROFILE_BROKEN', statusCode: 503, message: `breaks the profile FAPI 2.0: ${why}` })
  }
  const { begin } = await start(t, { tls_client_certificate_bound_access_tokens: false, token_endpoint_auth_methods_supported: ['self_signed_tls_client_auth'] }, { clientCert, clientCertKey })
  t.match(await failureOf(t, begin()), { message: /lacks tls_client_auth; tls_client_certificate_bound_access_tokens is not true$/ }, 'all of it')
})

t.test('an id_token by an algorithm that the profile does not have', async (t) => {
  const { wire, begin, provider } = await start(t, {})
  wire.tokens = { token_type: 'DPoP' }
  const { secrets } = await begin()
  const callback = new URL(wire.callbackFor(`${wire.issuer}/authorize?state=${secrets.state}&nonce=${secrets.nonce}&redirect_uri=http://127.0.0.1/cb`)).searchParams
  callback.set('iss', wire.issuer)
  t.match(await failureOf(t, provider.complete({ callback, secrets, redirectUri: 'http://127.0.0.1/cb' }, null)), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /"alg"/ }, 'RS256')
})
