// Answers whose bodies a handler does not read, or not to the end: none holds a connection.
import { once } from 'node:events'
import { get } from 'node:http'
import t from 'tap'
import { Agent } from 'undici'
import { allAnswered, writeForever } from '../fixtures/http-server.js'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedInOptions } from '../fixtures/signed-in.js'

// Longer than what undici and the sockets hold back unasked.
const long = 'x'.repeat(5_000_000)
// One connection to each origin: a body that holds it lets no other call pass.
const oneConnection = () => new Agent({ connections: 1, pipelining: 1 })

// Where a connection is not released, the call that waits for it fails, long before the limit of the one that holds it.
const waiting = { timeout: 3_000 }
const holding = { timeout: 9_000 }

function withOneConnection (options: SignedInOptions): SignedInOptions {
  return { api: ({ path }) => ({ body: path === '/long' ? long : 'short' }), ...options, plugin: { dispatcher: oneConnection() } }
}

t.test('a forgotten body is released when the reply has gone out, whatever became of the handler', async (t) => {
  const app = await startSignedIn(t, withOneConnection({
    routes (app, api) {
      app.get('/forgets', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get(`${api.url}/long`, holding)).statusCode)
      app.get('/throws', { config: { oauth: 'test' } }, async (request) => {
        await request.oauth.get(`${api.url}/long`, holding)
        throw new Error('the handler failed')
      })
      app.get('/other-binding', async (request) => (await request.oauth.use('test').get(`${api.url}/long`, holding)).statusCode)
      app.get('/reads', { config: { oauth: 'test' } }, async (request) => {
        const { body } = await request.oauth.get(`${api.url}/short`, waiting)
        return { text: await body.text() }
      })
    }
  }))
  for (const [path, status] of [['/forgets', 200], ['/throws', 500], ['/other-binding', 200]] as const) {
    t.equal((await app.call(path)).status, status, path)
    t.same(await app.call('/reads'), { status: 200, json: { text: 'short' } }, `after ${path}`)
  }
})

t.test('while the reply is not out, a body is left to its handler', async (t) => {
  const app = await startSignedIn(t, withOneConnection({
    routes (app, api) {
      app.get('/late', { config: { oauth: 'test' } }, async (request, reply) => {
        const { body } = await request.oauth.get(`${api.url}/long`, holding)
        // Read by the framework, after the handler has ended.
        return reply.type('text/plain').send(body)
      })
      app.get('/lazy', { config: { oauth: 'test' } }, async (request) => {
        const { body } = await request.oauth.get(`${api.url}/long`, holding)
        await new Promise(resolve => setTimeout(resolve, 100))
        return { length: (await body.text()).length }
      })
    }
  }))
  t.equal((await (await app.browser.request(`${app.url}/late`)).text()).length, long.length)
  t.same((await app.call('/lazy')).json, { length: long.length })
})

t.test('a body that is being read when the reply goes out is read to its end', async (t) => {
  const lengths: Array<Promise<number>> = []
  const app = await startSignedIn(t, withOneConnection({
    routes (app, api) {
      app.get('/background', { config: { oauth: 'test' } }, async (request) => {
        const { body } = await request.oauth.get(`${api.url}/long`, holding)
        lengths.push(body.text().then(text => text.length))
        return 'gone out'.length
      })
    }
  }))
  t.equal((await app.call('/background')).status, 200)
  t.same(await Promise.all(lengths), [long.length])
})

t.test('a client that goes away while a body is piped to it: the connection to the API is closed', async (t) => {
  const app = await startSignedIn(t, {
    api (_call, response) {
      writeForever(response, Buffer.alloc(64 * 1024, 'x'))
      return undefined
    },
    routes (app, api) {
      app.get('/endless', { config: { oauth: 'test' } }, async (request, reply) => reply.send((await request.oauth.get(api.url)).body))
    }
  })
  // node:http, since fetch connects anew after an abort, and an application waits at its end for a connection that was never used.
  const client = get(`${app.url}/endless`, { headers: { cookie: app.browser.cookieHeader(new URL(app.url)) } })
  const [message] = await once(client, 'response')
  await once(message, 'data')
  client.destroy()
  await allAnswered(app.api)
  t.equal(app.api.open.size, 0)
})

t.test('an application that closes leaves no connection behind', async (t) => {
  const app = await startSignedIn(t, {
    api: () => ({ body: long }),
    routes (app, api) {
      app.get('/forgets', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get(api.url)).statusCode)
    }
  })
  t.equal((await app.call('/forgets')).json, 200)
  await allAnswered(app.api)
  await app.app.close()
  t.equal(app.api.open.size, 0)
})

t.test('a dispatcher of the application is used, and is not closed with the application', async (t) => {
  const dispatcher = oneConnection()
  t.teardown(() => dispatcher.close())
  const origins: string[] = []
  dispatcher.on('connect', origin => { origins.push(origin.origin) })
  const app = await startSignedIn(t, {
    plugin: { dispatcher },
    routes (app, api) {
      app.get('/get', { config: { oauth: 'test' } }, async (request) => (await request.oauth.get(api.url)).statusCode)
    }
  })
  t.equal((await app.call('/get')).json, 200)
  t.same(new Set(origins), new Set([app.provider.issuer, app.api.url]))
  await app.app.close()
  t.notOk(dispatcher.closed)
  const { statusCode, body } = await dispatcher.request({ origin: app.api.url, path: '/', method: 'GET' })
  t.equal(statusCode, 200)
  const ended = once(body, 'close')
  await body.dump()
  await ended
})
