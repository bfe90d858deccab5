// Logins as banks, health and government have them, at a real OpenID provider: PAR, signed requests, client authentication
// by key, tokens bound to a key (RFC 9126, RFC 9101, RFC 7523, RFC 9449; FAPI 2.0 Security Profile).
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Configuration } from 'oidc-provider'
import t from 'tap'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedInOptions } from '../fixtures/signed-in.js'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const providerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

function jwksOf (key: KeyObject, members: Record<string, unknown> = {}) {
  return { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig', ...members }] }
}

/** Everything that the profile asks of a server, required. */
function strict (features: Configuration['features'] = {}): NonNullable<SignedInOptions['provider']> {
  return {
    clientAuth: 'private_key_jwt',
    client: { token_endpoint_auth_signing_alg: 'ES256', jwks: jwksOf(publicKey, { kid: 'client-1' }), id_token_signed_response_alg: 'ES256', dpop_bound_access_tokens: true, require_pushed_authorization_requests: true },
    configuration: {
      jwks: jwksOf(providerKey, { kid: 'provider-1', alg: 'ES256' }) as NonNullable<Configuration['jwks']>,
      features: {
        devInteractions: { enabled: false },
        revocation: { enabled: true },
        pushedAuthorizationRequests: { enabled: true },
        dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
        fapi: { enabled: true, profile: '2.0' },
        ...features
      }
    }
  }
}

const routes: SignedInOptions['routes'] = app => {
  app.get('/api', async (request) => {
    const { statusCode, body } = await request.oauth.get('things?a=1')
    return { statusCode, ...await body.json() as object }
  })
  app.get('/grant', async (request) => {
    const grant = await request.oauth.loadGrant()
    return { tokenType: grant?.tokenType, printed: grant, hasKey: grant?.dpopKey !== undefined }
  })
  app.get('/profile', async (request) => request.oauth.profile())
  app.post('/revoke', async (request) => request.oauth.revoke())
}

t.test('security "fapi2": PAR, private_key_jwt and DPoP; then an API call, a refresh, userinfo and a revocation', async (t) => {
  const { provider, call, revokeAccessTokens, app } = await startSignedIn(t, {
    provider: strict(),
    routes,
    options: () => ({ security: 'fapi2', scope: ['openid', 'profile'], clientKey: pem, clientKeyId: 'client-1', clientSecret: undefined })
  })
  provider.apiNonce = 'nonce-1'

  t.match((await call('/grant')).json, { tokenType: 'dpop', hasKey: true })
  t.match((await call('/api')).json, { statusCode: 200, sub: 'user-1', url: '/api/things?a=1' })
  t.equal(provider.apiCalls.length, 2, 'once more with the nonce of the API')
  t.equal((await call('/api')).json.statusCode, 200)
  t.equal(provider.apiCalls.length, 3, 'which is known from then on')

  provider.apiNonce = 'nonce-2'
  await revokeAccessTokens()
  t.match((await call('/api')).json, { statusCode: 200 }, 'a token that ended is refreshed')
  t.match((await call('/profile')).json, { id: 'user-1', name: 'Name of user-1' })

  const [pushed, exchange] = provider.forms
  t.match(provider.forms.map(({ path }) => path), ['/request', '/token', '/token'])
  t.match(Object.fromEntries(pushed?.form ?? []), { response_type: 'code', code_challenge_method: 'S256', dpop_jkt: /^[\w-]{43}$/, nonce: String })
  const assertion = String(exchange?.form.get('client_assertion'))
  t.match(decodeProtectedHeader(assertion), { alg: 'ES256', kid: 'client-1', typ: 'JWT' })
  t.match(decodeJwt(assertion), { iss: provider.clientId, sub: provider.clientId, aud: provider.issuer })
  t.equal(new Set(provider.forms.map(({ form }) => decodeJwt(String(form.get('client_assertion'))).jti)).size, provider.forms.length, 'each request has an assertion of its own')

  t.match((await call('/revoke', { method: 'POST' })).json, { removed: true, provider: 'revoked' })
  await app.close()
})

t.test('a request that is signed, in the URL and pushed', async (t) => {
  const features = { requestObjects: { enabled: true, requireSignedRequestObject: true } }
  for (const [jar, given] of [[true, {}], [undefined, { par: true }]] as const) {
    const { provider, call } = await startSignedIn(t, {
      routes,
      provider: {
        client: { jwks: jwksOf(publicKey), request_object_signing_alg: 'ES256' },
        configuration: { features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true }, ...features } }
      },
      options: () => ({ clientKey: pem, authorizeParams: { max_age: '100', claims: '{"id_token":{"email":null}}' }, ...(jar === undefined ? {} : { jar }), ...given })
    })

    t.match((await call('/api')).json, { statusCode: 200, sub: 'user-1' })
    t.match(provider.forms[0]?.path, jar === true ? '/token' : '/request')
  }
})
