// F1, F2, F3, F5, F10: a provider that is down, slow, or broken when a token has to be refreshed.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { callbackOf, lifetime, logIn, startFaultScene } from '../fixtures/faults.js'
import { until } from '../fixtures/grants.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.test('F1: while the provider is down valid tokens are used, expired ones get 503 with Retry-After, and all comes back by itself', async (t) => {
  const { call, ahead, down, sent, store, url, browser, logs } = await startFaultScene(t)
  const cookies = browser.cookieHeader(new URL(url))
  down(true)
  ahead.ms += lifetime / 2
  t.match(await call(), { status: 200, token: /granted/ }, 'still valid')
  ahead.ms += lifetime / 2 - 30_000
  t.match(await call(), { status: 200, token: /granted/ }, 'near its end')
  await until(() => logs.some(line => line.includes('could not be refreshed ahead')))
  ahead.ms += 30_000
  for (let second = 0; second < 60; second += 20) {
    const answer = await call()
    t.match(answer, { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    t.equal(browser.cookieHeader(new URL(url)), cookies, 'no cookie is touched')
    ahead.ms += 20_000
  }
  down(false)
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(store.count('delete'), 0)
  t.equal(sent().length, 1)
})

t.test('F1: a provider that stays down is left alone for growing intervals, and is asked again by itself', async (t) => {
  const { call, ahead, down, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  down(true)
  for (let fault = 0; fault < 5; fault++) t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  for (const [rest, asked] of [[1, 1_250], [2, 2_500], [3, 5_000]]) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call()))
    t.same([...new Set(answers.map(({ status, code }) => `${status} ${code}`))], ['503 FST_OAUTH_PROVIDER_RESTING'])
    t.ok(Number(answers[0]?.headers.get('retry-after')) >= Number(rest) - 1)
    ahead.ms += Number(asked)
    t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' }, 'after the rest one tries')
  }
  down(false)
  ahead.ms += 60_000 * 1.25
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(sent().length, 1)
})

const drips: WireHandler = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => { response.write(' ') }, 20)
  await new Promise(resolve => { response.once('close', resolve) })
  clearInterval(timer)
  return undefined
}

t.test('F2: a token endpoint that sends a byte now and then is given up on, and its refresh token is not sent again', async (t) => {
  const scene = await startFaultScene(t, { plugin: { timeout: 300 } })
  const { call, ahead, wire, sent, browser } = scene
  ahead.ms += lifetime
  wire.on('/token', drips)
  t.match(await call(), { status: 504, code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
  wire.handlers.clear()
  t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(sent().length, 1)
  await logIn(scene, browser)
  t.match(await call(), { status: 200, token: /granted/ })
})

t.test('F2: where the provider has a grace period the grant is kept, and refreshed once the provider is well', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t, { plugin: { timeout: 300 }, quirks: { refreshGrace: 60_000 } })
  ahead.ms += lifetime
  wire.on('/token', drips)
  t.match(await call(), { status: 504, code: 'FST_OAUTH_PROVIDER_TIMEOUT' })
  t.equal(sent().length, 1)
  wire.handlers.clear()
  t.match(await call(), { status: 200, token: /refreshed/ })
})

t.test('F3: where the connection is reset after a refresh token was sent, it is not sent again', async (t) => {
  const { call, ahead, wire, sent, logs } = await startFaultScene(t)
  ahead.ms += lifetime
  wire.on('/token', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
  const together = await Promise.all(Array.from({ length: 20 }, () => call()))
  t.same([...new Set(together.map(({ status }) => status))], [401])
  t.equal(sent().length, 1)
  t.equal(logs.filter(line => line.includes('may be spent')).length, 1)
})

t.test('F3: where the provider has a grace period, it is sent once for each request, and not after it', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t, { quirks: { refreshGrace: 60_000 } })
  ahead.ms += lifetime
  wire.on('/token', (_request, response) => { response.socket?.resetAndDestroy(); return undefined })
  for (let attempt = 1; attempt <= 3; attempt++) {
    t.match(await call(), { status: 503, code: 'FST_OAUTH_PROVIDER_UNREACHABLE' })
    t.equal(sent().length, attempt)
  }
  ahead.ms += 60_000
  t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(sent().length, 3)
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
    t.match(answer, { status: 503, code: time < 5 ? 'FST_OAUTH_PROVIDER_UNAVAILABLE' : 'FST_OAUTH_PROVIDER_RESTING' })
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
  }
  ahead.ms += 1_250
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
  const { call, ahead, wire, sent } = await startFaultScene(t, { quirks: { refreshGrace: 60_000 } })
  ahead.ms += lifetime
  wire.on('/token', losesFirstAnswer(true))
  t.match(await call(), { status: 503 })
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(sent().length, 2)
})

t.test('F10: where the answer to a refresh is lost for good, one login is due, and nothing loops', async (t) => {
  for (const [quirks, times] of [[{ refreshGrace: 60_000 }, 2], [{}, 1]] as const) {
    const scene = await startFaultScene(t, { quirks })
    const { call, ahead, wire, sent, browser } = scene
    ahead.ms += lifetime
    wire.on('/token', losesFirstAnswer(false))
    t.match(await call(), { status: 503 })
    for (let time = 0; time < 3; time++) t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
    t.equal(sent().length, times)
    await logIn(scene, browser)
    t.match(await call(), { status: 200, token: /granted/ })
  }
})

t.test('F10: where the answer to a refresh ahead is lost, the access token serves to its end', async (t) => {
  const { call, ahead, wire, sent, logs } = await startFaultScene(t)
  ahead.ms += lifetime - 50_000
  wire.on('/token', losesFirstAnswer(false))
  t.match(await call(), { status: 200, token: /granted/ })
  await until(() => logs.some(line => line.includes('could not be refreshed ahead')))
  ahead.ms += 20_000
  t.match(await call(), { status: 200, token: /granted/ })
  await until(() => logs.some(line => line.includes('may be spent')))
  t.match(await call(), { status: 200, token: /granted/ })
  ahead.ms += 30_000
  t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(sent().length, 1)
})
