// Strategies of the catalogue, through logins at the hand-written provider.
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { byHand, failureOf, grantOf, startWireLogin } from '../fixtures/wire-login.js'
import type { WireAnswer, WireProvider } from '../fixtures/wire-provider.js'

function signed (callback: URLSearchParams, secret: string): string {
  const text = [...callback].filter(([name]) => name !== 'hmac').sort(([a], [b]) => a < b ? -1 : 1).map(([name, value]) => new URLSearchParams({ [name]: value }).toString()).join('&')
  return createHmac('sha256', secret).update(text).digest('hex')
}

t.test('a signed callback: as it was made, and not otherwise', async (t) => {
  const { wire, login } = await startWireLogin(t, wire => ({ ...byHand(wire), quirks: { strategy: { name: 'signed-callback' }, callbackParams: ['shop'] } }))
  const sign = (callback: URLSearchParams) => { callback.set('shop', 'one.example'); callback.set('hmac', signed(callback, wire.clientSecret)) }
  t.match(await login(sign), { tokens: { raw: { callback: { shop: 'one.example' } } } })

  const before = wire.to('/token').length
  const wrong: Record<string, (callback: URLSearchParams) => void> = {
    'no signature': () => {},
    'another secret': callback => { callback.set('hmac', signed(callback, 'another')) },
    'a parameter that was changed': callback => { sign(callback); callback.set('shop', 'two.example') },
    'a parameter that was added': callback => { sign(callback); callback.set('more', '1') },
    'two signatures': callback => { sign(callback); callback.append('hmac', String(callback.get('hmac'))) },
    'a short one': callback => { callback.set('hmac', 'ab') },
    'no hex': callback => { callback.set('hmac', 'zz'.repeat(32)) }
  }
  for (const [what, change] of Object.entries(wrong)) t.match(await failureOf(t, login(change)), { code: 'FST_OAUTH_INVALID_CALLBACK', message: /its hmac is not that of the client secret/ }, what)
  t.equal(wire.to('/token').length, before, 'no code was sent')
})

const longLived = (wire: WireProvider) => ({
  ...byHand(wire),
  quirks: { strategy: { name: 'long-lived-token' as const, exchange: { url: `${wire.issuer}/long`, grantType: 'x_exchange_token' }, refresh: { url: `${wire.issuer}/renew?v=1`, grantType: 'x_refresh_token' } } }
})

t.test('a long-lived token takes the place of the first one, and is renewed by itself', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, longLived)
  wire.handlers.set('/long', async () => ({ body: { access_token: 'long-canary-1', token_type: 'bearer', expires_in: 5_184_000 } }))
  wire.handlers.set('/renew', async () => ({ body: { access_token: 'long-canary-2', expires_in: '5184000' } }))
  const completed = await login()
  t.match(completed.tokens, { accessToken: 'long-canary-1', refreshToken: 'long-canary-1' })
  t.ok(Number(completed.tokens.expiresAt) > Date.now() + 5_000_000_000)
  const queryOf = (path: string) => Object.fromEntries(wire.requests.find(request => request.path === path)?.query ?? [])
  t.match(queryOf('/long'), { grant_type: 'x_exchange_token', client_secret: wire.clientSecret, access_token: /access-token-canary/ })

  const renewed = await provider.refresh(grantOf(completed))
  t.match(renewed, { accessToken: 'long-canary-2', refreshToken: 'long-canary-2', tokenType: 'bearer' })
  t.match(queryOf('/renew'), { v: '1', grant_type: 'x_refresh_token', access_token: 'long-canary-1' })
  t.equal(wire.to('/token').length, 1, 'RFC 6749\'s refresh is not used')
})

t.test('renewals that fail have spent nothing; a token that is refused is good for nothing', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, longLived)
  wire.handlers.set('/long', async () => ({ body: { access_token: 'long-canary-1' } }))
  const completed = await login()
  t.equal(completed.tokens.expiresAt, undefined)
  const cases: Array<[{ status?: number, body?: unknown }, object]> = [
    [{ status: 400 }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant' }],
    [{ status: 401 }, { code: 'FST_OAUTH_TOKEN_REFUSED', providerError: 'invalid_grant' }],
    [{ status: 404 }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 404/, unspent: true }],
    [{ status: 503 }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE', unspent: true }],
    [{ body: 'canary' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it holds no access_token/, unspent: true }],
    [{ body: { access_token: '' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', unspent: true }],
    [{ body: 'null' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', unspent: true }]
  ]
  for (const [answer, expected] of cases) {
    wire.handlers.set('/renew', async () => answer)
    t.match(await failureOf(t, provider.refresh(grantOf(completed))), expected, JSON.stringify(answer))
  }
})

t.test('a hash in the place of the secret, with a code and with a refresh token; a revocation as ever', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, wire => ({ ...byHand(wire), revocationUrl: `${wire.issuer}/revoke`, clientAuth: 'client_secret_post', quirks: { strategy: { name: 'secret-hash' } } }))
  const grant = grantOf(await login())
  await provider.refresh(grant)
  const [code, refresh] = wire.to('/token').map(({ form }) => Object.fromEntries(form))
  const hash = (spent: unknown) => createHash('sha256').update(`${wire.clientSecret}|${String(spent)}`).digest('hex')

  t.match(code, { client_id: wire.clientId, hash: hash(code?.code), client_secret: undefined })
  t.match(refresh, { hash: hash(grant.refreshToken), client_secret: undefined })
  await provider.revoke(grant)
  t.match(Object.fromEntries(wire.to('/revoke')[0]?.form ?? []), { client_secret: wire.clientSecret, hash: undefined })
})

const appToken = (wire: WireProvider) => ({
  ...byHand(wire),
  userinfoUrl: `${wire.issuer}/userinfo?userid={token.userid}`,
  clientAuth: 'client_secret_post' as const,
  accessTokenMethod: 'GET' as const,
  profile: { id: '/userid', name: '/name' },
  quirks: {
    paramNames: { token: { client_id: 'corpid', client_secret: 'corpsecret' } },
    tokenRequest: { omit: ['grant_type', 'code', 'redirect_uri', 'code_verifier'] },
    tokenAnswer: { error: { code: '/errcode', description: '/errmsg', invalidGrant: ['40029'] } },
    accessTokenIn: { query: 'access_token' },
    strategy: { name: 'app-token' as const, userUrl: `${wire.issuer}/whose?access_token={accessToken}&code={code}` }
  }
})

t.test('a token of the application, which then tells whose the code is', async (t) => {
  const { wire, login } = await startWireLogin(t, appToken)
  const sent = (path: string) => Object.fromEntries(wire.requests.find(request => request.path === path)?.query ?? [])
  wire.on('/token', () => ({ body: { errcode: 0, errmsg: 'ok', access_token: 'app canary/1', expires_in: 7200 } }))
  wire.handlers.set('/whose', () => ({ body: { errcode: 0, errmsg: 'ok', userid: 'ann', user_ticket: 'ticket' } }))
  wire.userinfo = { errcode: 0, userid: 'ann', name: 'Ann Lee' }

  const { tokens, subject } = await login()
  t.equal(subject, 'ann')
  t.match(tokens, { accessToken: 'app canary/1', refreshToken: undefined, raw: { userid: 'ann', user_ticket: 'ticket' } })
  t.ok(Number(tokens.expiresAt) > Date.now() + 7_000_000)
  t.strictSame(sent('/token'), { corpid: wire.clientId, corpsecret: wire.clientSecret }, 'no code is sent there')
  t.strictSame(sent('/whose'), { access_token: 'app canary/1', code: wire.requests.find(({ path }) => path === '/whose')?.query.get('code') })
  t.match(sent('/whose').code, /^user-1~code-canary/)
  t.match(sent('/userinfo'), { userid: 'ann', access_token: 'app canary/1' })
})

t.test('a code that is nobody\'s, and an application that is not known', async (t) => {
  const { wire, login } = await startWireLogin(t, appToken)
  wire.on('/token', () => ({ body: { access_token: 'app-canary-1' } }))
  const refused: Array<[WireAnswer, object]> = [
    [{ body: { errcode: 40029, errmsg: 'invalid code of app-canary-1' } }, { code: 'FST_OAUTH_CODE_REFUSED', message: /40029: invalid code of \[secret\]/ }],
    [{ body: { errcode: 50001, errmsg: 'unauthorised redirect' } }, { code: 'FST_OAUTH_TOKEN_REFUSED', message: /50001: unauthorised redirect/ }],
    [{ status: 403 }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /status 403/ }],
    [{ status: 503 }, { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' }],
    [{ body: 'canary' }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ }],
    [{ body: { errcode: 0, openid: 'a stranger' } }, { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /it holds no userid/ }]
  ]
  for (const [answer, expected] of refused) {
    wire.handlers.set('/whose', () => answer)
    t.match(await failureOf(t, login()), expected, JSON.stringify(answer))
  }
  const before = wire.requests.filter(({ path }) => path === '/whose').length
  wire.on('/token', () => ({ body: { errcode: 40001, errmsg: 'invalid credential' } }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_TOKEN_REFUSED', message: /40001: invalid credential/ })
  wire.on('/token', () => ({ body: 'canary' }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message: /as JSON/ })
  t.equal(wire.requests.filter(({ path }) => path === '/whose').length, before, 'without a token nothing is asked for')
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const gateway = (wire: WireProvider) => ({
  ...byHand(wire),
  accessTokenUrl: `${wire.issuer}/gateway`,
  userinfoUrl: `${wire.issuer}/gateway`,
  revocationUrl: `${wire.issuer}/revoke`,
  clientSecret: undefined,
  clientKey: privateKey,
  clientAuth: 'none' as const,
  profile: { root: '/user_response', id: '/user_id' },
  quirks: {
    headers: { 'x-client': '{clientId}' },
    tokenAnswer: { path: '/token_response', error: { code: '/error_response/sub_code', description: '/error_response/msg', invalidGrant: ['code-invalid'] } },
    strategy: { name: 'signed-parameters' as const, tokenMethod: 'x.token', userinfoMethod: 'x.user' }
  }
})

t.test('parameters that the client\'s key signs, for tokens and userinfo', async (t) => {
  const { wire, login, provider } = await startWireLogin(t, gateway)
  wire.handlers.set('/gateway', ({ form }) => ({ body: form.get('method') === 'x.user' ? { user_response: { code: '10000', user_id: '2088' } } : { token_response: { access_token: 'a canary', refresh_token: 'r', expires_in: '60' } } }))
  const completed = await login()
  t.equal(completed.subject, '2088')
  await provider.refresh(grantOf(completed))

  const calls = wire.requests.filter(({ path }) => path === '/gateway')
  t.strictSame(calls.map(({ form }) => form.get('method')), ['x.token', 'x.user', 'x.token'])
  for (const { form, method, headers } of calls) {
    const { sign = '', ...rest } = Object.fromEntries(form)
    const text = Object.keys(rest).sort().map(name => `${name}=${rest[name]}`).join('&')
    t.ok(verify('sha256', Buffer.from(text), createPublicKey(privateKey), Buffer.from(sign, 'base64')), 'the signature is that of all other parameters')
    t.match(rest, { app_id: wire.clientId, sign_type: 'RSA2', charset: 'utf-8', version: '1.0', format: 'JSON', timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, client_secret: undefined, redirect_uri: undefined })
    const ago = Date.now() + 8 * 3_600_000 - Date.parse(`${String(rest.timestamp).replace(' ', 'T')}Z`)
    t.ok(ago > -2_000 && ago < 60_000, 'in the time of Beijing')
    t.match({ method, headers }, { method: 'POST', headers: { 'content-type': /^application\/x-www-form-urlencoded/, authorization: undefined } })
  }
  t.match(calls.map(({ form }) => [form.get('code'), form.get('refresh_token'), form.get('auth_token')]), [[/code-canary/, null, null], [null, null, 'a canary'], [null, 'r', null]])
  t.equal(calls[0]?.headers['x-client'], wire.clientId)
  await provider.revoke(grantOf(completed))
  t.equal(wire.to('/revoke')[0]?.form.get('sign'), null, 'what is no request for tokens goes as ever')
})

t.test('what the gateway refuses, and a key that fails', async (t) => {
  const { wire, login } = await startWireLogin(t, gateway)
  wire.handlers.set('/gateway', () => ({ body: { error_response: { code: '40002', msg: 'Invalid Arguments', sub_code: 'code-invalid' } } }))
  t.match(await failureOf(t, login()), { code: 'FST_OAUTH_CODE_REFUSED', message: /code-invalid: Invalid Arguments/ })

  const broken = await startWireLogin(t, wire => ({ ...gateway(wire), clientKey: () => { throw new TypeError('the KMS is away') }, clientKeyAlg: 'RS256' }))
  t.match(await failureOf(t, broken.login()), { code: 'FST_OAUTH_CLIENT_KEY_FAILED', message: /the KMS is away/ })
  t.strictSame(broken.wire.requests, [], 'nothing was sent')
})
