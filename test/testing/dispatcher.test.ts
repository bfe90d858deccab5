// The dispatcher into this process, as undici's own clients use it.
import { Readable } from 'node:stream'
import t from 'tap'
import { fetch, interceptors, request } from 'undici'
import { createFakeNetwork } from '../../lib/testing/index.js'
import { startFake } from '../fixtures/fake-app.js'

const target = 'https://fake-provider.test/nowhere'

t.test('bodies and headers in every form that undici takes', async (t) => {
  const fake = await startFake(t)
  const { dispatcher } = fake
  const send = async (options: Parameters<typeof request>[1]) => {
    const { statusCode, body } = await request(target, { dispatcher, method: 'POST', ...options })
    await body.dump()
    t.equal(statusCode, 404)
    return fake.requests.at(-1)
  }
  for (const body of ['text', Buffer.from('text'), new Uint8Array([116, 101, 120, 116]), Readable.from(['te', 'xt'])]) {
    t.equal((await send({ body, headers: { 'content-type': 'text/plain' } }))?.body, 'text')
  }
  t.match(await send({ headers: ['X-One', '1', 'x-two', '2'] }), { headers: { 'x-one': '1', 'x-two': '2' } })
  t.match(await send({ headers: new Map([['x-one', '1']]) }), { headers: { 'x-one': '1' } })
  t.match(await send({ headers: { 'x-list': ['a', 'b'], 'x-none': undefined } }), { headers: { 'x-list': 'a, b' } })
  t.match(await send({ query: { a: 'b c', d: 1 } }), { query: { a: 'b c', d: '1' }, path: '/nowhere' })
  t.match((await send({}))?.headers.host, 'fake-provider.test')

  const fetched = await fetch(target, { dispatcher, method: 'POST', body: 'by fetch' })
  t.match(await fetched.json(), { error: 'not_found' })
  t.equal(fake.requests.at(-1)?.body, 'by fetch')
  const composed = dispatcher.compose(interceptors.redirect())
  t.equal((await request(target, { dispatcher: composed })).statusCode, 404)
})

t.test('no other origin is reached', async (t) => {
  const fake = await startFake(t)
  await t.rejects(request('https://fake-provider.test:444/', { dispatcher: fake.dispatcher }), { code: 'FST_OAUTH_TESTING_FOREIGN_ORIGIN', message: 'The dispatcher of a fake provider serves https://fake-provider.test and makes no request to https://fake-provider.test:444' })
  const other = await startFake(t, { origin: 'https://other.test' })
  const network = createFakeNetwork(fake, other)
  t.equal((await request('https://other.test/x', { dispatcher: network })).statusCode, 404)
  await t.rejects(request('https://third.test/', { dispatcher: network }), { message: /serves https:\/\/fake-provider.test, https:\/\/other.test/ })
  t.equal(other.requests.length, 1)
  await network.close()
  await network.destroy()
})

t.test('what is aborted ends, before the answer and in its middle', async (t) => {
  const fake = await startFake(t)
  const { dispatcher } = fake
  await t.rejects(request(target, { dispatcher, signal: AbortSignal.abort(new Error('given up')) }), { message: 'given up' })
  t.equal(fake.requests.length, 0)

  const early = new AbortController()
  const waiting = request(target, { dispatcher, signal: early.signal })
  early.abort(new Error('too late'))
  await t.rejects(waiting, { message: 'too late' })

  fake.faults.set('slow-drip')
  const { body } = await request(target, { dispatcher })
  body.destroy(new Error('enough'))
  await t.rejects(body.text())
  const second = await request(target, { dispatcher })
  await fake.close()
  await t.rejects(second.body.text(), { message: 'other side closed' }, 'a provider that closes hangs up')
  await t.rejects(request(target, { dispatcher }), { code: 'FST_ERR_REOPENED_CLOSE_SERVER' })
})

t.test('a reader that is slow makes it wait', async (t) => {
  const fake = await startFake(t)
  fake.faults.next('huge', 1, { bytes: 1_000_000 })
  const { body } = await request(target, { dispatcher: fake.dispatcher, highWaterMark: 1 })
  let size = 0
  for await (const chunk of body) size += (chunk as Buffer).length
  t.equal(size, 1_000_000 + '{"padding":""}'.length)
})
