// The diagnostics channels.
import diagnostics from 'node:diagnostics_channel'
import t from 'tap'
import type { Test } from 'tap'
import { channels } from '../../lib/grants/events.js'
import { errorOf, expired, gate, outage, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const names = ['fastify-oauth:refresh:start', 'fastify-oauth:refresh:end', 'fastify-oauth:refresh:error', 'fastify-oauth:lease:wait']

interface Event { name: string, message: { duration?: number, error?: unknown } }

function listen (t: Test): Event[] {
  const events: Event[] = []
  for (const name of names) {
    const hear = (message: unknown) => { events.push({ name, message: message as Event['message'] }) }
    diagnostics.subscribe(name, hear)
    t.teardown(() => diagnostics.unsubscribe(name, hear))
  }
  return events
}

t.test('the channels have the names that are documented', (t) => {
  t.strictSame(Object.values(channels).map(({ name }) => name), names)
  t.ok(Object.isFrozen(channels))
  t.end()
})

t.test('a refresh is told at its start and at its end, with how long it took, and without a token', async (t) => {
  const { keeper, provider } = await expired()
  const events = listen(t)
  await keeper.fresh(provider, alice)
  t.strictSame(events.map(({ name }) => name), ['fastify-oauth:refresh:start', 'fastify-oauth:refresh:end'])
  t.strictSame(events[0]?.message, { ...alice, account: 'default' })
  t.match(events[1]?.message, { ...alice, account: 'default', duration: Number })
  t.notMatch(JSON.stringify(events), /access-|refresh-\d/)
})

t.test('a refresh that fails is told with its error', async (t) => {
  const { keeper, provider } = await expired()
  const events = listen(t)
  const failure = outage()
  provider.before = () => { throw failure }
  await errorOf(keeper.fresh(provider, alice))
  t.match(events.at(-1), { name: 'fastify-oauth:refresh:error', message: { ...alice, account: 'default', duration: Number } })
  t.equal(events.at(-1)?.message.error, failure)
})

t.test('a lease that another process holds is told with how long it was waited for; one that is free is not', async (t) => {
  const { keeper, provider, store, another } = await expired()
  const events = listen(t)
  const { opened, open } = gate()
  provider.before = () => opened
  const first = keeper.fresh(provider, alice)
  await until(() => provider.sent.length === 1)
  const second = another().keeper.fresh(provider, alice)
  await until(() => store.count('lease') > 2)
  open()
  await Promise.all([first, second])
  const waits = events.filter(({ name }) => name === 'fastify-oauth:lease:wait')
  t.equal(waits.length, 1)
  t.match(waits[0]?.message, { ...alice, account: 'default', duration: Number })
  t.ok((waits[0]?.message.duration ?? 0) > 0)
})
