// A45: nobody is ever served with somebody else's token.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Agent, request } from 'undici'
import { MemoryGrantStore } from '../../lib/index.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

t.setTimeout(240_000)

const owners = Array.from({ length: 1_000 }, (_, index) => `owner-${index}`)
const pause = () => delay(Math.random() * 20)

/** A store whose answers come in another order than the questions. */
class JitteryStore extends MemoryGrantStore {
  override async get (...args: Parameters<MemoryGrantStore['get']>): ReturnType<MemoryGrantStore['get']> { await pause(); return super.get(...args) }
  override async list (...args: Parameters<MemoryGrantStore['list']>): ReturnType<MemoryGrantStore['list']> { await pause(); return super.list(...args) }
  override async put (...args: Parameters<MemoryGrantStore['put']>): Promise<boolean> { await pause(); return super.put(...args) }
  override async lease (...args: Parameters<MemoryGrantStore['lease']>): ReturnType<MemoryGrantStore['lease']> { await pause(); return super.lease(...args) }
}

async function startCrowd (t: Parameters<typeof startScene>[0], plugin: NonNullable<SceneOptions['plugin']> = {}): Promise<{ scene: Scene, ask: (path: string, headers?: Record<string, string>) => Promise<{ status: number, location: string, cookie: string, text: string }> }> {
  const scene = await startScene(t, {
    plugin: { owner: request => String(request.headers['x-user']), store: new JitteryStore(), timeout: 120_000, ...plugin },
    app: {
      fastify: { logger: false },
      routes (app) {
        app.get('/call', { config: { oauth: 'test' } }, async ({ oauth, headers }) => {
          await pause()
          const { body } = await oauth.get('/api', { query: { of: String(headers['x-user']) } })
          return { subject: oauth.grant?.subject, ...await body.json() as object }
        })
        app.get('/fetch', { config: { oauth: 'test' } }, async ({ oauth, headers }) => {
          const response = await oauth.fetch(`/api?of=${headers['x-user']}`)
          return { subject: oauth.grant?.subject, ...await response.json() as object }
        })
        app.get('/job', async ({ headers }) => {
          const { body } = await app.oauth.client('test', { owner: String(headers['x-user']) }).get('/api', { query: { of: String(headers['x-user']) } })
          return body.json()
        })
      }
    }
  })
  const { provider } = scene
  const count = new Map<string, number>()
  provider.on('/token', async ({ form }) => {
    const user = form.get('grant_type') === 'refresh_token' ? String(form.get('refresh_token')).replace(/^refresh-of-|~\d+$/g, '') : String(form.get('code')).split('~')[0] ?? ''
    await pause()
    const number = (count.get(user) ?? 0) + 1
    count.set(user, number)
    return { body: { access_token: `access-of-${user}~${number}`, refresh_token: `refresh-of-${user}~${number}`, token_type: 'bearer', expires_in: 3_600 } }
  })
  provider.on('/userinfo', async ({ headers }) => { await pause(); return { body: { sub: String(headers.authorization).replace(/^Bearer access-of-|~\d+$/g, '') } } })
  provider.on('/api', async () => { await pause(); return undefined })
  scene.app.oauth.providers.unregister('test')
  scene.app.oauth.providers.register('test', { clientId: 'client', authorizeUrl: `${provider.issuer}/authorize`, accessTokenUrl: `${provider.issuer}/token`, userinfoUrl: `${provider.issuer}/userinfo`, apiBaseUrl: `${provider.issuer}/` })
  const dispatcher = new Agent({ connections: 100 })
  t.teardown(() => dispatcher.close())
  return {
    scene,
    async ask (path, headers = {}) {
      const answer = await request(`${scene.url}${path}`, { dispatcher, headers: { accept: 'application/json', ...headers } })
      const cookie = String([answer.headers['set-cookie']].flat()[0]).split(';')[0] ?? ''
      return { status: answer.statusCode, location: String(answer.headers.location), cookie, text: await answer.body.text() }
    }
  }
}

t.test('A45: 1 000 owners at once: logins, calls, refreshes', async (t) => {
  let now = Date.now()
  const { scene, ask } = await startCrowd(t, { clock: () => now })
  const wrong: string[] = []
  await Promise.all(owners.map(async (owner) => {
    const started = await ask('/oauth/test', { 'x-user': owner })
    const callback = new URL(scene.provider.callbackFor(started.location, owner))
    const ended = await ask(`${callback.pathname}${callback.search}`, { 'x-user': owner, cookie: started.cookie })
    if (ended.status !== 303) wrong.push(`${owner}: ${ended.status} ${ended.text}`)
  }))
  t.strictSame(wrong, [], 'every login ends')

  const callAll = (pathOf: (index: number) => string) => Promise.all(owners.map(async (owner, index) => {
    const path = pathOf(index)
    const { status, text } = await ask(path, { 'x-user': owner })
    const { subject = owner, authorization } = status === 200 ? JSON.parse(text) as { subject?: string, authorization?: string } : {}
    if (subject !== owner || authorization?.replace(/~\d+$/, '') !== `Bearer access-of-${owner}`) wrong.push(`${path} of ${owner}: ${status} ${text}`)
  }))
  await callAll(() => '/call')
  t.strictSame(wrong, [], 'with the first token')
  now += 3_601_000
  await callAll(index => ['/call', '/fetch', '/job'][index % 3] as string)
  t.strictSame(wrong, [], 'while all of them are refreshed')

  const arrived = scene.provider.to('/api')
  t.equal(arrived.length, 2_000)
  t.strictSame(arrived.filter(({ query, headers }) => headers.authorization?.replace(/~\d+$/, '') !== `Bearer access-of-${query.get('of')}`), [], 'upstream saw each owner\'s own')
})

t.test('A45: users who take turns on one connection', async (t) => {
  const { scene, ask } = await startCrowd(t)
  const two = ['first', 'second']
  for (const owner of two) {
    const started = await ask('/oauth/test', { 'x-user': owner })
    const callback = new URL(scene.provider.callbackFor(started.location, owner))
    await ask(`${callback.pathname}${callback.search}`, { 'x-user': owner, cookie: started.cookie })
  }
  const dispatcher = new Agent({ connections: 1, pipelining: 4 })
  t.teardown(() => dispatcher.close())
  const answers = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const owner = String(two[index % 2])
    const { body } = await request(`${scene.url}/call`, { dispatcher, headers: { 'x-user': owner } })
    return { owner, ...await body.json() as { subject: string, authorization: string } }
  }))
  t.strictSame(answers.filter(({ owner, subject, authorization }) => subject !== owner || !authorization.startsWith(`Bearer access-of-${owner}~`)), [])
})

t.test('A45: a user without a grant, among many who have one', async (t) => {
  const { scene, ask } = await startCrowd(t)
  const started = await ask('/oauth/test', { 'x-user': 'first' })
  const callback = new URL(scene.provider.callbackFor(started.location, 'first'))
  await ask(`${callback.pathname}${callback.search}`, { 'x-user': 'first', cookie: started.cookie })
  const statuses = await Promise.all(Array.from({ length: 50 }, async (_, index) => (await ask('/call', { 'x-user': index % 2 === 0 ? 'first' : 'nobody' })).status))
  t.strictSame(statuses.filter((_, index) => index % 2 === 0).every(status => status === 200), true)
  t.strictSame(statuses.filter((_, index) => index % 2 === 1).every(status => status === 401), true)
  for (const user of ['First', 'first ', ' first', 'firs', 'first\u200b'.normalize(), 'FIRST', 'first"', '__proto__']) {
    const { status } = await ask('/call', { 'x-user': Buffer.from(user).toString('latin1') })
    t.ok(status === 401 || (status === 200 && user.trim() === 'first'), `${JSON.stringify(user)}: ${status}`)
  }
})

t.test('A45: exchanged tokens of many owners at once, also while theirs are refreshed', async (t) => {
  let now = Date.now()
  const { scene, ask } = await startCrowd(t, { clock: () => now })
  const { provider } = scene
  const tokens = provider.handlers.get('/token')
  provider.on('/token', async (request, response) => {
    if (!request.form.get('grant_type')?.endsWith('token-exchange')) return tokens?.(request, response)
    await pause()
    return { body: { access_token: `exchanged-of-${request.form.get('subject_token')}-for-${request.form.get('audience')}`, token_type: 'bearer', expires_in: 3_600 } }
  })
  const some = owners.slice(0, 200)
  await Promise.all(some.map(async (owner) => {
    const started = await ask('/oauth/test', { 'x-user': owner })
    const callback = new URL(provider.callbackFor(started.location, owner))
    await ask(`${callback.pathname}${callback.search}`, { 'x-user': owner, cookie: started.cookie })
  }))
  const audiences = ['one', 'two']
  const callAll = async () => {
    const wrong: string[] = []
    await Promise.all(some.flatMap(owner => audiences.map(async (audience) => {
      await pause()
      const { body } = await scene.app.oauth.client('test', { owner }).exchange({ audience }).get('/api', { query: { of: owner } })
      const { authorization } = await body.json() as { authorization: string }
      if (authorization.replace(/~\d+/, '') !== `Bearer exchanged-of-access-of-${owner}-for-${audience}`) wrong.push(`${owner}: ${authorization}`)
    })))
    return wrong
  }
  t.strictSame(await callAll(), [])
  now += 3_601_000
  t.strictSame(await callAll(), [])
  t.strictSame(await callAll(), [], 'and of those that are kept')
  const exchanges = provider.to('/token').filter(({ form }) => form.get('audience') !== null)
  t.equal(exchanges.length, 2 * 2 * some.length, 'one exchange for each owner and audience, twice')
})

t.test('A45: an owner who is named like a key of other tokens has nothing of them', async (t) => {
  const { scene } = await startCrowd(t)
  const { provider, app } = scene
  app.oauth.providers.register('billing', { grant: 'client_credentials', clientId: 'client', clientSecret: 'secret', accessTokenUrl: `${provider.issuer}/token`, apiBaseUrl: `${provider.issuer}/` })
  provider.on('/token', () => ({ body: { access_token: 'the application\'s own', expires_in: 3_600 } }))
  await (await app.oauth.client('billing').get('/api')).body.dump()
  for (const owner of ['client:billing', 'client', 'billing', '["client:billing","client:billing"]']) {
    t.strictSame(await app.oauth.grants.list({ owner }), [])
    await t.rejects(app.oauth.client('test', { owner }).get('/api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
    await t.rejects(app.oauth.client('test', { owner }).exchange({ audience: 'one' }).get('/api'), { code: 'FST_OAUTH_GRANT_REQUIRED' })
    t.throws(() => app.oauth.client('billing', { owner }), { code: 'FST_OAUTH_INVALID_CALL' })
    t.throws(() => app.oauth.providers.register('client:billing', { issuer: 'https://sso.example', clientId: 'x' }), { code: 'FST_OAUTH_INVALID_OPTIONS' })
    t.match(await app.oauth.grants.revoke('billing', { owner }), { removed: false })
  }
  await (await app.oauth.client('billing').get('/api')).body.dump()
  t.equal(provider.to('/token').length, 1)
})
