// A15: a login ends on the application's own origin, whatever it was told (RFC 9700 section 4.11, CVE-2022-23527).
import t from 'tap'
import { escapeOf, escapesOf, startReturnScene, treacherousAddresses } from '../fixtures/return-addresses.js'
import type { SceneOptions } from '../fixtures/scene.js'

// Thousands of requests, on a machine that may be busy.
t.setTimeout(240_000)

const authorizeRoute: NonNullable<SceneOptions['app']> = {
  routes (app) { app.post('/authorize', async (request, reply) => request.oauth.use('test').authorize(reply, request.body as { returnTo: string })) }
}

t.test('A15: returnTo in the query of the login', async (t) => {
  const { url, ask, finish } = await startReturnScene(t)
  const addresses = treacherousAddresses(url)
  t.ok(addresses.length >= 500, `${addresses.length} addresses`)
  t.strictSame(await escapesOf(addresses, url, async address => finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`))), [])
})

t.test('A15: returnTo in the query, not encoded as it should be', async (t) => {
  const { url, ask, finish } = await startReturnScene(t)
  const sendable = treacherousAddresses(url).filter(address => /^[\x21-\x7e]+$/.test(address))
  t.ok(sendable.length >= 250, `${sendable.length} addresses`)
  t.strictSame(await escapesOf(sendable, url, async address => finish(await ask(`/oauth/test?returnTo=${address}`))), [])
})

t.test('A15: returnTo of request.oauth.authorize', async (t) => {
  const { url, ask, finish } = await startReturnScene(t, { app: authorizeRoute })
  const headers = { 'content-type': 'application/json' }
  t.strictSame(await escapesOf(treacherousAddresses(url), url, async returnTo => finish(await ask('/authorize', { method: 'POST', headers, body: JSON.stringify({ returnTo }) }))), [])
})

t.test('A15: what the application\'s own hook is told', async (t) => {
  const told: string[] = []
  const { url, ask, finish } = await startReturnScene(t, { plugin: { onAuthorized ({ returnTo }) { told.push(returnTo) } } })
  const addresses = treacherousAddresses(url).filter((_, index) => index % 7 === 0)
  await escapesOf(addresses, url, async address => finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`)))
  t.equal(told.length, addresses.length)
  t.strictSame(told.filter(returnTo => escapeOf(returnTo, url) !== null), [], 'a path on this origin, always')
})

t.test('A15: an address inside a blob: URL of the own origin', async (t) => {
  const { url, ask, finish } = await startReturnScene(t, { app: authorizeRoute })
  const headers = { 'content-type': 'application/json' }
  const addresses = [`blob:${url}/x`, `blob:${url}//evil.example`, `BLOB:${url}/..//evil.example`]
  t.strictSame(await escapesOf(addresses, url, async address => finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`))), [], 'in the query')
  t.strictSame(await escapesOf(addresses, url, async returnTo => finish(await ask('/authorize', { method: 'POST', headers, body: JSON.stringify({ returnTo }) }))), [], 'from a handler')
})

t.test('A15: an address of another origin is not cut down to its path, but dropped', async (t) => {
  const { url, ask, finish } = await startReturnScene(t)
  for (const address of ['https://evil.example/path', '//evil.example/path', `${url.replace('http:', 'https:')}/path`, `${url}0/path`, 'http://127.0.0.1/path', `http://user@${new URL(url).hostname}/path`]) {
    t.equal(await finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`)), '/', address)
  }
})

t.test('A15: addresses of the own origin are still taken', async (t) => {
  const { url, ask, finish } = await startReturnScene(t)
  for (const [address, expected] of [['/', '/'], ['/a/b?c=d&e=//f#g', '/a/b?c=d&e=//f#g'], [`${url}/a?b`, '/a?b'], ['/a%20b', '/a%20b'], ['/a//b', '/a//b'], ['/@x', '/@x']] as const) {
    t.equal(await finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`)), expected)
  }
})

t.test('A15: a deep link of a native application opens no other way out', async (t) => {
  const { url, ask, finish } = await startReturnScene(t, { plugin: { returnToUris: ['com.example.app:/signed-in'] } })
  const addresses = [...treacherousAddresses(url), 'com.example.app:', 'com.example.app:/signed-in@evil.example', 'com.example.app:/signed-in\n', 'com.example.app://evil.example/signed-in', 'com.example.app.evil:/signed-in', 'evil.example.app:/signed-in']
  t.strictSame(await escapesOf(addresses, url, async address => finish(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`))), [])
})
