import { once } from 'node:events'
import http2 from 'node:http2'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import { request } from 'undici'
import { oauthPlugin } from '../../lib/index.js'
import { freePort } from '../fixtures/app.js'
import { Browser } from '../fixtures/browser.js'
import { discovered, read, secret, setUp } from '../fixtures/login.js'
import type { LoginSetup } from '../fixtures/login.js'
import { WireProvider } from '../fixtures/wire-provider.js'

/** The redirect_uri of a login that is started with these headers, or the code of the refusal. */
async function redirectUri ({ url }: LoginSetup, headers: Record<string, string> = {}, path = '/oauth/wire'): Promise<string | null> {
  // fetch does not let a test choose the host.
  const { headers: answered, body } = await request(`${url}${path}`, { headers })
  const text = await body.text()
  return typeof answered.location === 'string' ? new URL(answered.location).searchParams.get('redirect_uri') : JSON.parse(text).code
}

t.test('without baseUrl a request to a loopback address makes the callback URL', async (t) => {
  const setup = await setUp(t)
  const port = new URL(setup.url).port
  t.equal(await redirectUri(setup), `${setup.url}/oauth/wire/callback`)
  for (const host of [`localhost:${port}`, 'localhost', `app.localhost:${port}`, '127.1.2.3', `[::1]:${port}`]) {
    t.equal(await redirectUri(setup, { host }), `http://${host}/oauth/wire/callback`)
  }
})

t.test('without baseUrl any other host is refused, and the developer told what to set', async (t) => {
  const setup = await setUp(t)
  for (const host of ['app.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', 'localhost@evil.example', 'a b', '']) {
    t.equal(await redirectUri(setup, { host }), 'FST_OAUTH_BASE_URL_REQUIRED', host)
  }
  const line = setup.logs.map(one => JSON.parse(one)).find(({ err }) => err?.code === 'FST_OAUTH_BASE_URL_REQUIRED')
  t.match(line, { level: 50, msg: /Set baseUrl to the public origin/ })
  t.equal(setup.wire.to('/authorize').length, 0)
})

t.test('a request without any host is refused too', async (t) => {
  const { url } = await setUp(t)
  const { hostname, port } = new URL(url)
  const client = connect(Number(port), hostname)
  client.end('GET /oauth/wire HTTP/1.0\r\n\r\n')
  let answer = ''
  for await (const chunk of client) answer += chunk
  t.match(answer, 'FST_OAUTH_BASE_URL_REQUIRED')
})

t.test('over HTTP/2 a request to a loopback address makes the callback URL as well', async (t) => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(oauthPlugin, { secret, session: { secret }, providers: { wire: { clientId: 'a', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' } } })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const client = http2.connect(url)
  const request = client.request({ ':path': '/oauth/wire' })
  const [headers] = await once(request, 'response') as [http2.IncomingHttpHeaders]
  request.close()
  await new Promise<void>(resolve => { client.close(resolve) })
  t.equal(new URL(String(headers.location)).searchParams.get('redirect_uri'), `${url}/oauth/wire/callback`)
})

t.test('nothing but the address survives of a Host header', async (t) => {
  const setup = await setUp(t)
  t.equal(await redirectUri(setup, { host: 'localhost:80/path' }), 'http://localhost/oauth/wire/callback')
})

t.test('no header makes another callback URL where baseUrl is set', async (t) => {
  const setup = await setUp(t, { plugin: () => ({ baseUrl: 'http://localhost:1' }), fastify: { trustProxy: true } })
  for (const headers of [{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }, { forwarded: 'host=evil.example' }, { 'x-forwarded-proto': 'https' }] as Array<Record<string, string>>) {
    t.equal(await redirectUri(setup, headers), 'http://localhost:1/oauth/wire/callback')
  }
})

t.test('the path of baseUrl is part of every address that a browser sees', async (t) => {
  const port = await freePort()
  // As behind a proxy that takes /app off.
  const setup = await setUp(t, {
    plugin: () => ({ baseUrl: `http://127.0.0.1:${port}/app/` }),
    port,
    fastify: { rewriteUrl: ({ url = '' }: { url?: string }) => url.replace(/^\/app(?=\/)/, '') },
    routes (app) { app.get('/things', { config: { oauth: 'wire' } }, async () => 'things') }
  })
  const { wire, browser, url } = setup
  t.equal(await redirectUri(setup), `${url}/app/oauth/wire/callback`)

  const { json } = await read(await fetch(`${url}/things`))
  t.match(json.authorizeUrl, `${url}/app/oauth/wire?login=`)

  const login = await browser.openUntil(`${url}/things?a=b`, `${wire.issuer}/authorize`)
  const callback = wire.callbackFor(login)
  t.match(callback, `${url}/app/oauth/wire/callback?`)
  t.equal((await read(await browser.request(callback))).location, '/app/things?a=b')

  const { text } = await read(await browser.request(callback))
  t.match(text, 'href="/app/oauth/wire"')
})

t.test('the prefix of the instance that the plugin is registered in is part of them too', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (child) => {
    const providers = { wire: discovered(wire), known: { ...discovered(wire), callbackUrl: 'http://localhost/v1/known/from-before' } }
    await child.register(oauthPlugin, { secret, session: { secret }, providers })
    child.get('/things', { config: { oauth: 'wire' } }, async () => 'things')
  }, { prefix: '/v1/' })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const browser = new Browser()

  const login = await browser.openUntil(`${url}/v1/things?a=b`, `${wire.issuer}/authorize`)
  const callback = wire.callbackFor(login)
  t.match(callback, `${url}/v1/oauth/wire/callback?`)
  t.equal((await read(await browser.request(callback))).location, '/v1/things?a=b')
  t.match((await read(await browser.request(callback))).text, 'href="/v1/oauth/wire"')
  t.match((await read(await fetch(`${url}/v1/things`))).json.authorizeUrl, `${url}/v1/oauth/wire?login=`)
  t.equal((await read(await fetch(`${url}/v1/known/from-before`))).json.code, 'FST_OAUTH_STATE_MISSING', 'a callback URL with a path of its own')
})
