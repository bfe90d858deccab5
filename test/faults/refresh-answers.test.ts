// F6, F9, F16, F22: what a provider may answer to a refresh.
import t from 'tap'
import { lifetime, logIn, startFaultScene } from '../fixtures/faults.js'
import { Browser } from '../fixtures/browser.js'
import { until } from '../fixtures/grants.js'

const unusable = ['<html>body-canary</html>', '', '{"access_token":"body-canary', '[]', 'null', '{}', '"body-canary"', '{"token_type":"bearer","note":"body-canary"}']

t.test('F6: an answer that is no token answer is not saved, and no log line repeats it; where the provider has a grace period it fails the request alone', async (t) => {
  const { call, ahead, wire, logs, sent } = await startFaultScene(t, { quirks: { refreshGrace: 60_000 } })
  ahead.ms += lifetime
  for (const body of unusable) {
    wire.on('/token', () => ({ headers: { 'content-type': 'text/html' }, body }))
    t.match(await call(), { status: 502, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }, body)
  }
  wire.handlers.clear()
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(new Set(sent()).size, 1)
  t.notMatch(logs.join(''), 'body-canary')
})

t.test('F6: else its refresh token counts as spent, and a login is due', async (t) => {
  const scene = await startFaultScene(t)
  const { call, ahead, wire, logs, sent, browser } = scene
  for (const body of unusable) {
    ahead.ms += lifetime
    wire.on('/token', () => ({ headers: { 'content-type': 'text/html' }, body }))
    const before = sent().length
    t.match(await call(), { status: 502, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }, body)
    wire.handlers.clear()
    for (let time = 0; time < 2; time++) t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
    t.equal(sent().length, before + 1)
    await logIn(scene, browser)
  }
  t.notMatch(logs.join(''), 'body-canary')
})

t.test('F6: with an error status it fails the request alone: the refresh token was not taken', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  for (const status of [400, 401, 403, 404]) {
    wire.on('/token', () => ({ status, headers: { 'content-type': 'text/html' }, body: '<html>' }))
    t.match(await call(), { status: 502, code: 'FST_OAUTH_INVALID_PROVIDER_ANSWER' }, String(status))
  }
  wire.handlers.clear()
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(new Set(sent()).size, 1)
})

t.test('F9: a refresh that brings no new refresh token leaves the old one in place', async (t) => {
  const { call, ahead, wire, sent } = await startFaultScene(t)
  wire.on('/token', ({ form }) => ({ body: { access_token: `refreshed-${sent().length}-${form.get('grant_type')}`, token_type: 'Bearer', expires_in: 3_600 } }))
  for (let hour = 1; hour <= 3; hour++) {
    ahead.ms += lifetime
    t.match(await call(), { status: 200, token: `refreshed-${hour}-refresh_token` })
  }
  t.equal(new Set(sent()).size, 1)
  t.match(sent()[0], /granted/)
})

t.test('F16: a wrong client secret raises one alarm in the log, and drops no grant', async (t) => {
  const scene = await startFaultScene(t)
  const { call, ahead, wire, logs, store, sent } = scene
  const others = [await logIn(scene, new Browser()), await logIn(scene, new Browser())]
  wire.on('/token', () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="client"' }, body: { error: 'invalid_client', error_description: 'which is wrong' } }))
  const alarms = () => logs.filter(line => line.includes('refuses this client'))
  ahead.ms += lifetime - 30_000
  for (const browser of others) t.match(await call({ browser }), { status: 200, token: /granted/ })
  await until(() => sent().length === 2 && alarms().length > 0)
  ahead.ms += 30_000
  for (let time = 0; time < 3; time++) t.match(await call(), { status: 502, code: 'FST_OAUTH_TOKEN_REFUSED' })
  t.equal(alarms().length, 1)
  t.match(alarms()[0], /"level":40.*clientSecret/)
  t.notMatch(logs.join(''), wire.clientSecret)
  t.equal(store.count('delete'), 0)
  wire.handlers.clear()
  for (const browser of others) t.match(await call({ browser }), { status: 200, token: /refreshed/ })
  t.match(await call(), { status: 200, token: /refreshed/ })
})

t.test('F22: invalid_grant while another process has stored a newer grant: the newer one is used', async (t) => {
  const owner = () => 'alice'
  const first = await startFaultScene(t, { plugin: { owner } })
  const second = await startFaultScene(t, { plugin: { owner }, shared: first })
  first.ahead.ms += lifetime
  first.wire.on('/token', async ({ form }) => {
    if (form.get('grant_type') !== 'refresh_token') return undefined
    await logIn(second, new Browser())
    return { status: 400, body: { error: 'invalid_grant' } }
  })
  const answer = await first.call()
  t.match(answer, { status: 200, token: /granted/ })
  t.match(await second.call(), { status: 200, token: answer.token })
  t.equal(first.sent().length, 1)
})

t.test('F22: else the refresh token is dropped, the access token serves until it expires, and then a login is due', async (t) => {
  const scene = await startFaultScene(t)
  const { call, ahead, wire, sent, logs, browser } = scene
  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' } }))
  ahead.ms += lifetime - 30_000
  t.match(await call(), { status: 200, token: /granted/ })
  await until(() => logs.some(line => line.includes('refuses the refresh token')))
  t.match(await call(), { status: 200, token: /granted/ })
  ahead.ms += 30_000
  for (let time = 0; time < 3; time++) t.match(await call(), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(sent().length, 1, 'it is not sent again')
  wire.handlers.clear()
  await logIn(scene, browser)
  t.match(await call(), { status: 200, token: /granted/ })
})
