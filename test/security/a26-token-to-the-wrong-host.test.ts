// A26: an access token goes to the origins it is meant for, and a body to the one it was written to.
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import type { OAuthCallOptions, OAuthClient } from '../../lib/index.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'

interface Arrival { method: string, url: string, headers: IncomingHttpHeaders, body: string }
interface Host { url: string, port: number, arrivals: Arrival[], /** Where it redirects to, if anywhere. */ redirect: { status: number, location: string } | null }

/** A host that is none of the provider's. */
async function startHost (t: Test): Promise<Host> {
  const host: Host = { url: '', port: 0, arrivals: [], redirect: null }
  const server: Server = createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('data', chunk => chunks.push(chunk))
    message.on('end', () => {
      host.arrivals.push({ method: String(message.method), url: String(message.url), headers: message.headers, body: Buffer.concat(chunks).toString() })
      if (host.redirect === null) response.end('{}')
      else response.writeHead(host.redirect.status, { location: host.redirect.location }).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise(resolve => { server.close(resolve); server.closeAllConnections() }))
  host.port = (server.address() as AddressInfo).port
  host.url = `http://127.0.0.1:${host.port}`
  return host
}

type Verb = (client: OAuthClient, method: string, url: string, options?: OAuthCallOptions & { body?: string }) => Promise<{ status: number }>

const verbs: Record<string, Verb> = {
  async request (client, method, url, options) {
    const { statusCode, body } = await client.request(method, url, options)
    await body.dump()
    return { status: statusCode }
  },
  async fetch (client, method, url, { headers = {}, body } = {}) {
    const response = await client.fetch(url, { method, headers: headers as Record<string, string>, ...(body === undefined ? {} : { body }) })
    await response.arrayBuffer()
    return { status: response.status }
  },
  async dispatcher (client, method, url, { headers = {}, body } = {}) {
    const { statusCode, body: answer } = await request(url, { dispatcher: client.dispatcher, method: method as 'GET', headers: headers as Record<string, string>, body: body ?? null })
    await answer.dump()
    return { status: statusCode }
  }
}

async function startApi (t: Test, options: SceneOptions = {}): Promise<{ scene: Scene, client: OAuthClient, evil: Host }> {
  const scene = await startScene(t, { ...options, plugin: { owner: () => 'owner', ...options.plugin } })
  await scene.login()
  return { scene, client: scene.app.oauth.client('test', { owner: 'owner' }), evil: await startHost(t) }
}

function assertNoToken (t: Test, { arrivals }: Host, message: string): void {
  t.notMatch(JSON.stringify(arrivals), 'canary', `${message}: no token arrives`)
  t.strictSame(arrivals.filter(({ headers }) => headers.authorization !== undefined), [], `${message}: no Authorization header`)
}

t.test('A26: addresses of other origins', async (t) => {
  const { scene: { provider, url: appUrl }, client, evil } = await startApi(t)
  const api = new URL(provider.issuer)
  const addresses = [
    evil.url, `${evil.url}/`, `//127.0.0.1:${evil.port}/x`, `\\\\127.0.0.1:${evil.port}/x`, `/\\127.0.0.1:${evil.port}/x`, `/\t/127.0.0.1:${evil.port}/x`, `http:\\\\127.0.0.1:${evil.port}`, ` ${evil.url}`, `\n${evil.url}`,
    `http://user@127.0.0.1:${evil.port}/`, `http://user:password@127.0.0.1:${evil.port}/`, `${provider.issuer}@127.0.0.1:${evil.port}/`, `http://${api.host}%2f@127.0.0.1:${evil.port}/`, `http://${api.host}@127.0.0.1:${evil.port}/`, `http://localhost:${evil.port}/`, `http://0x7f000001:${evil.port}/`, `http://2130706433:${evil.port}/`, `http://[::1]:${evil.port}/`,
    `http://localhost:${api.port}/api`, `https://${api.host}/api`, appUrl,
    'ftp://127.0.0.1/x', 'file:///etc/hostname', 'data:text/plain,x', `blob:${evil.url}/x`, 'javascript:1', 'about:blank'
  ]
  const before = provider.to('/api').length
  for (const [name, call] of Object.entries(verbs)) {
    for (const address of addresses) {
      await t.rejects(call(client, 'GET', address), `${name} ${JSON.stringify(address)}`)
    }
  }
  assertNoToken(t, evil, 'every address')
  t.strictSame(evil.arrivals, [], 'nothing arrives at all')
  t.equal(provider.to('/api').length, before)
})

t.test('A26: addresses of the own origin arrive with a token', async (t) => {
  const { scene: { provider }, client } = await startApi(t)
  for (const address of ['/api', 'api', `${provider.issuer}/api`, `${provider.issuer}/x/../api`]) {
    const { body } = await client.get(address)
    t.match(await body.json(), { authorization: /^Bearer access-token-canary-granted-\d+$/ }, address)
  }
})

for (const [name, call] of Object.entries(verbs).filter(([name]) => name !== 'dispatcher')) {
  for (const status of [301, 302, 303, 307, 308]) {
    t.test(`A26: a redirect to another origin: ${name}, ${status}`, async (t) => {
      const { scene: { provider }, client, evil } = await startApi(t)
      for (const location of [`${evil.url}/stolen`, `//127.0.0.1:${evil.port}/stolen`, `http://user:password@127.0.0.1:${evil.port}/stolen`]) {
        provider.on('/api', () => ({ status, headers: { location } }))
        await call(client, 'GET', '/api', { headers: { authorization: 'Bearer of-the-caller-canary', cookie: 'session=canary', 'proxy-authorization': 'Basic canary' } }).catch(() => {})
        for (const method of ['POST', 'PUT']) await call(client, method, '/api', { body: 'secret-canary-body' }).catch(() => {})
      }
      assertNoToken(t, evil, 'redirected')
      t.strictSame(evil.arrivals.filter(({ body }) => body !== ''), [], 'no body is sent again')
      t.strictSame(evil.arrivals.filter(({ headers }) => headers.cookie !== undefined), [], 'nor a cookie')
    })
  }

  t.test(`A26: a redirect to another origin, and from there back: ${name}`, async (t) => {
    const { scene: { provider }, client, evil } = await startApi(t)
    evil.redirect = { status: 302, location: `${provider.issuer}/userinfo?transfer=all` }
    provider.on('/api', () => ({ status: 302, headers: { location: evil.url } }))
    await call(client, 'GET', '/api').catch(() => {})
    assertNoToken(t, evil, 'on the way')
    t.strictSame(provider.requests.filter(({ query, headers }) => query.has('transfer') && headers.authorization !== undefined), [], 'what another origin has chosen is not signed')
  })

  t.test(`A26: a redirect to another of the API's own origins: ${name}`, async (t) => {
    const friend = await startHost(t)
    const { scene: { provider }, client } = await startApi(t, { provider: { apiOrigins: [friend.url] } })
    provider.on('/api', () => ({ status: 307, headers: { location: `${friend.url}/moved` } }))
    await call(client, 'GET', '/api')
    t.match(friend.arrivals, [{ url: '/moved', headers: { authorization: /^Bearer access-token-canary/ } }])
    t.equal(friend.arrivals.length, 1)
  })

  t.test(`A26: redirects to what is no http: ${name}`, async (t) => {
    const { scene: { provider }, client } = await startApi(t)
    for (const location of ['file:///etc/hostname', 'javascript:1', 'data:text/plain,x', 'http://[', 'ftp://127.0.0.1/']) {
      provider.on('/api', () => ({ status: 302, headers: { location } }))
      const outcome = await call(client, 'GET', '/api').then(({ status }) => status, () => 'refused')
      t.ok(outcome === 302 || outcome === 'refused', `${location}: ${outcome}`)
    }
  })

  t.test(`A26: redirects without an end: ${name}`, async (t) => {
    const { scene: { provider }, client } = await startApi(t)
    provider.on('/api', () => ({ status: 302, headers: { location: '/api' } }))
    await call(client, 'GET', '/api').catch(() => {})
    t.ok(provider.to('/api').length <= 25, `${provider.to('/api').length} requests`)
  })
}

t.test('A26: the dispatcher follows no redirect', async (t) => {
  const { scene: { provider }, client, evil } = await startApi(t)
  provider.on('/api', () => ({ status: 302, headers: { location: evil.url } }))
  t.equal((await verbs.dispatcher?.(client, 'GET', `${provider.issuer}/api`))?.status, 302)
  t.strictSame(evil.arrivals, [])
})

t.test('A26: a 401 of another origin brings no token out', async (t) => {
  const { scene: { provider }, client, evil } = await startApi(t)
  evil.redirect = { status: 401, location: '' }
  provider.on('/api', () => ({ status: 302, headers: { location: evil.url } }))
  await verbs.request?.(client, 'GET', '/api')
  await verbs.fetch?.(client, 'GET', '/api')
  assertNoToken(t, evil, 'after the 401')
  t.equal(provider.to('/token').length, 1, 'nothing is refreshed for it')
})

t.test('A26: a 401 of another origin does not have a body sent again', async (t) => {
  const { scene: { provider }, client, evil } = await startApi(t)
  evil.redirect = { status: 401, location: '' }
  provider.on('/api', () => ({ status: 303, headers: { location: evil.url } }))
  for (const name of ['request', 'fetch']) {
    await verbs[name]?.(client, 'POST', '/api', { body: 'transfer' })
    t.equal(provider.to('/api').splice(0).filter(({ body }) => body === 'transfer').length, name === 'request' ? 1 : 2, `${name}: once each`)
  }
  assertNoToken(t, evil, 'after the 401')
})

t.test('A26: without apiBaseUrl and apiOrigins the token goes nowhere', async (t) => {
  const { scene: { provider }, client, evil } = await startApi(t, { provider: { apiBaseUrl: undefined as never } })
  for (const [name, call] of Object.entries(verbs)) {
    for (const address of ['/api', `${provider.issuer}/api`, evil.url]) await t.rejects(call(client, 'GET', address), `${name} ${address}`)
  }
  t.equal(provider.to('/api').length + evil.arrivals.length, 0)
})

t.test('A26: a Host header of the caller does not lead the token astray', async (t) => {
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.close())
  const { scene: { provider }, client, evil } = await startApi(t, { plugin: { dispatcher } })
  await verbs.request?.(client, 'GET', '/api', { headers: { host: `127.0.0.1:${evil.port}` } })
  t.equal(provider.to('/api').length, 1)
  t.strictSame(evil.arrivals, [])
})
