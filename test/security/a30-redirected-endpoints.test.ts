// A30, A31: what carries a secret follows no redirect, and metadata is of the issuer that was asked (RFC 8414 section 3.3).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Endpoint } from '../fixtures/wire-provider.js'

/** A host that writes down what comes. */
async function startTarget (t: Test): Promise<{ url: string, arrivals: string[] }> {
  const arrivals: string[] = []
  const server = createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('data', chunk => chunks.push(chunk))
    message.on('end', () => {
      arrivals.push(`${message.method} ${message.url} ${JSON.stringify(message.headers)} ${Buffer.concat(chunks)}`)
      response.end('{"access_token":"stolen","token_type":"bearer"}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => { server.close(resolve); server.closeAllConnections() }))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrivals }
}

const statuses = [300, 301, 302, 303, 304, 307, 308]

t.test('A30: a token endpoint that redirects a login', async (t) => {
  const scene = await startScene(t)
  const target = await startTarget(t)
  for (const status of statuses) {
    for (const location of [`${target.url}/token`, '/elsewhere', '/token']) {
      scene.provider.on('/token', () => ({ status, headers: { location } }))
      const browser = new Browser()
      const exchanged = scene.exchanges()
      const answer = await browser.open(await scene.callback(browser))
      t.strictSame([answer.status, codeIn(answer.text)], [502, 'FST_OAUTH_PROVIDER_REDIRECT'], `${status} to ${location}`)
      t.equal(scene.exchanges(), exchanged + 1, 'the code is sent once')
      t.strictSame(await scene.subjects(browser), [])
    }
  }
  t.strictSame(target.arrivals, [], 'the target is never called')
  t.equal(scene.provider.requests.filter(({ path }) => path === '/elsewhere').length, 0)
})

t.test('A30: a token endpoint that redirects a refresh', async (t) => {
  const target = await startTarget(t)
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  const browser = await scene.login()
  now += 3_601_000
  for (const status of statuses) {
    scene.provider.on('/token', () => ({ status, headers: { location: `${target.url}/token` } }))
    const { status: answered } = await browser.request(`${scene.url}/guarded`, { headers: { accept: 'application/json' } })
    t.equal(answered, 502, String(status))
  }
  t.strictSame(target.arrivals, [], 'the target is never called')
  t.strictSame(await scene.subjects(browser), ['user-1'], 'the grant is kept')
})

t.test('A30: other endpoints that carry a token', async (t) => {
  const target = await startTarget(t)
  const endpoints: Array<[Endpoint, string, string]> = [['/userinfo', 'GET', '/profile'], ['/revoke', 'POST', '/oauth/test/logout']]
  for (const [endpoint, method, path] of endpoints) {
    const scene = await startScene(t, {
      app: { routes (app) { app.get('/profile', { config: { oauth: 'test' } }, async (request) => request.oauth.profile()) } }
    })
    for (const status of statuses) {
      scene.provider.on(endpoint, () => ({ status, headers: { location: `${target.url}${endpoint}` } }))
      const browser = await scene.login()
      const response = await browser.request(`${scene.url}${path}`, { method, headers: { accept: 'application/json' } })
      t.match(await response.text(), /FST_OAUTH_PROVIDER_REDIRECT|"provider":"failed"/, `${endpoint} ${status}`)
    }
  }
  t.strictSame(target.arrivals, [], 'the target is never called')
})

t.test('A30: keys behind a redirect to another host sign nothing', async (t) => {
  const scene = await startScene(t)
  const attacker = await startScene(t)
  scene.provider.on('/jwks', () => ({ status: 302, headers: { location: `${attacker.provider.issuer}/jwks` } }))
  const browser = new Browser()
  const authorization = await scene.begin(browser)
  const now = Math.floor(Date.now() / 1_000)
  const idToken = await attacker.provider.idToken({ iss: scene.provider.issuer, aud: scene.provider.clientId, sub: 'admin', iat: now, exp: now + 300, nonce: new URL(authorization).searchParams.get('nonce') })
  scene.provider.on('/token', () => ({ body: { access_token: 'x', token_type: 'bearer', id_token: idToken } }))
  const { status } = await browser.open(scene.provider.callbackFor(authorization))
  t.ok(status >= 400, String(status))
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A30: metadata behind a redirect: without an end, off http, or with secrets', async (t) => {
  const target = await startTarget(t)
  const scene = await startScene(t)
  const path = '/.well-known/openid-configuration'
  for (const location of [path, 'http://issuer.example/', 'http://169.254.169.254/', 'file:///etc/hostname', 'data:application/json,{}', 'http://[', `${target.url}/`]) {
    scene.provider.on(path, () => ({ status: 302, headers: { location } }))
    const before = scene.provider.to(path).length
    const { status } = await new Browser().open(`${scene.url}/oauth/test`)
    t.ok(status >= 500, `${location}: ${status}`)
    t.ok(scene.provider.to(path).length - before <= 10, `${location}: ${scene.provider.to(path).length - before} requests`)
  }
  t.notMatch(target.arrivals.join(), /canary|authorization|cookie/)
})

t.test('A31: metadata of another issuer', async (t) => {
  for (const change of [(issuer: string) => `${issuer}/other`, () => 'https://issuer.example', (issuer: string) => issuer.replace('127.0.0.1', 'localhost'), (issuer: string) => issuer.replace('http:', 'https:'), (issuer: string) => issuer.replace(/\d+$/, '1'), (issuer: string) => `${issuer}?x`, (issuer: string) => `${issuer}#x`, () => '', () => undefined, () => 5, () => null, (issuer: string) => [issuer]]) {
    const scene = await startScene(t)
    const issuer = change(scene.provider.issuer)
    scene.provider.metadata = { issuer }
    const { status, text, hops } = await new Browser().open(`${scene.url}/oauth/test`)
    t.strictSame([status, codeIn(text)], [503, 'FST_OAUTH_DISCOVERY_FAILED'], String(issuer))
    t.equal(hops.length, 1, 'nobody is sent anywhere')
  }
})

t.test('A31: metadata that becomes another issuer\'s later', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  await scene.begin(new Browser())
  scene.provider.metadata = { issuer: 'https://issuer.example', authorization_endpoint: 'https://issuer.example/authorize', token_endpoint: 'https://issuer.example/token' }
  now += 2 * 3_600_000
  const { headers } = await new Browser().request(`${scene.url}/oauth/test`)
  t.match(headers.get('location'), new RegExp(`^${scene.provider.issuer}/authorize`), 'what was known before serves on')
})

t.test('A31: endpoints that are no https URLs', async (t) => {
  for (const metadata of [{ authorization_endpoint: 'javascript:alert(1)' }, { authorization_endpoint: 'data:text/html,x' }, { authorization_endpoint: '/relative' }, { token_endpoint: 'http://issuer.example/token' }, { token_endpoint: 'file:///etc/hostname' }]) {
    const scene = await startScene(t)
    scene.provider.metadata = metadata
    const browser = new Browser()
    const started = await browser.request(`${scene.url}/oauth/test`)
    const location = started.headers.get('location')
    if (location !== null) t.match(location, /^http:\/\/127\.0\.0\.1:\d+\/authorize\?/, `${JSON.stringify(metadata)}: ${location}`)
    const status = started.status === 303 ? (await browser.open(scene.provider.callbackFor(String(location)))).status : started.status
    t.ok(status >= 500, `${JSON.stringify(metadata)}: ${status}`)
  }
})
