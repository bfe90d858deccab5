// F15: processes that are killed between the answer of the provider and its save.
import { once } from 'node:events'
import t from 'tap'
import { secret, settled, startModule, startProcesses } from '../fixtures/processes.js'
import { kinds } from '../fixtures/shared-store.js'

const kills = 50
const ownersEach = 3

for (const kind of kinds) {
  t.test(`F15: kill -9 ${kills} times between the answer of the provider and its save in ${kind}: each owner goes on, or logs in once`, async (t) => {
    const { shared: { address }, wire, start, grant, rotation } = await startProcesses(t, kind)
    const owners = Array.from({ length: kills }, (_, kill) => Array.from({ length: ownersEach }, (_, index) => `owner${kill}-${index}`))
    const options = { address, secret, leaseTime: 3_000, tokenUrl: `${wire.issuer}/token`, writesTake: [0, 6] }
    const victims = new Map<string, () => void>()
    rotation.after = owner => victims.get(owner)?.()

    // Each process is killed a random moment after the provider has answered the first of its owners.
    const killOnce = async ([first = '', ...others]: string[]) => {
      const child = startModule(t, 'keeper-process', options)
      await once(child, 'message')
      const exit = once(child, 'exit')
      const moment = Math.random() * 10
      victims.set(first, () => setTimeout(() => child.kill('SIGKILL'), moment))
      for (const owner of [first, ...others]) {
        await grant(owner)
        // It may be gone already.
        child.send(owner, () => {})
      }
      await exit
    }
    const left = [...owners]
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await killOnce(next)
    }))

    const survivor = await start()
    const outcomes = await Promise.all(owners.flat().map(async owner => ({ owner, answer: await settled(survivor, owner) })))
    const lost = outcomes.filter(({ answer }) => answer.status === 401)
    t.comment(`${lost.length} of ${outcomes.length} grants lost the answer to their refresh`)
    t.ok(lost.length > 0, 'some were killed in between')
    for (const { answer, owner } of outcomes) {
      if (answer.status === 401) t.equal(answer.code, 'FST_OAUTH_GRANT_REQUIRED')
      else t.match(answer, { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
    }
    for (const { owner } of lost) {
      t.equal((await survivor.call(owner)).status, 401, 'and nothing is tried meanwhile')
      await survivor.logIn(owner)
      t.match(await survivor.call(owner), { status: 200, token: /granted/ })
    }
    t.strictSame(rotation.reused, [], 'no refresh token was sent twice')
  })
}
