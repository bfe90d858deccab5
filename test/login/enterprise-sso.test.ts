// What companies ask for, at a real OpenID provider with each feature turned on: resource indicators (RFC 8707), rich authorization requests
// (RFC 9396), single claims, signed responses (JARM), silent logins, signed userinfo, id_tokens signed with the secret.
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { Configuration } from 'oidc-provider'
import t from 'tap'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedInOptions } from '../fixtures/signed-in.js'

type Features = Record<string, unknown>

const base: Features = { devInteractions: { enabled: false }, revocation: { enabled: true } }

function withFeatures (features: Features, client: Record<string, unknown> = {}): NonNullable<SignedInOptions['provider']> {
  return { client, accessTokenLifetime: 60, configuration: { features: { ...base, ...features } as Configuration['features'] } }
}

const resource = 'https://api.corp.example/v1'
const resourceServers: Features = {
  resourceIndicators: {
    enabled: true,
    getResourceServerInfo: async (_ctx: unknown, indicator: string) => ({ scope: 'read', audience: indicator, accessTokenTTL: 60, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    useGrantedResource: async () => false
  }
}

const routes: SignedInOptions['routes'] = app => {
  app.get('/grant', async (request) => {
    const grant = await request.oauth.use('test').loadGrant()
    return { claims: grant?.claims, resource: grant?.resource, authorizationDetails: grant?.authorizationDetails, accessToken: grant?.accessToken, silentFailure: request.oauth.use('test').silentFailure }
  })
  app.get('/profile', { config: { oauth: 'test' } }, async (request) => request.oauth.profile())
}

t.setTimeout(240_000)

t.test('a resource goes with every request for a token, refreshes included', async (t) => {
  let now = Date.now()
  const { provider, call } = await startSignedIn(t, {
    routes,
    plugin: { clock: () => now },
    provider: withFeatures(resourceServers),
    options: () => ({ resource: () => resource, scope: ['openid', 'read'] })
  })
  const first = (await call('/grant')).json
  t.strictSame(first.resource, [resource])
  t.equal(decodeJwt(String(first.accessToken)).aud, resource)
  now += 61_000
  const second = (await call('/grant')).json
  t.not(second.accessToken, first.accessToken, 'refreshed')
  t.equal(decodeJwt(String(second.accessToken)).aud, resource)
  t.strictSame(provider.forms.filter(({ path }) => path === '/token').map(({ form }) => [form.get('grant_type'), form.getAll('resource')]), [['authorization_code', [resource]], ['refresh_token', [resource]]])
})

t.test('authorization details: asked for by a handler, read from the answer, kept over refreshes', async (t) => {
  let now = Date.now()
  const granted = { type: 'payment', amount: '10', limit: '5' }
  const answer = async () => [granted]
  const { url, browser, call } = await startSignedIn(t, {
    plugin: { clock: () => now },
    routes (app, api) {
      routes?.(app, api)
      app.get('/pay', async (request, reply) => request.oauth.authorize(reply, { authorizationDetails: [{ type: 'payment', amount: '10' }] }))
    },
    provider: withFeatures({
      ...resourceServers,
      richAuthorizationRequests: {
        enabled: true,
        types: { payment: { validate () {} } },
        authorizationDetailsForGrantSource: answer,
        authorizationDetailsForAccessToken: answer,
        authorizationDetailsForIntrospection: answer
      }
    }, { authorization_details_types: ['payment'] }),
    options: () => ({ resource, scope: ['openid', 'read'] })
  })
  const page = await browser.open(`${url}/pay`)
  t.equal(page.url, `${url}/`, page.text)
  t.strictSame((await call('/grant')).json.authorizationDetails, [granted])
  now += 61_000
  t.strictSame((await call('/grant')).json.authorizationDetails, [granted])
})

t.test('single claims, languages, a hint and acr values reach the provider', async (t) => {
  const { provider, url, call } = await startSignedIn(t, {
    routes,
    provider: { ...withFeatures({ claimsParameter: { enabled: true } }), configuration: { acrValues: ['gold'], features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } } } },
    options: () => ({ claims: { id_token: { email: { essential: true } }, userinfo: { name: null } }, uiLocales: ['fr-CA', 'fr'], acrValues: 'gold', loginHint: ({ query }) => (query as { user?: string }).user, maxAge: 600, scope: ['openid'] } as Partial<OAuthProviderOptions>)
  })
  const query = new URL(await new Browser().openUntil(`${url}/oauth/test?user=someone`, `${provider.issuer}/auth`)).searchParams
  t.match(Object.fromEntries(query), { ui_locales: 'fr-CA fr', acr_values: 'gold', login_hint: 'someone', max_age: '600' })
  t.strictSame(JSON.parse(String(query.get('claims'))), { id_token: { email: { essential: true } }, userinfo: { name: null } })
  const { claims } = (await call('/grant')).json as { claims: Record<string, unknown> }
  t.match(claims, { email: 'user-1@mail.example', auth_time: Number })
})

for (const mode of ['jwt', 'query.jwt']) {
  t.test(`a response by ${mode} (JARM)`, async (t) => {
    const { call } = await startSignedIn(t, { routes, provider: withFeatures({ jwtResponseModes: { enabled: true } }), options: () => ({ authorizeParams: { response_mode: mode } }) })
    t.match((await call('/grant')).json, { claims: { sub: 'user-1' } })
  })
}

t.test('a refusal by JARM tells what was refused', async (t) => {
  const denied: unknown[] = []
  const { provider, url } = await startSignedIn(t, {
    plugin: { onDenied ({ error, errorDescription, reply }) { denied.push([error, errorDescription]); reply.code(403).send('denied') } },
    provider: withFeatures({ jwtResponseModes: { enabled: true } }),
    options: () => ({ authorizeParams: { response_mode: 'jwt' } })
  })
  provider.refuses = 'everything'
  t.equal((await new Browser().open(`${url}/oauth/test`)).text, 'denied')
  t.strictSame(denied, [['access_denied', 'The user said no']])
})

t.test('a silent login: without a session at the provider, then with one', async (t) => {
  const { provider, url } = await startSignedIn(t, {
    routes (app, api) {
      routes?.(app, api)
      app.get('/page', { config: { oauth: { provider: 'test', silent: true, optional: true } } }, async ({ oauth: { grant, silentFailure } }) => ({ subject: grant?.subject, silentFailure }))
      app.get('/none', async (request, reply) => request.oauth.authorize(reply, { prompt: 'none' }))
    }
  })
  const browser = new Browser()
  const asked = () => provider.requests.filter(request => request === 'GET /auth').length
  const before = asked()
  t.match(JSON.parse((await browser.open(`${url}/page`)).text), { silentFailure: 'login_required' })
  t.equal(asked(), before + 1)
  t.match(JSON.parse((await browser.open(`${url}/page`)).text), { silentFailure: 'login_required' })
  t.equal(asked(), before + 1, 'it is not tried again')
  const none = await browser.open(`${url}/none`)
  t.equal(none.status, 401)
  t.match(none.text, 'FST_OAUTH_LOGIN_REQUIRED')

  const other = new Browser()
  await other.open(`${url}/oauth/test`)
  for (const name of [...other.cookies.get('127.0.0.1')?.keys() ?? []]) if (name === 'sessionId') other.cookies.get('127.0.0.1')?.delete(name)
  t.match(JSON.parse((await other.open(`${url}/page`)).text), { subject: 'user-1' }, 'signed in at the provider, not here')
})

t.test('userinfo that is signed, and id_tokens that are signed with the secret', async (t) => {
  const signed = await startSignedIn(t, { routes, provider: withFeatures({ jwtUserinfo: { enabled: true } }, { userinfo_signed_response_alg: 'RS256' }), options: () => ({ scope: ['openid', 'profile'] }) })
  t.match((await signed.call('/profile')).json, { name: 'Name of user-1' })

  const algs = { enabledJWA: { idTokenSigningAlgValues: ['HS256', 'RS256'] } } as Partial<Configuration>
  const bySecret = await startSignedIn(t, { routes, provider: { client: { id_token_signed_response_alg: 'HS256' }, configuration: algs }, options: () => ({ idTokenAlg: 'HS256' }) })
  t.match((await bySecret.call('/grant')).json, { claims: { sub: 'user-1' } })
  await t.rejects(startSignedIn(t, { routes, provider: { client: { id_token_signed_response_alg: 'HS256' }, configuration: algs } }), /the login ended at/, 'where it is not configured')
})

t.test('pushed and signed requests carry a list of resources and details as they are', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { call, provider } = await startSignedIn(t, {
    routes,
    provider: {
      ...withFeatures({ ...resourceServers, pushedAuthorizationRequests: { enabled: true }, requestObjects: { enabled: true }, claimsParameter: { enabled: true } }, {
        request_object_signing_alg: 'ES256', jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'client-1' }] }
      })
    },
    options: () => ({ par: true, jar: true, clientKey: privateKey, clientKeyId: 'client-1', resource: [resource], claims: { id_token: { email: null } }, scope: ['openid', 'read'] })
  })
  t.match((await call('/grant')).json, { resource: [resource], claims: { email: 'user-1@mail.example' } })
  t.match(decodeJwt(String(provider.forms.find(({ path }) => path === '/request')?.form.get('request'))), { resource, claims: { id_token: { email: null } } })
})
