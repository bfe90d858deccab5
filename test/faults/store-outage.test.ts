// F11, F13, F14: the server of a shared store goes away and comes back under the load of two processes.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { until } from '../fixtures/grants.js'
import { startProcesses } from '../fixtures/processes.js'
import type { Answer } from '../fixtures/processes.js'
import { kinds } from '../fixtures/shared-store.js'

for (const kind of kinds) {
  t.test(`F11: ${kind} goes away before a rotation is saved: it is saved when it is back, and the spent refresh token is not sent again`, async (t) => {
    const { start, grant, rotation, shared } = await startProcesses(t, kind)
    const workers = await Promise.all([start(), start()])
    const owners = Array.from({ length: 10 }, (_, index) => `owner${index}`)
    for (const owner of owners) await grant(owner)
    let down: Promise<void> | undefined
    // The provider has the refresh token, and answers when the store is gone.
    rotation.before = async () => {
      if (rotation.sent.length === owners.length) down = shared.down()
      await until(() => down !== undefined)
      await down
      return undefined
    }
    const answers = Promise.all(owners.map((owner, index) => workers[index % 2]?.call(owner)))
    await until(() => down !== undefined)
    await down
    await delay(1_000)
    await shared.up()
    for (const answer of await answers) t.match(answer, { status: 200, token: /^refreshed/ })
    for (const worker of workers) for (const owner of owners) t.match(await worker.call(owner), { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
    t.equal(rotation.sent.length, owners.length)
  })

  t.test(`F13: ${kind} goes away under load, twice: 503 meanwhile, no cookie is touched, and all is as before`, async (t) => {
    const { start, grant, rotation, shared } = await startProcesses(t, kind)
    const workers = await Promise.all([start(), start()])
    const owners = Array.from({ length: 10 }, (_, index) => `owner${index}`)
    for (const owner of owners) await grant(owner)
    const answers: Answer[] = []
    const end = new AbortController()
    const load = Promise.all(owners.flatMap(owner => workers.map(async worker => {
      while (!end.signal.aborted) {
        answers.push(await worker.call(owner))
        await delay(20)
      }
    })))
    const seen = (status: number) => {
      const from = answers.length
      return until(() => answers.slice(from).some(answer => answer.status === status))
    }
    for (let time = 0; time < 2; time++) {
      await seen(200)
      await shared.down()
      await seen(503)
      await delay(1_000)
      await shared.up()
    }
    await seen(200)
    end.abort()
    await load
    t.strictSame([...new Set(answers.map(({ status }) => status))].sort(), [200, 503], 'nobody is asked to log in')
    t.strictSame(answers.flatMap(({ cookies }) => cookies), [])
    const refused = answers.filter(({ status }) => status === 503)
    t.ok(refused.every(({ retryAfter }) => /^[1-9]\d*$/.test(String(retryAfter))))
    t.strictSame([...new Set(refused.map(({ code }) => code))], ['FST_OAUTH_STORE_FAILED'])
    for (const worker of workers) for (const owner of owners) t.match(await worker.call(owner), { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
    t.strictSame(rotation.reused, [])
    t.equal(rotation.sent.length, owners.length)
  })

  t.test(`F14: ${kind} does not answer for longer than a request waits: 503, other routes are served, and then all goes on`, async (t) => {
    const { start, grant, rotation, shared } = await startProcesses(t, kind)
    const workers = await Promise.all([start(), start()])
    for (const owner of ['alice', 'bob']) await grant(owner)
    const stall = shared.stall(8_000).then(() => 'over')
    // Until nothing gets through.
    await delay(500)
    const waiting = Promise.all(workers.flatMap(worker => ['alice', 'bob'].flatMap(owner => Array.from({ length: 25 }, () => worker.call(owner)))))
    let pings = 0
    while (await Promise.race([stall, delay(500)]) !== 'over') {
      for (const worker of workers) t.equal((await worker.call('alice', { path: '/ping' })).status, 200)
      pings++
    }
    t.ok(pings > 1)
    for (const answer of await waiting) t.match(answer, { status: 503, code: 'FST_OAUTH_STORE_FAILED' })
    for (const owner of ['alice', 'bob']) for (const worker of workers) t.match(await worker.call(owner), { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
    t.strictSame(rotation.reused, [])
  })
}
