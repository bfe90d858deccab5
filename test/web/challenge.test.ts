import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, setUp } from '../fixtures/login.js'

function routes (app: FastifyInstance): void {
  const handler = async () => 'in'
  app.route({ method: ['GET', 'POST'], url: '/read', config: { oauth: { provider: 'wire', scope: ['read'] } }, handler })
  app.get('/write', { config: { oauth: { provider: 'wire', scope: ['write', 'delete'] } } }, handler)
  app.get('/any', { config: { oauth: 'wire' } }, handler)
  app.get('/', async () => 'home')
}

const document = { 'sec-fetch-dest': 'document', accept: '*/*' }
const script = { 'sec-fetch-dest': 'empty', accept: 'text/html' }
const scopeOf = (address: string) => new URL(address).searchParams.get('scope')?.split(' ').sort()

t.test('a page load is sent to the provider for what it lacks, and resumes where it was', async (t) => {
  const { url, browser, wire } = await setUp(t, { routes })
  for (const headers of [document, { accept: 'text/html,*/*;q=0.8' }]) {
    browser.cookies.clear()
    const page = await browser.open(`${url}/read?a=b&c=%20d`, { headers })
    t.equal(page.url, `${url}/read?a=b&c=%20d`)
    t.equal(page.text, 'in')
    t.strictSame(scopeOf(String(page.hops[1])), ['openid', 'read'])
    t.match(page.hops[1], `${wire.issuer}/authorize?`)
    t.equal(page.hops.length, 4, 'page, provider, callback, page')
  }
})

t.test('HEAD is a read like GET', async (t) => {
  const { url, browser, wire } = await setUp(t, { routes })
  const { status, location } = await read(await browser.request(`${url}/read`, { method: 'HEAD', headers: document }))
  t.equal(status, 303)
  t.match(location, `${wire.issuer}/authorize?`)
})

t.test('everything else gets 401, with the address to open', async (t) => {
  const { url, browser, logs } = await setUp(t, { routes })
  for (const request of [{ headers: script }, { headers: { accept: 'application/json' } }, { headers: document, method: 'POST' }, { headers: { ...document, 'sec-fetch-dest': 'iframe' } }]) {
    const { status, headers, json } = await read(await browser.request(`${url}/read`, request))
    t.equal(status, 401)
    t.equal(headers.get('www-authenticate'), 'Bearer realm="wire", scope="read"')
    t.equal(headers.get('cache-control'), 'no-store')
    const { authorizeUrl, ...rest } = json
    t.match(authorizeUrl, new RegExp(`^${url}/oauth/wire\\?login=v1\\.[\\w-]+\\.[\\w-]+$`))
    t.strictSame(rest, { statusCode: 401, code: 'FST_OAUTH_GRANT_REQUIRED', error: 'Unauthorized', message: 'Nothing was granted at wire yet: a login is needed', provider: 'wire', scope: ['read'] })
  }
  t.notMatch(logs.join(''), '?login=', 'what is asked for is not in the log')
  t.equal((await read(await browser.request(`${url}/any`, { headers: script }))).headers.get('www-authenticate'), 'Bearer realm="wire"')
})

t.test('a form that a person has sent gets a page, with the same status and header', async (t) => {
  const { url, browser, logIn } = await setUp(t, { routes, provider: () => ({ scope: ['openid', 'write'] }) })
  const send = async () => read(await browser.request(`${url}/read`, { method: 'POST', headers: { 'sec-fetch-dest': 'document', accept: 'text/html', referer: `${url}/?page=1` } }))
  const none = await send()
  t.equal(none.status, 401)
  t.equal(none.headers.get('www-authenticate'), 'Bearer realm="wire", scope="read"')
  t.equal(none.headers.get('cache-control'), 'no-store')
  t.match(none.headers.get('content-security-policy'), "default-src 'none'")
  t.match(none.text, 'This needs your login')
  await logIn()
  const less = await send()
  t.equal(less.status, 403)
  t.match(less.headers.get('www-authenticate'), 'error="insufficient_scope"')
  t.match(less.text, 'more access than you have allowed')
  const address = /href="([^"]+)">Log in and allow it/.exec(less.text)?.[1]?.replaceAll('&#38;', '&') ?? ''
  t.equal((await browser.open(address)).url, `${url}/?page=1`)
})

t.test('the address leads through the login back to the page that asked', async (t) => {
  const { url, browser } = await setUp(t, { routes })
  const { json } = await read(await browser.request(`${url}/read`, { headers: { ...script, referer: `${url}/?page=1` } }))
  const page = await browser.open(String(json.authorizeUrl))
  t.strictSame(scopeOf(String(page.hops[1])), ['openid', 'read'])
  t.equal(page.url, `${url}/?page=1`)
  t.equal((await read(await browser.request(`${url}/read`, { headers: script }))).status, 200)
})

t.test('a page of another site is not where it leads', async (t) => {
  const { url, browser } = await setUp(t, { routes })
  for (const referer of [{ referer: 'https://evil.example/' }, {}] as Array<Record<string, string>>) {
    const { json } = await read(await browser.request(`${url}/read`, { headers: { ...script, ...referer } }))
    t.equal((await browser.open(String(json.authorizeUrl))).url, `${url}/`)
    browser.cookies.clear()
  }
})

t.test('a grant that covers too little: page loads ask for the union, the rest gets 403', async (t) => {
  const { url, browser, logIn, wire } = await setUp(t, { routes, provider: () => ({ scope: ['openid', 'write'] }) })
  await logIn()
  const { status, headers, json } = await read(await browser.request(`${url}/write`, { headers: script }))
  t.equal(status, 403)
  t.equal(headers.get('www-authenticate'), 'Bearer realm="wire", error="insufficient_scope", scope="write delete"')
  t.match(json, { statusCode: 403, code: 'FST_OAUTH_INSUFFICIENT_SCOPE', error: 'Forbidden', message: 'wire granted less than is needed; missing: delete', scope: ['write', 'delete'] })
  t.strictSame(scopeOf((await browser.open(String(json.authorizeUrl))).hops[1] as string), ['delete', 'openid', 'write'])

  const page = await browser.open(`${url}/read`, { headers: document })
  t.equal(page.text, 'in')
  t.strictSame(scopeOf(String(page.hops[1])), ['delete', 'openid', 'read', 'write'], 'what was granted is asked for again')
  t.equal(wire.to('/authorize').length, 2)
})

t.test('a user who allows less ends with 403, not in a loop', async (t) => {
  const { url, browser, wire } = await setUp(t, { routes })
  wire.tokens = { scope: 'openid' }
  const page = await browser.open(`${url}/read`, { headers: document })
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_INSUFFICIENT_SCOPE')
  t.match(page.text, 'href="/oauth/wire?login=v1.')
  t.equal(wire.to('/authorize').length, 1)
  t.equal((await read(await browser.request(`${url}/any`))).text, 'in', 'what was granted is there')

  wire.tokens = {}
  t.equal((await browser.open(`${url}/read`, { headers: document })).text, 'in', 'the page asks once more when it is opened again')
})

t.test('the same through the address of a script', async (t) => {
  const { url, browser, wire } = await setUp(t, { routes })
  wire.tokens = { scope: 'openid' }
  const { json } = await read(await browser.request(`${url}/read`, { headers: script }))
  t.equal((await browser.open(String(json.authorizeUrl))).status, 403)
})

t.test('a query cannot ask for scopes of its own, and a ticket is for one provider', async (t) => {
  const { url, browser, wire } = await setUp(t, { routes, plugin: wire => ({ providers: { wire: discovered(wire), other: discovered(wire) } }) })
  const { json } = await read(await browser.request(`${url}/read`, { headers: script }))
  const ticket = String(json.authorizeUrl).split('login=')[1] ?? ''
  const changed = ticket.endsWith('A') ? 'B' : 'A'
  for (const query of ['scope=admin', 'login=nonsense', 'login=', `login=${ticket.slice(0, -2)}${changed.repeat(2)}`, `login=${ticket.slice(0, -4)}`]) {
    t.strictSame(scopeOf(await browser.openUntil(`${url}/oauth/wire?${query}`, wire.issuer)), ['openid'], query)
  }
  t.strictSame(scopeOf(await browser.openUntil(`${url}/oauth/other?login=${ticket}`, wire.issuer)), ['openid'], 'at another provider')
  t.strictSame(scopeOf(await new Browser().openUntil(`${url}/oauth/wire?login=${ticket}`, wire.issuer)), ['openid', 'read'])
})

t.test('what the address asks for holds for an hour; then only the way back is left', async (t) => {
  let now = Date.now()
  const { url, browser, wire } = await setUp(t, { routes, plugin: () => ({ clock: () => now }) })
  const { json } = await read(await browser.request(`${url}/read`, { headers: { ...script, referer: `${url}/?page=1` } }))
  const authorizeUrl = String(json.authorizeUrl)
  now += 3_600_000
  t.strictSame(scopeOf(await browser.openUntil(authorizeUrl, wire.issuer)), ['openid', 'read'])
  now += 1
  const authorization = await browser.openUntil(authorizeUrl, wire.issuer)
  t.strictSame(scopeOf(authorization), ['openid'])
  wire.claims = { iat: Math.floor(now / 1_000), exp: Math.floor(now / 1_000) + 300 }
  t.equal((await read(await browser.request(wire.callbackFor(authorization)))).location, '/?page=1')
})
