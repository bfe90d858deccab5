// The userinfo request: OpenID Connect Core 1.0 section 5.3, and user APIs that only resemble it.
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

const jwt = { 'content-type': 'application/jwt' }

t.test('userinfo is asked for with the access token, and wins over the claims of the id_token', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  wire.claims = { name: 'Old Name', email: 'first@mail.example' }
  const grant = grantOf(await login())

  t.match(await provider.profile(grant), { id: 'user-1', name: 'First User', email: 'first@mail.example', raw: { name: 'First User', iss: wire.issuer } })
  t.match(wire.to('/userinfo')[0], { method: 'GET', headers: { authorization: `Bearer ${grant.accessToken}`, accept: /json/, 'user-agent': String } })
})

t.test('userinfo of another subject is refused', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  wire.userinfo = { sub: 'user-2', name: 'canary' }

  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_USERINFO_MISMATCH', statusCode: 502 })
})

t.test('signed userinfo is verified', async (t) => {
  const client = await startWireLogin(t)
  const { wire, provider, login } = client
  wire.metadata.userinfo_signing_alg_values_supported = ['RS256']
  const grant = grantOf(await login())
  const answer = (claims: JWTPayload, forge = (body: string) => body) => wire.on('/userinfo', async () => ({ headers: jwt, body: forge(await wire.idToken(claims)) }))

  answer({ sub: 'user-1', iss: wire.issuer, aud: wire.clientId, name: 'Signed Name' })
  t.equal((await provider.profile(grant)).name, 'Signed Name')
  t.equal((await provider.profile({ ...grant, claims: undefined })).name, 'Signed Name', 'also without an id_token to compare it with')
  answer({ sub: 'user-2' })
  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_USERINFO_MISMATCH' })
  for (const [name, claims, forge] of [
    ['garbage for a signature', {}, (body: string) => body.replace(/[^.]+$/, 'Z2FyYmFnZQ')],
    ['another issuer', { iss: 'https://other.example' }, undefined],
    ['another audience', { aud: 'other' }, undefined],
    ['no JWT', {}, () => 'canary']
  ] as const) {
    answer({ sub: 'user-1', ...claims }, forge)
    t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message: /userinfo endpoint of wire/ }, name)
  }
  wire.on('/userinfo', async () => ({ headers: jwt, body: await new SignJWT({ sub: 'user-1' }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(wire.clientSecret)) }))
  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }, 'signed with the client secret')
  await wire.rotateKeys('key-2')
  wire.on('/jwks', () => ({ status: 500 }))
  answer({ sub: 'user-1' })
  client.ahead = 61_000
  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /JWK Set of wire/ }, 'with keys that cannot be had')
})

const unusable: Array<[string, WireAnswer, RegExp]> = [
  ['401', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: 'canary' }, /status 401/],
  ['403 as JSON', { status: 403, body: { error: 'insufficient_scope', detail: 'more is needed' } }, /status 403: insufficient_scope: more is needed$/],
  ['a name of the failure alone', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }, /status 401: invalid_token$/],
  ['HTML', { headers: { 'content-type': 'text/html' }, body: '<h1>canary</h1>' }, /JSON/],
  ['nothing', { body: '' }, /JSON/],
  ['JSON that breaks off', { body: '{"sub":"canary' }, /JSON/],
  ['an array', { body: [{ sub: 'user-1' }] }, /object/],
  ['null', { body: 'null' }, /object/],
  ['a string', { body: '"canary"' }, /object/]
]

t.test('an API that is not available now, and what it repeats of the request', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo` }))
  const grant = grantOf(await login())
  wire.on('/userinfo', () => ({ status: 429, headers: { 'retry-after': '7' } }))
  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', statusCode: 503, retryAfter: 7 })
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', retryAfter: 7 })
  wire.on('/userinfo', ({ headers }) => ({ status: 401, body: { message: `not good: ${headers.authorization}, of ${wire.clientSecret}` } }))
  t.match(await failureOf(t, provider.profile(grant)), { message: /status 401: not good: Bearer \[secret\], of \[secret\]$/ })
})

t.test('an error with status 200 is no user', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo`, profile: { id: '/user/id' } }))
  wire.userinfo = { user: { id: 5 }, error: 'not_all', ok: false }
  const completed = await login()
  t.equal(completed.subject, '5', 'a user is one')
  wire.on('/userinfo', ({ headers }) => ({ body: { ok: false, error: `no scope for ${headers.authorization}` } }))
  const expected = { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /userinfo endpoint of wire .*: it describes no user: no scope for Bearer \[secret\]$/ }
  t.match(await failureOf(t, provider.profile(grantOf(completed))), expected)
  t.match(await failureOf(t, login()), expected)
  wire.on('/userinfo', () => ({ body: { name: 'Someone' } }))
  t.equal((await login()).subject, undefined, 'who names nobody, and no failure, is taken as before')
})

t.test('userinfo that cannot be used, with and without an id_token to compare it with', async (t) => {
  const openid = await startWireLogin(t)
  const plain = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo` }))
  const grant = grantOf(await openid.login())
  for (const [name, answer, message] of unusable) {
    for (const { wire } of [openid, plain]) wire.on('/userinfo', () => answer)
    const expected = { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', statusCode: 502, message }
    t.match(await failureOf(t, openid.provider.profile(grant)), expected, name)
    t.match(await failureOf(t, plain.login()), expected, `${name}, at the login`)
  }
  openid.wire.on('/userinfo', () => ({ body: { name: 'canary' } }))
  t.match(await failureOf(t, openid.provider.profile(grant)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /sub/ })
})

t.test('JSON under another content type is read', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  wire.on('/userinfo', () => ({ headers: { 'content-type': 'text/plain' }, body: { sub: 'user-1', name: 'Plain Name' } }))

  t.equal((await provider.profile(grantOf(await login()))).name, 'Plain Name')
})

t.test('without an id_token, userinfo tells whose account it is', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({
    ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo`, profile: ({ user }) => ({ id: (user as { id: string }).id, name: 'Mapped' })
  }))
  wire.userinfo = { user: { id: 583231 } }

  const login1 = await login()

  t.match(login1, { subject: '583231', account: '583231' })
  t.match(await provider.profile(grantOf(login1)), { id: '583231', name: 'Mapped' })
  wire.userinfo = { user: {} }
  t.match(await login(), { subject: undefined, account: 'default' }, 'or does not')
})

t.test('without an id_token, userinfo of another account than that of the login is refused', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo` }))
  const grant = grantOf(await login())
  t.equal((await provider.profile(grant)).id, 'user-1')

  wire.userinfo = { sub: 'user-2' }

  t.match(await failureOf(t, provider.profile(grant)), { code: 'FST_OAUTH_USERINFO_MISMATCH', statusCode: 502 })
})

t.test('a provider that tells nothing of its users: what to do is said', async (t) => {
  const { provider, login } = await startWireLogin(t, byHand)

  t.match(await failureOf(t, provider.profile(grantOf(await login()))), { code: 'FST_OAUTH_PROFILE_UNAVAILABLE', message: /userinfoUrl/ })
})

t.test('without a userinfo endpoint the claims of the id_token are the profile', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  wire.metadata.userinfo_endpoint = undefined
  wire.claims = { name: 'Claimed Name' }

  t.match(await provider.profile(grantOf(await login())), { id: 'user-1', name: 'Claimed Name' })
})
