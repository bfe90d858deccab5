// The authorization request: RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 1.0 section 3.1.2.1.
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { authorizationRequest, authorizationUrl } from '../../lib/oauth2/authorization-request.js'
import { RandomSource } from '../../lib/random.js'

const request = {
  clientId: 'a client',
  redirectUri: 'https://app.example/oauth/sso/callback',
  scope: ['openid', 'e-mail'],
  scopeDelimiter: ' ',
  params: {},
  pkce: undefined,
  scopeParam: 'scope',
  nonce: true,
  dpop: false,
  random: new RandomSource(96)
}

t.test('holds all that the flow asks for, and nothing of the secrets but state, nonce and challenge', async (t) => {
  const { query, secrets } = authorizationRequest(request)
  const url = authorizationUrl('https://sso.example/authorize', query)

  t.match(secrets, { state: /^[\w-]{43}$/, verifier: /^[\w-]{43}$/, nonce: /^[\w-]{43}$/ }, '256 bits each')
  t.strictSame(Object.fromEntries(new URL(url).searchParams), {
    response_type: 'code',
    client_id: 'a client',
    redirect_uri: 'https://app.example/oauth/sso/callback',
    state: secrets.state,
    scope: 'openid e-mail',
    code_challenge: createHash('sha256').update(String(secrets.verifier)).digest('base64url'),
    code_challenge_method: 'S256',
    nonce: secrets.nonce
  })
})

t.test('no two requests share a secret', async (t) => {
  const made = Array.from({ length: 500 }, () => authorizationRequest(request))
  const values = made.flatMap(({ secrets: { state, verifier, nonce } }) => [state, verifier, nonce])

  t.equal(new Set(values).size, 1_500)
})

t.test('nonce, PKCE and scope are left out where they do not belong', async (t) => {
  const { query, secrets } = authorizationRequest({ ...request, pkce: 'unsupported', nonce: false, scope: [] })

  t.strictSame(Object.keys(secrets), ['state'])
  t.strictSame(Object.keys(query).sort(), ['client_id', 'redirect_uri', 'response_type', 'state'])
})

t.test('parameters are added, and those of the protocol win over them and over the query of the endpoint', async (t) => {
  const { query, secrets } = authorizationRequest({
    ...request,
    params: { prompt: 'login', state: 'fixed', redirect_uri: 'https://evil.example', code_challenge_method: 'plain' }
  })
  const { searchParams } = new URL(authorizationUrl('https://sso.example/authorize?tenant=one&state=planted&client_id=other', query))

  t.equal(searchParams.get('tenant'), 'one')
  t.equal(searchParams.get('prompt'), 'login')
  t.strictSame(searchParams.getAll('state'), [secrets.state])
  t.strictSame(searchParams.getAll('client_id'), ['a client'])
  t.strictSame(searchParams.getAll('redirect_uri'), [request.redirectUri])
  t.strictSame(searchParams.getAll('code_challenge_method'), ['S256'])
})

t.test('scopes are joined by what the provider wants between them', async (t) => {
  t.equal(authorizationRequest({ ...request, scopeDelimiter: ',' }).query.scope, 'openid,e-mail')
})

t.test('with DPoP the code is bound to a new key, by its thumbprint', async (t) => {
  const { query, secrets } = authorizationRequest({ ...request, dpop: true })

  t.match(secrets.dpopKey, { kty: 'EC', crv: 'P-256', x: /^[\w-]{43}$/, y: /^[\w-]{43}$/, d: /^[\w-]{43}$/ })
  t.equal(query.dpop_jkt, await calculateJwkThumbprint({ ...secrets.dpopKey }))
  t.not(authorizationRequest({ ...request, dpop: true }).secrets.dpopKey?.x, secrets.dpopKey?.x)
  t.notMatch(JSON.stringify(query), String(secrets.dpopKey?.d))
})

t.test('PKCE by the method plain, scopes under another name, a fragment', async (t) => {
  const { query, secrets } = authorizationRequest({ ...request, pkce: 'plain', scopeParam: 'perms' })

  t.match(query, { code_challenge: secrets.verifier as string, code_challenge_method: 'plain', perms: 'openid e-mail', scope: undefined })
  t.equal(new URL(authorizationUrl('https://sso.example/authorize', query, 'wechat_redirect')).hash, '#wechat_redirect')
})
