// The option tokenGetter: calls with tokens that the application keeps itself.
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { OAuthTokenGetterState, OAuthTokens } from '../../lib/index.js'
import { printed } from '../fixtures/canaries.js'
import { read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

interface Asked { url: string | undefined, owner: string | undefined, account: string | undefined }

/** An application whose own store is what `answer` answers; alice is who asks, unless a header says otherwise. */
async function start (t: Test, { answer, routes, ...options }: LoginOptions & { answer: (state: OAuthTokenGetterState) => unknown, routes?: (app: FastifyInstance) => void }) {
  const asked: Asked[] = []
  const setup = await setUp(t, {
    ...options,
    plugin: wire => ({ owner: ({ headers }) => headers['x-user'] === 'nobody' ? null : String(headers['x-user'] ?? 'alice'), ...options.plugin?.(wire) }),
    provider: wire => ({
      scope: ['openid', 'read'],
      ...options.provider?.(wire),
      tokenGetter (state) {
        asked.push({ url: state.request?.url, owner: state.owner, account: state.account })
        return answer(state) as OAuthTokens
      }
    }),
    routes (app) {
      app.get('/call', async ({ oauth }) => (await oauth.get('api')).body.json())
      app.get('/fetch', async ({ oauth }) => (await oauth.fetch('api')).json())
      app.get('/guarded', { config: { oauth: { provider: 'wire', scope: ['read'], account: 'one' } } }, async ({ oauth }) => {
        await (await oauth.get('api')).body.dump()
        return { token: oauth.grant?.accessToken, scope: oauth.grant?.scope, owner: oauth.grant?.owner, account: oauth.grant?.account, type: oauth.grant?.tokenType }
      })
      app.get('/authorize', async ({ oauth }, reply) => oauth.authorize(reply))
      app.get('/status', async ({ oauth }) => ({ status: (await oauth.get('api')).statusCode }))
      routes?.(app)
    }
  })
  const ask = async (path: string, headers: Record<string, string> = {}) => read(await setup.browser.request(`${setup.url}${path}`, { headers: { accept: 'application/json', ...headers } }))
  return { ...setup, asked, ask }
}

t.test('calls take what the application answers', async (t) => {
  const { app, ask, asked, wire } = await start(t, { answer: ({ owner }) => Promise.resolve({ accessToken: `of ${owner}`, id: 7, scope: null, expiresAt: null }) })
  t.match((await ask('/call')).json, { authorization: 'Bearer of alice' })
  t.match((await ask('/fetch', { 'x-user': 'bob' })).json, { authorization: 'Bearer of bob' })
  t.match((await ask('/fetch', { 'x-user': 'nobody' })).json, { authorization: 'Bearer of undefined' })
  t.strictSame(asked.splice(0), [
    { url: '/call', owner: 'alice', account: undefined },
    { url: '/fetch', owner: 'bob', account: undefined },
    { url: '/fetch', owner: undefined, account: undefined }
  ])
  t.strictSame((await ask('/guarded')).json, { token: 'of alice', scope: ['openid', 'read'], owner: 'alice', account: 'one', type: 'bearer' })
  t.strictSame(asked.splice(0), [{ url: '/guarded', owner: 'alice', account: 'one' }], 'once for a request')

  const { body } = await app.oauth.client('wire', { owner: 'carol', account: 'two' }).get('api')
  t.match(await body.json(), { authorization: 'Bearer of carol' })
  await (await app.oauth.client('wire').get('api')).body.dump()
  t.strictSame(asked, [{ url: undefined, owner: 'carol', account: 'two' }, { url: undefined, owner: undefined, account: undefined }])
  t.equal(wire.to('/token').length, 0)
})

t.test('without tokens a login is needed', async (t) => {
  let answer: unknown
  const { app, ask } = await start(t, { answer: () => answer })
  for (answer of [null, undefined, { accessToken: 'expired', expiresAt: Date.now() }]) {
    t.match((await ask('/call')).json, { code: 'FST_OAUTH_GRANT_REQUIRED' })
    t.match(await ask('/guarded'), { status: 401, json: { code: 'FST_OAUTH_GRANT_REQUIRED', authorizeUrl: /\/oauth\/wire\?login=/ } })
    await t.rejects(app.oauth.client('wire', { owner: 'alice' }).get('api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  }
  answer = { accessToken: 'token', scope: ['other'], tokenType: 'Bearer', expiresAt: Date.now() + 1_000 }
  t.match(await ask('/guarded'), { status: 403, json: { code: 'FST_OAUTH_INSUFFICIENT_SCOPE' } })
})

t.test('a refused token: one replay where another is answered, else the 401', async (t) => {
  let accessToken = () => 'old'
  const { ask, asked, wire } = await start(t, { answer: () => ({ accessToken: accessToken() }) })
  wire.on('/api', ({ headers }) => headers.authorization === 'Bearer new' ? undefined : { status: 401 })
  t.strictSame((await ask('/status')).json, { status: 401 })
  t.equal(wire.to('/api').length, 1)
  t.equal(asked.length, 2)
  accessToken = () => asked.length % 2 === 1 ? 'old' : 'new'
  t.strictSame((await ask('/status')).json, { status: 200 })
  t.equal(wire.to('/api').length, 3)
  t.strictSame((await ask('/guarded')).json.token, 'new', 'which the rest of the request uses')
  accessToken = () => asked.length % 2 === 1 ? 'old' : 'older'
  const before = wire.to('/api').length
  t.strictSame((await ask('/status')).json, { status: 401 })
  t.equal(wire.to('/api').length, before + 2, 'once')
  t.equal(wire.to('/token').length, 0)
})

t.test('a login does not ask, and ends in the store and in onAuthorized', async (t) => {
  const own = new Map<string, string>()
  const called: unknown[] = []
  const { app, ask, asked, browser, url, wire, logIn } = await start(t, {
    answer: ({ owner }) => own.has(String(owner)) ? { accessToken: own.get(String(owner)) } : null,
    plugin: () => ({
      async onAuthorized ({ grant, request }) {
        called.push(await (await request.oauth.get('api')).body.json())
        t.match(grant, { refreshToken: /^refresh-token-canary/ })
        own.set(grant.owner, `saved ${grant.accessToken}`)
      }
    }),
    routes (app) {
      app.get('/revoke', async ({ oauth }) => [await oauth.revoke(), (await oauth.grants()).length])
    }
  })
  await logIn()
  t.strictSame(asked, [])
  t.match(called, [{ authorization: /^Bearer access-token-canary-granted/ }], 'with the new grant')
  const location = await browser.openUntil(`${url}/authorize`, `${wire.issuer}/authorize`)
  t.match(location, /scope=openid\+read/)
  t.strictSame(asked, [])
  t.match((await ask('/call')).json, { authorization: /^Bearer saved access-token-canary-granted/ }, 'then the application\'s own')
  const [grant] = await app.oauth.grants.list({ owner: 'alice' })
  t.match(grant, { provider: 'wire', account: 'user-1' })
  own.clear()
  t.match((await ask('/call')).json, { code: 'FST_OAUTH_GRANT_REQUIRED' }, 'never that of the store')
  t.match((await ask('/revoke')).json, [{ removed: true, provider: 'revoked' }, 0])
})

t.test('an answer of another shape is refused, and shows nothing of itself', async (t) => {
  let answer: unknown
  const { app, ask, logs } = await start(t, { answer: () => { if (answer instanceof Error) throw answer; return answer } })
  const wrong: Array<[unknown, string]> = [
    ['token-canary', 'is a string of 12 characters; allowed is null, or an object with accessToken'],
    [{ accessToken: ['token-canary'] }, '.accessToken is an array; allowed is a non-empty string'],
    [{}, '.accessToken is undefined; allowed is a value: it is required'],
    [{ accessToken: 'x', tokenSecret: 5 }, '.tokenSecret is a number; allowed is a non-empty string'],
    [{ accessToken: 'x', tokenType: ['token-canary'] }, '.tokenType is an array; allowed is a non-empty string'],
    [{ accessToken: 'x', expiresAt: 'token-canary' }, '.expiresAt is a string of 12 characters; allowed is milliseconds since the epoch'],
    [{ accessToken: 'x', expiresAt: new Date() }, '.expiresAt is an object; allowed is milliseconds since the epoch'],
    [{ accessToken: 'x', scope: 'read' }, '.scope is "read"; allowed is an array of scopes']
  ]
  for (const [given, expected] of wrong) {
    answer = given
    const error = await app.oauth.client('wire', { owner: 'alice' }).get('api').then(() => null, (reason: unknown) => reason)
    t.match(error, { code: 'FST_OAUTH_INVALID_OPTIONS', statusCode: 500 })
    t.ok((error as Error).message.includes(`providers.wire.tokenGetter()${expected.startsWith('.') ? '' : ' '}${expected}`), (error as Error).message)
    t.notMatch(printed(error).join('\n'), /canary/)
    t.match(await ask('/call'), { status: 500, json: { code: 'FST_OAUTH_INVALID_OPTIONS' } })
    t.match(await ask('/guarded'), { status: 500 })
  }
  t.notMatch(logs.join(''), /canary/)
  answer = new Error('the database is down')
  t.match(await ask('/guarded'), { status: 500, json: { message: 'the database is down' } }, 'what it throws is thrown')
})
