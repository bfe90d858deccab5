// F12, F17, F18, F20: callers that go away, keys that are rotated, applications that are closed, and many at once.
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { callbackOf, lifetime, startFaultScene } from '../fixtures/faults.js'
import { gate, until } from '../fixtures/grants.js'

t.test('F12: a caller that disconnects in the middle of a refresh does not stop it: it is saved', async (t) => {
  const { call, ahead, wire, sent, store } = await startFaultScene(t)
  ahead.ms += lifetime
  const { opened, open } = gate()
  wire.on('/token', async () => { await opened; return undefined })
  const leaving = new AbortController()
  const gone = t.rejects(call({ signal: leaving.signal }), { name: 'AbortError' })
  await until(() => sent().length === 1)
  leaving.abort()
  await gone
  const puts = store.count('put')
  open()
  await until(() => store.count('put') > puts)
  t.match(await call(), { status: 200, token: /refreshed/ })
  t.equal(sent().length, 1)
})

t.test('F17: secrets rotated in a rolling deploy log nobody out, not even of a login under way', async (t) => {
  const [old, next] = ['the old secret of at least 32 bytes', 'the next secret of at least 32 bytes']
  const owner = () => 'alice'
  const before = await startFaultScene(t, { plugin: { owner, secret: old } })
  // Every process learns to read with the next one before any writes with it.
  const reads = await startFaultScene(t, { plugin: { owner, secret: [old, next] }, shared: before })
  t.match(await reads.call(), { status: 200, token: /granted/ })
  const writes = await startFaultScene(t, { plugin: { owner, secret: [next, old] }, shared: before })
  t.match(await writes.call(), { status: 200, token: /granted/ })
  before.ahead.ms += lifetime
  const underway = new Browser()
  const callback = await callbackOf(before, underway)
  const refreshed = await writes.call()
  t.match(refreshed, { status: 200, token: /refreshed/ })
  t.match(await reads.call(), { status: 200, token: refreshed.token })
  const answer = await underway.request(callback.replace(before.url, writes.url))
  t.equal(answer.status, 303, await answer.text())
  const after = await startFaultScene(t, { plugin: { owner, secret: next }, shared: before })
  t.match(await after.call(), { status: 200, token: /granted/ }, 'with the old secret gone')
  t.equal(before.sent().length, 1)
})

t.test('F18: an application that is closed during a refresh saves it first', async (t) => {
  const { call, ahead, wire, sent, store, app } = await startFaultScene(t)
  ahead.ms += lifetime - 30_000
  const { opened, open } = gate()
  wire.on('/token', async () => { await opened; return undefined })
  t.match(await call(), { status: 200, token: /granted/ })
  await until(() => sent().length === 1)
  const puts = store.count('put')
  const closed = app.close()
  t.equal(store.count('put'), puts)
  open()
  await closed
  t.equal(store.count('put'), puts + 1)
  t.equal(store.calls.at(-1), 'release', 'its lease too')
})

t.test('F20: 500 requests at once on one expired grant: one refresh, no error', async (t) => {
  const { call, ahead, sent } = await startFaultScene(t)
  ahead.ms += lifetime
  const answers = await Promise.all(Array.from({ length: 500 }, () => call()))
  t.same([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(new Set(answers.map(({ token }) => token)).size, 1)
  t.match(answers[0]?.token, /refreshed/)
  t.equal(sent().length, 1)
})
