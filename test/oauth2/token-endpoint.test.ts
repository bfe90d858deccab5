// Posts to the token and revocation endpoints: RFC 6749 sections 3.2, 4.1.3 and 6, RFC 7009, and servers in trouble.
import t from 'tap'
import { byHand, failureOf, grantOf, redirectUri, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer } from '../fixtures/wire-provider.js'

t.test('the token request of a login is that of RFC 6749 section 4.1.3 with the verifier, and no parameter of the user replaces those', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), accessTokenParams: { audience: 'https://api.example', resource: 'r' } }))

  await login()

  const [request] = wire.to('/token')
  t.match(request?.headers, { 'content-type': /^application\/x-www-form-urlencoded/, accept: 'application/json' })
  t.match(Object.fromEntries(request?.form ?? []), {
    grant_type: 'authorization_code', code: /^user-1~code-canary/, redirect_uri: redirectUri, code_verifier: /^[\w-]{43}$/, audience: 'https://api.example', resource: 'r'
  })
  t.equal([...request?.form.keys() ?? []].length, 6)
})

t.test('a refresh sends the refresh token, and reads the answer as that of a login', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, byHand)
  const grant = grantOf(await login())
  wire.tokens = { scope: ['read'], expires_in: '60' }

  const tokens = await provider.refresh(grant)

  t.match(tokens, { accessToken: /^access-token-canary-refreshed/, refreshToken: /^refresh-token-canary-refreshed/, scope: ['read'], expiresAt: Number })
  t.strictSame(Object.fromEntries(wire.to('/token')[1]?.form ?? []), { grant_type: 'refresh_token', refresh_token: grant.refreshToken })
})

t.test('a refresh token that is no longer valid is told by invalid_grant, and is no refused code', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, byHand)
  const grant = grantOf(await login())
  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant', error_description: `unknown token ${grant.refreshToken}` } }))

  const error = await failureOf(t, provider.refresh(grant))

  t.match(error, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant', message: /unknown token \[secret\]/ })
})

t.test('a description that repeats what is secret is printed without it', async (t) => {
  const { wire, begin, provider } = await startWireLogin(t, wire => ({ ...byHand(wire), clientAuth: 'client_secret_post', clientSecret: 'a+secret/with=canary' }))
  const repeats: Array<(form: URLSearchParams, body: string) => string> = [
    form => `code ${form.get('code')} with ${form.get('code_verifier')} of ${form.get('client_secret')}`,
    (_form, body) => `unexpected body: ${body}`,
    form => `${form.get('code')} `.repeat(200)
  ]
  for (const repeat of repeats) {
    wire.on('/token', ({ form, body }) => ({ status: 400, body: { error: 'invalid_request', error_description: repeat(form, body) } }))
    const { url, secrets } = await begin()
    const callback = new URL(wire.callbackFor(url)).searchParams
    const error = await failureOf(t, provider.complete({ callback, secrets, redirectUri }, null))
    t.match(error.message, '[secret]')
    t.notMatch(error.message, String(secrets.verifier).slice(0, 20))
    t.ok(error.message.length < 400, 'and cut short')
  }
})

t.test('an error code that repeats what is secret is printed without it', async (t) => {
  const { wire, login } = await startWireLogin(t, byHand)
  wire.on('/token', ({ form }) => ({ status: 400, body: { error: `bad ${form.get('code')}` } }))

  t.match(await failureOf(t, login()), { providerError: 'bad [secret]' })
})

t.test('a refusal in a shape that nobody declared is told with its reason', async (t) => {
  const { wire, login } = await startWireLogin(t, byHand)
  const refused: Array<[WireAnswer, RegExp]> = [
    [{ status: 400, body: { error: true, message: 'the code was used' } }, /: status 400: the code was used$/],
    [{ status: 400, body: 'the code was used' }, /: status 400$/],
    [{ body: { success: false, msg: 'the code was used' } }, /access_token.*: the code was used$/],
    [{ body: { msg: 'hello' } }, /"access_token" property must be a string$/]
  ]
  for (const [answer, message] of refused) {
    wire.on('/token', () => answer)
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message }, JSON.stringify(answer))
  }
  wire.on('/token', ({ form }) => ({ status: 400, body: { message: `unknown: ${form.get('code')}` } }))
  t.match(await failureOf(t, login()), { message: /: status 400: unknown: \[secret\]$/ })
})

t.test('a server in trouble says when to try again: seconds or a date, within reason', async (t) => {
  const client = await startWireLogin(t, byHand)
  const in90Seconds = () => new Date(Date.now() + 90_000).toUTCString()
  for (const [value, low, high] of [
    ['120', 120, 120], [in90Seconds(), 85, 91], ['0', 1, 1], ['Wed, 21 Oct 2015 07:28:00 GMT', 1, 1], ['99999999999', 3_600, 3_600],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 3_600, 3_600], ['soon', 5, 5], ['', 5, 5], [undefined, 5, 5]
  ] as const) {
    for (const status of [429, 503]) {
      client.wire.on('/token', () => ({ status, headers: Object.fromEntries(value === undefined ? [] : [['retry-after', value]]), body: 'canary' }))
      const error = await failureOf(t, client.login())
      t.match(error, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', statusCode: 503, message: `status ${status}` })
      t.ok(Number(error.retryAfter) >= low && Number(error.retryAfter) <= high, `${value}: ${error.retryAfter}`)
    }
  }
})

t.test('a date to try again is compared with the clock of the options', async (t) => {
  const client = await startWireLogin(t, byHand)
  client.ahead = 3_000_000
  client.wire.on('/token', () => ({ status: 503, headers: { 'retry-after': new Date(Date.now() + 3_060_000).toUTCString() } }))

  const { retryAfter } = await failureOf(t, client.login())

  t.ok(Number(retryAfter) > 50 && Number(retryAfter) < 70, String(retryAfter))
})

t.test('a redirect of the token endpoint is refused, and its target never called', async (t) => {
  const { wire, login } = await startWireLogin(t, byHand)
  for (const status of [302, 307, 308]) {
    wire.on('/token', () => ({ status, headers: { location: `${wire.issuer}/elsewhere` } }))
    t.match(await failureOf(t, login()), { code: 'FST_OAUTH_PROVIDER_REDIRECT', statusCode: 502, message: String(status) })
  }
  t.strictSame([...new Set(wire.requests.map(({ path }) => path))], ['/token'])
})

t.test('a token endpoint that hangs up, or that is too slow, is sent no code twice', async (t) => {
  const abrupt = await startWireLogin(t, byHand)
  abrupt.wire.on('/token', (_request, response) => { response.destroy(); return undefined })
  t.match(await failureOf(t, abrupt.login()), { code: 'FST_OAUTH_PROVIDER_UNREACHABLE', statusCode: 503 })
  t.equal(abrupt.wire.to('/token').length, 1)

  const slow = await startWireLogin(t, byHand, { timeout: 500 })
  slow.wire.on('/token', (_request, response) => { response.writeHead(200).write('{'); return undefined })
  t.match(await failureOf(t, slow.login()), { code: 'FST_OAUTH_PROVIDER_TIMEOUT', statusCode: 504, message: /500 ms/ })
  t.equal(slow.wire.to('/token').length, 1)
})

t.test('both tokens are revoked, the refresh token first', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())

  t.equal(await provider.revoke(grant), true)

  t.strictSame(wire.to('/revoke').map(({ form }) => Object.fromEntries(form)), [
    { token: grant.refreshToken, token_type_hint: 'refresh_token' },
    { token: grant.accessToken, token_type_hint: 'access_token' }
  ])
  t.match(wire.to('/revoke')[0]?.headers.authorization, /^Basic /, 'the client authenticates as at the token endpoint')
})

t.test('the access token is revoked also where the refresh token is refused, and the refusal is told', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  wire.on('/revoke', ({ form }) => form.get('token_type_hint') === 'refresh_token' ? { status: 400, body: { error: 'invalid_request' } } : { status: 400, body: { error: 'unsupported_token_type' } })
  t.match(await failureOf(t, provider.revoke(grant)), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_request' })
  t.strictSame(wire.to('/revoke').map(({ form }) => form.get('token')), [grant.refreshToken, grant.accessToken])
})

t.test('a revocation that fails with status 200 has failed', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), revocationUrl: `${wire.issuer}/revoke`, quirks: { tokenAnswer: { error: { code: '/code', description: '/msg' } } } }))
  const grant = grantOf(await login())
  for (const body of [{ code: 0, msg: 'ok' }, { error: '' }, {}]) {
    wire.on('/revoke', () => ({ body }))
    t.equal(await provider.revoke(grant), true, JSON.stringify(body))
  }
  wire.on('/revoke', () => ({ body: { code: 40001, msg: `who is ${grant.accessToken}?` } }))
  const failure = await failureOf(t, provider.revoke({ ...grant, refreshToken: undefined }))
  t.match(failure, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: '40001' })
  t.notMatch(failure.message, String(grant.accessToken))
  wire.on('/revoke', () => ({ body: { error: 'invalid_request' } }))
  t.match(await failureOf(t, provider.revoke(grant)), { providerError: 'invalid_request' })
})

t.test('an access token that went with its refresh token may be refused; any other failure is told', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  const grant = grantOf(await login())
  const refuse = (error: string) => wire.on('/revoke', ({ form }) => form.get('token_type_hint') === 'refresh_token' ? undefined : { status: 400, body: { error } })
  for (const error of ['invalid_token', 'unsupported_token_type']) {
    refuse(error)
    t.equal(await provider.revoke(grant), true)
    t.match(await failureOf(t, provider.revoke({ ...grant, refreshToken: undefined })), { providerError: error }, 'not without one')
  }
  refuse('invalid_client')
  t.match(await failureOf(t, provider.revoke(grant)), { providerError: 'invalid_client' })
})

t.test('a grant without a refresh token: its access token is revoked', async (t) => {
  const { wire, provider, login } = await startWireLogin(t, wire => ({ ...byHand(wire), revocationUrl: `${wire.issuer}/revoke` }))
  wire.on('/revoke', () => ({ status: 204, body: '' }))

  t.equal(await provider.revoke(grantOf(await login(), { refreshToken: undefined })), true, 'another success than 200 means the same')
  t.strictSame(wire.to('/revoke').map(({ form }) => form.get('token_type_hint')), ['access_token'])
})

t.test('a provider without a revocation endpoint is told from one that fails', async (t) => {
  const { wire, provider, login } = await startWireLogin(t)
  wire.metadata.revocation_endpoint = undefined
  const grant = grantOf(await login())
  t.equal(await provider.revoke(grant), false)

  const failing = await startWireLogin(t)
  failing.wire.on('/revoke', () => ({ status: 503, headers: { 'retry-after': '7' } }))
  t.match(await failureOf(t, failing.provider.revoke(grant)), { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', retryAfter: 7 })
  failing.wire.on('/revoke', ({ form }) => ({ status: 400, body: { error: 'unsupported_token_type', error_description: String(form.get('token')) } }))
  t.match(await failureOf(t, failing.provider.revoke(grant)), { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'unsupported_token_type', message: /revocation endpoint of wire answered with an error \(unsupported_token_type: \[secret\]\)/ })
  failing.wire.on('/revoke', () => ({ status: 404, body: 'canary' }))
  t.match(await failureOf(t, failing.provider.revoke(grant)), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /revocation endpoint of wire.*status 404/ })
})
