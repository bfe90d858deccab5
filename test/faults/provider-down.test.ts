// F1, F2, F3, F5, F10: a provider that is down, slow, or broken when a token has to be refreshed.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { callbackOf, lifetime, logIn, startFaultScene } from '../fixtures/faults.js'
import { until } from '../fixtures/grants.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.test('F1: while the provider is down valid tokens are used, expired ones get 503 with Retry-After, and all comes back by itself', async (t) => {
  const { call, ahead, provider, sent, store, url, browser } = await startFaultScene(t)
  const cookies = browser.cookieHeader(new URL(url))
  provider((_request, response) => { response.destroy(); return undefined })
  ahead.ms += lifetime / 2
  t.match(await call(), { status: 200, token: /granted/ }, 'still valid')
  ahead.ms += lifetime / 2 - 30_000
  t.match(await call(), { status: 200, token: /granted/ }, 'near its end')
  await until(() => sent().length === 1)
  ahead.ms += 30_000
  for (let second = 0; second < 60; second += 20) {
    const answer = await call()
    t.match(answer, { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    t.equal(browser.cookieHeader(new URL(url)), cookies, 'no cookie is touched')
    ahead.ms += 20_000
  }
  provider(undefined)
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(store.count('delete'), 0)
  t.equal(new Set(sent()).size, 1, 'no refresh token was used up')
})

t.test('F2: a token endpoint that sends a byte now and then is given up on, and the grant is kept', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t, { plugin: { timeout: 300 } })
  ahead.ms += lifetime
  wire.on('/token', async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => { response.write(' ') }, 20)
    await new Promise(resolve => { response.once('close', resolve) })
    clearInterval(timer)
    return undefined
  })
  t.match(await call(), { status: 504, code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
  t.equal(sent().length, 1)
  wire.handlers.clear()
  t.match(await call(), { status: 200, token: /refreshed/ })
})

t.test('F3: where the connection is reset after a refresh token was sent, it is sent once for each request', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  wire.on('/token', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  t.equal(sent().length, 1)
  const together = await Promise.all(Array.from({ length: 20 }, () => call()))
  t.same([...new Set(together.map(({ status }) => status))], [503])
  t.ok(sent().length <= 21)
})

t.test('F3: where the connection is reset after an authorization code was sent, it is not sent again', async (t) => {
  const scene = await startFaultScene(t)
  const { wire } = scene
  const exchanges = wire.to('/token').length
  wire.on('/token', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  const browser = new Browser()
  const callback = await callbackOf(scene, browser)
  const first = await browser.request(callback)
  t.equal(first.status, 503)
  t.match(await first.text(), 'FST_OAUTH_PROVIDER_UNREACHABLE')
  wire.handlers.clear()
  const second = await browser.request(callback)
  t.equal(second.status, 400)
  await second.body?.cancel()
  t.equal(wire.to('/token').length, exchanges + 1)
})

t.test('F5: ten times 500 is no reason to drop a grant', async (t) => {
  const { call, ahead, wire, store, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  wire.on('/token', () => ({ status: 500, body: { error: 'invalid_grant', error_description: 'which is not for a 500 to say' } }))
  for (let time = 0; time < 10; time++) {
    const answer = await call()
    t.match(answer, { status: 503, code: 'FST_OAUTH_PROVIDER_UNAVAILABLE' })
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
  }
  wire.handlers.clear()
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(new Set(sent()).size, 1)
  t.equal(store.count('delete'), 0)
})

/** Answers refreshes like a provider that rotates, whose first answer is lost on the way. */
function losesFirstAnswer (grace: boolean): WireHandler {
  let lost = false
  return ({ form }, response) => {
    if (form.get('grant_type') !== 'refresh_token') return undefined
    if (lost) return grace ? undefined : { status: 400, body: { error: 'invalid_grant' } }
    lost = true
    response.socket?.resetAndDestroy()
    return undefined
  }
}

t.test('F10: where the answer to a refresh is lost, a provider with a grace period gives it again', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  wire.on('/token', losesFirstAnswer(true))
  t.match(await call(), { status: 503 })
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(sent().length, 2)
})

t.test('F10: where the answer to a refresh is lost for good, one login is due, and nothing loops', async (t) => {
  const scene = await startFaultScene(t)
  const { call, ahead, wire, sent, browser } = scene
  ahead.ms += lifetime
  wire.on('/token', losesFirstAnswer(false))
  t.match(await call(), { status: 503 })
  for (let time = 0; time < 3; time++) t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(sent().length, 2)
  await logIn(scene, browser)
  t.match(await call(), { status: 200, token: /granted/ })
})
