// Every cause of a bad state is told apart: by code, by a hint for the developer in the log, by a text for the user.
import t from 'tap'
import type { Test } from 'tap'
import { freePort, startApp } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, secret, setUp } from '../fixtures/login.js'
import type { LoginSetup } from '../fixtures/login.js'

interface Expected { code: string, hint: RegExp, text: RegExp }

/** Calls a callback as a page load and as a script, and compares what the user and the developer are told. */
async function refused (t: Test, { browser, logs, wire }: Pick<LoginSetup, 'browser' | 'logs' | 'wire'>, callback: string, { code, hint, text }: Expected): Promise<void> {
  const exchanges = wire.to('/token').length
  // The page load may use the login up: the script comes with the same cookies.
  const cookies = browser.cookieHeader(new URL(callback))
  const page = await read(await browser.request(callback))
  t.equal(page.status, 400)
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(page.text, code)
  t.match(page.text, text)

  const script = await read(await fetch(callback, { headers: { cookie: cookies, accept: 'application/json' } }))
  t.equal(script.status, 400)
  t.match(script.json.code, /^FST_OAUTH_STATE_|^FST_OAUTH_INVALID_CALLBACK$/)

  const line = logs.map(one => JSON.parse(one)).find(({ err }) => err?.code === code)
  t.match(line, { level: 40, provider: 'wire', msg: hint })
  t.notMatch(page.text, hint, 'the hint is not for the user')
  t.equal(wire.to('/token').length, exchanges, 'no exchange')
}

t.test('no state', async (t) => {
  const setup = await setUp(t)
  const expected = { code: 'FST_OAUTH_STATE_MISSING', hint: /came without a state/, text: /cannot be opened by itself/ }
  await refused(t, setup, `${setup.url}/oauth/wire/callback?code=x`, expected)
  await refused(t, setup, `${setup.url}/oauth/wire/callback?code=x&state=`, expected)
})

t.test('a browser without any login under way', async (t) => {
  const setup = await setUp(t)
  const callback = setup.wire.callbackFor(await setup.start())
  await refused(t, { ...setup, browser: new Browser() }, callback, { code: 'FST_OAUTH_STATE_NO_COOKIE', hint: /so long that the cookie was dropped/, text: /no such login under way/ })
})

t.test('a login that was started under another name of the same host', async (t) => {
  const port = await freePort()
  const setup = await setUp(t, { plugin: () => ({ baseUrl: `http://localhost:${port}` }), port })
  // The browser has its cookie for 127.0.0.1, and the provider sends it back to localhost.
  const callback = setup.wire.callbackFor(await setup.start())
  t.match(callback, `http://localhost:${port}/`)
  await refused(t, setup, callback, { code: 'FST_OAUTH_STATE_NO_COOKIE', hint: /under another host name \(localhost is not 127\.0\.0\.1\)/, text: /no such login under way/ })
})

t.test('a state that is none of the logins under way', async (t) => {
  const setup = await setUp(t)
  await setup.start()
  await refused(t, setup, `${setup.url}/oauth/wire/callback?code=x&state=forged`, { code: 'FST_OAUTH_STATE_MISMATCH', hint: /none of the logins under way/, text: /not one that this browser has under way/ })
})

t.test('a callback at another host than baseUrl\'s', async (t) => {
  const port = await freePort()
  const setup = await setUp(t, { plugin: () => ({ baseUrl: `http://localhost:${port}` }), port })
  const callback = setup.wire.callbackFor(await setup.start()).replace('localhost', '127.0.0.1')
  setup.browser.cookies.clear()
  await refused(t, setup, callback, { code: 'FST_OAUTH_STATE_OTHER_HOST', hint: new RegExp(`came to the host 127.0.0.1:${port}, but logins belong to localhost:${port}`), text: /at another address than it started from/ })
})

t.test('a cookie that another process has written with another secret', async (t) => {
  const setup = await setUp(t)
  const login = await setup.start()
  const { url, logs } = await startApp(t, { secret: 'another secret, which is as long as the first', providers: { wire: discovered(setup.wire) } })
  const callback = setup.wire.callbackFor(login).replace(setup.url, url)
  await refused(t, { ...setup, logs }, callback, { code: 'FST_OAUTH_STATE_UNREADABLE', hint: /the option secret differs between processes/, text: /cannot be continued/ })
})

t.test('a secret that was replaced, and kept as the second, still opens the cookie', async (t) => {
  const { wire, url: before, browser, start } = await setUp(t)
  const callback = wire.callbackFor(await start())
  const { url } = await startApp(t, { secret: ['another secret, which is as long as the first', secret], providers: { wire: discovered(wire) } })
  t.equal((await read(await browser.request(callback.replace(before, url)))).status, 303)
})

t.test('two cookies of one name', async (t) => {
  const { wire, browser, start } = await setUp(t)
  const callback = wire.callbackFor(await start())
  const cookies = browser.cookieHeader(new URL(callback))
  for (const header of [`${cookies}; ${cookies}`, `${cookies}; ${cookies.split('=')[0]}=x`]) {
    const { status, json } = await read(await fetch(callback, { headers: { cookie: header } }))
    t.equal(status, 400)
    t.equal(json.code, 'FST_OAUTH_STATE_UNREADABLE')
  }
  t.equal(wire.to('/token').length, 0)
})

t.test('a login that took too long', async (t) => {
  let now = Date.now()
  const setup = await setUp(t, { plugin: () => ({ clock: () => now, loginTimeout: 60_000 }) })
  const callback = setup.wire.callbackFor(await setup.start())
  now += 60_001
  await refused(t, setup, callback, { code: 'FST_OAUTH_STATE_EXPIRED', hint: /longer than the option loginTimeout allows/, text: /took too long/ })
})

t.test('a login that took exactly as long as it may', async (t) => {
  let now = Date.now()
  const { wire, browser, start } = await setUp(t, { plugin: () => ({ clock: () => now, loginTimeout: 60_000 }) })
  const callback = wire.callbackFor(await start())
  now += 60_000
  t.equal((await read(await browser.request(callback))).status, 303)
})

t.test('the state of a login at another provider', async (t) => {
  const setup = await setUp(t, { plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }) })
  const callback = setup.wire.callbackFor(await setup.start('/oauth/other')).replace('/oauth/other/', '/oauth/wire/')
  await refused(t, setup, callback, { code: 'FST_OAUTH_STATE_OTHER_PROVIDER', hint: /state of a login at another provider/, text: /started at another provider/ })
})

t.test('a callback that was already used, with its cookies', async (t) => {
  const setup = await setUp(t)
  const callback = setup.wire.callbackFor(await setup.start())
  const cookies = setup.browser.cookieHeader(new URL(callback))
  t.equal((await read(await setup.browser.request(callback))).status, 303)
  const replaying = new Browser()
  replaying.store(new URL(callback), cookies.split('; '))
  await refused(t, { ...setup, browser: replaying }, callback, { code: 'FST_OAUTH_STATE_USED', hint: /already used/, text: /already finished/ })
})

t.test('more than one state', async (t) => {
  const setup = await setUp(t)
  const callback = `${setup.wire.callbackFor(await setup.start())}&state=another`
  await refused(t, setup, callback, { code: 'FST_OAUTH_INVALID_CALLBACK', hint: /more than one state/, text: /could not be completed/ })
})

t.test('the page leads to a new login', async (t) => {
  const { url, browser, start, wire } = await setUp(t)
  await start()
  const { text } = await read(await browser.request(`${url}/oauth/wire/callback?code=x&state=forged`))
  const again = /href="([^"]+)"/.exec(text)?.[1]
  t.equal(again, '/oauth/wire')
  t.match(await start(again), wire.issuer)
})

t.test('the same callback fifty times at once: one exchange, one login', async (t) => {
  const { wire, browser, start } = await setUp(t)
  const callback = wire.callbackFor(await start())
  const headers = { cookie: browser.cookieHeader(new URL(callback)) }
  const answers = await Promise.all(Array.from({ length: 50 }, async () => read(await fetch(callback, { redirect: 'manual', headers }))))

  t.equal(wire.to('/token').length, 1)
  t.equal(answers.filter(({ status }) => status === 303).length, 1)
  t.equal(answers.filter(({ status, json }) => status === 400 && json.code === 'FST_OAUTH_STATE_USED').length, 49)
})
