// request.oauth.authorize()
import t from 'tap'
import { read, setUp } from '../fixtures/login.js'

t.test('authorize() starts a login from a handler', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    provider: () => ({ authorizeParams: { prompt: 'login', login_hint: 'of-the-options', display: 'page' } }),
    routes (app) {
      app.get('/plain', async (request, reply) => request.oauth.authorize(reply))
      app.get('/more', async (request, reply) => request.oauth.authorize(reply, { scope: ['read', 'write'], returnTo: '/done?a=b', prompt: 'consent', loginHint: 'user-1' }))
      app.get('/away', async (request, reply) => request.oauth.authorize(reply, { returnTo: 'https://evil.example/' }))
      app.get('/unawaited', (request, reply) => { request.oauth.authorize(reply) })
    }
  })
  const begin = async (path: string) => new URL(await browser.openUntil(`${url}${path}`, `${wire.issuer}/authorize`))
  const plain = (await begin('/plain')).searchParams
  t.strictSame([plain.get('scope'), plain.get('prompt'), plain.get('login_hint'), plain.get('display')], ['openid', 'login', 'of-the-options', 'page'])
  t.match((await begin('/unawaited')).href, 'scope=openid')

  const more = await begin('/more')
  t.strictSame([more.searchParams.get('scope'), more.searchParams.get('prompt'), more.searchParams.get('login_hint'), more.searchParams.get('display')], ['openid read write', 'consent', 'user-1', 'page'])
  t.equal((await read(await browser.request(wire.callbackFor(more.href)))).location, '/done?a=b')
  t.equal((await read(await browser.request(wire.callbackFor((await begin('/away')).href)))).location, '/')

  t.equal((await begin('/plain')).searchParams.get('scope'), 'openid read write', 'what was granted is asked for again')
  wire.tokens = { scope: 'openid read' }
  const { status, text } = await read(await browser.request(wire.callbackFor((await begin('/more')).href)))
  t.equal(status, 403, 'what the handler asked for is required')
  t.match(text, 'FST_OAUTH_INSUFFICIENT_SCOPE')
})

t.test('authorize() asks for a stronger, or newer, authentication, and checks what came', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    routes (app) {
      app.get('/gold', async (request, reply) => request.oauth.authorize(reply, { acr: 'gold', maxAge: 300 }))
      app.get('/metal', async (request, reply) => request.oauth.authorize(reply, { acr: ['gold', 'silver'] }))
    }
  })
  const begin = async (path: string) => browser.openUntil(`${url}${path}`, `${wire.issuer}/authorize`)
  const gold = new URL(await begin('/gold'))
  t.strictSame([gold.searchParams.get('acr_values'), gold.searchParams.get('max_age')], ['gold', '300'])
  t.match((await read(await browser.request(wire.callbackFor(gold.href)))).text, 'FST_OAUTH_INSUFFICIENT_AUTHENTICATION')
  wire.claims = { acr: 'silver' }
  t.equal((await read(await browser.request(wire.callbackFor(await begin('/metal'))))).status, 303)
})
