// Several logins at once in one browser: all end, in any order, and every grant is reachable afterwards.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, setUp } from '../fixtures/login.js'
import type { LoginOptions, LoginSetup } from '../fixtures/login.js'
import type { WireProvider } from '../fixtures/wire-provider.js'

const two: LoginOptions = {
  plugin: (wire: WireProvider) => ({ providers: { wire: discovered(wire), other: discovered(wire) } }),
  routes (app) {
    app.get('/grants', async (request) => (await request.oauth.grants()).map(({ provider, account }) => `${provider}:${account}`).sort())
    app.get('/log-out-of-the-app', async (request) => {
      await request.session.destroy()
      return 'gone'
    })
  }
}

async function grantsOf ({ url }: LoginSetup, browser: Browser): Promise<unknown> {
  return JSON.parse((await read(await browser.request(`${url}/grants`))).text)
}

/** Sends several callbacks with the same cookies, before any of them is answered. */
async function atOnce (browser: Browser, callbacks: string[]): Promise<number[]> {
  const responses = await Promise.all(callbacks.map(callback => browser.request(callback)))
  return Promise.all(responses.map(async response => (await read(response)).status))
}

t.test('two tabs at one provider', async (t) => {
  for (const order of ['first started, first ended', 'first started, last ended']) {
    await t.test(order, async (t) => {
      const setup = await setUp(t, two)
      const logins = [await setup.start('/oauth/wire?returnTo=/a'), await setup.start('/oauth/wire?returnTo=/b')]
      if (order.endsWith('last ended')) logins.reverse()
      const targets = []
      for (const [index, login] of logins.entries()) targets.push((await read(await setup.browser.request(setup.wire.callbackFor(login, `user-${index + 1}`)))).location)
      t.strictSame(targets.sort(), ['/a', '/b'], 'each ends where it started')
      t.strictSame(await grantsOf(setup, setup.browser), ['wire:user-1', 'wire:user-2'])
    })
  }
})

t.test('two providers, in either order', async (t) => {
  for (const names of [['wire', 'other'], ['other', 'wire']]) {
    await t.test(names.join(', then '), async (t) => {
      const setup = await setUp(t, two)
      const started = new Map([['wire', await setup.start('/oauth/wire')], ['other', await setup.start('/oauth/other')]])
      for (const name of names) t.equal((await read(await setup.browser.request(setup.wire.callbackFor(String(started.get(name)))))).status, 303)
      t.strictSame(await grantsOf(setup, setup.browser), ['other:user-1', 'wire:user-1'])
    })
  }
})

t.test('callbacks at the same time, with the same cookies', async (t) => {
  const setup = await setUp(t, two)
  const callbacks = [await setup.start('/oauth/wire'), await setup.start('/oauth/other'), await setup.start('/oauth/wire')]
    .map((login, index) => setup.wire.callbackFor(login, `user-${index + 1}`))
  t.strictSame(await atOnce(setup.browser, callbacks), [303, 303, 303])
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-2', 'wire:user-1', 'wire:user-3'])
})

t.test('the same, in a browser that was logged in before: those grants stay too', async (t) => {
  const setup = await setUp(t, two)
  await setup.logIn('/oauth/wire', 'user-0')
  const callbacks = [await setup.start('/oauth/wire'), await setup.start('/oauth/other')].map((login, index) => setup.wire.callbackFor(login, `user-${index + 1}`))
  t.strictSame(await atOnce(setup.browser, callbacks), [303, 303])
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-2', 'wire:user-0', 'wire:user-1'])
})

t.test('logins that start at the same time, before the browser has a cookie', async (t) => {
  for (const ending of ['one after the other', 'at the same time']) {
    await t.test(`and end ${ending}`, async (t) => {
      const setup = await setUp(t, two)
      const logins = await Promise.all(['wire', 'other', 'wire'].map(name => setup.start(`/oauth/${name}`)))
      const callbacks = logins.map((login, index) => setup.wire.callbackFor(login, `user-${index + 1}`))
      if (ending === 'at the same time') t.strictSame(await atOnce(setup.browser, callbacks), [303, 303, 303])
      else for (const callback of callbacks) t.equal((await read(await setup.browser.request(callback))).status, 303)
      t.strictSame(await grantsOf(setup, setup.browser), ['other:user-2', 'wire:user-1', 'wire:user-3'])
    })
  }
})

t.test('a login that starts between two others joins them', async (t) => {
  const setup = await setUp(t, two)
  const [first, second] = [await setup.start('/oauth/wire'), await setup.start('/oauth/other')]
  await setup.browser.request(setup.wire.callbackFor(first, 'user-1'))
  const third = await setup.start('/oauth/wire')
  t.equal((await read(await setup.browser.request(setup.wire.callbackFor(second, 'user-2')))).status, 303)
  t.equal((await read(await setup.browser.request(setup.wire.callbackFor(third, 'user-3')))).status, 303)
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-2', 'wire:user-1', 'wire:user-3'])
})

t.test('three tabs one after the other: the last still belongs to the first', async (t) => {
  const setup = await setUp(t, two)
  const [first, second] = [await setup.start('/oauth/wire'), await setup.start('/oauth/wire')]
  await setup.browser.request(setup.wire.callbackFor(first, 'user-1'))
  const third = await setup.start('/oauth/wire')
  t.equal((await read(await setup.browser.request(setup.wire.callbackFor(third, 'user-3')))).status, 303)
  t.equal((await read(await setup.browser.request(setup.wire.callbackFor(second, 'user-2')))).status, 303)
  t.strictSame(await grantsOf(setup, setup.browser), ['wire:user-1', 'wire:user-2', 'wire:user-3'])
})

t.test('a callback whose session is already that of a login which ended at the same time loses nothing', async (t) => {
  const setup = await setUp(t, two)
  const callbacks = [await setup.start('/oauth/wire'), await setup.start('/oauth/other')].map(login => setup.wire.callbackFor(login))
  const before = setup.browser.cookieHeader(new URL(setup.url))
  const [first = '', second = ''] = callbacks
  await setup.browser.request(first)
  // The new session, but the cookies of logins as they were.
  setup.browser.store(new URL(setup.url), before.split('; '))
  t.equal((await read(await setup.browser.request(second))).status, 303)
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-1', 'wire:user-1'])
})

t.test('a login whose session ended meanwhile still ends', async (t) => {
  const setup = await setUp(t, two)
  await setup.logIn('/oauth/wire', 'user-0')
  const login = await setup.start('/oauth/other')
  await setup.browser.request(`${setup.url}/log-out-of-the-app`)
  t.equal((await read(await setup.browser.request(setup.wire.callbackFor(login, 'user-1')))).status, 303)
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-1'])
})

t.test('so do two of them, one after the other', async (t) => {
  const setup = await setUp(t, two)
  await setup.logIn('/oauth/wire', 'user-0')
  const callbacks = [await setup.start('/oauth/wire'), await setup.start('/oauth/other')].map((login, index) => setup.wire.callbackFor(login, `user-${index + 1}`))
  await setup.browser.request(`${setup.url}/log-out-of-the-app`)
  for (const callback of callbacks) t.equal((await read(await setup.browser.request(callback))).status, 303)
  t.strictSame(await grantsOf(setup, setup.browser), ['other:user-2', 'wire:user-1'])
})

t.test('whoever comes next in the same browser gets nothing of who was there before', async (t) => {
  const setup = await setUp(t, two)
  // Alice begins two logins, ends one, and leaves.
  await setup.start('/oauth/wire')
  await setup.logIn('/oauth/wire', 'alice')
  t.strictSame(await grantsOf(setup, setup.browser), ['wire:alice'])
  await setup.browser.request(`${setup.url}/log-out-of-the-app`)
  await setup.logIn('/oauth/other', 'bob')
  t.strictSame(await grantsOf(setup, setup.browser), ['other:bob'])
})

t.test('a login that one session has started does not end in another that began apart from it', async (t) => {
  const setup = await setUp(t, two)
  await setup.logIn('/oauth/wire', 'alice')
  const login = await setup.start('/oauth/other')
  await setup.browser.request(`${setup.url}/log-out-of-the-app`)
  await setup.logIn('/oauth/wire', 'bob')
  const { status, text } = await read(await setup.browser.request(setup.wire.callbackFor(login, 'alice')))
  t.equal(status, 403)
  t.match(text, 'FST_OAUTH_OWNER_CHANGED')
  t.strictSame(await grantsOf(setup, setup.browser), ['wire:bob'])
})

t.test('two browsers have nothing to do with each other', async (t) => {
  const setup = await setUp(t, two)
  const second = new Browser()
  const logins = [await setup.start('/oauth/wire'), await setup.start('/oauth/wire', second)]
  await setup.browser.request(setup.wire.callbackFor(String(logins[0]), 'user-1'))
  await second.request(setup.wire.callbackFor(String(logins[1]), 'user-2'))
  t.strictSame(await grantsOf(setup, setup.browser), ['wire:user-1'])
  t.strictSame(await grantsOf(setup, second), ['wire:user-2'])
})

t.test('a tab that ends later and brings less leaves what another has brought meanwhile', async (t) => {
  let now = Date.now()
  const scopes = async (setup: LoginSetup) => (await read(await setup.browser.request(`${setup.url}/scope`))).text
  const setup = await setUp(t, {
    plugin: () => ({ clock: () => ++now }),
    routes (app) {
      app.get('/scope', async (request) => (await request.oauth.loadGrant())?.scope.join(' '))
      app.get('/more', { config: { oauth: { provider: 'wire', scope: ['more'] } } }, async () => 'in')
      app.get('/recent', { config: { oauth: { provider: 'wire', maxAge: 600 } } }, async () => 'in')
    }
  })
  const { browser, wire, start } = setup
  const end = async (login: string) => (await read(await browser.request(wire.callbackFor(login)))).location
  const [less, recent] = [await start('/oauth/wire?returnTo=/a'), await start('/recent')]
  t.equal(await end(await start('/more')), '/more')
  t.equal(await end(less), '/a')
  t.equal(await scopes(setup), 'openid more')

  wire.claims = { auth_time: Math.floor(now / 1_000) }
  t.equal(await end(recent), '/recent', 'but one that was authenticated newly counts')
  t.equal(await scopes(setup), 'openid')
  t.equal(await end(await start('/more')), '/more')
  t.equal(await end(await start('/oauth/wire?returnTo=/a')), '/a')
  t.equal(await scopes(setup), 'openid', 'and so does one that has started since')
})
