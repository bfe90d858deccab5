// app.oauth.grants.adopt(): a visitor's grants become those of the user that the visitor turns out to be.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { FaultyStore } from '../fixtures/grants.js'
import { read, setUp } from '../fixtures/login.js'

const userOf = (request: FastifyRequest) => request.session.get('user' as never) as string | undefined ?? null

/** Its sign-in moves the session's grants to the user. */
function routes (app: FastifyInstance): void {
  app.get('/sign-in/:user', async (request) => {
    const { user } = request.params as { user: string }
    const count = await app.oauth.grants.adopt(request, user)
    request.session.set('user' as never, user as never)
    return { count }
  })
  app.get('/grants', async (request) => (await request.oauth.grants()).map(({ owner, account }) => `${owner}: ${account}`))
  app.get('/session', async (request) => ({ owner: request.session.get('oauthOwner' as never) ?? null }))
}

const start = (t: Parameters<typeof setUp>[0], store = new FaultyStore()) => setUp(t, { plugin: () => ({ store, owner: userOf }), routes })

t.test('the grants of a session move to the user who signs in, and the session forgets that it had any', async (t) => {
  const { app, url, browser, logIn } = await start(t)
  const json = async (path: string, from: Browser = browser) => (await read(await from.request(`${url}${path}`))).json
  await logIn('/oauth/wire', 'user-1')
  const { owner } = await json('/session') as { owner: string }
  t.match(await json('/grants'), [`${owner}: user-1`])

  t.strictSame(await json('/sign-in/alice'), { count: 1 })
  t.match(await json('/grants'), ['alice: user-1'])
  t.strictSame(await json('/session'), { owner: null })
  t.strictSame(await app.oauth.grants.list({ owner }), [])
  t.strictSame(await json('/sign-in/alice'), { count: 0 }, 'there is nothing left')
  t.strictSame(await json('/sign-in/bob', new Browser()), { count: 0 }, 'nor in a session without a login')
})

t.test('where the user has a grant of the account, that of the later login stays', async (t) => {
  const { app, url, browser, logIn } = await start(t)
  await logIn('/oauth/wire', 'user-1')
  await (await browser.request(`${url}/sign-in/alice`)).body?.cancel()
  const [older] = await app.oauth.grants.list({ owner: 'alice' })
  const another = new Browser()
  t.equal((await another.open(`${url}/oauth/wire`)).status, 404)
  t.strictSame((await read(await another.request(`${url}/sign-in/alice`))).json, { count: 1 })
  const [newer, ...rest] = await app.oauth.grants.list({ owner: 'alice' })
  t.strictSame(rest, [])
  t.not(newer?.accessToken, older?.accessToken)
})

t.test('it is refused where the owner is empty, and nothing is moved', async (t) => {
  const { app, url, browser, logIn } = await start(t)
  await logIn()
  const answers: unknown[] = []
  for (const owner of ['', null, undefined]) answers.push(await app.oauth.grants.adopt({} as FastifyRequest, owner as string).catch(error => error))
  for (const answer of answers) t.match(answer, { code: 'FST_OAUTH_INVALID_CALL', message: /owner is empty/ })
  t.match(await app.oauth.grants.adopt({} as FastifyRequest, 'alice').catch(error => error), { code: 'FST_OAUTH_OWNER_REQUIRED' })
  t.match((await read(await browser.request(`${url}/grants`))).json, [/: user-1$/])
})

t.test('where the store fails the session keeps them, and the next sign-in moves them', async (t) => {
  const store = new FaultyStore()
  const { url, browser, logIn } = await start(t, store)
  await logIn()
  store.before = method => { if (method === 'lease') throw new Error('the store is down') }
  t.equal((await read(await browser.request(`${url}/sign-in/alice`))).status, 503)
  store.before = () => {}
  t.strictSame((await read(await browser.request(`${url}/sign-in/alice`))).json, { count: 1 })
})
