// A44: no cache keeps an answer of the plugin, no other site learns its address, and no browser repeats a POST.
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'

function assertGuarded (t: Test, response: Response, name: string): void {
  t.equal(response.headers.get('cache-control'), 'no-store', `${name}: no cache keeps it`)
  t.equal(response.headers.get('referrer-policy'), 'no-referrer', `${name}: no other site learns the address`)
  t.notOk([300, 301, 302, 307, 308].includes(response.status), `${name}: a redirect is 303, not ${response.status}`)
}

const json = { accept: 'application/json' }

t.test('A44: every answer of a route', async (t) => {
  const scene = await startScene(t, {
    app: { routes (app) { app.get('/admin', { config: { oauth: { provider: 'test', scope: ['admin'] } } }, async () => 'admin') } }
  })
  const { url, provider } = scene
  const browser = new Browser()
  const started = await browser.request(`${url}/oauth/test`)
  t.equal(started.status, 303)
  assertGuarded(t, started, 'a login that begins')
  const ended = await browser.request(provider.callbackFor(String(started.headers.get('location'))))
  t.equal(ended.status, 303)
  assertGuarded(t, ended, 'a login that ends well')

  for (const headers of [json, { accept: 'text/html' }]) {
    const anonymous = new Browser()
    assertGuarded(t, await anonymous.request(`${url}/oauth/test/callback?code=x&state=y`, { headers }), 'a callback that is refused')
    assertGuarded(t, await anonymous.request(`${url}/oauth/test/callback`, { method: 'POST', form: { code: 'x', state: 'y' }, headers }), 'a form that is refused')
    assertGuarded(t, await anonymous.request(`${url}/oauth/nobody`, { headers }), 'an unknown provider')
    assertGuarded(t, await anonymous.request(`${url}/oauth/test`, { headers: { ...headers, 'sec-fetch-site': 'cross-site' } }), 'a start from elsewhere')
    const callback = await scene.callback(anonymous)
    assertGuarded(t, await anonymous.request(`${callback.split('?')[0]}?error=access_denied&state=${new URL(callback).searchParams.get('state')}`, { headers }), 'a login that was denied')
    assertGuarded(t, await browser.request(`${url}/admin`, { headers }), 'a page with too little scope')
    assertGuarded(t, await anonymous.request(`${url}/guarded`, { headers }), 'a page without a grant')
    assertGuarded(t, await browser.request(`${url}/oauth/test/logout`, { method: 'POST', headers }), 'a logout')
    assertGuarded(t, await browser.request(`${url}/oauth/test/logout`, { method: 'POST', headers: { ...headers, 'sec-fetch-site': 'cross-site' } }), 'a logout from elsewhere')
  }
})

t.test('A44: a POST that is passed on as a GET, and one that ends a login', async (t) => {
  const scene = await startScene(t, { provider: { authorizeParams: { response_mode: 'form_post' } } })
  const browser = new Browser()
  await browser.open(`${scene.url}/plant`)
  const callback = new URL(await scene.callback(browser))
  const form = Object.fromEntries(callback.searchParams)
  const crossSite = { 'sec-fetch-site': 'cross-site', cookie: browser.cookieHeader(callback).split('; ').filter(pair => pair.startsWith('oauth-')).join('; ') }
  const passedOn = await browser.request(`${callback.origin}${callback.pathname}`, { method: 'POST', form, headers: crossSite })
  t.equal(passedOn.status, 303)
  assertGuarded(t, passedOn, 'passed on')
  const location = String(passedOn.headers.get('location'))
  t.notMatch(location, new RegExp(`code-canary|${form.state}`), 'the code is not in the address')
  const ended = await browser.request(location)
  t.equal(ended.status, 303)
  assertGuarded(t, ended, 'ended')
})

t.test('A44: errors from before a route\'s handler', async (t) => {
  const { url } = await startScene(t)
  for (const path of ['/oauth/test/callback', '/oauth/test/logout']) {
    const form = 'application/x-www-form-urlencoded'
    assertGuarded(t, await fetch(`${url}${path}?code=code-canary`, { method: 'POST', headers: { 'content-type': form, ...json }, body: 'a'.repeat(100_000) }), `${path}: a form that is too large`)
    assertGuarded(t, await fetch(`${url}${path}?code=code-canary`, { method: 'POST', headers: { 'content-type': 'application/json', ...json }, body: '{' }), `${path}: broken JSON`)
    assertGuarded(t, await fetch(`${url}${path}?code=code-canary`, { method: 'POST', headers: { 'content-type': 'application/octet-stream', ...json }, body: 'x' }), `${path}: an unknown type`)
  }
})

t.test('A44: errors of the application\'s own hooks', async (t) => {
  const broken = () => { throw new Error('a mistake in a hook') }
  const scene = await startScene(t, { plugin: { onAuthorized: broken, onDenied: broken, onError: broken } })
  const browser = new Browser()
  const authorized = await browser.request(await scene.callback(browser))
  t.equal(authorized.status, 500)
  assertGuarded(t, authorized, 'onAuthorized')
  const denied = await browser.request(`${scene.url}/oauth/test/callback?error=access_denied&state=${new URL(await scene.begin(browser)).searchParams.get('state')}`)
  t.equal(denied.status, 500)
  assertGuarded(t, denied, 'onDenied')
  const failed = await browser.request(`${scene.url}/oauth/test/callback?code=x&state=y`)
  t.equal(failed.status, 500)
  assertGuarded(t, failed, 'onError')
})

t.test('A44: errors of what the plugin leans on', async (t) => {
  const broken = () => { throw new Error('broken') }
  for (const options of [{ plugin: { owner: broken } }, { provider: { authorizeParams: broken } }]) {
    const scene = await startScene(t, options)
    const response = await new Browser().request(`${scene.url}/oauth/test`)
    t.equal(response.status, 500)
    assertGuarded(t, response, Object.keys(options).join())
  }
})
