// An authorization server's metadata: OpenID Connect Discovery 1.0, RFC 8414.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

const openid = '/.well-known/openid-configuration'
const oauth = '/.well-known/oauth-authorization-server'
const hour = 3_600_000

t.test('metadata is fetched once, however many logins ask for it at a time', async (t) => {
  const { wire, begin } = await startWireLogin(t)

  await Promise.all([begin(), begin(), begin()])
  await begin()

  t.equal(wire.to(openid).length, 1)
})

t.test('metadata is fetched anew after an hour, behind a login that uses the old', async (t) => {
  const client = await startWireLogin(t)
  await client.begin()

  client.wire.metadata.authorization_endpoint = `${client.wire.issuer}/authorize-2`
  client.ahead = hour - 1_000
  await client.begin()
  t.equal(client.wire.to(openid).length, 1, 'kept for an hour')
  client.ahead = hour + 1_000
  t.match((await client.begin()).url, '/authorize?', 'nobody waits')
  await fetched(client, 2)
  t.match((await client.begin()).url, '/authorize-2?', 'what changed counts')
})

t.test('what is older than a day beyond its lifetime is asked for anew before it is used', async (t) => {
  const client = await startWireLogin(t)
  await client.begin()
  client.wire.metadata.authorization_endpoint = `${client.wire.issuer}/authorize-2`
  client.ahead = 25 * hour + 1
  t.match((await client.begin()).url, '/authorize-2?')
  client.wire.on(openid, () => ({ status: 500 }))
  client.ahead += 26 * hour
  t.match((await client.begin()).url, '/authorize-2?', 'and used all the same where there is no answer')
})

t.test('metadata are kept as long as they say, within bounds', async (t) => {
  const lifetimes: Array<[Record<string, string>, number]> = [
    [{ 'cache-control': 'public, max-age=600' }, 600_000], [{ 'cache-control': 'max-age=600', age: '300' }, 300_000], [{ 'cache-control': 'max-age=1' }, 60_000],
    [{ 'cache-control': 'no-store, max-age=600' }, 60_000], [{ 'cache-control': 'MAX-AGE=99999999' }, 24 * hour], [{ 'cache-control': 'public' }, hour],
    [{ 'cache-control': 'max-age=600', age: 'x' }, 600_000], [{ 'cache-control': 'max-age=99999999999999999999' }, hour]
  ]
  for (const [headers, lifetime] of lifetimes) {
    const client = await startWireLogin(t)
    client.wire.on(openid, () => ({ headers, body: metadataOf(client.wire.issuer) }))
    await client.begin()
    client.ahead = lifetime - 5_000
    await client.begin()
    t.equal(client.wire.to(openid).length, 1, JSON.stringify(headers))
    client.ahead = lifetime + 1_000
    await client.begin()
    await fetched(client, 2)
  }
})

t.test('keys stay known when metadata is fetched anew and has not changed', async (t) => {
  const client = await startWireLogin(t)
  await client.login()

  client.wire.claims = { iat: Math.floor(Date.now() / 1_000) + 3_601, exp: Math.floor(Date.now() / 1_000) + 3_901 }
  client.wire.on('/jwks', async () => ({ headers: { 'cache-control': 'max-age=3600' }, body: { keys: [await client.wire.publicJwk()] } }))
  client.ahead = hour + 1_000
  await client.login()
  await fetched(client, 2)
  await client.login()

  t.equal(client.wire.to('/jwks').length, 2, 'once by themselves, and behind, since their own time was over')
})

t.test('metadata is served stale while the provider is down, which is asked every ten seconds', async (t) => {
  const client = await startWireLogin(t)
  await client.begin()
  client.wire.on(openid, () => ({ status: 500 }))

  client.ahead = hour + 1_000
  await t.resolves(client.begin())
  await t.resolves(client.begin())
  await fetched(client, 2)
  await t.resolves(client.begin())
  t.equal(client.wire.to(openid).length, 2, 'not with every login')
  client.ahead += 10_001
  await t.resolves(client.begin())
  await fetched(client, 3)
})

t.test('new metadata that offers only plain PKCE does not replace the old', async (t) => {
  const client = await startWireLogin(t)
  await client.begin()
  client.wire.metadata.code_challenge_methods_supported = ['plain']

  client.ahead = hour + 1_000
  await client.begin()
  await fetched(client, 2)

  t.equal(new URL((await client.begin()).url).searchParams.get('code_challenge_method'), 'S256')
})

t.test('a provider that was down is found when it is back', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  wire.on(openid, () => ({ status: 503 }))
  await failureOf(t, begin())

  wire.handlers.clear()

  await t.resolves(begin())
})

t.test('where there is no openid-configuration, the metadata of RFC 8414 is taken', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  wire.on(openid, () => ({ status: 404, body: 'not here' }))
  wire.on(oauth, () => ({ body: { issuer: wire.issuer, authorization_endpoint: `${wire.issuer}/other`, token_endpoint: `${wire.issuer}/token`, jwks_uri: `${wire.issuer}/jwks` } }))

  t.match((await begin()).url, `${wire.issuer}/other?`)
})

t.test('an issuer with a path: well-known after it for OpenID Connect, before it for RFC 8414', async (t) => {
  for (const end of ['', '/']) {
    const { wire, begin } = await startWireLogin(t, ({ issuer }) => ({ issuer: `${issuer}/realms/one${end}` }))
    wire.handlers.set(`${oauth}/realms/one`, () => ({ body: { ...metadataOf(wire.issuer), issuer: `${wire.issuer}/realms/one${end}` } }))

    await t.resolves(begin())

    t.strictSame(wire.requests.map(({ path }) => path), [`/realms/one${openid}`, `${oauth}/realms/one`])
  }
})

t.test('an issuer that differs by the slash after its host alone is the same', async (t) => {
  const { wire, login } = await startWireLogin(t, ({ issuer }) => ({ issuer: `${issuer}/` }))
  t.equal((await login()).subject, 'user-1')
  t.equal(wire.to(openid).length, 1)

  const other = await startWireLogin(t)
  other.wire.metadata.issuer = `${other.wire.issuer}/`
  other.wire.claims.iss = `${other.wire.issuer}/`
  t.equal((await other.login()).subject, 'user-1')
})

t.test('metadata under another content type is read', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  wire.on(openid, () => ({ headers: { 'content-type': 'text/plain' }, body: metadataOf(wire.issuer) }))

  await t.resolves(begin())
})

const refused: Array<{ name: string, answer: (issuer: string) => WireAnswer, why: RegExp }> = [
  { name: 'of another issuer', answer: issuer => ({ body: { ...metadataOf(issuer), issuer: 'https://other.example' } }), why: /issuer.*does not match/ },
  { name: 'of the issuer without its slash', answer: issuer => ({ body: { ...metadataOf(issuer), issuer: `${issuer}/realm` } }), why: /it names http:\/\/127.0.0.1:\d+\/realm; the option issuer is http/ },
  { name: 'of an issuer that is no URL', answer: issuer => ({ body: { ...metadataOf(issuer), issuer: 'other' } }), why: /Invalid URL/ },
  { name: 'without an issuer', answer: issuer => ({ body: { ...metadataOf(issuer), issuer: undefined } }), why: /issuer/ },
  { name: 'that is HTML', answer: () => ({ headers: { 'content-type': 'text/html' }, body: '<h1>canary</h1>' }), why: /JSON/ },
  { name: 'that is empty', answer: () => ({ body: '' }), why: /JSON/ },
  { name: 'that is an array', answer: () => ({ body: [] }), why: /object/ },
  { name: 'with status 500', answer: () => ({ status: 500, body: 'canary' }), why: /status 500/ },
  { name: 'with status 403', answer: () => ({ status: 403, body: 'canary' }), why: /status 403/ }
]

t.test('metadata that cannot be worked with is refused before the browser is sent anywhere', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  for (const { name, answer, why } of refused) {
    wire.on(openid, () => answer(wire.issuer))
    const error = await failureOf(t, begin())
    t.match(error, { code: 'FST_OAUTH_DISCOVERY_FAILED', statusCode: 503, message: why }, `metadata ${name}`)
    t.match(error.message, 'wire', 'the provider is named')
  }
})

t.test('no metadata at all: both places are named', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  wire.on(openid, () => ({ status: 404 }))

  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED', message: /openid-configuration nor oauth-authorization-server/, retryAfter: 10 })
  t.strictSame(wire.requests.map(({ path }) => path), [openid, oauth])
})

t.test('metadata that has moved is followed a few times, but only by https or on loopback', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  const moved = (location: string) => () => ({ status: 302, headers: { location } })

  wire.on(openid, moved('/moved'))
  wire.handlers.set('/moved', moved('/moved'))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_PROVIDER_REDIRECT', statusCode: 502 })
  t.equal(wire.requests.length, 4)

  wire.on(openid, moved('http://sso.example/openid-configuration'))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_INSECURE_URL', message: 'http://sso.example' })

  wire.on(openid, moved('/moved'))
  wire.handlers.set('/moved', () => ({ body: { ...metadataOf(wire.issuer), issuer: 'https://other.example' } }))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_DISCOVERY_FAILED' }, 'it must be of the same issuer all the same')

  wire.handlers.set('/moved', () => ({ body: metadataOf(wire.issuer) }))
  await t.resolves(begin())
})

t.test('a provider that is not there is told from one that answers nonsense', async (t) => {
  const { wire, begin } = await startWireLogin(t)
  await wire.close()

  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', statusCode: 503 })
})

t.test('members that are null count as absent', async (t) => {
  const client = await startWireLogin(t)
  client.wire.metadata = { userinfo_endpoint: null, revocation_endpoint: null, token_endpoint_auth_methods_supported: null, code_challenge_methods_supported: null }

  t.equal((await client.login()).subject, 'user-1')
})

/** Waits until the metadata were asked for so often, and the answer is in use. */
async function fetched ({ wire }: WireLogin, times: number): Promise<void> {
  while (wire.to(openid).length < times) await delay(5)
  await delay(50)
}

function metadataOf (issuer: string): Record<string, unknown> {
  return { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` }
}

t.test('an issuer of many tenants: its metadata name a template, each id_token fills it', async (t) => {
  const client = await startWireLogin(t, ({ issuer }) => ({ quirks: { tenantIssuer: `${issuer}/{tenantid}/v2.0` } }))
  const { wire } = client
  wire.metadata.issuer = `${wire.issuer}/{tenantid}/v2.0`
  const ofTenant = (tid: unknown, iss: string) => { wire.claims = { tid, iss } }

  ofTenant('tenant-1', `${wire.issuer}/tenant-1/v2.0`)
  const login = await client.login()
  t.equal(login.subject, 'user-1')
  t.equal((await client.login(callback => callback.set('iss', `${wire.issuer}/tenant-1/v2.0`))).subject, 'user-1', 'iss of a tenant in the response')
  for (const iss of [`${wire.issuer}/v2.0`, `${wire.issuer}//v2.0`, `${wire.issuer}/a/b/v2.0`, 'https://other.example/tenant-1/v2.0', `${wire.issuer}/{tenantid}/v2.0/`]) {
    t.match(await failureOf(t, client.login(callback => callback.set('iss', iss))), { code: 'FST_OAUTH_INVALID_CALLBACK' }, iss)
  }
  for (const [tid, iss] of [['tenant-2', 'tenant-1'], [undefined, 'tenant-1'], [undefined, '{tenantid}'], ['a/b', 'a/b'], [5, '5'], ['', ''], ['{tenantid}', '{tenantid}']] as const) {
    ofTenant(tid, `${wire.issuer}/${iss}/v2.0`)
    t.match(await failureOf(t, client.login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /iss/ }, `${tid} ${iss}`)
  }
  const refresh = async (claims: object, iss = `${wire.issuer}/tenant-1/v2.0`) => {
    const now = Math.floor(Date.now() / 1_000)
    wire.tokens = { id_token: await wire.idToken({ iss, aud: wire.clientId, sub: 'user-1', tid: 'tenant-1', iat: now, exp: now + 300, ...claims }) }
    return client.provider.refresh(grantOf(login))
  }
  t.match(await refresh({}), { claims: { tid: 'tenant-1' } })
  t.match(await failureOf(t, refresh({ tid: 'tenant-2' }, `${wire.issuer}/tenant-2/v2.0`)), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /another issuer/ }, 'a refreshed one keeps its issuer')
  wire.tokens = { id_token: 'no token' }
  t.match(await failureOf(t, client.login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID' })
})

t.test('an issuer among many tenants that is one of them, by its id or another name: what its metadata name is exact', async (t) => {
  const client = await startWireLogin(t, ({ issuer }) => ({ quirks: { tenantIssuer: `${issuer}/{tenantid}/v2.0` } }))
  const { wire } = client
  wire.metadata.issuer = `${wire.issuer}/tenant-1/v2.0`
  const ofTenant = (tid: unknown, iss: string) => { wire.claims = { tid, iss: `${wire.issuer}/${iss}/v2.0` } }

  ofTenant('tenant-1', 'tenant-1')
  t.equal((await client.login()).subject, 'user-1')
  t.equal((await client.login(callback => callback.set('iss', `${wire.issuer}/tenant-1/v2.0`))).subject, 'user-1')
  t.match(await failureOf(t, client.login(callback => callback.set('iss', `${wire.issuer}/tenant-2/v2.0`))), { code: 'FST_OAUTH_INVALID_CALLBACK' })
  for (const [tid, iss] of [['tenant-2', 'tenant-2'], ['tenant-1', 'tenant-2'], ['tenant-1', '{tenantid}'], [undefined, 'tenant-1']] as const) {
    ofTenant(tid, iss)
    t.match(await failureOf(t, client.login()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /iss/ }, `${tid} ${iss}`)
  }
})

for (const issuer of ['/other', '/a/b/v2.0', '/{tenantid}', undefined]) {
  t.test(`an issuer of many tenants whose metadata name ${issuer}`, async (t) => {
    const client = await startWireLogin(t, ({ issuer }) => ({ quirks: { tenantIssuer: `${issuer}/{tenantid}/v2.0` } }))
    client.wire.metadata.issuer = issuer === undefined ? undefined : `${client.wire.issuer}${issuer}`
    t.match(await failureOf(t, client.login()), { code: 'FST_OAUTH_DISCOVERY_FAILED' })
  })
}
