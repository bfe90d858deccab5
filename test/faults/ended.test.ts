// F18, F19: processes that are told to end, or stopped for a while, in the middle of a refresh.
import t from 'tap'
import { gate, until } from '../fixtures/grants.js'
import { settled, startProcesses } from '../fixtures/processes.js'
import { kinds } from '../fixtures/shared-store.js'

// Of a lease it is this much and ten seconds.
const plugin = { timeout: 1_000 }

for (const kind of kinds) {
  t.test(`F18: SIGTERM under load: what was rotated is in ${kind}, and the process ends by itself`, async (t) => {
    const { start, grant, rotation } = await startProcesses(t, kind)
    const [leaving, staying] = await Promise.all([start(), start()])
    const owners = Array.from({ length: 20 }, (_, index) => `owner${index}`)
    for (const owner of owners) await grant(owner)
    const { opened, open } = gate()
    rotation.before = async () => { await opened; return undefined }
    const answers = Promise.all(owners.map(owner => leaving.call(owner)))
    await until(() => rotation.sent.length === owners.length)
    const ended = leaving.end('SIGTERM')
    // It takes no more requests, and those that it has taken go on.
    await until(() => staying.call('nobody').then(() => leaving.call('nobody')).then(({ status }) => status === 503, () => true))
    open()
    for (const answer of await answers) t.match(answer, { status: 200, token: /^refreshed/ })
    t.equal(await ended, 0)
    for (const owner of owners) t.match(await staying.call(owner), { status: 200, token: new RegExp(`^refreshed~${owner}~`) })
    t.equal(rotation.sent.length, owners.length)
  })

  t.test(`F19: a process that was stopped past its lease in ${kind} writes nothing over what came since`, async (t) => {
    const { start, grant, rotation, wire, shared: { store } } = await startProcesses(t, kind)
    const { issuer, clientId, clientSecret } = wire
    const test = { issuer, clientId, clientSecret, apiBaseUrl: `${issuer}/`, quirks: { refreshGrace: 60_000 } }
    const [paused, strict, forgiving] = await Promise.all([start({ plugin, writesTake: [1_500, 1_500] }), start({ plugin }), start({ plugin: { ...plugin, providers: { test } } })])
    const owners = ['alice', 'bob', 'carol']
    for (const owner of owners) await grant(owner)
    rotation.grace = true
    const saving = new Set<string>()
    paused.child.on('message', (message: { saving: string }) => { saving.add(message.saving) })
    const late = Promise.all(owners.map(owner => paused.call(owner)))
    await until(() => saving.size === owners.length)
    paused.child.kill('SIGSTOP')

    const [refreshed, ...given] = await Promise.all([settled(forgiving, 'alice'), settled(strict, 'bob'), settled(strict, 'carol')])
    t.match(refreshed, { status: 200, token: /^refreshed/ })
    for (const answer of given) t.match(answer, { status: 401, code: 'FST_OAUTH_GRANT_REQUIRED' })
    await strict.logIn('carol')
    const stored = () => Promise.all(owners.map(owner => store.list(owner)))
    const before = await stored()
    paused.child.kill('SIGCONT')
    const [alice, bob, carol] = await late
    t.strictSame(await stored(), before)
    t.match(alice, { status: 200, token: refreshed.token })
    t.match(bob, { status: 503, code: 'FST_OAUTH_GRANT_BUSY' })
    t.match(carol, { status: 200, token: /granted/ })

    // What it could not save under the old lease it saves under a new one, where nobody has logged in since.
    t.equal(await paused.end('SIGTERM'), 0)
    t.match(await strict.call('bob'), { status: 200, token: /^refreshed~bob/ })
    t.match(await strict.call('carol'), { status: 200, token: carol?.token })
  })
}
