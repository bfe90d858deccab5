// RFC 8693 end to end: a user's token is exchanged for one of a service behind this one.
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthClient, OAuthExchangeOptions, OAuthProviderOptions } from '../../lib/index.js'
import { byHand, discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'
import type { WireAnswer, WireRequest } from '../fixtures/wire-provider.js'

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const hour = 3_600_000

/** Alice, whose routes call an API with exchanged tokens; their names tell the subject token and what was asked for. */
async function start (t: Test, { exchange = {}, issue = () => ({}), provider = () => ({}), more = () => ({}), routes, owner = () => 'alice' }: {
  exchange?: OAuthExchangeOptions
  issue?: (request: WireRequest) => WireAnswer
  provider?: NonNullable<LoginOptions['provider']>
  more?: (options: OAuthProviderOptions) => Record<string, OAuthProviderOptions>
  routes?: (app: FastifyInstance) => void
  owner?: () => string | null
} = {}) {
  const clock = { now: Date.now() }
  const setup = await setUp(t, {
    provider,
    plugin: wire => ({ owner, clock: () => clock.now, providers: { wire: { ...discovered(wire), ...provider(wire) }, ...more(byHand(wire)) } }),
    routes (app) {
      app.get('/exchanged', async ({ oauth }) => answerOf(oauth.use('wire').exchange(exchange)))
      app.get('/guarded', { config: { oauth: 'wire' } }, async ({ oauth }) => {
        const client = oauth.exchange(exchange)
        return { ...await answerOf(client), fetched: (await client.fetch('api')).status, own: oauth.grant?.accessToken }
      })
      routes?.(app)
    }
  })
  let count = 0
  const { wire } = setup
  wire.on('/token', (request) => {
    if (request.form.get('grant_type') !== grantType) return undefined
    const { body = {}, ...answer } = issue(request)
    return { ...answer, body: { access_token: `exchanged-${++count}-for-${request.form.get('subject_token')}`, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer', expires_in: 3_600, ...body as object } }
  })
  const exchanges = () => wire.to('/token').filter(({ form }) => form.get('grant_type') === grantType)
  const ask = async (path: string) => (await read(await setup.browser.request(`${setup.url}${path}`, { headers: { accept: 'application/json' } }))).json
  return { ...setup, clock, exchanges, ask }
}

async function answerOf (client: OAuthClient): Promise<Record<string, unknown>> {
  const { statusCode, body } = await client.get('api')
  return { statusCode, ...await body.json() as object }
}

t.test('the exchange is made once, with the owner\'s token', async (t) => {
  const exchange = { audience: ['b', 'a'], scope: ['write', 'read'], resource: 'https://reports.example/' }
  const { logIn, ask, app, exchanges, wire } = await start(t, { exchange })
  t.match(await ask('/exchanged'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await logIn()
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-1-for-access-token-canary-granted/ })
  t.match(await ask('/guarded'), { authorization: /^Bearer exchanged-1-for/, fetched: 200, own: /^access-token-canary-granted/ })
  const answers = await Promise.all(Array.from({ length: 20 }, () => answerOf(app.oauth.client('wire', { owner: 'alice' }).exchange({ scope: ['read', 'write'], audience: ['a', 'b'], resource: ['https://reports.example/'] }))))
  t.match(answers, answers.map(() => ({ authorization: /^Bearer exchanged-1-for/ })))
  t.strictSame(exchanges().map(({ form }) => [...form].filter(([name]) => name !== 'subject_token')), [[
    ['audience', 'a'], ['audience', 'b'], ['resource', 'https://reports.example/'], ['scope', 'read write'],
    ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'], ['grant_type', grantType]
  ]])
  t.match(exchanges()[0]?.headers.authorization, /^Basic /)
  for (const other of [{}, { audience: 'a' }, { audience: 'a', scope: ['read'] }, { audience: 'a', requestedTokenType: 'urn:x' }]) await answerOf(app.oauth.client('wire', { owner: 'alice' }).exchange(other))
  t.equal(exchanges().length, 5, 'another one for whatever else is asked for')
  t.equal(wire.to('/token').length, 6)
})

t.test('an expired subject token is refreshed first, and only when it is needed', async (t) => {
  const { logIn, ask, clock, exchanges, wire } = await start(t, { issue: () => ({ body: { expires_in: 7_200 } }) })
  await logIn()
  await ask('/exchanged')
  clock.now += hour
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-1-for-access-token-canary-granted/ }, 'what was exchanged is good still')
  t.equal(wire.to('/token').length, 2)
  clock.now += hour
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-2-for-access-token-canary-refreshed/ })
  t.equal(exchanges().length, 2)

  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
  clock.now += 2 * hour
  t.match(await ask('/exchanged'), { code: 'FST_OAUTH_GRANT_REQUIRED' }, 'one that cannot be refreshed is none')
})

t.test('an exchanged token that is refused is replaced once', async (t) => {
  const { logIn, ask, wire, exchanges } = await start(t)
  await logIn()
  wire.on('/api', ({ headers }) => headers.authorization?.startsWith('Bearer exchanged-2') ? undefined : { status: 401 })
  t.match(await ask('/exchanged'), { statusCode: 200, authorization: /^Bearer exchanged-2/ })
  wire.on('/api', () => ({ status: 401 }))
  t.match(await ask('/exchanged'), { statusCode: 401 })
  t.equal(exchanges().length, 3)
})

t.test('what was exchanged goes with its grant, and with its login', async (t) => {
  let owner = 'alice'
  const { logIn, ask, app, exchanges, clock } = await start(t, { owner: () => owner })
  await logIn()
  await ask('/exchanged')
  await app.oauth.grants.revoke('wire', { owner: 'alice' })
  t.match(await ask('/exchanged'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  clock.now++
  await logIn()
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-2/ })
  clock.now++
  await logIn()
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-3/ }, 'of the new login')
  clock.now++
  await logIn('/oauth/wire', 'user-2')
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-4/ }, 'of the other account')
  t.match(await answerOf(app.oauth.client('wire', { owner: 'alice', account: 'user-1' }).exchange()), { authorization: /^Bearer exchanged-3/ })
  owner = 'bob'
  t.match(await ask('/exchanged'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await logIn('/oauth/wire', 'user-2')
  t.match(await ask('/exchanged'), { authorization: /^Bearer exchanged-5/ }, 'of the other owner')
  t.equal(exchanges().length, 5)
  t.strictSame((await app.oauth.grants.list({ owner: 'alice' })).map(({ account }) => account).sort(), ['user-1', 'user-2'], 'and none of them is a grant')
})

t.test('a login with another account meanwhile does not put its token in the place of this one\'s', async (t) => {
  const { logIn, app, clock, wire } = await start(t)
  await logIn()
  clock.now += hour
  wire.claims = { iat: Math.floor(clock.now / 1_000), exp: Math.floor(clock.now / 1_000) + 300 }
  const { handlers } = wire
  const token = handlers.get('/token')
  wire.on('/token', async (request, response) => {
    if (request.form.get('grant_type') !== 'refresh_token') return token?.(request, response)
    handlers.set('/token', token as NonNullable<typeof token>)
    clock.now++
    await logIn('/oauth/wire', 'user-2')
    return { body: { access_token: 'refreshed-of-user-1', token_type: 'Bearer', expires_in: 3_600 } }
  })
  t.match(await answerOf(app.oauth.client('wire', { owner: 'alice' }).exchange()), { authorization: /^Bearer exchanged-1-for-refreshed-of-user-1/ })
  t.match(await answerOf(app.oauth.client('wire', { owner: 'alice' }).exchange()), { authorization: /^Bearer exchanged-2-for-access-token-canary/ })
  t.match(await answerOf(app.oauth.client('wire', { owner: 'alice', account: 'user-1' }).exchange()), { authorization: /^Bearer exchanged-1-for-refreshed-of-user-1/ })
})

t.test('at another provider, whose API is called', async (t) => {
  const reports = { grant: 'client_credentials' as const, clientId: 'reports-client', clientSecret: 'reports-secret' }
  const { logIn, app, exchanges, wire } = await start(t, {
    more: ({ accessTokenUrl }) => ({ reports: { ...reports, accessTokenUrl: String(accessTokenUrl), apiBaseUrl: `${new URL(String(accessTokenUrl)).origin}/reports/`, scope: ['not', 'asked', 'for'] } })
  })
  wire.handlers.set('/reports/api', ({ headers }) => ({ body: { reports: headers.authorization } }))
  await logIn()
  const client = app.oauth.client('wire', { owner: 'alice' })
  t.match(await answerOf(client.exchange({ provider: 'reports' })), { reports: /^Bearer exchanged-1-for-access-token-canary/ })
  t.equal(exchanges()[0]?.headers.authorization, `Basic ${Buffer.from('reports-client:reports-secret').toString('base64')}`)
  t.equal(exchanges()[0]?.form.get('scope'), null)
  t.match(await answerOf(client.exchange()), { authorization: /^Bearer exchanged-2/ }, 'the other provider\'s is another token')
  await t.rejects(client.exchange({ provider: 'reports' }).get('https://elsewhere.example/'), { code: 'FST_OAUTH_ORIGIN_NOT_ALLOWED' })
  t.throws(() => client.exchange({ provider: 'nobody' }), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
  t.throws(() => client.exchange({ scope: 'read' as never }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /exchange\(\)\.scope is "read"; allowed is an array of scopes/ })
  await t.rejects(app.oauth.client('wire', { owner: 'carol' }).exchange({ provider: 'reports' }).get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED', message: /granted at wire/ })

  wire.handlers.set('/token', ({ form }) => ({ body: { access_token: form.get('grant_type') === grantType ? `exchanged-for-${form.get('subject_token')}` : 'own', expires_in: 3_600 } }))
  t.match(await answerOf(app.oauth.client('reports').exchange({ audience: 'x' })), { reports: 'Bearer exchanged-for-own' }, 'also for the application\'s own token')
  const before = wire.to('/token').length
  t.match(await answerOf(app.oauth.client('reports').exchange({ audience: 'x' })), { reports: 'Bearer exchanged-for-own' })
  t.equal(wire.to('/token').length, before)
})

t.test('who is nobody has nothing to exchange', async (t) => {
  const { ask, exchanges } = await start(t, { owner: () => null })
  t.match(await ask('/exchanged'), { statusCode: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(exchanges().length, 0)
})

t.test('a refused exchange is the error of the call', async (t) => {
  const { logIn, ask } = await start(t, { issue: () => ({ status: 400, body: { access_token: undefined, error: 'invalid_target' } }) })
  await logIn()
  t.match(await ask('/exchanged'), { statusCode: 502, code: 'FST_OAUTH_TOKEN_REFUSED', message: /invalid_target/ })
})

t.test('tokens that the application keeps are exchanged too', async (t) => {
  let accessToken: string | null = null
  let owner: string | null = 'alice'
  const { ask, app, exchanges } = await start(t, { owner: () => owner, provider: () => ({ tokenGetter: () => accessToken === null ? null : { accessToken } }) })
  t.match(await ask('/exchanged'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  accessToken = 'first'
  t.match(await ask('/exchanged'), { authorization: 'Bearer exchanged-1-for-first' })
  t.match(await ask('/guarded'), { authorization: 'Bearer exchanged-1-for-first', own: 'first' })
  accessToken = 'second'
  t.match(await ask('/exchanged'), { authorization: 'Bearer exchanged-2-for-second' }, 'another token is another subject')
  owner = null
  t.match(await ask('/exchanged'), { authorization: 'Bearer exchanged-3-for-second' })
  t.match(await answerOf(app.oauth.client('wire').exchange()), { authorization: 'Bearer exchanged-3-for-second' })
  t.equal(exchanges().length, 3)
})
