// A43, and A1, A3, A4, A21, A32, A40 for OAuth 1.0a: a login is of one browser, one provider and one set of temporary credentials.
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { RecordingBrowser, leaksIn, printed } from '../fixtures/canaries.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { OAuth1Server } from '../fixtures/oauth1-server.js'
import { optionsFor, setUpOAuth1 } from '../fixtures/oauth1-login.js'
import type { OAuth1SetupOptions } from '../fixtures/oauth1-login.js'

async function scene (t: Test, options: OAuth1SetupOptions = {}) {
  const setup = await setUpOAuth1(t, {
    ...options,
    async routes (app) {
      app.get('/grants', async (request) => request.oauth.grants())
      await options.routes?.(app)
    }
  })
  const { wire, start, url } = setup
  return {
    ...setup,
    callback: async (browser: Browser, path?: string) => wire.decide(await start(path, browser)),
    exchanges: () => wire.to('/access').length,
    grants: async (browser: Browser) => (await (await browser.request(`${url}/grants`)).json() as unknown[]).length
  }
}

t.test('A43: a provider that does not confirm the callback', async (t) => {
  for (const confirmed of ['', '&oauth_callback_confirmed=false', '&oauth_callback_confirmed=1']) {
    const { wire, browser, url, exchanges } = await scene(t)
    wire.overrides.set('/request', () => ({ body: `oauth_token=temporary&oauth_token_secret=secret${confirmed}` }))
    const page = await browser.open(`${url}/oauth/wire`)
    t.strictSame([page.status, codeIn(page.text)], [502, 'FST_OAUTH_CALLBACK_UNCONFIRMED'], confirmed)
    t.strictSame(browser.names(url).filter(name => name.startsWith('oauth-')), [], 'no login is under way')
    t.equal((await browser.open(`${url}/oauth/wire/callback?oauth_token=temporary&oauth_verifier=v`)).status, 400)
    t.equal(exchanges(), 0, 'no exchange')
  }
})

t.test('A43: no verifier, an empty one, two', async (t) => {
  for (const verifiers of [[], [''], ['one', 'two']]) {
    const { browser, callback, exchanges, grants } = await scene(t)
    const url = new URL(await callback(browser))
    url.searchParams.delete('oauth_verifier')
    for (const verifier of verifiers) url.searchParams.append('oauth_verifier', verifier)
    const page = await browser.open(url.href)
    t.strictSame([page.status, codeIn(page.text)], [400, 'FST_OAUTH_INVALID_CALLBACK'], verifiers.join())
    t.strictSame([exchanges(), await grants(browser)], [0, 0], 'no exchange')
  }
})

t.test('A43: another verifier', async (t) => {
  const { browser, callback, grants } = await scene(t)
  const url = new URL(await callback(browser))
  url.searchParams.set('oauth_verifier', 'made up')
  const page = await browser.open(url.href)
  t.strictSame([page.status, codeIn(page.text)], [400, 'FST_OAUTH_VERIFIER_REFUSED'])
  t.equal(await grants(browser), 0)
})

t.test('A43: another oauth_token: of another login, made up, empty, twice, none', async (t) => {
  const { browser, callback, start, wire, exchanges, grants } = await scene(t)
  const attacker = new Browser()
  const foreign = new URL(await callback(attacker)).searchParams
  const genuine = new URL(wire.decide(await start()))
  const own = String(genuine.searchParams.get('oauth_token'))
  for (const tokens of [[String(foreign.get('oauth_token'))], ['made-up'], [''], [own, own], [own, 'other'], [`${own} `], []]) {
    const url = new URL(genuine)
    url.searchParams.delete('oauth_token')
    for (const token of tokens) url.searchParams.append('oauth_token', token)
    t.equal((await browser.open(url.href)).status, 400, tokens.join())
  }
  t.strictSame([exchanges(), await grants(browser)], [0, 0], 'no exchange')
  t.equal((await browser.open(genuine.href)).status, 404, 'the right one still ends the login: there is no page /')
  t.equal(await grants(browser), 1)
})

t.test('A1: a callback in another browser than the one that began', async (t) => {
  const { browser, callback, start, exchanges, grants } = await scene(t)
  const url = await callback(browser)
  const empty = new Browser()
  const busy = new Browser()
  await start(undefined, busy)
  for (const [other, code] of [[empty, 'FST_OAUTH_STATE_NO_COOKIE'], [busy, 'FST_OAUTH_STATE_MISMATCH']] as const) {
    const page = await other.open(url)
    t.strictSame([page.status, codeIn(page.text), await grants(other)], [400, code, 0])
  }
  t.equal(exchanges(), 0, 'no exchange')
  t.equal((await browser.request(url)).status, 303, 'the browser that began can still finish')
})

t.test('A3: a callback that comes again, also 50 times at once', async (t) => {
  const { browser, callback, exchanges } = await scene(t)
  const url = await callback(browser)
  const cookie = browser.cookieHeader(new URL(url))
  const answers = await Promise.all(Array.from({ length: 50 }, async () => {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie, accept: 'application/json' } })
    return { status: response.status, text: await response.text() }
  }))
  t.equal(answers.filter(({ status }) => status === 303).length, 1)
  t.equal(answers.filter(({ status, text }) => status === 400 && JSON.parse(text).code === 'FST_OAUTH_STATE_USED').length, 49)
  t.equal(exchanges(), 1, 'one exchange')
})

t.test('A3: a callback that was denied is spent too', async (t) => {
  const { wire, start, browser, exchanges } = await scene(t)
  const login = await start()
  const token = String(new URL(login).searchParams.get('oauth_token'))
  const good = wire.decide(login)
  const cookie = browser.cookieHeader(new URL(good))
  t.equal((await browser.open(wire.decide(login, { deny: { denied: token } }))).status, 403)
  t.equal((await fetch(good, { redirect: 'manual', headers: { cookie } })).status, 400)
  t.equal(exchanges(), 0, 'no exchange')
})

t.test('A4: the callback of one provider at that of another', async (t) => {
  const other = await OAuth1Server.start(t)
  const { browser, callback, exchanges, grants } = await scene(t, {
    plugin: ({ url }) => ({ providers: { other: optionsFor(other), second: { authorizeUrl: `${url}/authorize2`, accessTokenUrl: `${url}/token2`, clientId: 'client' } } })
  })
  const url = await callback(browser)
  for (const name of ['other', 'second']) t.equal((await browser.open(url.replace('/oauth/wire/', `/oauth/${name}/`))).status, 400, name)
  t.strictSame([exchanges(), other.to('/access').length, await grants(browser)], [0, 0, 0], 'no exchange')
})

t.test('A19: the cookie of one login under the name of another', async (t) => {
  const { browser, callback, exchanges } = await scene(t)
  const first = await callback(browser)
  await callback(browser)
  const jar = browser.cookies.get('127.0.0.1') as Map<string, string>
  const [[one, own] = ['', ''], [two, foreign] = ['', '']] = [...jar]
  jar.set(one, foreign)
  jar.set(two, own)
  const page = await browser.open(first)
  t.strictSame([page.status, codeIn(page.text), exchanges()], [400, 'FST_OAUTH_STATE_UNREADABLE', 0])
})

t.test('A32: logins that are begun and never ended', async (t) => {
  const { browser, url, start, wire } = await scene(t, { fastify: { logger: false } })
  let last = ''
  for (let begun = 0; begun < 30; begun++) last = await start()
  t.ok(browser.names(url).length <= 8)
  t.ok(browser.cookieHeader(new URL(url)).length <= 6_000)
  t.equal((await browser.request(wire.decide(last))).status, 303)
})

t.test('A32: temporary credentials of any length', async (t) => {
  const { browser, url, wire } = await scene(t)
  wire.overrides.set('/request', () => ({ body: `oauth_token=${'x'.repeat(100_000)}&oauth_token_secret=s&oauth_callback_confirmed=true` }))
  const page = await browser.open(`${url}/oauth/wire`)
  t.strictSame([page.status, codeIn(page.text), browser.names(url)], [502, 'FST_OAUTH_INVALID_PROVIDER_ANSWER', []])
})

t.test('A40: no token, token secret or verifier in logs, errors and replies', async (t) => {
  const errors: unknown[] = []
  const replies: RecordingBrowser['replies'] = []
  const { wire, url, start, logs } = await scene(t, {
    plugin: () => ({ onError ({ error }) { errors.push(error) } }),
    routes (app) {
      app.addHook('onError', async (_request, _reply, error) => { errors.push(error) })
      app.get('/call', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ status: (await oauth.post('api', { form: { a: '1' }, throwOnError: true })).statusCode }))
      app.get('/logged', { config: { oauth: 'wire' } }, async ({ oauth, log }) => {
        log.info({ grant: oauth.grant, oauth, provider: app.oauth.providers.get('wire') }, 'everything there is')
        return { grant: oauth.grant, oauth, provider: app.oauth.providers.get('wire') }
      })
    }
  })
  const echo = ({ headers, body }: { headers: object, body: string }) => `${JSON.stringify(headers)} ${body} verifier-canary client-secret-canary`
  for (const path of ['/request', '/access', '/me'] as const) {
    for (const status of [200, 400, 401, 500]) {
      wire.overrides.set(path, call => ({ status, headers: { 'www-authenticate': `OAuth oauth_problem="${encodeURIComponent(echo(call))}"` }, body: echo(call) }))
      const browser = new RecordingBrowser(replies)
      if (path === '/request') await browser.open(`${url}/oauth/wire`)
      else await browser.open(wire.decide(await start(undefined, browser)))
      wire.overrides.delete(path)
    }
  }
  const browser = new RecordingBrowser(replies)
  await browser.open(wire.decide(await start(undefined, browser)))
  t.equal((await browser.open(`${url}/logged`)).status, 200)
  for (const status of [401, 418]) {
    wire.overrides.set('/api', call => ({ status, headers: { 'www-authenticate': 'OAuth oauth_problem="token_rejected"' }, body: echo(call) }))
    await browser.open(`${url}/call`)
  }
  t.ok(errors.length >= 14, `${errors.length} errors were looked at`)
  const secrets = [...wire.tokens].flatMap(([token, { secret }]) => [token, secret]).concat(wire.clientSecret, encodeURIComponent(wire.clientSecret))
  const own = replies.filter(reply => reply.url.startsWith(url))
  t.strictSame(leaksIn('log', [logs.join('')], secrets), [])
  t.strictSame(leaksIn('error', errors.flatMap(printed), secrets), [])
  t.strictSame(leaksIn('reply', own.flatMap(({ text, headers }) => [text, ...headers]), secrets), [])
})
