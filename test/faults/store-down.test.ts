// F11, F13, F14: a store that fails or is slow under a running application.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { callbackOf, lifetime, logIn, startFaultScene } from '../fixtures/faults.js'
import { until } from '../fixtures/grants.js'

t.test('F11: a store that refuses the write after a rotation is asked again, and the old refresh token is not sent again', async (t) => {
  const { call, ahead, store, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  let refused = 0
  store.before = (method) => { if (method === 'put' && sent().length === 1 && refused++ < 3) throw new Error('read only') }
  const answers = await Promise.all(Array.from({ length: 10 }, () => call()))
  t.same([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(refused, 4)
  ahead.ms += lifetime
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(sent().length, 2)
  t.equal(new Set(sent()).size, 2)
})

t.test('F13: while the store is down a page gets 503, no cookie is cleared, and the same cookie works afterwards', async (t) => {
  const scene = await startFaultScene(t)
  const { call, store, url, browser, wire, logs } = scene
  const cookies = browser.cookieHeader(new URL(url))
  const newcomer = new Browser()
  const callback = await callbackOf(scene, newcomer)
  const exchanges = wire.to('/token').length
  store.before = () => { throw new Error('connection refused') }
  for (let second = 0; second < 10; second++) {
    const answer = await call()
    t.match(answer, { status: 503, code: 'FST_OAUTH_STORE_FAILED' })
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    t.equal(browser.cookieHeader(new URL(url)), cookies)
  }
  const login = await newcomer.request(callback)
  t.equal(login.status, 503)
  await login.body?.cancel()
  t.equal(wire.to('/token').length, exchanges, 'its code is not spent')
  t.match(await call({ path: '/ping' }), { status: 200 })
  store.before = () => {}
  t.match(await call(), { status: 200, token: /granted/ })
  const again = await newcomer.request(callback)
  t.equal(again.status, 303, 'a login under way is not lost either')
  await again.body?.cancel()
  t.match(await call({ browser: newcomer }), { status: 200, token: /granted/ })
  t.match(logs.join(''), /The grant store failed to list grants/)
})

t.test('F14: a store that does not answer holds requests for its deadline at most, and others not at all', async (t) => {
  const scene = await startFaultScene(t)
  const { call, store, sent, ahead } = scene
  const others = [await logIn(scene, new Browser()), await logIn(scene, new Browser())]
  ahead.ms += lifetime
  store.before = () => new Promise(() => {})
  const waiting = Promise.all(Array.from({ length: 60 }, (_, index) => call({ browser: others[index % 2] as Browser })))
  // Callers who ask the same at the same time ask once.
  await until(() => store.count('list') >= 2)
  let pings = 0
  const pause = (ms: number) => new Promise<string>(resolve => setTimeout(resolve, ms, 'waiting'))
  while (await Promise.race([waiting, pause(250)]) === 'waiting') {
    t.match(await call({ path: '/ping' }), { status: 200 })
    pings++
  }
  t.ok(pings > 0, 'the event loop was free all the time')
  for (const answer of await waiting) t.match(answer, { status: 503, code: 'FST_OAUTH_STORE_FAILED' })
  t.same(sent(), [])
  store.before = () => {}
  for (const browser of others) t.match(await call({ browser }), { status: 200, token: /refreshed/ })
})

t.test('F14: a store that is merely slow is waited for, by many callers with one refresh', async (t) => {
  const { call, store, ahead, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  store.before = () => new Promise(resolve => setTimeout(resolve, 400))
  const answers = await Promise.all(Array.from({ length: 50 }, () => call()))
  t.same([...new Set(answers.map(({ status, token }) => `${status} ${token}`))].length, 1)
  t.match(answers[0], { status: 200, token: /refreshed/ })
  t.equal(sent().length, 1)
  t.equal(store.count('lease'), 1)
})
