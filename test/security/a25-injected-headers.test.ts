// A25: whatever credentials a client sends, and however it spells them, the API gets the injected token alone (CVE-2025-64484).
import { connect } from 'node:net'
import { connect as connectHttp2 } from 'node:http2'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import t from 'tap'
import { Cipher } from '../../lib/grants/cipher.js'
import { createGrant, sealGrant } from '../../lib/grants/grant.js'
import { MemoryGrantStore, oauthPlugin } from '../../lib/index.js'
import { startProxiedApi } from '../fixtures/proxied-api.js'
import type { ProxiedApi } from '../fixtures/proxied-api.js'

/** One request with exactly these header lines. */
function sendRaw ({ url, browser }: ProxiedApi, lines: string[], path: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const head = [`GET ${path} HTTP/1.1`, `host: ${hostname}:${port}`, `cookie: ${browser.cookieHeader(new URL(url))}`, ...lines].join('\r\n')
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => { socket.write(`${head}\r\n\r\n`) })
    let answer = ''
    socket.setEncoding('latin1').on('data', chunk => {
      answer += chunk
      if (answer.endsWith('0\r\n\r\n') || answer.endsWith('}')) socket.end()
    }).on('error', () => {}).on('close', () => resolve(answer))
  })
}

const smuggled = [
  ['authorization: Bearer smuggled'],
  ['Authorization: Basic c211Z2dsZWQ6'],
  ['AUTHORIZATION: Bearer smuggled', 'authorization: Bearer smuggled'],
  ['authorization_: Bearer smuggled'],
  ['Authorization-: Bearer smuggled', '_authorization: Bearer smuggled', 'auth_orization: Bearer smuggled'],
  ['authorization.: Bearer smuggled', 'authorization!: Bearer smuggled', "authorization': Bearer smuggled"],
  ['proxy-authorization: Bearer smuggled', 'proxy_authorization: Bearer smuggled'],
  ['cookie_: smuggled', 'Cookie2: smuggled', 'cookie-: smuggled'],
  ['connection: authorization', 'authorization: Bearer smuggled'],
  ['connection: close, Authorization'],
  ['connection: keep-alive, authorization, x-hop', 'x-hop: smuggled'],
  ['connection: , ,authorization,'],
  ['connection: authorization', 'connection: authorization'],
  ['connection: authorization_, cookie']
]

t.test('A25: no spelling and no Connection header gets through, nor takes the token away', async (t) => {
  const scene = await startProxiedApi(t)
  for (const path of ['/api/items', '/from']) {
    for (const lines of smuggled) {
      const before = scene.api.calls.length
      t.match(await sendRaw(scene, lines, path), /^HTTP\/1\.1 200/, lines.join(' | '))
      t.equal(scene.api.calls.length, before + 1)
      const headers = scene.api.calls.at(-1)?.headers ?? {}
      t.match(headers.authorization, /^Bearer access-token-canary-granted-\d+$/, `${path}: ${lines.join(' | ')}`)
      t.notMatch(JSON.stringify(headers), /smuggled|c211Z2dsZWQ6/)
    }
  }
})

t.test('A25: spellings that no HTTP parser takes are refused', async (t) => {
  const scene = await startProxiedApi(t)
  for (const line of ['authorization : Bearer smuggled', ' authorization: Bearer smuggled', 'authorization\0: Bearer smuggled']) {
    await sendRaw(scene, [line], '/api/items')
  }
  for (const { headers } of scene.api.calls) t.notMatch(JSON.stringify(headers), /smuggled/)
})

t.test('A25: every view of the headers that a handler or another proxy may read', async (t) => {
  const views: Array<Record<string, unknown>> = []
  const scene = await startProxiedApi(t, {
    routes (app) {
      // Node makes some of them when they are first asked for.
      app.addHook('onRequest', async ({ raw }) => { views.push({ distinct: raw.headersDistinct }) })
      app.get('/views', { config: { oauth: { provider: 'wire', inject: { request: true } } } }, async ({ headers, raw }) => ({ headers, own: raw.headers, distinct: raw.headersDistinct, list: raw.rawHeaders }))
    }
  })
  const answer = await sendRaw(scene, ['Authorization: Bearer smuggled', 'authorization_: smuggled', 'Connection: close, authorization', 'x-kept: yes'], '/views')
  const { headers, own, distinct, list } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
  const token = headers.authorization
  t.match(token, /^Bearer access-token-canary/)
  t.strictSame([own.authorization, distinct.authorization], [token, [token]])
  t.strictSame([headers.connection, distinct.connection, headers['x-kept']], ['close', ['close'], 'yes'])
  t.equal(list.filter((name: string) => /authorization/i.test(name)).length, 1)
  t.equal(list[list.indexOf('authorization') + 1], token)
  t.equal(list[list.indexOf('x-kept') + 1], 'yes')
  t.notMatch(answer.slice(answer.indexOf('\r\n\r\n')), /smuggled|sessionId=/)
})

t.test('A25: over HTTP/2', async (t) => {
  const scene = await startProxiedApi(t)
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(cookie)
  await app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false } })
  await app.register(oauthPlugin, { owner: () => 'somebody', store: storeOf('somebody'), secret: storeSecret, providers: { wire: { clientId: 'id', authorizeUrl: `${scene.wire.issuer}/authorize`, accessTokenUrl: `${scene.wire.issuer}/token` } } })
  app.get('/', { config: { oauth: { provider: 'wire', inject: { request: true } } } }, async ({ headers, raw }) => ({ headers, list: raw.rawHeaders }))
  const client = connectHttp2(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => client.close())
  const stream = client.request({ ':path': '/', authorization: 'Bearer smuggled', authorization_: 'smuggled', cookie: 'a=smuggled' })
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += chunk
  t.equal(JSON.parse(text).headers.authorization, 'Bearer of the store')
  t.notMatch(text, /smuggled/)
})

const storeSecret = 'a secret of 32 bytes for the tests'

/** A store with one grant. */
function storeOf (owner: string) {
  const store = new MemoryGrantStore()
  const grant = createGrant({ owner, provider: 'wire', account: 'default', subject: undefined, tokenType: 'bearer', accessToken: 'of the store', tokenSecret: undefined, refreshToken: undefined, idToken: undefined, scope: [], expiresAt: undefined, claims: undefined, raw: {}, version: 1, authorizedAt: 0, updatedAt: 0 })
  store.put(sealGrant(new Cipher([storeSecret]), grant), 0).catch(() => {})
  return store
}
