// Logins on devices (RFC 8628): what is asked, what is made of answers, how they end.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthDeviceLogin, OAuthGrantChange, OAuthPluginOptions, OAuthProviderOptions } from '../../lib/index.js'
import { leaksIn, printed } from '../fixtures/canaries.js'
import { startScene } from '../fixtures/scene.js'
import { failureOf } from '../fixtures/wire-login.js'
import type { WireAnswer, WireProvider } from '../fixtures/wire-provider.js'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'
const refuse = (error: string): WireAnswer => ({ status: 400, body: { error, error_description: 'said of device-code-canary' } })

interface Setup { provider?: Partial<OAuthProviderOptions>, plugin?: OAuthPluginOptions, device?: Record<string, unknown>, answers?: WireAnswer[] }

/** An application whose provider gives codes, and then these answers; tokens of `user-1` after them. */
async function startDevices (t: Test, { provider = {}, plugin = {}, device = {}, answers = [] }: Setup = {}) {
  const changes: OAuthGrantChange[] = []
  const scene = await startScene(t, { provider, plugin: { onGrantChange: change => { changes.push(change) }, ...plugin } })
  const { provider: wire } = scene
  wire.metadata = { device_authorization_endpoint: `${wire.issuer}/device`, ...wire.metadata }
  wire.handlers.set('/device', () => ({ body: { device_code: 'device-code-canary', user_code: 'WDJB-MJHT', verification_uri: `${wire.issuer}/enter`, verification_uri_complete: `${wire.issuer}/enter?user_code=WDJB-MJHT`, expires_in: 600, interval: 0.02, ...device } }))
  wire.on('/token', async ({ form }) => form.get('grant_type') === grantType ? answers.shift() ?? { body: await tokensOf(wire) } : undefined)
  const polls = () => wire.to('/token').map(({ form }) => Object.fromEntries(form))
  return { ...scene, wire, changes, polls, begin: (given = {}) => scene.app.oauth.device('test', { owner: 'cli', ...given }) }
}

async function tokensOf (wire: WireProvider, claims: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1_000)
  return { access_token: 'access-canary', refresh_token: 'refresh-canary', token_type: 'Bearer', expires_in: 3_600, id_token: await wire.idToken({ iss: wire.issuer, aud: wire.clientId, sub: 'user-1', iat: now, exp: now + 300, ...claims }) }
}

t.test('from the code to the grant in the store, as after any login', async (t) => {
  const { app, wire, begin, polls, changes, logs } = await startDevices(t, { provider: { scope: ['openid', 'email'] }, answers: [refuse('authorization_pending'), refuse('authorization_pending')] })
  const before = Date.now()

  const login = await begin({ scope: ['read', 'email'], audience: 'a', resource: ['https://api.example/'] })

  t.match(login, { userCode: 'WDJB-MJHT', verificationUri: `${wire.issuer}/enter`, verificationUriComplete: `${wire.issuer}/enter?user_code=WDJB-MJHT` })
  t.ok(login.expiresAt >= before + 600_000 && login.expiresAt <= Date.now() + 600_000)
  const [asked] = wire.requests.filter(({ path }) => path === '/device')
  t.match(asked?.headers.authorization, /^Basic /)
  t.strictSame(Object.fromEntries(asked?.form ?? []), { audience: 'a', resource: 'https://api.example/', scope: 'openid email read', client_id: 'wire-client' })
  t.strictSame(polls(), [], 'and nothing more before it is waited for')

  const [grant, same] = await Promise.all([login.wait(), login.wait()])

  t.match(grant, { owner: 'cli', provider: 'test', account: 'user-1', subject: 'user-1', accessToken: 'access-canary', refreshToken: 'refresh-canary', scope: ['openid', 'email', 'read'], claims: { sub: 'user-1' } })
  t.equal(same, grant)
  t.equal(await login.wait(), grant, 'the code is good once')
  t.strictSame(polls(), Array(3).fill({ device_code: 'device-code-canary', grant_type: grantType }))
  t.match(changes, [{ type: 'authorized', grant: { owner: 'cli' } }])
  const { body } = await app.oauth.client('test', { owner: 'cli' }).get('api')
  t.match(await body.json(), { authorization: 'Bearer access-canary' })
  app.log.info({ login }, String(login))
  t.strictSame(leaksIn('everywhere', [...logs, ...printed(login), JSON.stringify(login)], []), [])
})

t.test('whose tokens they are is told by userinfo where there is no id_token', async (t) => {
  const { wire, begin } = await startDevices(t, { provider: { scope: ['read'] }, answers: [{ body: { access_token: 'access-canary', token_type: 'bearer' } }] })
  wire.userinfo = { sub: 'user-7' }
  t.match(await (await begin()).wait(), { account: 'default', subject: undefined, scope: ['read'], claims: undefined })

  const { wire: other, app } = await startDevices(t)
  app.oauth.providers.register('hand', { clientId: 'id', authorizeUrl: `${other.issuer}/authorize`, accessTokenUrl: `${other.issuer}/token`, userinfoUrl: `${other.issuer}/userinfo`, deviceAuthorizationUrl: `${other.issuer}/device` })
  t.match(await (await app.oauth.device('hand', { owner: 'cli' })).wait(), { account: 'user-1', subject: 'user-1' })
  t.match(Object.fromEntries(other.to('/token')[0]?.form ?? []), { client_id: 'id' }, 'at a provider by hand, for a client without a secret')
})

t.test('the id_token of a login is required, and verified', async (t) => {
  const setup = await startDevices(t)
  const wrong = [
    [{ body: { access_token: 'access-canary', token_type: 'bearer' } }, /has none/],
    [{ body: await tokensOf(setup.wire, { aud: 'another' }) }, /aud/],
    [{ body: { ...await tokensOf(setup.wire), id_token: `${(await tokensOf(setup.wire)).id_token.split('.').slice(0, 2).join('.')}.AAAA` } }, /signature/]
  ] as const
  for (const [answer, message] of wrong) {
    setup.wire.on('/token', () => answer)
    t.match(await failureOf(t, (await setup.begin()).wait()), { code: 'FST_OAUTH_ID_TOKEN_INVALID', message })
  }
  t.strictSame(await setup.app.oauth.grants.list({ owner: 'cli' }), [])
})

t.test('tokens are bound to a key of their own', async (t) => {
  const { wire, begin, polls } = await startDevices(t, { provider: { dpop: true }, answers: [refuse('authorization_pending'), { status: 400, headers: { 'dpop-nonce': 'n1' }, body: { error: 'use_dpop_nonce' } }] })
  const login = await begin()
  const tokens = { ...await tokensOf(wire), token_type: 'DPoP' }
  const first = wire.handlers.get('/token')
  let asked = 0
  wire.on('/token', async (request, response) => ++asked < 3 ? first?.(request, response) : { body: tokens })
  const grant = await login.wait()
  t.match(grant, { tokenType: 'dpop', dpopKey: { kty: 'EC' } })
  t.equal(polls().length, 3)
  const proofs = wire.to('/token').map(({ headers }) => JSON.parse(Buffer.from(String(headers.dpop).split('.')[1] ?? '', 'base64url').toString()))
  t.match(proofs[2], { nonce: 'n1', htm: 'POST', htu: `${wire.issuer}/token` })
})

t.test('ends with an error that says what happened', async (t) => {
  for (const [answers, expected] of [
    [[refuse('authorization_pending'), refuse('access_denied')], { code: 'FST_OAUTH_ACCESS_DENIED', statusCode: 403 }],
    [[refuse('expired_token')], { code: 'FST_OAUTH_DEVICE_CODE_EXPIRED', providerError: 'expired_token' }],
    [[refuse('invalid_grant')], { code: 'FST_OAUTH_TOKEN_REFUSED', message: /said of \[secret\]/ }],
    // GitHub's way.
    [[{ body: { error: 'authorization_pending' } }, { body: { error: 'access_denied' } }], { code: 'FST_OAUTH_ACCESS_DENIED' }]
  ] as Array<[WireAnswer[], object]>) {
    const { begin, app, changes } = await startDevices(t, { answers })
    t.match(await failureOf(t, (await begin()).wait()), expected)
    t.strictSame(await app.oauth.grants.list({ owner: 'cli' }), [])
    t.strictSame(changes, [])
  }
  const { begin } = await startDevices(t, { device: { expires_in: 1, interval: 5 } })
  t.match(await failureOf(t, (await begin()).wait()), { code: 'FST_OAUTH_DEVICE_CODE_EXPIRED' })
})

t.test('goes on where the provider was in trouble', async (t) => {
  const { begin, polls } = await startDevices(t, { answers: [{ status: 503 }, { status: 500, body: 'x' }] })
  t.match(await (await begin()).wait(), { subject: 'user-1' })
  t.equal(polls().length, 3)
})

t.test('a signal ends it, and a later call goes on', async (t) => {
  const { begin, polls } = await startDevices(t, { answers: Array(3).fill(refuse('authorization_pending')), device: { interval: 0.2 } })
  const login = await begin()
  const controller = new AbortController()
  const waiting = login.wait({ signal: controller.signal })
  const another = login.wait()
  await delay(20)
  controller.abort(new Error('enough'))
  await t.rejects(waiting, { message: 'enough' })
  await t.rejects(another, { message: 'enough' })
  t.equal(polls().length, 0)
  t.match(await login.wait({ signal: new AbortController().signal }), { subject: 'user-1' })
})

t.test('an application that is closed waits for nothing but an answer on its way', async (t) => {
  const { begin, app, wire } = await startDevices(t)
  const slow = await startDevices(t, { device: { interval: 60 } })
  const idle = (await slow.begin()).wait()
  const refused = t.rejects(idle, { code: 'FST_OAUTH_INVALID_CALL', message: /closing/ })
  let answer = () => {}
  const asked = new Promise<void>(resolve => {
    wire.on('/token', async () => {
      resolve()
      await new Promise<void>(resolve => { answer = resolve })
      return { body: await tokensOf(wire) }
    })
  })
  const granted = (await begin()).wait()
  await asked
  const closed = Promise.all([app.close(), slow.app.close()])
  answer()
  t.match(await granted, { subject: 'user-1' })
  await closed
  await refused
})

t.test('answers that cannot be used', async (t) => {
  const { begin, wire } = await startDevices(t)
  const right = { device_code: 'device-code-canary', user_code: 'CODE', verification_uri: 'https://sso.example/enter', expires_in: 600 }
  for (const [body, message] of [
    [{ ...right, user_code: 'CODE\u001b[2J' }, /user_code cannot be shown/],
    [{ ...right, user_code: 'CODE\u202e' }, /user_code cannot be shown/],
    [{ ...right, verification_uri: 'javascript:alert(1)' }, /verification_uri is not/],
    [{ ...right, verification_uri: 'enter' }, /verification_uri is not/],
    [{ ...right, verification_uri_complete: 'file:///etc/passwd' }, /verification_uri is not/],
    [{ ...right, device_code: undefined }, /device_code/],
    [{ ...right, expires_in: -1 }, /expires_in/],
    [[right], /top level object|device_code|object/],
    ['not JSON', /status 200|JSON|parse/]
  ] as Array<[unknown, RegExp]>) {
    wire.handlers.set('/device', () => ({ body }))
    t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER', message }, String(message))
  }
  wire.handlers.set('/device', () => ({ status: 400, body: { error: 'unauthorized_client', error_description: 'no' } }))
  t.match(await failureOf(t, begin()), { code: 'FST_OAUTH_TOKEN_REFUSED', message: /device authorization endpoint .*unauthorized_client: no/ })
})

t.test('answers of real providers', async (t) => {
  const { begin, wire } = await startDevices(t)
  const answer = (body: object) => wire.handlers.set('/device', () => ({ body: { device_code: 'device-code-canary', user_code: 'CODE', expires_in: '600', ...body } }))
  answer({ verification_url: 'https://sso.example/enter', interval: '0.02' })
  t.match(await (await begin()).wait(), { subject: 'user-1' }, 'another name for the address, and numbers as text')
  for (const interval of [0, -1, 'soon', null, undefined]) {
    answer({ verification_uri: 'https://sso.example/enter', interval })
    const login: OAuthDeviceLogin = await begin()
    t.equal(login.verificationUriComplete, undefined)
    await t.rejects(login.wait({ signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' }, 'five seconds')
  }
})

t.test('what cannot be begun', async (t) => {
  const { app, wire, begin } = await startDevices(t)
  app.oauth.providers.register('service', { grant: 'client_credentials', clientId: 'id', clientSecret: 'secret', issuer: wire.issuer })
  app.oauth.providers.register('photos', { clientId: 'id', clientSecret: 'secret', requestTokenUrl: `${wire.issuer}/r`, authorizeUrl: `${wire.issuer}/a`, accessTokenUrl: `${wire.issuer}/t` })
  await t.rejects(app.oauth.device('nobody', { owner: 'cli' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
  await t.rejects(app.oauth.device('service', { owner: 'cli' }), { code: 'FST_OAUTH_NO_LOGINS' })
  await t.rejects(app.oauth.device('photos', { owner: 'cli' }), { code: 'FST_OAUTH_INVALID_CALL', message: /OAuth 1\.0a has no logins on devices/ })
  await t.rejects(begin({ owner: '' }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /app\.oauth\.device\(\)\.owner is ""/ })
  await t.rejects(begin({ scope: 'read' }), { code: 'FST_OAUTH_INVALID_OPTIONS' })
  wire.metadata = { ...wire.metadata, device_authorization_endpoint: undefined }
  app.oauth.providers.register('without', { issuer: wire.issuer, clientId: 'id' })
  await t.rejects(app.oauth.device('without', { owner: 'cli' }), { code: 'FST_OAUTH_INVALID_CALL', message: /deviceAuthorizationUrl/ })
})
