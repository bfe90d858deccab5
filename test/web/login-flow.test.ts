import t from 'tap'
import { read, setUp } from '../fixtures/login.js'

t.test('a login asks for the provider\'s scopes and those of the route, each once', async (t) => {
  const { url, wire, browser } = await setUp(t, {
    provider: () => ({ scope: ['openid', 'read'] }),
    routes (app) { app.get('/things', { config: { oauth: { provider: 'wire', scope: ['read', 'write'] } } }, async () => 'in') }
  })
  const login = await browser.openUntil(`${url}/things`, wire.issuer)
  t.equal(new URL(login).searchParams.get('scope'), 'openid read write')
})

t.test('an address that is too long to come back to is left out', async (t) => {
  const { wire, url, browser } = await setUp(t, {
    provider: () => ({ defaultReturnTo: '/start' }),
    routes (app) { app.get('/things', { config: { oauth: 'wire' } }, async () => 'in') }
  })
  const callback = wire.callbackFor(await browser.openUntil(`${url}/things?${'x'.repeat(2_000)}`, wire.issuer))
  t.equal((await read(await browser.request(callback))).location, '/start')
})

t.test('the grant of a login that allowed too little is kept, that of a failed one is not', async (t) => {
  const { app, wire, browser, start } = await setUp(t, { plugin: () => ({ owner: () => 'alice' }), routes (app) { app.get('/more', async (request, reply) => request.oauth.authorize(reply, { scope: ['more'] })) } })
  wire.tokens = { scope: 'openid' }
  t.equal((await read(await browser.request(wire.callbackFor(await start('/more'))))).status, 403)
  t.match(await app.oauth.grants.list({ owner: 'alice' }), [{ version: 1, scope: ['openid'] }])

  wire.claims = { aud: 'somebody else' }
  t.equal((await read(await browser.request(wire.callbackFor(await start())))).status, 400)
  t.match(await app.oauth.grants.list({ owner: 'alice' }), [{ version: 1 }])
})

t.test('the same redirect_uri is sent at both ends', async (t) => {
  const { wire, url, browser, start } = await setUp(t)
  const login = await start()
  await browser.request(wire.callbackFor(login))
  t.equal(new URL(login).searchParams.get('redirect_uri'), `${url}/oauth/wire/callback`)
  t.equal(wire.to('/token')[0]?.form.get('redirect_uri'), `${url}/oauth/wire/callback`)
})

t.test('an error of a login knows where it would have ended, one before that does not', async (t) => {
  const ends: Array<string | undefined> = []
  const { url, wire, browser, start } = await setUp(t, { plugin: () => ({ onError: ({ error }) => { ends.push(Reflect.get(error, 'returnTo')) } }) })
  wire.on('/token', () => ({ status: 400, body: { error: 'invalid_grant' } }))
  await browser.request(wire.callbackFor(await start('/oauth/wire?returnTo=/things')))
  await browser.request(`${url}/oauth/wire/callback`)
  t.strictSame(ends, ['/things', undefined])
})

t.test('an error that is not the plugin\'s ends a login as it is', async (t) => {
  const { wire, browser, start, logs } = await setUp(t, { provider: () => ({ accessTokenParams: () => { throw new TypeError('of the option') } }) })
  const { status, json } = await read(await browser.request(wire.callbackFor(await start())))
  t.equal(status, 500)
  t.equal(json.message, 'of the option')
  t.ok(logs.some(line => line.includes('of the option')))
})
