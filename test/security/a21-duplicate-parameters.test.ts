// A21, A22: parameters that come twice, and names that objects inherit.
import { request } from 'undici'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../fixtures/browser.js'
import { startScene } from '../fixtures/scene.js'

t.test('A21: two of one parameter in a callback', async (t) => {
  const scene = await startScene(t)
  scene.provider.metadata = { authorization_response_iss_parameter_supported: true }
  for (const name of ['code', 'state', 'iss', 'error']) {
    for (const second of ['same', 'other', 'empty'] as const) {
      for (const first of [true, false]) {
        const browser = new Browser()
        const callback = new URL(await scene.callback(browser))
        callback.searchParams.set('iss', scene.provider.issuer)
        if (name === 'error') {
          callback.searchParams.delete('code')
          callback.searchParams.set('error', 'access_denied')
        }
        const value = String(callback.searchParams.get(name))
        const added = { same: value, other: 'another', empty: '' }[second]
        const pair = `${name}=${encodeURIComponent(added)}`
        const query = first ? `${pair}&${callback.searchParams}` : `${callback.searchParams}&${pair}`
        const answer = await browser.open(`${callback.origin}${callback.pathname}?${query}`)
        t.equal(answer.status, 400, `${name}, ${second} ${first ? 'before' : 'after'} the right one`)
        t.strictSame(await scene.subjects(browser), [])
      }
    }
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A21: one in the query, one in the form', async (t) => {
  const scene = await startScene(t)
  for (const name of ['code', 'state', 'iss', 'error']) {
    const browser = new Browser()
    const callback = new URL(await scene.callback(browser))
    const form = Object.fromEntries(callback.searchParams)
    const extra = name === 'code' || name === 'state' ? 'another' : 'twice'
    if (extra === 'twice') form[name] = 'x'
    const answer = await browser.open(`${callback.origin}${callback.pathname}?${name}=${extra}`, { method: 'POST', form })
    t.equal(answer.status, 400, name)
    t.strictSame(await scene.subjects(browser), [])
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A21: a code and an error at once', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const answer = await browser.open(`${await scene.callback(browser)}&error=access_denied`)
  t.ok(answer.status >= 400)
  t.equal(scene.exchanges(), 0, 'no exchange')
})

t.test('A21: a callback without a code, and with an empty one', async (t) => {
  const scene = await startScene(t)
  for (const code of [null, '']) {
    const browser = new Browser()
    const callback = new URL(await scene.callback(browser))
    if (code === null) callback.searchParams.delete('code')
    else callback.searchParams.set('code', code)
    t.equal((await browser.open(callback.href)).status, 400)
  }
  t.equal(scene.exchanges(), 0, 'no exchange')
})

const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

function assertUnpolluted (t: Test): void {
  t.strictSame(Object.keys(Object.prototype), [], 'Object.prototype has no enumerable member')
  t.strictSame([Reflect.get({}, 'x'), Reflect.get({}, 'polluted')], [undefined, undefined], 'Object.prototype is as it was')
}

t.test('A22: names of providers that every object has', async (t) => {
  const scene = await startScene(t)
  for (const name of inherited) {
    for (const [method, path] of [['GET', ''], ['GET', '/callback?code=x&state=y'], ['POST', '/callback'], ['POST', '/logout']] as const) {
      for (const written of [name, encodeURIComponent(name).replace('__', '%5f_')]) {
        const { statusCode, body } = await request(`${scene.url}/oauth/${written}${path}`, { method })
        await body.dump()
        t.equal(statusCode, 404, `${method} ${written}${path}`)
      }
    }
    t.equal(scene.app.oauth.providers.has(name), false)
    t.throws(() => scene.app.oauth.providers.get(name), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' })
  }
  assertUnpolluted(t)
})

t.test('A22: names of parameters that every object has', async (t) => {
  const scene = await startScene(t)
  const query = '__proto__[x]=1&__proto__.x=1&constructor[prototype][x]=1&__proto__=polluted&constructor=1&toString=1&hasOwnProperty=1'
  const browser = new Browser()
  const authorization = await scene.begin(browser, `/oauth/test?${query}`)
  t.notMatch(new URL(authorization).search, /proto|constructor|toString/)
  const page = await browser.open(`${scene.provider.callbackFor(authorization)}&${query}`)
  t.equal(page.status, 200, 'they are ignored')
  const form = { __proto__x: '1', 'constructor[prototype][x]': '1', account: '__proto__', returnTo: '/' }
  const logout = await browser.request(`${scene.url}/oauth/test/logout?${query}`, { method: 'POST', form, headers: { accept: 'application/json' } })
  t.strictSame(await logout.json(), { removed: false, provider: 'unsupported' })
  assertUnpolluted(t)
})

t.test('A22: cookies and headers with names that every object has', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = await scene.callback(browser)
  const cookie = `${inherited.map(name => `${name}=polluted`).join('; ')}; ${browser.cookieHeader(new URL(scene.url))}`
  const response = await fetch(callback, { redirect: 'manual', headers: { cookie } })
  t.equal(response.status, 303)
  assertUnpolluted(t)
})

t.test('A22: answers of a provider with names that every object has', async (t) => {
  const polluted = '"__proto__":{"x":1,"polluted":true,"toJSON":1},"constructor":{"prototype":{"x":1}},"toString":"x"'
  const scene = await startScene(t, {
    app: { routes (app) { app.get('/profile', { config: { oauth: 'test' } }, async (request) => request.oauth.profile()) } }
  })
  const withMembers = (value: unknown) => JSON.stringify(value).replace(/^\{/, `{${polluted},`)
  scene.provider.on('/userinfo', () => ({ body: withMembers({ sub: 'user-1', name: 'First' }) }))
  scene.provider.on('/jwks', async () => ({ body: withMembers({ keys: [await scene.provider.publicJwk()] }) }))
  const browser = new Browser()
  const authorization = await scene.begin(browser)
  const now = Math.floor(Date.now() / 1_000)
  const idToken = await scene.provider.idToken({ iss: scene.provider.issuer, aud: scene.provider.clientId, sub: 'user-1', iat: now, exp: now + 300, nonce: new URL(authorization).searchParams.get('nonce') })
  scene.provider.on('/token', () => ({ body: withMembers({ access_token: 'token', token_type: 'bearer', id_token: idToken }) }))
  t.equal((await browser.open(scene.provider.callbackFor(authorization))).status, 200)
  const page = await browser.open(`${scene.url}/profile`)
  t.equal(JSON.parse(page.text).id, 'user-1')
  assertUnpolluted(t)
})

t.test('A22: token types and encodings with names that every object has', async (t) => {
  for (const name of inherited) {
    const scene = await startScene(t)
    scene.provider.tokens = { token_type: name }
    const browser = new Browser()
    const { status } = await browser.open(await scene.callback(browser))
    t.ok([200, 400, 502].includes(status), `token_type ${name}: ${status}`)

    scene.provider.on('/.well-known/openid-configuration', () => ({ headers: { 'content-encoding': name }, body: 'x'.repeat(100) }))
    const other = await startScene(t)
    other.provider.handlers.set('/.well-known/openid-configuration', scene.provider.handlers.get('/.well-known/openid-configuration') as never)
    t.equal((await new Browser().open(`${other.url}/oauth/test`)).status, 503, `content-encoding ${name}`)
  }
  assertUnpolluted(t)
})

t.test('A22: a provider may be called "constructor", and is then the only one', async (t) => {
  const scene = await startScene(t)
  const { issuer, clientId } = scene.provider
  scene.app.oauth.providers.register('constructor', { clientId, issuer })
  t.equal(scene.app.oauth.providers.get('constructor').name, 'constructor')
  t.throws(() => scene.app.oauth.providers.register('__proto__', { clientId, issuer }), { code: 'FST_OAUTH_INVALID_OPTIONS' })
})
