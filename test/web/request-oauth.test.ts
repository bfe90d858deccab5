import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

type Use = (request: FastifyRequest) => unknown

/** A route of its own for each use of request.oauth; what it throws is told by its code. */
function using (uses: Record<string, Use>, config: object = {}): NonNullable<LoginOptions['routes']> {
  return (app: FastifyInstance) => {
    for (const [name, use] of Object.entries(uses)) {
      app.get(`/${name}`, { config }, async (request) => {
        try {
          return { result: await use(request) ?? null }
        } catch (error) {
          return { code: (error as { code?: string }).code ?? String(error) }
        }
      })
    }
  }
}

const asker = (setup: { url: string, browser: { request (url: string, options?: object): Promise<Response> } }) =>
  async (name: string) => (await read(await setup.browser.request(`${setup.url}/${name}`, { headers: { accept: 'application/json' } }))).json

const account: Use = ({ oauth }) => oauth.grant?.account

t.test('without a guard the grant is there once it is loaded', async (t) => {
  const setup = await setUp(t, {
    routes: using({
      untouched: account,
      loaded: async (request) => [(await request.oauth.loadGrant())?.account, account(request), request.oauth.has('openid'), request.oauth.has('openid', 'more'), request.oauth.has()],
      unloaded: ({ oauth }) => [oauth.has('openid'), oauth.has()],
      called: async (request) => [(await (await request.oauth.get('api')).body.json() as { authorization: string }).authorization.slice(0, 26), account(request)]
    })
  })
  const ask = asker(setup)
  t.strictSame(await ask('loaded'), { result: [null, null, false, false, false] }, 'nobody has logged in')
  t.strictSame(await ask('called'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await setup.logIn()
  t.strictSame(await ask('untouched'), { result: null })
  t.strictSame(await ask('loaded'), { result: ['user-1', 'user-1', true, false, true] })
  t.strictSame(await ask('unloaded'), { result: [false, false] })
  t.strictSame(await ask('called'), { result: ['Bearer access-token-canary', 'user-1'] })
})

t.test('use() binds to another provider, or another account', async (t) => {
  let now = Date.now()
  const setup = await setUp(t, {
    plugin: wire => ({ clock: () => ++now, providers: { wire: discovered(wire), other: { ...discovered(wire), apiBaseUrl: `${wire.issuer}/other/` } } }),
    routes: using({
      wire: async ({ oauth }) => (await oauth.use('wire').loadGrant())?.account,
      first: async ({ oauth }) => (await oauth.use('wire', { account: 'user-1' }).loadGrant())?.account,
      absent: async ({ oauth }) => (await oauth.use('wire', { account: 'user-9' }).loadGrant())?.account,
      other: async ({ oauth }) => (await oauth.use('other').loadGrant())?.provider,
      unknown: ({ oauth }) => oauth.use('nobody'),
      apart: async ({ oauth }) => {
        await oauth.use('wire').loadGrant()
        return oauth.grant
      },
      unbound: ({ oauth }) => oauth.get('api'),
      all: async ({ oauth }) => (await oauth.grants()).map(({ provider, account }) => `${provider}:${account}`).sort()
    })
  })
  const ask = asker(setup)
  t.strictSame(await ask('all'), { result: [] })
  await setup.logIn('/oauth/wire', 'user-1')
  await setup.logIn('/oauth/wire', 'user-2')
  await setup.logIn('/oauth/other', 'user-3')
  t.strictSame(await ask('wire'), { result: 'user-2' })
  t.strictSame(await ask('first'), { result: 'user-1' })
  t.strictSame(await ask('absent'), { result: null })
  t.strictSame(await ask('other'), { result: 'other' })
  t.strictSame(await ask('unknown'), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
  t.strictSame(await ask('apart'), { result: null }, 'what one binding loads does not bind the other')
  t.strictSame(await ask('unbound'), { code: 'FST_OAUTH_PROVIDER_NOT_CHOSEN' })
  t.strictSame(await ask('all'), { result: ['other:user-3', 'wire:user-1', 'wire:user-2'] })
})

t.test('without any provider there is none to be bound to', async (t) => {
  const setup = await setUp(t, { plugin: () => ({ providers: {} }), routes: using({ unbound: ({ oauth }) => oauth.get('https://api.example/') }) })
  t.strictSame(await asker(setup)('unbound'), { code: 'FST_OAUTH_PROVIDER_NOT_CHOSEN' })
})

t.test('a token that expires during a request is refreshed for its next call', async (t) => {
  let now = Math.floor(Date.now() / 1_000) * 1_000
  const setup = await setUp(t, {
    plugin: () => ({ clock: () => now }),
    routes: using({
      slow: async ({ oauth }) => {
        const first = (await oauth.loadGrant())?.version
        now += 3_600_000
        return [first, (await oauth.loadGrant())?.version]
      }
    })
  })
  await setup.logIn()
  t.strictSame(await asker(setup)('slow'), { result: [1, 3] })

  setup.wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
  t.strictSame(await asker(setup)('slow'), { result: [3, null] }, 'until it cannot be refreshed')
})

t.test('a token that is refused is replaced for the rest of the request', async (t) => {
  const setup = await setUp(t, {
    routes: using({
      refused: async (request) => {
        const { statusCode, body } = await request.oauth.get('api')
        await body.dump()
        return [statusCode, request.oauth.grant?.version]
      }
    }, { oauth: 'wire' })
  })
  await setup.logIn()
  setup.wire.on('/api', ({ headers }) => headers.authorization?.includes('refreshed') ? undefined : { status: 401 })
  t.strictSame(await asker(setup)('refused'), { result: [200, 3] })
})

t.test('a token that is refused and cannot be replaced leaves the 401 to the handler', async (t) => {
  const setup = await setUp(t, {
    routes: using({
      refused: async ({ oauth }) => {
        const { statusCode, body } = await oauth.get('api')
        return [statusCode, await body.text()]
      }
    }, { oauth: 'wire' })
  })
  setup.wire.tokens = { refresh_token: undefined }
  setup.wire.on('/api', () => ({ status: 401, body: 'refused' }))
  await setup.logIn()
  t.strictSame(await asker(setup)('refused'), { result: [401, 'refused'] })
})

t.test('profile() is who signed in', async (t) => {
  const setup = await setUp(t, { routes: using({ profile: ({ oauth }) => oauth.profile() }) })
  const ask = asker(setup)
  t.strictSame(await ask('profile'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
  await setup.logIn()
  t.match(await ask('profile'), { result: { id: 'user-1', name: 'First User', emailVerified: false } })
})

t.test('revoke() drops the grant, and says what became of it', async (t) => {
  const setup = await setUp(t, {
    routes: using({
      revoke: async ({ oauth }) => {
        await oauth.loadGrant()
        return [await oauth.revoke(), oauth.grant, await oauth.loadGrant()]
      }
    })
  })
  const ask = asker(setup)
  t.strictSame(await ask('revoke'), { result: [{ removed: false, provider: 'unsupported' }, null, null] })
  await setup.logIn()
  t.strictSame(await ask('revoke'), { result: [{ removed: true, provider: 'revoked' }, null, null] })
})
