// F20, F21: several processes at one expired grant.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { until } from '../fixtures/grants.js'
import { secret, startModule, startProcesses } from '../fixtures/processes.js'
import { kinds } from '../fixtures/shared-store.js'

for (const kind of kinds) {
  t.test(`F20: 500 requests × 4 processes on one expired grant in ${kind}: one refresh, no error`, async (t) => {
    const { start, grant, rotation } = await startProcesses(t, kind)
    // As they begin: nothing is compiled, and no connection to the store is open.
    const workers = await Promise.all([start(), start(), start(), start()])
    await grant('alice')
    // Not so fast that the first process is done before the last is asked.
    rotation.before = async () => { await delay(200); return undefined }
    const answers = await Promise.all(workers.flatMap(worker => Array.from({ length: 500 }, () => worker.call('alice'))))
    t.equal(answers.length, 2_000)
    t.strictSame([...new Set(answers.map(({ status, code }) => `${status} ${code}`))], ['200 undefined'])
    const tokens = new Set(answers.map(({ token }) => token))
    t.equal(tokens.size, 1)
    t.match([...tokens][0], /^refreshed~alice/)
    t.equal(rotation.sent.length, 1)
  })

  t.test(`F20: 500 callers × 4 processes on one expired grant in ${kind}: one refresh, no error`, async (t) => {
    const { shared: { address }, grant, rotation, wire } = await startProcesses(t, kind)
    await grant('alice')
    const children = Array.from({ length: 4 }, () => startModule(t, 'keeper-process', { address, secret, leaseTime: 20_000, tokenUrl: `${wire.issuer}/token` }))
    await Promise.all(children.map(child => once(child, 'message')))
    rotation.before = async () => { await delay(200); return undefined }
    const answers: object[] = []
    for (const child of children) child.on('message', (answer: object) => answers.push(answer))
    for (const child of children) for (let count = 0; count < 500; count++) child.send('alice')
    await until(() => answers.length === 2_000)
    t.equal(new Set(answers.map(answer => JSON.stringify(answer))).size, 1)
    t.match(answers[0], { token: /^refreshed~alice/ })
    t.equal(rotation.sent.length, 1)
  })

  t.test(`F21: a provider slower than the lease in ${kind}: still one refresh, for the lease is renewed`, async (t) => {
    const { shared: { address }, grant, rotation, wire } = await startProcesses(t, kind)
    await grant('alice')
    const leaseTime = 4_000
    const children = Array.from({ length: 4 }, () => startModule(t, 'keeper-process', { address, secret, leaseTime, tokenUrl: `${wire.issuer}/token` }))
    await Promise.all(children.map(child => once(child, 'message')))
    rotation.before = async () => { await delay(2.5 * leaseTime); return undefined }
    const outcomes = await Promise.all(children.map(async child => {
      for (let busy = 0; ; busy++) {
        child.send('alice')
        const [answer] = await once(child, 'message') as [{ code?: string, token?: string }]
        if (answer.code !== 'FST_OAUTH_GRANT_BUSY') return { ...answer, busy }
        // As its Retry-After says.
        await delay(1_000)
      }
    }))
    t.equal(rotation.sent.length, 1)
    t.equal(new Set(outcomes.map(({ token }) => token)).size, 1)
    for (const outcome of outcomes) t.match(outcome, { token: /^refreshed~alice/ })
    t.ok(outcomes.some(({ busy }) => busy > 0), 'the others were held off for longer than a lease lasts')
  })
}
