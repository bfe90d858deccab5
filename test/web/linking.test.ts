// Several accounts of one owner: a step-up that comes back as another, and linking.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { byHand, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

const json = { accept: 'application/json' }
const routes: LoginOptions['routes'] = (app) => {
  const config = { oauth: { provider: 'wire', scope: ['write'] } }
  app.get('/write', { config }, async ({ oauth }) => oauth.grant?.account)
  app.get('/first', { config: { oauth: { provider: 'wire', account: 'user-1' } } }, async ({ oauth }) => oauth.grant?.account)
  app.get('/accounts', async (request) => (await request.oauth.grants()).map(({ account, scope, version }) => `${account}: ${scope.join(' ')} ${version}`).sort())
  app.get('/link', async (request, reply) => request.oauth.authorize(reply, { link: true, scope: ['read'], returnTo: '/accounts' }))
  app.get('/again/:account', async (request, reply) => request.oauth.use('wire', request.params as { account: string }).authorize(reply, { prompt: 'select_account', loginHint: 'one' }))
}
const hrefs = (text: string) => [...text.matchAll(/href="([^"]+)">([^<]+)/g)].map(([, href = '', label]) => ({ href: href.replaceAll('&#38;', '&'), label }))

t.test('a step-up that comes back as another account is refused, and overwrites nothing', async (t) => {
  const { url, wire, browser, start, logIn } = await setUp(t, { routes })
  await logIn('/oauth/wire', 'user-1')
  const accounts = async () => (await read(await browser.request(`${url}/accounts`))).json
  const before = await accounts()
  const session = browser.cookies.get('127.0.0.1')?.get('sessionId')

  const stepUp = await start('/write?a=b')
  t.equal(new URL(stepUp).searchParams.get('login_hint'), 'user-1', 'the provider is told whom it is about')
  const page = await read(await browser.request(wire.callbackFor(stepUp, 'user-2')))
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_OTHER_ACCOUNT')
  t.strictSame(await accounts(), before)
  t.equal(browser.cookies.get('127.0.0.1')?.get('sessionId'), session)

  const [again, link] = hrefs(page.text)
  t.match([again, link], [{ label: 'Start the login again' }, { label: 'Link it as another account' }])
  const retry = await start(again?.href)
  t.equal(new URL(retry).searchParams.get('prompt'), 'login', 'so that the user can choose')
  t.equal((await read(await browser.request(wire.callbackFor(retry, 'user-2')))).status, 403, 'it is for the same account still')
  t.equal((await read(await browser.request(wire.callbackFor(await start(again?.href), 'user-1')))).location, '/write?a=b')

  t.match((await read(await browser.request(`${url}${link?.href}`))).text, 'FST_OAUTH_OWNER_CHANGED', 'the link was for the session before the last login')
})

t.test('the page\'s link adds the other account, with what was asked for', async (t) => {
  const { url, wire, browser, start, logIn } = await setUp(t, { routes })
  await logIn('/oauth/wire', 'user-1')
  const page = await read(await browser.request(wire.callbackFor(await start('/write?a=b'), 'user-2')))
  const link = hrefs(page.text).find(({ label }) => label?.startsWith('Link'))?.href
  const authorization = await start(link)
  t.strictSame(new URL(authorization).searchParams.get('scope')?.split(' ').sort(), ['openid', 'write'])
  t.equal((await read(await browser.request(wire.callbackFor(authorization, 'user-2')))).location, '/write?a=b')
  t.match((await read(await browser.request(`${url}/accounts`))).json, ['user-1: openid 1', /user-2: .*write/])

  t.equal((await read(await new Browser().request(`${url}${link}`))).status, 401, 'nobody else can use it')
  const other = new Browser()
  await other.open(wire.callbackFor(await start('/oauth/wire', other), 'user-3'))
  const refused = await read(await other.request(`${url}${link}`))
  t.match(refused.text, 'FST_OAUTH_OWNER_CHANGED', 'nor another owner')
})

t.test('linking from a handler: by a signed-in owner, from this site, to its end', async (t) => {
  const { url, wire, browser, start, logIn } = await setUp(t, { routes, provider: () => ({ allowCrossSiteStart: true }) })
  t.match((await read(await browser.request(`${url}/link`, { headers: json }))).json, { statusCode: 401, code: 'FST_OAUTH_NOT_SIGNED_IN' })
  await logIn('/oauth/wire', 'user-1')
  t.match((await read(await browser.request(`${url}/link`, { headers: { ...json, 'sec-fetch-site': 'cross-site' } }))).json, { code: 'FST_OAUTH_CROSS_SITE' }, 'allowCrossSiteStart or not')

  const authorization = await start('/link')
  t.equal(new URL(authorization).searchParams.get('scope'), 'openid read')
  const gone = wire.callbackFor(await start('/link'), 'user-2')
  t.equal((await browser.open(wire.callbackFor(authorization, 'user-2'))).url, `${url}/accounts`)
  t.match((await read(await browser.request(`${url}/accounts`))).json, [/^user-1/, /^user-2/])

  browser.cookies.get('127.0.0.1')?.delete('sessionId')
  const ended = await read(await browser.request(gone))
  t.match(ended.text, 'FST_OAUTH_OWNER_CHANGED', 'a session that has ended meanwhile gets nothing')
})

t.test('a login for a certain account', async (t) => {
  const { url, wire, browser, start, logIn } = await setUp(t, { routes })
  const first = await start('/first')
  t.equal(new URL(first).searchParams.get('login_hint'), 'user-1')
  const page = await read(await browser.request(wire.callbackFor(first, 'user-2')))
  t.match(page.text, 'FST_OAUTH_OTHER_ACCOUNT')
  t.strictSame(hrefs(page.text).map(({ label }) => label), ['Start the login again'], 'nobody is signed in to link it to')
  t.equal((await browser.open(wire.callbackFor(await start('/first'), 'user-1'))).text, 'user-1')

  await logIn('/oauth/wire', 'user-2')
  const again = await start('/again/user-1')
  t.match(Object.fromEntries(new URL(again).searchParams), { prompt: 'select_account', login_hint: 'one' })
  t.match((await read(await browser.request(wire.callbackFor(again, 'user-2')))).text, 'FST_OAUTH_OTHER_ACCOUNT')
  t.equal((await read(await browser.request(`${url}/first`))).text, 'user-1')
})

t.test('a provider that names nobody cannot tell accounts apart, and without an id_token there is no hint', async (t) => {
  const { wire, browser, start } = await setUp(t, { routes, plugin: wire => ({ providers: { wire: byHand(wire) } }) })
  wire.tokens = { scope: 'read', id_token: undefined }
  await read(await browser.request(wire.callbackFor(await start())))
  wire.tokens = { scope: 'write', id_token: undefined }
  const stepUp = await start('/write')
  t.equal(new URL(stepUp).searchParams.get('login_hint'), null)
  t.equal((await browser.open(wire.callbackFor(stepUp))).text, 'default')
})

t.test('the userinfo of a plain OAuth 2 provider tells them apart', async (t) => {
  const { wire, browser, start } = await setUp(t, { routes, plugin: wire => ({ providers: { wire: { ...byHand(wire), userinfoUrl: `${wire.issuer}/userinfo` } } }) })
  wire.tokens = { scope: 'read', id_token: undefined }
  wire.userinfo = { id: 7 }
  await read(await browser.request(wire.callbackFor(await start())))
  wire.userinfo = { id: 8 }
  const page = await read(await browser.request(wire.callbackFor(await start('/write'))))
  t.match(page.text, 'FST_OAUTH_OTHER_ACCOUNT')
  t.equal(new URL(await start(hrefs(page.text)[0]?.href)).searchParams.get('prompt'), null)
})

t.test('without the login route the page offers nothing', async (t) => {
  const { wire, browser, start, logIn } = await setUp(t, { routes, plugin: () => ({ routes: { login: false } }) })
  await logIn('/write', 'user-1')
  const page = await read(await browser.request(wire.callbackFor(await start('/again/user-1'), 'user-2')))
  t.match(page.text, 'FST_OAUTH_OTHER_ACCOUNT')
  t.strictSame(hrefs(page.text), [])
})

t.test('a linking that was denied can be tried again, as a linking', async (t) => {
  const { url, wire, browser, start, logIn } = await setUp(t, { routes })
  await logIn('/oauth/wire', 'user-1')
  const denied = new URL(wire.callbackFor(await start('/link'), 'user-2'))
  denied.searchParams.set('error', 'access_denied')
  const page = await read(await browser.request(denied.href))
  t.equal(page.status, 403)
  const [again, another] = hrefs(page.text)
  t.match(again, { label: 'Start the login again' })
  t.equal(another, undefined)
  t.match((await read(await new Browser().request(`${url}${again?.href}`, { headers: json }))).json, { code: 'FST_OAUTH_NOT_SIGNED_IN' })
  t.equal((await read(await browser.request(wire.callbackFor(await start(again?.href), 'user-2')))).location, '/accounts')
  t.match((await read(await browser.request(`${url}/accounts`))).json, [/^user-1/, /^user-2: .*read/])
})
