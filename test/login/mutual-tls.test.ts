// Logins and calls over mutual TLS at a real OpenID provider: RFC 8705.
import { X509Certificate, generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import t from 'tap'
import { Agent } from 'undici'
import { authority, clientCert, clientCertKey } from '../fixtures/certificates.js'
import { certificateNameOf, startMutualTls } from '../fixtures/mutual-tls.js'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedInOptions } from '../fixtures/signed-in.js'

const tls = { clientSecret: undefined, clientCert, clientCertKey, serverCa: authority }
const bound = { tls_client_certificate_bound_access_tokens: true }
const { raw, publicKey } = new X509Certificate(clientCert)
const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwksOf = (key: typeof publicKey, members = {}) => ({ keys: [{ ...key.export({ format: 'jwk' }), ...members }] })

const routes: SignedInOptions['routes'] = app => {
  for (const way of ['get', 'fetch'] as const) {
    app.get(`/${way}`, async (request) => {
      const response = await request.oauth[way]('things')
      return 'status' in response ? { status: response.status } : { status: response.statusCode, ...await response.body.json() as object }
    })
  }
  app.get('/job', async () => {
    const { owner } = (await app.oauth.grants.list({ owner: jobOwner }))[0] ?? { owner: '' }
    return { status: (await app.oauth.client('test', { owner }).get('things')).statusCode }
  })
  app.get('/profile', async (request) => request.oauth.profile())
  app.post('/revoke', async (request) => request.oauth.revoke())
}
let jobOwner = ''

t.test('tls_client_auth, with a token that is bound to the certificate: calls, refresh, userinfo, revocation, by the aliases', async (t) => {
  const { provider, call, revokeAccessTokens, refreshes, logIn } = await startSignedIn(t, {
    routes,
    provider: { mutualTls: true, clientAuth: 'tls_client_auth', client: { tls_client_auth_subject_dn: 'CN=test-client', ...bound } },
    options: () => tls
  })
  jobOwner = await logIn()
  t.match(provider.forms.map(({ path, headers }) => [path, headers.host === new URL(String(provider.mutualTlsUrl)).host]), [['/token', true], ['/token', true]])

  for (const path of ['/get', '/fetch', '/job']) t.match((await call(path)).json, { status: 200 }, path)
  await revokeAccessTokens()
  t.match((await call('/get')).json, { status: 200, sub: 'user-1' })
  t.equal(refreshes(), 1)
  t.match((await call('/profile')).json, { id: 'user-1' })
  t.match((await call('/revoke', { method: 'POST' })).json, { provider: 'revoked' })
  t.ok(provider.requests.includes('POST /token/revocation'))
})

t.test('self_signed_tls_client_auth', async (t) => {
  const { call } = await startSignedIn(t, {
    routes,
    provider: { mutualTls: true, clientAuth: 'self_signed_tls_client_auth', client: { jwks: jwksOf(publicKey, { x5c: [raw.toString('base64')] }), ...bound } },
    options: () => ({ ...tls, clientAuth: 'self_signed_tls_client_auth' })
  })
  t.match((await call('/get')).json, { status: 200 })
})

t.test('FAPI 2 with a key for the client and a certificate for its tokens', async (t) => {
  const client = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { provider, call } = await startSignedIn(t, {
    routes,
    provider: {
      mutualTls: true,
      clientAuth: 'private_key_jwt',
      client: { jwks: jwksOf(client.publicKey), token_endpoint_auth_signing_alg: 'ES256', id_token_signed_response_alg: 'ES256', ...bound },
      configuration: { jwks: { keys: [{ ...signing.privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] } as never }
    },
    options: () => ({ ...tls, security: 'fapi2', clientKey: client.privateKey })
  })
  t.match((await call('/get')).json, { status: 200 })
  t.match(provider.forms.map(({ path }) => path), ['/request', '/token'])
  t.equal(decodeJwt(String(provider.forms[1]?.form.get('client_assertion'))).aud, provider.issuer)
})

t.test('the certificate goes to the provider and to the API; a redirect beyond is followed without it', async (t) => {
  const names: Array<string | undefined> = []
  const elsewhere = await startMutualTls()
  t.teardown(() => elsewhere.close())
  elsewhere.server.on('request', (request, response) => { names.push(certificateNameOf(request)); response.end('{}') })
  const api = await startMutualTls()
  t.teardown(() => api.close())
  api.server.on('request', (request, response) => { names.push(certificateNameOf(request)); response.writeHead(302, { location: elsewhere.url }).end() })
  const dispatcher = new Agent({ connect: { ca: authority } })
  t.teardown(() => dispatcher.close())
  const { call, app } = await startSignedIn(t, {
    provider: { mutualTls: true, clientAuth: 'tls_client_auth', client: { tls_client_auth_subject_dn: 'CN=test-client', ...bound } },
    options: () => ({ ...tls, apiOrigins: [api.url] }),
    plugin: { dispatcher },
    routes (app) { app.get('/away', async (request) => ({ status: (await request.oauth.get(api.url)).statusCode })) }
  })
  t.match((await call('/away')).json, { status: 200 })
  t.strictSame(names, ['CN=test-client', undefined])
  t.equal(app.oauth.providers.unregister('test'), true, 'its connections are closed')
})
