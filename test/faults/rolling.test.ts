// F12, F17, F22: over processes that share a Redis.
import t from 'tap'
import { gate, until } from '../fixtures/grants.js'
import { secret, startProcesses } from '../fixtures/processes.js'
import { refusal } from '../fixtures/rotation.js'

t.test('F12: a caller that disconnects from one process in the middle of a refresh: it is saved, and serves the other', async (t) => {
  const { start, grant, rotation } = await startProcesses(t, 'Redis')
  const [first, second] = await Promise.all([start(), start()])
  await grant('alice')
  const { opened, open } = gate()
  rotation.before = async () => { await opened; return undefined }
  const leaving = new AbortController()
  const gone = t.rejects(first.call('alice', { signal: leaving.signal }), { name: 'AbortError' })
  await until(() => rotation.sent.length === 1)
  leaving.abort()
  await gone
  const waiting = second.call('alice')
  open()
  t.match(await waiting, { status: 200, token: /^refreshed~alice/ })
  t.equal(rotation.sent.length, 1)
})

t.test('F17: secrets rotated in a rolling deploy: each process reads what any other writes, and nobody is logged out', async (t) => {
  const { start, grant, rotation, rewrap } = await startProcesses(t, 'Redis')
  const next = 'the next secret of at least 32 bytes'
  const running = await Promise.all([start(), start()])
  const owners = Array.from({ length: 8 }, (_, index) => `owner${index}`)
  for (const owner of owners) await grant(owner)
  const left = [...owners]
  // Every process learns to read with the next one before any writes with it, and all is written with it before the old one goes.
  for (const secrets of [[secret, next], [next, secret], [next]]) {
    if (secrets.length === 1) await rewrap([next, secret])
    for (let count = running.length; count > 0; count--) {
      // The old process still serves while the new one begins to.
      running.push(await start({ plugin: { secret: secrets } }))
      const owner = left.pop() ?? ''
      const { token } = await running.at(-1)?.call(owner) ?? {}
      t.match(token, new RegExp(`^refreshed~${owner}~`))
      for (const worker of running) t.match(await worker.call(owner), { status: 200, token })
      t.equal(await running.shift()?.end('SIGTERM'), 0)
    }
  }
  for (const worker of running) for (const owner of owners) t.match(await worker.call(owner), { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
  t.equal(rotation.sent.length, owners.length)
  t.strictSame(rotation.reused, [])
})

t.test('F22: invalid_grant at one process while another stores a login: the newer grant wins', async (t) => {
  const { start, grant, rotation } = await startProcesses(t, 'Redis')
  const [first, second] = await Promise.all([start(), start()])
  await grant('alice')
  rotation.before = async () => {
    await second.logIn('alice')
    return refusal
  }
  const answer = await first.call('alice')
  t.match(answer, { status: 200, token: /granted/ })
  t.match(await second.call('alice'), { status: 200, token: answer.token })
  t.equal(rotation.sent.length, 1)
})

t.test('F22: else both stop sending the refresh token, use the access token to its end, and then ask for a login', async (t) => {
  const { start, grant, rotation, shared: { store } } = await startProcesses(t, 'Redis')
  const both = await Promise.all([start(), start()])
  rotation.before = () => refusal
  const expiresAt = Date.now() + 15_000
  await grant('alice', 15_000)
  const [granted] = await store.list('alice')
  for (const worker of both) t.match(await worker.call('alice'), { status: 200, token: 'first~alice' }, 'it is used, and refreshed behind')
  // Marked as sent, then without it.
  await until(async () => (await store.list('alice'))[0]?.version === Number(granted?.version) + 2)
  for (const worker of both) t.match(await worker.call('alice'), { status: 200, token: 'first~alice' })
  await until(() => Date.now() > expiresAt)
  for (const worker of both) t.match(await worker.call('alice'), { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
  t.equal(rotation.sent.length, 1)
  rotation.before = () => undefined
  await both[0].logIn('alice')
  for (const worker of both) t.match(await worker.call('alice'), { status: 200, token: /granted/ })
})
