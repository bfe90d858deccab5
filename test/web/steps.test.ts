import t from 'tap'
import { discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions } from '../fixtures/login.js'

const routes: LoginOptions['routes'] = (app) => {
  app.get('/accounts', async (request) => (await request.oauth.grants()).map(({ account }) => account).sort())
}

t.test('a login may start on this site, by hand, or from a client that does not say', async (t) => {
  const { url, wire } = await setUp(t)
  for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' }, {}] as Array<Record<string, string>>) {
    const { status, location } = await read(await fetch(`${url}/oauth/wire`, { redirect: 'manual', headers }))
    t.equal(status, 303)
    t.match(location, `${wire.issuer}/authorize?`)
  }
})

t.test('a login that another site started is refused, with a link to go on', async (t) => {
  const { url, wire, browser, start } = await setUp(t)
  const { status, text, headers } = await read(await browser.request(`${url}/oauth/wire?returnTo=/things%3Fa`, { headers: { 'sec-fetch-site': 'cross-site' } }))
  t.equal(status, 403)
  t.match(text, 'started by another website')
  t.strictSame(headers.getSetCookie(), [])
  const again = /href="([^"]+)"/.exec(text)?.[1] ?? ''
  const { location } = await read(await browser.request(wire.callbackFor(await start(again))))
  t.equal(location, '/things?a')
})

t.test('unless the provider\'s option allows it', async (t) => {
  const { url } = await setUp(t, { provider: () => ({ allowCrossSiteStart: true }) })
  t.equal((await read(await fetch(`${url}/oauth/wire`, { redirect: 'manual', headers: { 'sec-fetch-site': 'cross-site' } }))).status, 303)
})

t.test('where a login ends', async (t) => {
  const ends: Array<[string, LoginOptions, string, string]> = [
    ['at / by default', {}, '', '/'],
    ['at the option returnTo', { plugin: () => ({ returnTo: '/of-all' }) }, '', '/of-all'],
    ['at the provider\'s defaultReturnTo', { plugin: () => ({ returnTo: '/of-all' }), provider: () => ({ defaultReturnTo: '/of-one' }) }, '', '/of-one'],
    ['where the query says', { provider: () => ({ defaultReturnTo: '/of-one' }) }, '?returnTo=%2Fthings%3Fa%3Db%26c%23d', '/things?a=b&c#d'],
    ['at the default, where the query leads away', { provider: () => ({ defaultReturnTo: '/of-one' }) }, '?returnTo=https%3A%2F%2Fevil.example', '/of-one'],
    ['at the default, where the query is no address', {}, '?returnTo=//', '/'],
    ['at the default, where the query is empty', {}, '?returnTo=', '/']
  ]
  for (const [name, options, query, end] of ends) {
    await t.test(name, async (t) => {
      const { wire, browser, start } = await setUp(t, options)
      t.equal((await read(await browser.request(wire.callbackFor(await start(`/oauth/wire${query}`))))).location, end)
    })
  }
})

t.test('a login that could not start can be tried again as it was', async (t) => {
  const { url, wire, browser } = await setUp(t)
  wire.on('/.well-known/openid-configuration', () => ({ status: 503 }))
  const { status, text } = await read(await browser.request(`${url}/oauth/wire?returnTo=/a`))
  t.equal(status, 503)
  t.match(text, 'href="/oauth/wire?returnTo=/a"')
})

t.test('logout drops the grant and revokes it at the provider', async (t) => {
  const { url, wire, browser, logIn } = await setUp(t, { routes })
  await logIn()
  const { status, json, headers } = await read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', headers: { accept: 'application/json', origin: url, 'sec-fetch-site': 'same-origin' } }))
  t.equal(status, 200)
  t.strictSame(json, { removed: true, provider: 'revoked' })
  t.equal(headers.get('cache-control'), 'no-store')
  t.strictSame(wire.to('/revoke').map(({ form }) => form.get('token_type_hint')), ['refresh_token', 'access_token'])
  t.equal((await read(await browser.request(`${url}/accounts`))).text, '[]')
})

t.test('logout says what the provider did not do', async (t) => {
  const { url, wire, browser, logIn, logs } = await setUp(t, { routes })
  const out = async () => (await read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', headers: { accept: 'application/json' } }))).json
  t.strictSame(await out(), { removed: false, provider: 'unsupported' }, 'nobody was logged in')

  await logIn()
  wire.on('/revoke', () => ({ status: 503 }))
  t.strictSame(await out(), { removed: true, provider: 'failed', notRevoked: ['refresh_token', 'access_token'] })
  t.match(logs.map(line => JSON.parse(line)).find(({ msg }) => /did not revoke/.test(msg)), { level: 40, err: { code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' } })
  t.equal((await read(await browser.request(`${url}/accounts`))).text, '[]', 'the grant is gone here')
})

t.test('logout at a provider without revocation', async (t) => {
  const { url, wire, browser, logIn } = await setUp(t)
  wire.metadata = { revocation_endpoint: undefined }
  await logIn()
  const { json } = await read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', headers: { accept: 'application/json' } }))
  t.strictSame(json, { removed: true, provider: 'unsupported' })
})

t.test('logout from a page leads on, but never away', async (t) => {
  const { url, browser } = await setUp(t, { plugin: () => ({ returnTo: '/home' }) })
  for (const [form, end] of [[{}, '/home'], [{ returnTo: '/bye?a=b' }, '/bye?a=b'], [{ returnTo: 'https://evil.example/' }, '/home']] as Array<[Record<string, string>, string]>) {
    const { status, location } = await read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', form }))
    t.equal(status, 303)
    t.equal(location, end)
  }
  t.equal((await read(await browser.request(`${url}/oauth/wire/logout?returnTo=/bye`, { method: 'POST' }))).location, '/bye', 'also from the query')
})

t.test('logout of one account of several', async (t) => {
  let now = Date.now()
  const { url, browser, logIn } = await setUp(t, { routes, plugin: () => ({ clock: () => ++now }) })
  for (const user of ['user-1', 'user-2', 'user-3']) await logIn('/oauth/wire', user)
  await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', form: { account: 'user-1' } })
  t.equal((await read(await browser.request(`${url}/accounts`))).text, '["user-2","user-3"]')
  await browser.request(`${url}/oauth/wire/logout`, { method: 'POST' })
  t.equal((await read(await browser.request(`${url}/accounts`))).text, '[]', 'every one, where none is named')
})

t.test('logout from another site is refused', async (t) => {
  const { url, wire, browser, logIn } = await setUp(t, { routes })
  await logIn()
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }, { origin: 'null' }, { origin: url.replace('127.0.0.1', 'localhost') }] as Array<Record<string, string>>) {
    const { status, text } = await read(await browser.request(`${url}/oauth/wire/logout`, { method: 'POST', headers }))
    t.equal(status, 403)
    t.match(text, 'FST_OAUTH_CROSS_SITE')
    t.notMatch(text, 'href=', 'a link cannot repeat it')
  }
  t.equal((await read(await browser.request(`${url}/oauth/wire/logout`))).status, 404, 'nor is there a GET')
  t.equal(wire.to('/revoke').length, 0)
  t.equal((await read(await browser.request(`${url}/accounts`))).text, '["user-1"]')
})

t.test('a way to try again does not depend on what the query holds', async (t) => {
  const { url, browser } = await setUp(t, { plugin: wire => ({ providers: { logout: discovered(wire) } }) })
  const { text } = await read(await browser.request(`${url}/oauth/logout?returnTo=/logout`, { headers: { 'sec-fetch-site': 'cross-site' } }))
  t.match(text, 'href="/oauth/logout?returnTo=/logout"')
})

t.test('there is no way to try again where the login route is switched off', async (t) => {
  const { url, browser } = await setUp(t, { plugin: () => ({ routes: { login: false } }) })
  const { status, text } = await read(await browser.request(`${url}/oauth/wire/callback`))
  t.equal(status, 400)
  t.notMatch(text, 'href=')
})

t.test('nor at a provider that there is not', async (t) => {
  const { url, browser } = await setUp(t)
  for (const path of ['/oauth/nobody', '/oauth/nobody/callback']) {
    const { status, text } = await read(await browser.request(`${url}${path}`))
    t.equal(status, 404)
    t.match(text, 'There is no such provider.')
    t.notMatch(text, 'href=')
  }
})
