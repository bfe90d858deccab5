// A39: another site cannot use an injected token: neither by a form or a script, nor by a WebSocket, nor by reading it.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import t from 'tap'
import { read } from '../fixtures/login.js'
import { startProxiedApi } from '../fixtures/proxied-api.js'

const evil = 'https://evil.example'

t.test('A39: what another site can have a browser send never reaches the API', async (t) => {
  const { call, api, url } = await startProxiedApi(t)
  const neighbour = url.replace('127.0.0.1', 'neighbour.127.0.0.1')
  const foreign: Array<Record<string, string>> = [
    { 'sec-fetch-site': 'cross-site', origin: evil },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: neighbour },
    { origin: evil },
    { origin: neighbour },
    { origin: 'null' },
    { origin: evil, 'content-type': 'text/plain' },
    { origin: evil, 'x-requested-with': 'XMLHttpRequest' },
    { origin: evil, host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    { origin: `${url}.evil.example` },
    { referer: `${url}/` },
    {},
    { 'content-type': 'application/json' }
  ]
  for (const path of ['/api/items', '/from']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const headers of foreign) {
        const { status, json } = await read(await call(path, { method, headers }))
        t.equal(status, 403, `${method} ${JSON.stringify(headers)}`)
        t.match(json.code, /^FST_OAUTH_(CROSS_SITE|SITE_UNKNOWN)$/)
      }
    }
  }
  t.equal(api.calls.length, 0)
})

t.test('A39: what the application\'s own pages send does', async (t) => {
  const { call, api, url } = await startProxiedApi(t)
  for (const headers of [{ 'sec-fetch-site': 'same-origin', origin: url }, { origin: url }, { 'x-requested-with': 'fetch' }] as Array<Record<string, string>>) {
    t.equal((await read(await call('/api/items', { method: 'POST', headers }))).status, 200, JSON.stringify(headers))
  }
  t.equal(api.calls.length, 3)
})

t.test('A39: an overridden method changes nothing', async (t) => {
  const { call, api } = await startProxiedApi(t)
  const headers = { origin: evil, 'x-http-method-override': 'GET', 'x-http-method': 'GET' }
  t.equal((await read(await call('/api/items', { method: 'POST', headers }))).status, 403)
  t.equal(api.calls.length, 0)
})

t.test('A39: no other origin reads a token from a response', async (t) => {
  const { call, url } = await startProxiedApi(t, {
    routes (app) {
      app.addHook('onSend', async (_request, reply) => { reply.headers({ 'access-control-allow-origin': evil, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': '*' }) })
      app.all('/token', { config: { oauth: { provider: 'wire', inject: { response: 'x-access-token' } } } }, async () => 'x')
    }
  })
  for (const headers of [{ origin: evil }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }, {}, { origin: evil, referer: url }, { 'sec-fetch-site': 'none' }] as Array<Record<string, string>>) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const response = await call('/token', { method, headers })
      await response.body?.cancel()
      t.notMatch(JSON.stringify([...response.headers]), /canary/, `${method} ${JSON.stringify(headers)}`)
    }
  }
})

t.test('A39: another site opens no WebSocket with the browser\'s session', async (t) => {
  const upgrades: Array<Record<string, unknown>> = []
  const { api, url, browser } = await startProxiedApi(t, {
    websocket: true,
    upgraded (headers) {
      upgrades.push(headers)
      // The proxy would wait half a minute for a WebSocket's goodbye.
      for (const socket of sockets) socket.end()
    }
  })
  const sockets: Socket[] = []
  const cookie = browser.cookieHeader(new URL(url))
  const ask = (lines: string[]) => new Promise<string>(resolve => {
    const { hostname, port } = new URL(url)
    const head = ['GET /api/live HTTP/1.1', `host: ${hostname}:${port}`, `cookie: ${cookie}`, 'connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', ...lines].join('\r\n')
    let answer = ''
    const socket = connect(Number(port), hostname, () => { socket.write(`${head}\r\n\r\n`) })
    sockets.push(socket)
    socket.setEncoding('latin1').on('data', chunk => { answer += chunk }).on('error', () => {}).on('close', () => resolve(answer))
  })
  for (const line of [`origin: ${evil}`, 'sec-fetch-site: cross-site', 'origin: null', 'x-nothing: said']) t.match(await ask([line]), /^HTTP\/1\.1 403 /, line)
  t.equal(upgrades.length, 0)

  t.match(await ask([`origin: ${url}`]), /^HTTP\/1\.1 101 /)
  t.equal(upgrades.length, 1)
  t.notMatch(JSON.stringify(upgrades), /sessionId|canary/, '@fastify/http-proxy sends no header of the browser\'s on, unless it is told to')
  t.equal(api.calls.length, 0)
})
