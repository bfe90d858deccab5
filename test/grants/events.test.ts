// The diagnostics channels.
import diagnostics from 'node:diagnostics_channel'
import t from 'tap'
import type { Test } from 'tap'
import { channels } from '../../lib/grants/events.js'
import { clientKey, exchangedKey } from '../../lib/grants/obtained-key.js'
import { errorOf, expired, failingOnceSent, gate, outage, startKeeper, tokenSet, until } from '../fixtures/grants.js'

const alice = { owner: 'alice', provider: 'test' }
const names = [
  'fastify-oauth:refresh:start', 'fastify-oauth:refresh:end', 'fastify-oauth:refresh:error', 'fastify-oauth:refresh:rescued',
  'fastify-oauth:token:start', 'fastify-oauth:token:end', 'fastify-oauth:token:error', 'fastify-oauth:lease:wait'
]

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

t.test('a token that is obtained is told at its start and at its end, with what it is for, and without the token', async (t) => {
  const { keeper: { obtained } } = startKeeper()
  const events = listen(t)
  const wanted = { provider: 'billing', scope: ['read'], madeFrom: 'secret-canary', obtain: async () => tokenSet({ accessToken: 'token-canary' }) }
  await obtained.fresh({ ...wanted, key: clientKey('billing', ['audience-canary']) })
  await obtained.fresh({ ...wanted, key: exchangedKey({ ...alice, account: 'default' }, ['billing']) })
  const application = { provider: 'billing', scope: ['read'], grantType: 'client_credentials' }
  const exchanged = { provider: 'billing', scope: ['read'], grantType: 'token_exchange', owner: 'alice', account: 'default' }
  t.strictSame(events.map(({ name }) => name), ['start', 'end', 'start', 'end'].map(name => `fastify-oauth:token:${name}`))
  t.strictSame([events[0]?.message, events[2]?.message], [application, exchanged])
  t.match([events[1]?.message, events[3]?.message], [{ ...application, duration: Number }, { ...exchanged, duration: Number }])
  t.notMatch(JSON.stringify(events), /canary/)
})

t.test('a token that is used again is told nothing of; one that cannot be had is told with its error', async (t) => {
  const { keeper: { obtained } } = startKeeper()
  const wanted = { provider: 'billing', scope: ['read'], madeFrom: 'client', key: clientKey('billing', []) }
  const failure = outage()
  const events = listen(t)
  await errorOf(obtained.fresh({ ...wanted, obtain: async () => { throw failure } }))
  t.match(events.at(-1), { name: 'fastify-oauth:token:error', message: { provider: 'billing', duration: Number } })
  t.equal(events.at(-1)?.message.error, failure)
  await obtained.fresh({ ...wanted, obtain: async () => tokenSet() })
  const { length } = events
  await obtained.fresh({ ...wanted, obtain: async () => tokenSet() })
  t.equal(events.length, length)
})

t.test('F18: a grant that is rescued as the application closes is told of, once', async (t) => {
  const { keeper, store, provider } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  const events = listen(t)
  await keeper.drain()
  t.strictSame(events, [], 'where the store still fails it is not')
  store.before = () => {}
  await keeper.drain()
  await keeper.drain()
  t.strictSame(events, [{ name: 'fastify-oauth:refresh:rescued', message: { ...alice, account: 'default' } }])
})

t.test('what gave way to a login was not rescued, nor a refresh token that was never spent', async (t) => {
  const { keeper, store, provider, login } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  const events = listen(t)
  store.before = () => {}
  await login({ tokens: { refreshToken: 'of the login' } })
  await keeper.drain()
  t.strictSame(events, [])

  const unspent = await expired({ leaseTime: 100 })
  failingOnceSent(unspent.store, unspent.provider)
  const { before } = unspent.provider
  unspent.provider.before = (token, grant) => {
    before(token, grant)
    throw outage()
  }
  await errorOf(unspent.keeper.fresh(unspent.provider, alice))
  unspent.store.before = () => {}
  await unspent.keeper.drain()
  t.notOk(events.some(({ name }) => name === 'fastify-oauth:refresh:rescued'))
})

t.test('a grant that was revoked meanwhile is not rescued', async (t) => {
  const { keeper, store, provider } = await expired({ leaseTime: 100 })
  failingOnceSent(store, provider)
  await errorOf(keeper.fresh(provider, alice))
  const events = listen(t)
  store.before = () => {}
  await store.inner.delete({ ...alice, account: 'default' })
  await keeper.drain()
  t.strictSame(events, [])
})
