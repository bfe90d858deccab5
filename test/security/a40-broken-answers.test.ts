// A40: answers of a provider that cannot be used, with tokens in them: none reaches a log line, an error or a reply.
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { clientSecret, watch } from '../fixtures/canaries.js'
import type { WireHandler } from '../fixtures/wire-provider.js'

t.setTimeout(240_000)

const api = { accept: 'application/json' }

const token = 'access-token-canary-in-an-answer'
const brokenAnswers: Record<string, WireHandler> = {
  HTML: ({ body }) => ({ headers: { 'content-type': 'text/html' }, body: `<h1>${token} ${body}</h1>` }),
  'HTML of an error': ({ body }) => ({ status: 500, headers: { 'content-type': 'text/html' }, body: `<h1>${token} ${body}</h1>` }),
  'a status of 403': ({ body }) => ({ status: 403, body: `${token} ${body}` }),
  'a status of 429': ({ body }) => ({ status: 429, headers: { 'retry-after': token }, body: `${token} ${body}` }),
  'truncated JSON': () => ({ body: `{"access_token":"${token}","refresh_token":"refresh-token-canary` }),
  'JSON with a control character': () => ({ body: `{"access_token":"${token}\n"}` }),
  'an array': () => ({ body: [token] }),
  'a text': () => ({ body: JSON.stringify(token) }),
  'no access token': () => ({ body: { refresh_token: 'refresh-token-canary', id_token: 'a.b.c' } }),
  'an access token that is an object': () => ({ body: { access_token: { token }, token_type: 'bearer' } }),
  'a token type of another kind': () => ({ body: { access_token: token, token_type: { token } } }),
  'no id_token': () => ({ body: { access_token: token, token_type: 'bearer' } }),
  'an id_token that is none': () => ({ body: { access_token: token, token_type: 'bearer', id_token: 'id-token-canary.id-token-canary.id-token-canary' } }),
  'an id_token with canaries': () => ({ body: { access_token: token, token_type: 'bearer', id_token: `${Buffer.from(`{"alg":"RS256","kid":"${token}"}`).toString('base64url')}.${Buffer.from(`{"sub":"${token}","iss":"${token}"}`).toString('base64url')}.${Buffer.from(token).toString('base64url')}` } }),
  'a form with an error': ({ body }) => ({ headers: { 'content-type': 'text/plain' }, body: `error=bad&access_token_canary=${token}&x=${body}` }),
  'a redirect': ({ body }) => ({ status: 302, headers: { location: `https://a.example/?${body}&access_token=${token}` } }),
  'a redirect to no address': ({ body }) => ({ status: 302, headers: { location: `http://[${body}` } }),
  'a broken compression': () => ({ headers: { 'content-encoding': 'gzip' }, body: Buffer.from(token) }),
  'a cut compression': () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(token.repeat(100)).subarray(0, 30) }),
  'too much': () => ({ body: `{"access_token":"${token}","x":"${'x'.repeat(1_100_000)}"}` }),
  'a connection that breaks off': (_request, response) => { response.writeHead(200, { 'content-length': '1000' }); response.write(`{"access_token":"${token}"`); setTimeout(() => response.destroy(), 20); return undefined },
  'a connection that is reset': (_request, response) => { response.destroy(); return undefined },
  'no HTTP': (_request, response) => { response.socket?.write(`access-token-canary ${token}\r\n\r\n`); setTimeout(() => response.destroy(), 20); return undefined },
  'a header that is none': (_request, response) => { response.socket?.write(`HTTP/1.1 200 OK\r\nx-${token}\u0000: ${token}\r\n\r\n`); setTimeout(() => response.destroy(), 20); return undefined },
  'a length that is none': (_request, response) => { response.socket?.write(`HTTP/1.1 200 OK\r\ncontent-length: ${token}\r\n\r\n`); setTimeout(() => response.destroy(), 20); return undefined }
}

t.test('A40: token answers that cannot be used', async (t) => {
  const { scene, browser, finish } = await watch(t)
  for (const [name, handler] of Object.entries(brokenAnswers)) {
    scene.provider.on('/token', handler)
    for (const headers of [api, { accept: 'text/html' }]) {
      const user = browser()
      t.ok((await user.request(await scene.callback(user), { headers })).status >= 400, name)
    }
  }
  finish(t, { errors: Object.keys(brokenAnswers).length * 2 })
})

// Answers that are good enough for a refresh, which needs no id_token.
const { 'no id_token': _, 'a token type of another kind': __, ...brokenRefreshes } = brokenAnswers

t.test('A40: refreshes that fail', async (t) => {
  const { scene, browser, tick, finish } = await watch(t)
  for (const [name, handler] of Object.entries(brokenRefreshes)) {
    const user = browser()
    scene.provider.handlers.delete('/token')
    await scene.login(user)
    tick(3_601_000)
    scene.provider.on('/token', handler)
    const before = scene.exchanges()
    t.ok((await user.request(`${scene.url}/call`, { headers: api })).status >= 400, name)
    t.equal(scene.exchanges(), before + 1, `${name}: it was asked`)
    t.ok((await user.request(`${scene.url}/call`, { headers: api })).status >= 400, `${name}: again`)
    tick(-3_601_000)
  }
  finish(t, { errors: Object.keys(brokenRefreshes).length })
})

t.test('A40: refreshes behind a call that fail', async (t) => {
  const { scene, browser, tick, finish } = await watch(t)
  for (const name of ['HTML', 'truncated JSON', 'an id_token that is none', 'a connection that breaks off', 'no HTTP']) {
    const user = browser()
    scene.provider.handlers.delete('/token')
    await scene.login(user)
    tick(3_580_000)
    scene.provider.on('/token', brokenAnswers[name] as WireHandler)
    t.equal((await user.request(`${scene.url}/call`, { headers: api })).status, 200, name)
    await delay(200)
    tick(-3_580_000)
  }
  t.ok(scene.logs.filter(line => line.includes('could not be refreshed ahead of its expiry')).length >= 3)
  finish(t, { errors: 0 })
})

t.test('A40: answers of userinfo and revocation that cannot be used', async (t) => {
  const { scene, browser, finish } = await watch(t)
  const echoing: Record<string, WireHandler> = {
    ...brokenAnswers,
    'a 401 that repeats the header': ({ headers }) => ({ status: 401, headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${headers.authorization}"` }, body: { error: 'invalid_token', error_description: headers.authorization } }),
    'an error that repeats the body': ({ body, form }) => ({ status: 400, body: { error: `unsupported ${form.get('token')}`, error_description: body } })
  }
  for (const [name, handler] of Object.entries(echoing)) {
    const user = browser()
    scene.provider.handlers.clear()
    await scene.login(user)
    scene.provider.on('/userinfo', handler)
    t.ok((await user.request(`${scene.url}/profile`, { headers: api })).status >= 400, `userinfo: ${name}`)
    scene.provider.on('/revoke', handler)
    await user.request(`${scene.url}/${name === 'HTML' ? 'oauth/test/logout' : 'revoke'}`, { method: name === 'HTML' ? 'POST' : 'GET', headers: api })
  }
  scene.provider.userinfo = { sub: 'another-canary' }
  scene.provider.handlers.delete('/userinfo')
  const user = browser()
  await scene.login(user)
  t.equal((await user.request(`${scene.url}/profile`, { headers: api })).status, 502)
  finish(t, { errors: Object.keys(echoing).length })
})

t.test('A40: keys and metadata that cannot be used', async (t) => {
  for (const path of ['/jwks', '/.well-known/openid-configuration'] as const) {
    const { scene, browser, finish } = await watch(t)
    const { issuer, clientId } = scene.provider
    for (const [name, handler] of Object.entries(brokenAnswers)) {
      // A new one has neither yet.
      scene.app.oauth.providers.unregister('test')
      scene.app.oauth.providers.register('test', { issuer, clientId, clientSecret })
      scene.provider.on(path, handler)
      const user = browser()
      const started = await user.request(`${scene.url}/oauth/test`, { headers: api })
      const status = started.status === 303 ? (await user.request(scene.provider.callbackFor(String(started.headers.get('location'))))).status : started.status
      t.ok(status >= 400, `${path}: ${name}`)
    }
    finish(t, { errors: Object.keys(brokenAnswers).length })
  }
})
