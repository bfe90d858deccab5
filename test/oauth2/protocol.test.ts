// The end of a login and what follows it: RFC 6749 sections 4.1.2 and 6, RFC 9207, OpenID Connect Core 1.0 section 12.2.
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'

type Change = (callback: URLSearchParams) => void

t.test('a callback that is no valid authorization response: no exchange', async (t) => {
  const client = await startWireLogin(t)
  const refused: Array<[string, Change, RegExp]> = [
    ['two codes', callback => callback.append('code', 'other'), /code/],
    ['two states', callback => callback.append('state', String(callback.get('state'))), /"state".*once/],
    ['two iss', callback => { callback.append('iss', client.wire.issuer); callback.append('iss', client.wire.issuer) }, /"iss".*once/],
    ['two errors', callback => { callback.append('error', 'access_denied'); callback.append('error', 'server_error') }, /"error".*once/],
    ['another state', callback => callback.set('state', 'other'), /state/],
    ['no state', callback => callback.delete('state'), /state/],
    ['another iss', callback => callback.set('iss', 'https://other.example'), /iss/],
    ['an iss with a slash more', callback => callback.set('iss', `${client.wire.issuer}/`), /iss/],
    ['no code', callback => callback.delete('code'), /no code/],
    ['an empty code', callback => callback.set('code', ''), /no code/],
    ['an empty error', callback => { callback.set('error', ''); callback.delete('code') }, /no code/],
    ['an id_token', callback => callback.set('id_token', 'canary'), /hybrid/],
    ['a response object', callback => callback.set('response', 'canary'), /JARM/]
  ]
  for (const [name, change, message] of refused) {
    t.match(await failureOf(t, client.login(change)), { code: 'FST_OAUTH_INVALID_CALLBACK', statusCode: 400, message }, name)
  }
  t.equal(client.wire.to('/token').length, 0)

  t.equal((await client.login(callback => callback.set('iss', client.wire.issuer))).subject, 'user-1', 'the right iss is taken')
  t.equal((await client.login(callback => callback.set('session_state', 'x'))).subject, 'user-1', 'other parameters do no harm')
})

t.test('a provider that advertises iss must send it', async (t) => {
  const { wire, login } = await startWireLogin(t)
  wire.metadata.authorization_response_iss_parameter_supported = true

  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /"iss".*missing/ })
  t.equal(wire.to('/token').length, 0)
  t.equal((await login(callback => callback.set('iss', wire.issuer))).subject, 'user-1')
})

t.test('an iss that there is nothing to compare with is let be, twice it is not', async (t) => {
  const { login } = await startWireLogin(t, byHand)

  t.match(await login(callback => callback.set('iss', 'https://sso.example')), { account: 'default' })
  t.match(await failureOf(t, login(callback => { callback.append('iss', 'a'); callback.append('iss', 'b') })), { code: 'FST_OAUTH_INVALID_CALLBACK' })
})

t.test('what was denied is told from what failed at the provider', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const ended = (error: string, description?: string) => failureOf(t, login((callback) => {
    callback.delete('code')
    callback.set('error', error)
    if (description !== undefined) callback.set('error_description', description)
  }))

  for (const error of ['access_denied', 'user_cancelled_login', 'user_cancelled_authorize']) {
    t.match(await ended(error), { code: 'FST_OAUTH_ACCESS_DENIED', statusCode: 403, providerError: error, message: `(${error})` })
  }
  for (const [error, code] of Object.entries({ login_required: 'LOGIN', consent_required: 'CONSENT', interaction_required: 'INTERACTION', account_selection_required: 'INTERACTION' })) {
    t.match(await ended(error), { code: `FST_OAUTH_${code}_REQUIRED`, statusCode: 401, providerError: error, message: `(${error})` })
  }
  for (const error of ['server_error', 'temporarily_unavailable', 'invalid_scope', 'unauthorized_client', 'made up']) {
    t.match(await ended(error), { code: 'FST_OAUTH_AUTHORIZATION_FAILED', statusCode: 502, providerError: error, message: /no description/ })
  }
  t.match((await ended('server_error', 'line\r\n\u001b[31m two')).message, /line {3}\[31m two/, 'no control character comes through')
  t.match((await ended('x'.repeat(5_000), 'y'.repeat(5_000))).message.length < 600, true, 'nor an essay')
  t.equal(wire.to('/token').length, 0)
})

t.test('an error is believed only with the right state and iss', async (t) => {
  const { wire, login } = await startWireLogin(t)
  const denied: Change = callback => callback.set('error', 'access_denied')

  t.match(await failureOf(t, login((callback) => { denied(callback); callback.set('state', 'other') })), { code: 'FST_OAUTH_INVALID_CALLBACK' })
  t.match(await failureOf(t, login((callback) => { denied(callback); callback.set('iss', 'https://other.example') })), { code: 'FST_OAUTH_INVALID_CALLBACK' })
  t.equal(wire.to('/token').length, 0)
})

t.test('a code beside an error is not exchanged', async (t) => {
  const { wire, login } = await startWireLogin(t)

  t.match(await failureOf(t, login(callback => callback.set('error', 'access_denied'))), { code: 'FST_OAUTH_ACCESS_DENIED' })
  t.equal(wire.to('/token').length, 0)
})

t.test('a code that was issued for another challenge is refused by the provider, and that is told', async (t) => {
  const { wire, begin, login } = await startWireLogin(t)
  const other = new URL(wire.callbackFor((await begin()).url)).searchParams

  t.match(await failureOf(t, login(callback => callback.set('code', String(other.get('code'))))), { code: 'FST_OAUTH_CODE_REFUSED', statusCode: 400, providerError: 'invalid_grant' })
})

t.test('a login at an OpenID provider', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)

  const { tokens, subject, account } = await login()

  t.equal(provider.protocol, 'oidc')
  t.strictSame({ subject, account }, { subject: 'user-1', account: 'user-1' })
  t.match(tokens, { tokenType: 'bearer', accessToken: /canary-granted/, refreshToken: /canary-granted/, scope: undefined, claims: { iss: wire.issuer, sub: 'user-1' }, raw: {} })
  t.strictSame(await provider.sign(grantOf({ tokens, subject, account }), { method: 'GET', origin: wire.issuer, path: '/api', contentType: undefined, body: null }), { headers: { authorization: `Bearer ${tokens.accessToken}` } })
})

t.test('a refreshed id_token is verified as the first was, and must be of the same subject', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  const now = Math.floor(Date.now() / 1_000)
  const right = { iss: wire.issuer, aud: wire.clientId, sub: 'user-1', iat: now, exp: now + 300 }
  const refresh = async (idToken: string | undefined) => {
    wire.tokens = { id_token: idToken }
    return provider.refresh(grant)
  }

  t.match(await refresh(await wire.idToken(right)), { claims: right })
  t.match(await refresh(undefined), { idToken: undefined, claims: undefined }, 'it may be missing')
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const wrong: Array<[string, string, RegExp]> = [
    ['another subject', await wire.idToken({ ...right, sub: 'user-2' }), /another subject/],
    ['another issuer', await wire.idToken({ ...right, iss: 'https://other.example' }), /iss/],
    ['another audience', await wire.idToken({ ...right, aud: 'other' }), /aud/],
    ['no signature', `${encode({ alg: 'none' })}.${encode(right)}.`, /alg/],
    ['another signature', (await wire.idToken(right)).replace(/[^.]+$/, encode('garbage')), /signature/],
    ['at_hash of another token', await wire.idToken({ ...right, at_hash: 'x'.repeat(22) }), /at_hash/]
  ]
  for (const [name, idToken, message] of wrong) {
    t.match(await failureOf(t, refresh(idToken)), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message }, name)
  }
})

t.test('a refresh whose id_token cannot be verified now still brings its tokens: the old refresh token is spent', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  const now = Math.floor(Date.now() / 1_000)
  await wire.rotateKeys('key-2')
  wire.on('/jwks', () => ({ status: 500, body: 'down' }))
  wire.tokens = { id_token: await wire.idToken({ iss: wire.issuer, aud: wire.clientId, sub: 'user-1', iat: now, exp: now + 300 }) }

  t.match(await provider.refresh(grant), { accessToken: /canary-refreshed/, refreshToken: /canary-refreshed/, idToken: undefined, claims: undefined })
})

t.test('a grant that had no id_token may be brought one, but only of its own subject', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const now = Math.floor(Date.now() / 1_000)
  const grant = grantOf(await login(), { claims: undefined, idToken: undefined })
  const bring = async (sub: string) => { wire.tokens = { id_token: await wire.idToken({ iss: wire.issuer, aud: wire.clientId, sub, iat: now, exp: now + 300 }) } }

  await bring('user-1')
  t.match(await provider.refresh(grant), { claims: { sub: 'user-1' } })
  await bring('user-2')
  t.match(await failureOf(t, provider.refresh(grant)), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message: /another subject/ })
  t.match(await provider.refresh({ ...grant, subject: undefined }), { claims: { sub: 'user-2' } }, 'a grant of nobody has none to compare with')
})
