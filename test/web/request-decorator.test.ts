import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Agent } from 'undici'
import { oauthPlugin } from '../../lib/index.js'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, secret, setUp } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

t.test('request.oauth exists in contexts made before the plugin, and after', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify() as unknown as FastifyInstance
  t.teardown(() => app.close())
  const add = (to: FastifyInstance, path: string) => to.get(path, async (request) => ({ accounts: (await request.oauth.grants()).map(({ account }) => account) }))
  await app.register(async child => { add(child, '/before') })
  await app.register(oauthPlugin, { secret, owner: () => 'somebody', providers: { wire: discovered(wire) } })
  await app.register(async child => { add(child, '/after') })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  const browser = new Browser()
  await browser.open(`${url}/oauth/wire`)
  for (const path of ['/before', '/after']) t.strictSame((await read(await browser.request(`${url}${path}`))).json, { accounts: ['user-1'] })
})

t.test('it is the same throughout a request, and another in the next', async (t) => {
  const seen = new Set<unknown>()
  const { url } = await setUp(t, {
    routes (app) {
      app.addHook('preHandler', async (request) => { seen.add(request.oauth) })
      app.get('/', async (request) => {
        seen.add(request.oauth)
        return seen.size
      })
    }
  })
  t.equal((await read(await fetch(url))).text, '1')
  t.equal((await read(await fetch(url))).text, '2')
})

t.test('what was called before the guard is remembered after it', async (t) => {
  const dispatcher = new Agent({ connections: 1, pipelining: 1 })
  t.teardown(() => dispatcher.close())
  const { url, wire, browser, logIn } = await setUp(t, {
    async session (app) {
      app.addHook('onRequest', async (request) => { if (request.url === '/guarded') await request.oauth.get('api') })
    },
    plugin: () => ({ dispatcher, owner: () => 'somebody' }),
    routes (app) { app.get('/guarded', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ account: oauth.grant?.account })) }
  })
  wire.on('/api', () => ({ body: 'x'.repeat(100_000) }))
  await logIn()
  for (let round = 0; round < 2; round++) t.strictSame((await read(await browser.request(`${url}/guarded`))).json, { account: 'user-1' })
})

t.test('a body that nobody reads holds no connection when the reply has gone out', async (t) => {
  const dispatcher = new Agent({ connections: 1, pipelining: 1 })
  t.teardown(() => dispatcher.close())
  const { url, wire, browser, logIn } = await setUp(t, {
    plugin: () => ({ dispatcher, timeout: 5_000 }),
    routes (app) {
      app.get('/unread', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ status: (await oauth.get('api')).statusCode }))
      app.get('/read', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ length: (await (await oauth.get('api')).body.text()).length }))
      app.get('/streamed', { config: { oauth: 'wire' } }, async ({ oauth }, reply) => reply.send((await oauth.get('api')).body))
    }
  })
  wire.on('/api', () => ({ body: 'x'.repeat(100_000) }))
  await logIn()
  // One connection serves them all: a body that is left would leave the next call waiting.
  for (let round = 0; round < 3; round++) {
    t.equal((await read(await browser.request(`${url}/unread`))).text, '{"status":200}')
    t.equal((await read(await browser.request(`${url}/read`))).text, '{"length":100000}')
    t.equal((await read(await browser.request(`${url}/streamed`))).text.length, 100_000, 'a body on its way to the client is left alone')
  }
})

t.test('a body that the handler has sent on its way is left alone, also after the reply', async (t) => {
  const chunks: Buffer[] = []
  let ended: () => void = () => {}
  const whole = new Promise<void>(resolve => { ended = resolve })
  const { url, wire, browser, logIn } = await setUp(t, {
    routes (app) {
      app.get('/kept', { config: { oauth: 'wire' } }, async ({ oauth }) => {
        const { body } = await oauth.get('api')
        body.pipe(new Writable({ write (chunk, _encoding, done) { chunks.push(chunk); done() } })).on('finish', ended)
        return { status: 'accepted' }
      })
    }
  })
  let sendBody: () => void = () => {}
  wire.on('/api', (_request, response) => {
    response.writeHead(200, { 'content-length': 300_000 }).flushHeaders()
    sendBody = () => response.end('x'.repeat(300_000))
    return undefined
  })
  await logIn()
  t.equal((await read(await browser.request(`${url}/kept`))).text, '{"status":"accepted"}')
  await delay(20)
  sendBody()
  await whole
  t.equal(Buffer.concat(chunks).length, 300_000)
})

t.test('a body that breaks off after the reply disturbs nobody', async (t) => {
  const { url, wire, browser, logIn, logs } = await setUp(t, {
    routes (app) { app.get('/unread', { config: { oauth: 'wire' } }, async ({ oauth }) => ({ status: (await oauth.get('api')).statusCode })) }
  })
  wire.on('/api', (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 }).write('x')
    setTimeout(() => response.destroy(), 30)
    return undefined
  })
  await logIn()
  t.equal((await read(await browser.request(`${url}/unread`))).text, '{"status":200}')
  await delay(100)
  t.equal((await read(await browser.request(`${url}/unread`))).status, 200, 'the process is alive')
  t.notMatch(logs.join(''), '"level":50')
})
