import t from 'tap'
import { checkIssuedType, exchangeForm, targetForm } from '../../lib/oauth2/token-request.js'
import { byHand, failureOf, startWireLogin } from '../fixtures/wire-login.js'

const none = { audience: [], resource: [], scope: [] }
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

t.test('the form of a target', async (t) => {
  t.equal(targetForm(none, { scopeDelimiter: ' ' }).toString(), '')
  const full = { audience: ['a', 'b'], resource: ['https://a.example/'], scope: ['read', 'write'] }
  t.strictSame([...targetForm(full, { scopeDelimiter: ',', params: { audience: 'of the provider', tenant: 'one' } })], [
    ['tenant', 'one'], ['audience', 'a'], ['audience', 'b'], ['resource', 'https://a.example/'], ['scope', 'read,write']
  ], 'what a call names wins over the provider\'s parameters')
})

t.test('the form of an exchange', async (t) => {
  const form = exchangeForm({ ...none, scope: ['read'], subjectToken: 'subject', requestedTokenType: undefined }, ' ')
  t.strictSame([...form], [['scope', 'read'], ['subject_token', 'subject'], ['subject_token_type', accessToken]])
  t.equal(exchangeForm({ ...none, subjectToken: 'subject', requestedTokenType: 'urn:x' }, ' ').get('requested_token_type'), 'urn:x')
})

t.test('a client without logins needs neither an authorization endpoint nor PKCE nor keys', async (t) => {
  const client = await startWireLogin(t, { grant: 'client_credentials', scope: ['read'] })
  client.wire.metadata = { authorization_endpoint: undefined, jwks_uri: undefined, code_challenge_methods_supported: ['plain'] }
  client.wire.on('/token', () => ({ body: { access_token: 'access-canary', token_type: 'Bearer', expires_in: 60, scope: 'read', id_token: 'not looked at', refresh_token: 'refresh-canary' } }))
  t.equal(client.provider.protocol, 'oauth2')
  t.match(await client.provider.oauth2('x').grants.clientCredentials({ ...none, scope: ['read'] }), { accessToken: 'access-canary', tokenType: 'bearer', scope: ['read'], idToken: undefined, claims: undefined })
  const [request] = client.wire.to('/token')
  t.strictSame(Object.fromEntries(request?.form ?? []), { grant_type: 'client_credentials', scope: 'read' })
  t.match(request?.headers.authorization, /^Basic /)
})

t.test('scopes that are not named are none, with an issuer too', async (t) => {
  const { provider } = await startWireLogin(t, { grant: 'client_credentials' })
  t.strictSame(provider.scope, [])
})

t.test('a client without logins by hand discovers nothing', async (t) => {
  for (const issuer of [true, false]) {
    const client = await startWireLogin(t, wire => ({ grant: 'client_credentials', accessTokenUrl: `${wire.issuer}/token`, accessTokenParams: { tenant: 'one' }, ...(issuer ? {} : { issuer: undefined }) }))
    client.wire.on('/token', () => ({ body: { access_token: 'access-canary' } }))
    t.match(await client.provider.oauth2('x').grants.clientCredentials({ ...none, audience: ['a'] }), { accessToken: 'access-canary', expiresAt: undefined, scope: undefined })
    t.strictSame(client.wire.requests.map(({ path }) => path), ['/token'])
    t.equal(client.wire.to('/token')[0]?.body, 'tenant=one&audience=a&grant_type=client_credentials')
  }
})

t.test('a refused client is told as it is', async (t) => {
  const client = await startWireLogin(t, { grant: 'client_credentials' })
  client.wire.on('/token', ({ headers }) => ({ status: 401, body: { error: 'invalid_client', error_description: headers.authorization } }))
  const error = await failureOf(t, client.provider.oauth2('x').grants.clientCredentials(none))
  t.match(error, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_client' })
  t.notMatch(error.message, String(client.wire.to('/token')[0]?.headers.authorization).slice(6))
})

t.test('an exchange', async (t) => {
  const client = await startWireLogin(t, byHand)
  const issue = (type: unknown) => client.wire.on('/token', () => ({ body: { access_token: 'exchanged-canary', issued_token_type: type, token_type: 'N_A', expires_in: 60 } }))
  const exchange = (requestedTokenType?: string) => client.provider.oauth2('x').grants.exchange({ ...none, audience: ['b'], subjectToken: 'subject-canary', requestedTokenType })
  for (const type of [undefined, accessToken, 'urn:ietf:params:oauth:token-type:jwt']) {
    issue(type)
    t.match(await exchange(), { accessToken: 'exchanged-canary', tokenType: 'bearer', refreshToken: undefined })
  }
  t.strictSame(Object.fromEntries(client.wire.to('/token')[0]?.form ?? []), {
    audience: 'b', subject_token: 'subject-canary', subject_token_type: accessToken, grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange'
  })
  for (const type of ['urn:ietf:params:oauth:token-type:refresh_token', 'exchanged-canary subject-canary', 7]) {
    issue(type)
    t.match(await failureOf(t, exchange()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it issued a token of the type/ })
  }
  issue('urn:x:own')
  t.match(await exchange('urn:x:own'), { accessToken: 'exchanged-canary' }, 'what was asked for will do')
  t.doesNotThrow(() => checkIssuedType({ access_token: 'x' }, { ...none, subjectToken: 's', requestedTokenType: undefined }, 'wire'))
})

t.test('a refused exchange does not tell the token that was given', async (t) => {
  const client = await startWireLogin(t, byHand)
  client.wire.on('/token', ({ form }) => ({ status: 400, body: { error: 'invalid_target', error_description: `no ${form.get('subject_token')}` } }))
  const error = await failureOf(t, client.provider.oauth2('x').grants.exchange({ ...none, subjectToken: 'subject-canary', requestedTokenType: undefined }))
  t.match(error, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_target', message: /no \[secret\]/ })
})
