// A15: return addresses that are not given as such: Referer, the address that was asked for, logout, the error page.
import t from 'tap'
import { escapeOf, escapesOf, startReturnScene, treacherousAddresses } from '../fixtures/return-addresses.js'
import type { Started } from '../fixtures/return-addresses.js'

// Thousands of requests, on a machine that may be busy.
t.setTimeout(240_000)

t.test('A15: the Referer of a call that is told where to log in', async (t) => {
  const { url, ask, finish } = await startReturnScene(t)
  // What a header can carry; beyond ASCII, as the bytes that a client would send.
  const addresses = treacherousAddresses(url).map(address => Buffer.from(address).toString('latin1')).filter(address => /^[\t\x20-\x7e\x80-\xff]+$/.test(address))
  t.ok(addresses.length >= 500, `${addresses.length} addresses`)
  const escapes = await escapesOf(addresses, url, async (referer) => {
    const { text } = await ask('/guarded', { headers: { accept: 'application/json', referer } })
    const { authorizeUrl } = JSON.parse(text) as { authorizeUrl: string }
    if (!authorizeUrl.startsWith(`${url}/oauth/test?`)) return authorizeUrl
    return finish(await ask(authorizeUrl.slice(url.length)))
  })
  t.strictSame(escapes, [])
})

t.test('A15: the address of a guarded page', async (t) => {
  for (const fastify of [{}, { routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true } }]) {
    const { url, ask, finish } = await startReturnScene(t, {
      app: { fastify, routes (app) { app.get('/*', { config: { oauth: 'test' } }, async () => 'the guarded page') } }
    })
    const addresses = treacherousAddresses(url).map(address => /^(\/|https?:\/\/)/.test(address) ? address : `/${address}`).filter(address => /^[\x21-\x7e]+$/.test(address))
    const answers: Started[] = []
    const escapes = await escapesOf(addresses, url, async (address) => {
      const answer = await ask(address, { headers: { accept: 'text/html' } })
      answers.push(answer)
      // Some of them no router takes, and some no session.
      return answer.statusCode === 303 ? finish(answer) : '/'
    })
    t.strictSame(escapes, [])
    t.ok(answers.filter(({ statusCode }) => statusCode === 303).length > addresses.length / 2, 'most of them start a login')
    t.strictSame(answers.filter(({ text }) => text.includes('guarded page')), [], 'none is let through')
  }
})

t.test('A15: the address of a guarded page, below a base path', async (t) => {
  const { ask, finish } = await startReturnScene(t, {
    plugin: { baseUrl: 'https://app.example/base' },
    app: { routes (app) { app.get('/*', { config: { oauth: 'test' } }, async () => 'the guarded page') } }
  })
  const addresses = ['//evil.example/x', '/\\evil.example', '/%2f%2fevil.example', '//@evil.example', '/..//evil.example', '/../..//evil.example', '/..\\evil.example']
  t.strictSame(await escapesOf(addresses, 'https://app.example', async address => finish(await ask(address, { headers: { accept: 'text/html' } }))), [])
})

t.test('A15: returnTo of a logout', async (t) => {
  const { url, ask } = await startReturnScene(t)
  const headers = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }
  const escapes = await escapesOf([...treacherousAddresses(url), `blob:${url}/x`], url, async (returnTo) => {
    const { headers: { location } } = await ask('/oauth/test/logout', { method: 'POST', headers, body: new URLSearchParams({ returnTo }).toString() })
    return String(location)
  })
  t.strictSame(escapes, [])
})

t.test('A15: a form that is passed on', async (t) => {
  const { url, ask } = await startReturnScene(t, { app: { fastify: { routerOptions: { ignoreDuplicateSlashes: true } } } })
  const started = await ask('/oauth/test', { headers: { cookie: 'another=cookie' } })
  const cookie = String([started.headers['set-cookie']].flat()[0]).split(';')[0] ?? ''
  const body = new URLSearchParams({ code: 'a-code', state: String(new URL(String(started.headers.location)).searchParams.get('state')) }).toString()
  for (const address of ['/oauth/test/callback', '//oauth/test/callback', '/oauth/test/callback?x=//evil.example', 'http://evil.example/oauth/test/callback', 'http://@evil.example/oauth/test/callback']) {
    const { statusCode, headers: { location } } = await ask(address, { method: 'POST', headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body })
    t.equal(statusCode, 303, address)
    t.ok(URL.canParse(String(location)) && new URL(String(location)).origin === url, `${address} → ${location}`)
  }
})

t.test('A15: the link on an error page', async (t) => {
  const { url, ask, refuse } = await startReturnScene(t, { app: { fastify: { routerOptions: { ignoreDuplicateSlashes: true } } } })
  const linkIn = (text: string) => /<a href="([^"]*)"/.exec(text)?.[1]?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
  // Sent as they are: the page that refuses a start from another site links to the address it was asked for.
  for (const address of ['/oauth/test?returnTo=//evil.example', '//oauth/test', '///oauth//test?x=%22%3E', `${url}/oauth/test`, 'http://evil.example/oauth/test?x']) {
    const { statusCode, text } = await ask(address, { headers: { accept: 'text/html', 'sec-fetch-site': 'cross-site' } })
    t.equal(statusCode, 403, address)
    const link = linkIn(text)
    t.ok(link === undefined || escapeOf(link, url) === null, `${address} → ${link}`)
  }
  const addresses = treacherousAddresses(url).filter((_, index) => index % 11 === 0)
  t.strictSame(await escapesOf(addresses, url, async address => String(linkIn(await refuse(await ask(`/oauth/test?returnTo=${encodeURIComponent(address)}`))))), [])
})
