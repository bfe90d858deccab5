// A16: a return address that is no address leads to the default target, and costs nothing (CVE-2022-31093).
import t from 'tap'
import { startReturnScene } from '../fixtures/return-addresses.js'

const megabyte = 'a'.repeat(1024 * 1024)
const malformed = ['%', '/%', '/%zz', '/%E0%A4%A', 'http://[', 'http://%', 'http://a b', '//', '///', '\\', '', ' ', '\0', `/${megabyte}`, `/${'%2e'.repeat(300_000)}`, `/${'../'.repeat(300_000)}`, `//${megabyte}`, `http://${megabyte}`, `/?${'%'.repeat(500_000)}`, `/#${megabyte}`]

t.test('A16: malformed return addresses', async (t) => {
  const { ask, finish } = await startReturnScene(t, {
    plugin: { returnTo: '/default' },
    app: {
      fastify: { bodyLimit: 4 * 1024 * 1024 },
      routes (app) { app.post('/authorize', async (request, reply) => request.oauth.use('test').authorize(reply, request.body as { returnTo: string })) }
    }
  })
  for (const address of malformed) {
    const name = address.length > 40 ? `${address.slice(0, 20)}… (${address.length} characters)` : JSON.stringify(address)
    const headers = { 'content-type': 'application/json' }
    t.equal(await finish(await ask('/authorize', { method: 'POST', headers, body: JSON.stringify({ returnTo: address }) })), '/default', `authorize: ${name}`)
    if (address.length < 100) {
      t.equal(await finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`)), '/default', `query: ${name}`)
      if (/^[\x21-\x7e]*$/.test(address)) t.equal(await finish(await ask(`/oauth/test?returnTo=${address}`)), '/default', `query as it is: ${name}`)
    }
  }
})

t.test('A16: values that are no text', async (t) => {
  const { ask, finish } = await startReturnScene(t, {
    plugin: { returnTo: '/default' },
    app: { routes (app) { app.post('/authorize', async (request, reply) => request.oauth.use('test').authorize(reply, request.body as { returnTo: string })) } }
  })
  for (const returnTo of [null, 5, {}, ['/'], true, { toString: '/x' }]) {
    const headers = { 'content-type': 'application/json' }
    t.equal(await finish(await ask('/authorize', { method: 'POST', headers, body: JSON.stringify({ returnTo }) })), '/default', JSON.stringify(returnTo))
  }
})
