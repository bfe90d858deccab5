// A27: no way around the guard: the handler never runs without a grant (CVE-2026-33804).
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { MemoryGrantStore, oauthPlugin } from '../../lib/index.js'
import { startScene } from '../fixtures/scene.js'
import type { SceneOptions } from '../fixtures/scene.js'

/** One request as these bytes; answers everything that comes back. */
function sendRaw (url: string, head: string, { hangUpAfter }: { hangUpAfter?: number } = {}): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => { socket.write(`${head}\r\nhost: ${hostname}:${port}\r\nconnection: close\r\n\r\n`) })
    let answer = ''
    socket.setEncoding('latin1').on('data', chunk => { answer += chunk }).on('error', () => {}).on('close', () => resolve(answer))
    if (hangUpAfter !== undefined) setTimeout(() => socket.destroy(), hangUpAfter).unref()
  })
}

const oauth = 'test'

// A thousand connections, on a machine that may be busy.
t.setTimeout(240_000)

const routers: Record<string, Record<string, unknown>> = {
  'as it comes': {},
  'duplicate slashes ignored': { routerOptions: { ignoreDuplicateSlashes: true } },
  'trailing slash ignored': { routerOptions: { ignoreTrailingSlash: true } },
  'case ignored': { routerOptions: { caseSensitive: false } },
  semicolons: { routerOptions: { useSemicolonDelimiter: true } },
  'all of it': { routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, caseSensitive: false, useSemicolonDelimiter: true, allowUnsafeRegex: true } }
}

const paths = [
  '/repos', '//repos', '///repos', '/repos/', '/repos//', '/repos;x', '/repos;jsessionid=1', '/repos%3bx', '/%72epos', '/%72%65%70%6f%73', '/repos%2f', '/repos%2f..', '/%2frepos', '/./repos', '/x/../repos', '/x/%2e%2e/repos', '/.;/repos', '/REPOS', '/Repos', '/repos?', '/repos?x=1',
  '/repos#x', '/repos%23', '/repos%3f', '/repos%00', '/repos%20', '/repos%0a', '/repos.json', '/repos/.', '/repos\\', '/%5crepos', '/%c0%afrepos', '/%252frepos', '/repos/%2e', 'http://evil.example/repos', 'http://evil.example//repos', '/api/repos', '/api//repos', '/api/%72epos', '/api/repos/', '/api;x/repos', '/items/1', '/items/%31', '/items/', '/items/..', '/items/%2e%2e%2frepos', '/wild/a/b', '/wild/', '/wild', '/wild/../repos', '//wild/x'
]

t.test('A27: tricks with paths and methods', async (t) => {
  for (const [name, fastify] of Object.entries(routers)) {
    const ran: string[] = []
    const handler = async ({ method, url }: { method: string, url: string }) => { ran.push(`${method} ${url}`); return 'the guarded answer' }
    const scene = await startScene(t, {
      app: {
        fastify: { logger: false, ...fastify },
        async routes (app) {
          app.get('/repos', { config: { oauth } }, handler)
          app.post('/repos', { config: { oauth } }, handler)
          app.route({ method: ['PUT', 'DELETE', 'OPTIONS', 'PATCH'], url: '/repos', config: { oauth }, handler })
          app.get('/items/:id', { config: { oauth } }, handler)
          app.all('/wild/*', { config: { oauth } }, handler)
          await app.register(async (child) => { child.get('/repos', { config: { oauth: { provider: 'test', scope: ['read'] } } }, handler) }, { prefix: '/api' })
        }
      }
    })
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']) {
      for (const path of method === 'GET' || method === 'HEAD' ? paths : paths.slice(0, 12)) {
        const answer = await sendRaw(scene.url, `${method} ${path} HTTP/1.1`)
        if (answer.includes('the guarded answer') || (/^HTTP\/1\.1 200/.test(answer) && !answer.endsWith('home'))) t.fail(`${name}: ${method} ${path}: ${answer}`)
      }
    }
    t.strictSame(ran, [], `${name}: the handler never ran`)
    t.match(await sendRaw(scene.url, 'GET /repos HTTP/1.1'), /^HTTP\/1\.1 401 /, `${name}: the guard answers`)
  }
})

t.test('A27: a rewritten address', async (t) => {
  const ran: string[] = []
  const scene = await startScene(t, {
    app: {
      fastify: { rewriteUrl: ({ url }: { url: string }) => url.replace('/old', '/repos') },
      routes (app) { app.get('/repos', { config: { oauth } }, async ({ url }) => { ran.push(url) }) }
    }
  })
  t.match(await sendRaw(scene.url, 'GET /old HTTP/1.1'), /^HTTP\/1\.1 401 /)
  t.strictSame(ran, [])
})

t.test('A27: methods that are overridden by headers', async (t) => {
  const ran: string[] = []
  const scene = await startScene(t, {
    app: { routes (app) { app.delete('/repos', { config: { oauth } }, async ({ method }) => { ran.push(method) }) } }
  })
  for (const header of ['x-http-method-override: GET', 'x-http-method: GET', 'x-original-url: /', 'x-rewrite-url: /', 'x-forwarded-prefix: /repos', 'content-length: 0', 'expect: 100-continue', 'upgrade: websocket', 'authorization: Bearer x', 'authorization: Basic Og==', 'x-access-token: x', 'cookie: oauthOwner=owner', 'cookie: sessionId=owner']) {
    t.match(await sendRaw(scene.url, `DELETE /repos HTTP/1.1\r\n${header}`), /HTTP\/1\.1 4\d\d /, header)
  }
  t.strictSame(ran, [])
})

t.test('A27: a client that hangs up while it is refused', async (t) => {
  const ran: string[] = []
  const slow: NonNullable<SceneOptions['app']> = {
    routes (app) {
      app.addHook('onSend', async () => { await delay(150) })
      app.get('/repos', { config: { oauth } }, async () => { ran.push('GET') })
      app.post('/repos', { config: { oauth } }, async () => { ran.push('POST') })
    }
  }
  const scene = await startScene(t, { app: slow })
  for (const head of ['GET /repos HTTP/1.1', 'POST /repos HTTP/1.1\r\ncontent-length: 0', 'GET /repos HTTP/1.1\r\naccept: text/html']) {
    for (const hangUpAfter of [20, 60, 100]) await sendRaw(scene.url, head, { hangUpAfter })
  }
  await delay(400)
  t.strictSame(ran, [], 'the handler never ran')
})

t.test('A27: a client that hangs up while its grant is looked for', async (t) => {
  class SlowStore extends MemoryGrantStore {
    override async list (...args: Parameters<MemoryGrantStore['list']>): ReturnType<MemoryGrantStore['list']> {
      await delay(150)
      return super.list(...args)
    }
  }
  const ran: string[] = []
  const scene = await startScene(t, {
    plugin: { store: new SlowStore(), owner: () => 'owner' },
    app: { routes (app) { app.get('/repos', { config: { oauth } }, async () => { ran.push('GET') }) } }
  })
  for (const hangUpAfter of [20, 60]) await sendRaw(scene.url, 'GET /repos HTTP/1.1', { hangUpAfter })
  await delay(400)
  t.strictSame(ran, [])
})

t.test('A27: routes and contexts from before the plugin', async (t) => {
  const ran: string[] = []
  const handler = async ({ url }: { url: string }) => { ran.push(url) }
  const { provider } = await startScene(t)
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  app.get('/before', { config: { oauth } }, handler)
  app.register(async (child) => {
    child.get('/child', { config: { oauth } }, handler)
    child.register(async (grandchild) => { grandchild.get('/grandchild', { config: { oauth } }, handler) })
  })
  app.register(cookie)
  app.register(session, { secret: 'a secret for the sessions of a test', cookie: { secure: false }, saveUninitialized: false })
  app.register(oauthPlugin, { providers: { test: { clientId: 'client', issuer: provider.issuer } } })
  app.register(async (child) => { child.get('/after', { config: { oauth } }, handler) })
  const booted = await app.ready().then(() => true, () => false)
  if (booted) {
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    for (const path of ['/before', '/child', '/grandchild', '/after']) {
      const { status } = await fetch(`${url}${path}`, { redirect: 'manual' })
      t.ok(status >= 400, `${path}: ${status}`)
    }
  }
  t.strictSame(ran, [])
})

t.test('A27: the same where app.oauth.require() guards', async (t) => {
  const ran: string[] = []
  const handler = async ({ method, url }: { method: string, url: string }) => { ran.push(`${method} ${url}`); return 'the guarded answer' }
  const scene = await startScene(t, {
    app: {
      fastify: { logger: false, ...routers['all of it'] },
      async routes (app) {
        await app.register(async (child) => {
          child.all('/*', handler)
          child.get('/repos', handler)
          child.addHook('onRequest', child.oauth.require({ provider: 'test', scope: ['read'] }))
          await child.register(async (grandchild) => { grandchild.get('/items/:id', { config: { oauth: { provider: 'test', optional: true } } }, handler) })
        }, { prefix: '/api' })
      }
    }
  })
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
    for (const path of paths) {
      const answer = await sendRaw(scene.url, `${method} /api${path.startsWith('/') ? path : '/'} HTTP/1.1`)
      if (answer.includes('the guarded answer')) t.fail(`${method} ${path}: ${answer}`)
    }
  }
  t.strictSame(ran, [], 'the handler never ran')
  t.match(await sendRaw(scene.url, 'GET /api/repos HTTP/1.1'), /^HTTP\/1\.1 401 /)
})

// What else decides which route an address comes to; each with an address that must come to a guarded one.
const contexts: Array<[string, Record<string, unknown>, string, string[]]> = [
  ['HEAD of a GET route', { exposeHeadRoutes: true }, 'HEAD', ['/repos', '/v1/repos', '/v1/', '/v1']],
  ['a HEAD route of its own', { exposeHeadRoutes: false }, 'HEAD', ['/head', '/v1/head']],
  ['OPTIONS', {}, 'OPTIONS', ['/options', '/v1/options']],
  ['a prefix and its slash', {}, 'GET', ['/v1', '/v1/', '/v1/deep', '/v1/deep/', '/slash/', '/noslash']],
  ['case ignored', { routerOptions: { caseSensitive: false } }, 'GET', ['/REPOS', '/V1/Repos', '/v1/DEEP/', '/V1/%52epos']],
  ['trailing slash ignored', { routerOptions: { ignoreTrailingSlash: true } }, 'GET', ['/repos/', '/v1/repos/', '/noslash/']],
  ['HEAD, and trailing slash ignored', { routerOptions: { ignoreTrailingSlash: true } }, 'HEAD', ['/repos/', '/v1/repos/']],
  ['duplicate slashes ignored', { routerOptions: { ignoreDuplicateSlashes: true } }, 'GET', ['//repos', '/v1//repos', '///v1///repos']],
  ['semicolons', { routerOptions: { useSemicolonDelimiter: true } }, 'GET', ['/repos;x=y', '/v1/repos;x', '/v1/deep/;']],
  ['encoded', {}, 'GET', ['/%72epos', '/%76%31/repos', '/v1/item/a%2Fb', '/v1/item/%2e%2e%2frepos', '/v1/item/x%00', '/v1/wild/%2f%2f']],
  ['a host of its own', {}, 'GET', ['/only-here']],
  ['nothing there', {}, 'GET', ['/v1/nowhere', '/v1/repos/nowhere', '/v1/..%2frepos']],
  ['another method', {}, 'DELETE', ['/v1/repos', '/v1/deep']]
]

async function addGuarded (app: FastifyInstance, ran: string[]): Promise<void> {
  const guarded = { config: { oauth } }
  const handler = async ({ method, url }: { method: string, url: string }) => { ran.push(`${method} ${url}`); return 'the guarded answer' }
  const add = (to: FastifyInstance) => {
    to.get('/repos', guarded, handler)
    to.options('/options', guarded, handler)
    to.head('/head', guarded, handler)
  }
  add(app)
  app.get('/only-here', { ...guarded, constraints: { host: /.*/ } }, handler)
  app.register(async child => { child.get('/', { ...guarded, prefixTrailingSlash: 'slash' }, handler) }, { prefix: '/slash' })
  app.register(async child => { child.get('/', { ...guarded, prefixTrailingSlash: 'no-slash' }, handler) }, { prefix: '/noslash' })
  await app.register(async (child) => {
    // What the routes of this context need, its own 404 included.
    child.addHook('onRequest', child.oauth.require('test'))
    child.setNotFoundHandler(handler)
    child.get('/', handler)
    add(child)
    child.get('/item/:name', guarded, handler)
    child.all('/wild/*', handler)
    await child.register(async grandchild => { grandchild.get('/', guarded, handler) }, { prefix: '/deep' })
  }, { prefix: '/v1' })
}

t.test('A27: every address that comes to a guarded route is guarded, and no other way leads to it', async (t) => {
  for (const [name, fastify, method, addresses] of contexts) {
    const ran: string[] = []
    const scene = await startScene(t, { app: { fastify: { logger: false, ...fastify }, routes: app => addGuarded(app, ran) } })
    const browser = await scene.login()
    const cookie = browser.cookieHeader(new URL(scene.url))
    for (const address of addresses) {
      const head = `${method} ${address} HTTP/1.1\r\naccept: application/json`
      t.match(await sendRaw(scene.url, head), /^HTTP\/1\.1 401 /, `${name}: ${method} ${address}`)
      t.strictSame(ran, [], `${name}: the handler of ${address} never ran`)
      await sendRaw(scene.url, `${head}\r\ncookie: ${cookie}`)
      t.equal(ran.splice(0).length, 1, `${name}: ${address} comes to it`)
    }
  }
})
