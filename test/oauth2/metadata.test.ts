// What is known of an authorization server: discovered, given by hand, or both.
import t from 'tap'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'

t.test('endpoints given by hand win over discovered ones', async (t) => {
  const client = await startWireLogin(t, ({ issuer }) => ({ authorizeUrl: `${issuer}/my-authorize?tenant=one`, userinfoUrl: `${issuer}/my-userinfo` }))
  client.wire.handlers.set('/my-userinfo', () => ({ body: { sub: 'user-1', name: 'By hand' } }))

  const url = new URL((await client.begin()).url)
  t.equal(url.pathname, '/my-authorize')
  t.equal(url.searchParams.get('tenant'), 'one', 'the query of the endpoint stays (RFC 6749 section 3.1)')
  const { tokens } = await client.login()
  t.equal(client.wire.to('/token').length, 1, 'the others are discovered')
  t.equal((await client.provider.profile({ ...grantBase, tokenSecret: undefined, ...tokens, scope: [] })).name, 'By hand')
  t.equal(client.wire.to('/userinfo').length, 0)
})

t.test('with all endpoints and the keys given by hand nothing is discovered, and the id_token is verified all the same', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), issuer: wire.issuer, jwksUrl: `${wire.issuer}/jwks` }))

  t.equal(provider.protocol, 'oidc')
  t.equal((await login()).subject, 'user-1')
  t.strictSame(wire.requests.map(({ path }) => path), ['/token', '/jwks'])

  wire.claims = { iss: 'https://other.example' }
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
})

t.test('without an issuer an id_token cannot be verified, and is left out', async (t) => {
  const { provider, login, wire } = await startWireLogin(t, byHand)

  const { tokens, subject, account } = await login()

  t.equal(provider.protocol, 'oauth2')
  t.match(tokens, { idToken: undefined, claims: undefined, accessToken: /^access-token-canary/ })
  t.notMatch(tokens.raw, { id_token: String })
  t.strictSame({ subject, account }, { subject: undefined, account: 'default' })
  t.strictSame(wire.requests.map(({ path }) => path), ['/token'])
})

t.test('endpoints that cannot be worked with are refused before the browser is sent anywhere', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  const refused: Array<[string, Record<string, unknown>, RegExp]> = [
    ['without an authorization_endpoint', { authorization_endpoint: undefined }, /names no authorization_endpoint/],
    ['without a token_endpoint', { token_endpoint: undefined }, /names no token_endpoint/],
    ['without a jwks_uri, where an id_token is due', { jwks_uri: null }, /names no jwks_uri/],
    ['whose authorization_endpoint is no URL', { authorization_endpoint: '/authorize' }, /authorization_endpoint/],
    ['whose authorization_endpoint is a script', { authorization_endpoint: 'javascript:alert(1)' }, /authorization_endpoint/],
    ['whose authorization_endpoint is plain http beyond loopback', { authorization_endpoint: 'http://sso.example/authorize' }, /authorization_endpoint.*https/],
    ['whose token_endpoint is a number', { token_endpoint: 7 }, /token_endpoint/],
    ['whose userinfo_endpoint is no URL', { userinfo_endpoint: 'userinfo' }, /userinfo_endpoint/],
    ['whose revocation_endpoint is no URL', { revocation_endpoint: 'revoke' }, /revocation_endpoint/]
  ]
  for (const [name, metadata, message] of refused) {
    wire.metadata = metadata
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED', statusCode: 503, message }, `metadata ${name}`)
  }
})

t.test('a provider that offers PKCE with plain alone is refused (RFC 9700 section 2.1.1)', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  for (const [methods, listed] of [[['plain'], 'plain'], [[], 'nothing'], [['plain', 'S512\n'], 'plain, S512 ']] as const) {
    wire.metadata.code_challenge_methods_supported = methods
    const error = await failureOf(t, begin())
    t.match(error, { code: 'FST_OAUTH_PKCE_UNSUPPORTED', statusCode: 503 })
    t.match(error.message, `(its metadata lists ${listed})`)
    t.match(error.message, /quirks\.pkce/, 'says what can be done')
  }
})

t.test('a provider that says nothing of PKCE is sent S256', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  wire.metadata.code_challenge_methods_supported = undefined

  t.equal(new URL((await begin()).url).searchParams.get('code_challenge_method'), 'S256')
})

t.test('quirks.pkce "unsupported": no challenge is sent, and no verifier', async (t) => {
  const { wire, begin, login } = await startWireLogin(t, { quirks: { pkce: 'unsupported' } })
  wire.metadata.code_challenge_methods_supported = ['plain']

  t.notOk(new URL((await begin()).url).searchParams.has('code_challenge'))
  t.equal((await login()).subject, 'user-1')
  t.notOk(wire.to('/token')[0]?.form.has('code_verifier'))
})

t.test('plain http beyond loopback is allowed where the options say so', async (t) => {
  const { wire, begin } = await startWireLogin(t, { allowInsecureRequests: true })
  wire.metadata.authorization_endpoint = 'http://sso.example/authorize'

  t.match((await begin()).url, 'http://sso.example/authorize?')

  const script = await startWireLogin(t, { allowInsecureRequests: true })
  script.wire.metadata.authorization_endpoint = 'javascript://localhost/%0aalert(1)'
  t.match(await failureOf(t, script.begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /not an http or https URL/ })
})

t.test('keys are not needed where no id_token is asked for', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, { scope: ['read'] })
  wire.metadata.jwks_uri = undefined
  wire.tokens.id_token = undefined

  t.equal(provider.protocol, 'oauth2')
  t.equal((await login()).account, 'default')
})

const grantBase = { provider: 'wire', owner: 'owner', account: 'user-1', subject: 'user-1', version: 1, authorizedAt: 0, updatedAt: 0, status: 'active' as const }
