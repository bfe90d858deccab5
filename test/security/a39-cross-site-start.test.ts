// A39: another site neither starts a login or a linking, nor ends one (CVE-2015-9284).
import t from 'tap'
import { request } from 'undici'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'

async function ask (url: string, { method = 'GET', headers = {}, body = null }: { method?: string, headers?: Record<string, string>, body?: string | null } = {}) {
  const answer = await request(url, { method: method as 'GET', headers, body })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

t.test('A39: a login that another site starts', async (t) => {
  const scene = await startScene(t)
  const { authorizeUrl } = JSON.parse((await ask(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })).text) as { authorizeUrl: string }
  const kinds: Array<Record<string, string>> = [
    {},
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' },
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
  ]
  for (const url of [`${scene.url}/oauth/test`, `${scene.url}/oauth/test?returnTo=/x`, authorizeUrl]) {
    for (const rest of kinds) {
      const { status, headers, text } = await ask(url, { headers: { 'sec-fetch-site': 'cross-site', accept: 'text/html', ...rest } })
      t.strictSame([status, codeIn(text)], [403, 'FST_OAUTH_CROSS_SITE'], `${url} ${JSON.stringify(rest)}`)
      t.equal(headers['set-cookie'], undefined, 'nothing is left in the browser')
      t.equal(headers.location, undefined)
    }
  }
  for (const site of ['same-origin', 'same-site', 'none']) {
    t.equal((await ask(`${scene.url}/oauth/test`, { headers: { 'sec-fetch-site': site } })).status, 303, site)
  }
  t.equal((await ask(`${scene.url}/oauth/test`)).status, 303, 'a client that does not say')
})

t.test('A39: a linking that another site starts, for a user who is signed in', async (t) => {
  const scene = await startScene(t, { plugin: { owner: request => String(request.headers['x-user'] ?? '') || null } })
  const { status } = await ask(`${scene.url}/oauth/test`, { headers: { 'x-user': 'alice', 'sec-fetch-site': 'cross-site' } })
  t.equal(status, 403)
})

t.test('A39: allowCrossSiteStart lets it pass', async (t) => {
  const scene = await startScene(t, { provider: { allowCrossSiteStart: true } })
  t.equal((await ask(`${scene.url}/oauth/test`, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 303)
})

t.test('A39: allowed or not, another site links no account to an owner', async (t) => {
  const scene = await startScene(t, { provider: { allowCrossSiteStart: true } })
  const crossSite = { 'sec-fetch-site': 'cross-site' }
  const begin = async (browser: Browser, user: string) => {
    const response = await browser.request(`${scene.url}/oauth/test`, { headers: crossSite })
    return scene.provider.callbackFor(String(response.headers.get('location')), user)
  }
  const anonymous = new Browser()
  t.equal((await anonymous.open(await begin(anonymous, 'victim'))).status, 200, 'who is nobody yet logs in')
  t.equal((await anonymous.open(await begin(anonymous, 'victim'))).status, 200, 'as the same once more')
  const answer = await anonymous.open(await begin(anonymous, 'attacker'))
  t.strictSame([answer.status, codeIn(answer.text)], [403, 'FST_OAUTH_CROSS_SITE'])
  t.strictSame(await scene.subjects(anonymous), ['victim'])
  await scene.login(anonymous, 'second')
  t.strictSame(await scene.subjects(anonymous), ['second', 'victim'], 'the user may')

  const empty = await scene.login(new Browser(), 'gone')
  await empty.request(`${scene.url}/oauth/test/logout`, { method: 'POST' })
  t.equal((await empty.open(await begin(empty, 'other'))).status, 200, 'where there is nothing to link it to')
})

t.test('A39: a user that the application names gets no account from another site either', async (t) => {
  const scene = await startScene(t, { provider: { allowCrossSiteStart: true }, plugin: { owner: () => 'alice' } })
  const browser = new Browser()
  const begun = await browser.request(`${scene.url}/oauth/test`, { headers: { 'sec-fetch-site': 'cross-site' } })
  const answer = await browser.open(scene.provider.callbackFor(String(begun.headers.get('location')), 'attacker'))
  t.strictSame([answer.status, codeIn(answer.text)], [403, 'FST_OAUTH_CROSS_SITE'])
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A39: other methods start nothing', async (t) => {
  const scene = await startScene(t)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
    const { status, headers } = await ask(`${scene.url}/oauth/test`, { method })
    t.ok(status === 404 || status === 405, `${method}: ${status}`)
    t.equal(headers['set-cookie'], undefined)
  }
})

t.test('A39: a frame, an image or a script of another site starts no login at a guarded page', async (t) => {
  const scene = await startScene(t)
  for (const destination of ['iframe', 'frame', 'image', 'script', 'style', 'object', 'embed', 'empty', 'video']) {
    const { status, headers } = await ask(`${scene.url}/guarded`, { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': destination, 'sec-fetch-mode': 'no-cors', accept: 'text/html' } })
    t.equal(status, 401, destination)
    t.equal(headers['set-cookie'], undefined, destination)
  }
})

t.test('A39: a link of another site to a guarded page starts the login of that page, and overwrites nothing', async (t) => {
  const scene = await startScene(t, { app: { routes (app) { app.get('/write', { config: { oauth: { provider: 'test', scope: ['write'] } } }, async ({ oauth: { grant } }) => grant?.subject) } } })
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
  const follow = async (browser: Browser, user: string) => {
    const begun = await browser.request(`${scene.url}/write?a=b&returnTo=/x&scope=admin`, { headers })
    const url = new URL(String(begun.headers.get('location')))
    t.strictSame(url.searchParams.get('scope')?.split(' ').sort(), ['openid', 'write'], 'for the scopes of the page')
    return browser.request(scene.provider.callbackFor(url.href, user), { headers })
  }
  const nobody = new Browser()
  const end = await follow(nobody, 'user-1')
  t.strictSame([end.status, end.headers.get('location')], [303, '/write?a=b&returnTo=/x&scope=admin'], 'back to the page')

  const signedIn = await scene.login(new Browser(), 'victim')
  const refused = await follow(signedIn, 'attacker')
  t.strictSame([refused.status, codeIn(await refused.text())], [403, 'FST_OAUTH_OTHER_ACCOUNT'])
  t.strictSame(await scene.subjects(signedIn), ['victim'])
  const post = await signedIn.request(`${scene.url}/write`, { method: 'POST', headers })
  t.equal(post.headers.get('location'), null)
})

t.test('A39: a logout from elsewhere', async (t) => {
  const scene = await startScene(t)
  const browser = await scene.login()
  const cookie = browser.cookieHeader(new URL(scene.url))
  const { host } = new URL(scene.url)
  const foreign: Array<Record<string, string>> = [
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `http://evil.${host}` },
    { origin: `http://${host}.evil.example` },
    { origin: `https://${host}` },
    { origin: 'http://127.0.0.1' },
    { origin: scene.url.replace(/\d+$/, '1') },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    { origin: `http://sibling.${host}`, 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: scene.url }
  ]
  for (const headers of foreign) {
    const { status } = await ask(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: { cookie, ...headers } })
    t.equal(status, 403, JSON.stringify(headers))
  }
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status } = await ask(`${scene.url}/oauth/test/logout`, { method, headers: { cookie } })
    t.ok(status === 404 || status === 405, `${method}: ${status}`)
  }
  t.equal(scene.provider.to('/revoke').length, 0)
  t.strictSame(await scene.subjects(browser), ['user-1'], 'the grant is still there')

  const { status, text } = await ask(`${scene.url}/oauth/test/logout`, { method: 'POST', headers: { cookie, origin: scene.url, 'sec-fetch-site': 'same-origin' } })
  t.strictSame([status, JSON.parse(text)], [200, { removed: true, provider: 'revoked' }], 'its own page may')
})

t.test('A39: the provider\'s own way back is cross-site, and may be', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const answer = await browser.open(await scene.callback(browser), { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } })
  t.equal(answer.status, 200)
})
