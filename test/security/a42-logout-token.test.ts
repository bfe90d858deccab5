// A42: a logout token that is forged, replayed, or about somebody else ends nothing; a right one ends every session it names.
import secureSession from '@fastify/secure-session'
import cookie from '@fastify/cookie'
import { SignJWT, generateKeyPair } from 'jose'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { encode } from '../fixtures/id-tokens.js'
import { logoutClaims, logoutEvent, logoutToken, postLogout } from '../fixtures/logout-tokens.js'
import type { LogoutAnswer } from '../fixtures/logout-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene, SceneOptions } from '../fixtures/scene.js'
import { startSharedStore, openStore } from '../fixtures/shared-store.js'

const told = { backchannelLogout: true }
const refused = { error: 'invalid_request' }

const addressOf = ({ url }: Scene) => `${url}/oauth/test/backchannel-logout`

async function statusOf ({ url }: Scene, browser: Browser): Promise<number> {
  return (await browser.request(`${url}/guarded`, { headers: { accept: 'application/json' } })).status
}

/** A login with a session of its own at the provider. */
async function logIn (scene: Scene, sid: string | undefined, user = 'user-1'): Promise<Browser> {
  scene.provider.claims = { sid }
  return scene.login(new Browser(), user)
}

t.test('A42: forged tokens', async (t) => {
  const scene = await startScene(t, { provider: told })
  const browser = await logIn(scene, 'session-1')
  const { provider } = scene
  const claims = logoutClaims(provider, { sid: 'session-1' })
  const other = await generateKeyPair('RS256')
  const right = await logoutToken(provider, { sid: 'session-1' })
  const now = Math.floor(Date.now() / 1_000)
  const changed = (changes: Record<string, unknown>, header?: Record<string, unknown>) => logoutToken(provider, { sid: 'session-1', ...changes }, header)
  const forged: Record<string, string> = {
    'alg none': `${encode({ alg: 'none', typ: 'logout+jwt' })}.${encode(claims)}.`,
    'another key': await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: provider.kid }).sign(other.privateKey),
    'HS256 with the public key': await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(JSON.stringify(await provider.publicJwk()))),
    'HS256 with the secret of the client': await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(provider.clientSecret)),
    'another payload': right.replace(/\.[^.]+\./, `.${encode({ ...claims, sub: 'user-2' })}.`),
    'garbage for a signature': right.replace(/[^.]+$/, encode('garbage')),
    'with nonce': await changed({ nonce: 'x' }),
    'another aud': await changed({ aud: 'other' }),
    'another iss': await changed({ iss: 'https://other.example' }),
    'without sub and sid': await changed({ sub: undefined, sid: undefined }),
    'without jti': await changed({ jti: undefined }),
    'without events': await changed({ events: undefined }),
    'another event': await changed({ events: { 'http://schemas.openid.net/event/other': {} } }),
    'an event that is no object': await changed({ events: { [logoutEvent]: 'yes' } }),
    expired: await changed({ exp: now - 3_600 }),
    'without exp': await changed({ exp: undefined }),
    'of an hour ago': await changed({ iat: now - 3_600 }),
    'from the future': await changed({ iat: now + 3_600, exp: now + 7_200 }),
    'without iat': await changed({ iat: undefined }),
    'an access token': await changed({}, { typ: 'at+jwt' }),
    'an id_token': await logoutToken(provider, { sid: 'session-1', events: undefined, nonce: 'n', jti: undefined }, { typ: 'JWT' }),
    'no token': 'x',
    empty: '',
    'prototype keys': `${encode({ alg: 'RS256', __proto__: null })}.${Buffer.from('{"__proto__":{"x":1},"constructor":1}').toString('base64url')}.x`,
    long: `${right}${'x'.repeat(40_000)}`
  }
  for (const [name, token] of Object.entries(forged)) {
    const { status, json, headers } = await postLogout(addressOf(scene), token)
    t.equal(status, 400, name)
    t.match(json, refused, name)
    t.equal(headers.get('cache-control'), 'no-store', name)
    t.notMatch(JSON.stringify(json), /eyJ/, 'nothing of a token is repeated')
  }
  t.equal(await statusOf(scene, browser), 200)
  t.equal((await postLogout(addressOf(scene), right)).status, 200, 'the right one')
  t.equal(await statusOf(scene, browser), 401)
  t.notMatch(scene.logs.join(''), /eyJ/, 'no token is in the log')
})

t.test('A42: a replayed token', async (t) => {
  const scene = await startScene(t, { provider: told })
  await logIn(scene, undefined)
  const token = await logoutToken(scene.provider, {})
  const answers = await Promise.all(Array.from({ length: 10 }, () => postLogout(addressOf(scene), token)))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(400)])
  await new Promise(resolve => { setTimeout(resolve, 1_001 - Date.now() % 1_000) })
  const again = await logIn(scene, undefined)
  t.match(await postLogout(addressOf(scene), token), { status: 400, json: { ...refused, error_description: /used before/ } })
  t.equal(await statusOf(scene, again), 200)
})

t.test('A42: requests that are no logout', async (t) => {
  const scene = await startScene(t, { provider: told, plugin: { providers: { other: { clientId: 'x', authorizeUrl: 'https://x.example/a', accessTokenUrl: 'https://x.example/t' }, one: { clientId: 'x', clientSecret: 'y', requestTokenUrl: 'https://x.example/r', authorizeUrl: 'https://x.example/a', accessTokenUrl: 'https://x.example/t' } } } })
  const browser = await logIn(scene, 'session-1')
  const token = await logoutToken(scene.provider, { sid: 'session-1' })
  const address = addressOf(scene)
  t.match(await postLogout(address, [token, token]), { status: 400, json: refused }, 'two tokens (A21)')
  t.match(await postLogout(address, []), { status: 400, json: refused }, 'none')
  t.equal((await fetch(`${address}?logout_token=${token}`, { method: 'POST' })).status, 400, 'in the query')
  t.equal((await fetch(address, { method: 'POST', body: JSON.stringify({ logout_token: token }), headers: { 'content-type': 'application/json' } })).status, 400, 'as JSON')
  t.equal((await fetch(address, { method: 'POST', body: new URLSearchParams({ logout_token: 'x'.repeat(100_000) }) })).status, 413)
  t.equal((await fetch(`${address}?logout_token=${token}`)).status, 404, 'a GET')
  t.equal((await postLogout(`${scene.url}/oauth/nobody/backchannel-logout`, token)).status, 404)
  for (const name of ['other', 'one']) t.match(await postLogout(`${scene.url}/oauth/${name}/backchannel-logout`, token), { status: 400, json: refused }, 'at another provider')
  t.equal(await statusOf(scene, browser), 200)
  t.equal((await postLogout(address, token)).status, 200, 'and it was not spent by any of this')
})

t.test('A42: every session that it names, and no other', async (t) => {
  const scene = await startScene(t, { provider: told })
  const first = await logIn(scene, 'session-1')
  const elsewhere = await logIn(scene, 'session-2')
  const somebody = await logIn(scene, 'session-3', 'user-2')
  t.equal((await postLogout(addressOf(scene), await logoutToken(scene.provider, { sid: 'session-1' }))).status, 200)
  t.equal(await statusOf(scene, first), 401, 'though the same user has logged in elsewhere since')
  t.equal(await statusOf(scene, elsewhere), 200)
  const copy = await logIn(scene, 'session-4')
  t.equal((await postLogout(addressOf(scene), await logoutToken(scene.provider, { sid: undefined }))).status, 200)
  for (const browser of [elsewhere, copy]) t.equal(await statusOf(scene, browser), 401, 'a subject: all of them')
  t.equal(await statusOf(scene, somebody), 200)
  t.equal((await postLogout(addressOf(scene), await logoutToken(scene.provider, { sub: 'nobody' }))).status, 200, 'nothing to end')
})

t.test('A42: a login under way with the ended session', async (t) => {
  const scene = await startScene(t, { provider: told })
  scene.provider.claims = { sid: 'session-1' }
  const browser = new Browser()
  const callback = await scene.callback(browser)
  await postLogout(addressOf(scene), await logoutToken(scene.provider, { sid: 'session-1' }))
  const page = await browser.open(callback)
  t.equal(page.status, 403)
  t.match(page.text, 'FST_OAUTH_LOGGED_OUT')
  t.equal(await statusOf(scene, browser), 401)
  const next = await logIn(scene, 'session-2')
  t.equal(await statusOf(scene, next), 200, 'a new login is untouched')
})

const cookieOnly: NonNullable<SceneOptions['app']> = {
  async session (app) {
    await app.register(cookie)
    await app.register(secureSession, { sessionName: 'session', cookieName: 'sessionId', key: Buffer.alloc(32, 7), cookie: { path: '/', secure: false } })
  }
}

t.test('A42: a session that is a cookie', async (t) => {
  const scene = await startScene(t, { provider: told, app: cookieOnly })
  const browser = await logIn(scene, 'session-1')
  const before = browser.cookieHeader(new URL(scene.url))
  await postLogout(addressOf(scene), await logoutToken(scene.provider, { sid: 'session-1' }))
  t.equal((await fetch(`${scene.url}/guarded`, { headers: { accept: 'application/json', cookie: before } })).status, 401)
})

t.test('A42: over all processes, a replay included', async (t) => {
  const shared = await startSharedStore(t, 'Redis')
  const one = await startScene(t, { provider: told, plugin: { store: shared.store }, app: cookieOnly })
  const { issuer, clientId, clientSecret } = one.provider
  const { store, end } = openStore(shared.address)
  t.teardown(end)
  const two = await startScene(t, { provider: { ...told, issuer, clientId, clientSecret, apiBaseUrl: `${issuer}/` }, plugin: { store }, app: cookieOnly })
  const browser = await logIn(one, 'session-1')
  t.equal(await statusOf(two, browser), 200, 'both serve it')
  const token = await logoutToken(one.provider, { sid: 'session-1' })
  const answers = await Promise.all([postLogout(addressOf(one), token), postLogout(addressOf(two), token)])
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 400])
  for (const scene of [one, two]) t.equal(await statusOf(scene, browser), 401)
})

t.test('A42: a flood of requests', async (t) => {
  const scene = await startScene(t, { provider: told })
  await logIn(scene, 'session-1')
  const keys = scene.provider.to('/jwks').length
  let answer = () => {}
  const held = new Promise<void>(resolve => { answer = resolve })
  scene.provider.on('/jwks', async () => { await held; return undefined })
  const token = await logoutToken(scene.provider, { sid: 'session-1' })
  const busy: LogoutAnswer[] = []
  let enough = () => {}
  const refusals = new Promise<void>(resolve => { enough = resolve })
  const flood = Array.from({ length: 80 }, async () => {
    const answered = await postLogout(addressOf(scene), token)
    if (answered.status === 503 && busy.push(answered) === 30) enough()
    return answered.status
  })
  await refusals
  answer()
  t.match(busy[0], { json: { code: 'FST_OAUTH_LOGOUT_BUSY' } })
  t.equal(busy[0]?.headers.get('retry-after'), '1')
  const statuses = (await Promise.all(flood)).sort()
  t.strictSame(statuses, [200, ...Array(49).fill(400), ...Array(30).fill(503)])
  t.equal(scene.provider.to('/jwks').length, keys + 1)
})
