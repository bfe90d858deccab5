// A8–A10: a code belongs to one login: PKCE (RFC 7636, RFC 9700 section 2.1.1) and nonce (OpenID Connect Core 1.0
// section 3.1.3.7).
import { createHash } from 'node:crypto'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { codeIn } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene } from '../fixtures/scene.js'

/** The callback of the browser's own login, with the code of somebody else's. */
async function withInjectedCode (scene: Scene, browser: Browser): Promise<string> {
  const stolen = new URL(await scene.callback(new Browser(), 'victim')).searchParams.get('code')
  const callback = new URL(await scene.callback(browser, 'attacker'))
  callback.searchParams.set('code', String(stolen))
  return callback.href
}

t.test('A8: a code that was issued for another login', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const answer = await browser.open(await withInjectedCode(scene, browser))
  t.equal(answer.status, 400)
  t.equal(codeIn(answer.text), 'FST_OAUTH_CODE_REFUSED')
  t.notOk(browser.names(scene.url).includes('sessionId'), 'no session')
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A8: a code that was issued for another login, at a provider that does not check PKCE', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  // It forgets the challenge, so that only the nonce in the id_token tells the logins apart.
  const stolen = new URL(scene.provider.callbackFor((await scene.begin(new Browser())).replace(/code_challenge=[\w-]+/, ''), 'victim')).searchParams.get('code')
  const callback = new URL(await scene.callback(browser, 'attacker'))
  callback.searchParams.set('code', String(stolen))

  const answer = await browser.open(callback.href)

  t.equal(answer.status, 400)
  t.equal(codeIn(answer.text), 'FST_OAUTH_ID_TOKEN_INVALID')
  t.equal(scene.exchanges(), 1, 'it was the id_token that gave it away')
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A9: a server whose metadata offers no S256', async (t) => {
  for (const methods of [['plain'], [], ['s256'], ['plain', 'S512']]) {
    const scene = await startScene(t)
    scene.provider.metadata = { code_challenge_methods_supported: methods }
    const answer = await new Browser().open(`${scene.url}/oauth/test`)
    t.equal(answer.status, 503, JSON.stringify(methods))
    t.equal(codeIn(answer.text), 'FST_OAUTH_PKCE_UNSUPPORTED')
    t.equal(scene.provider.to('/authorize').length, 0, 'nobody is sent there')
  }
})

t.test('A9: a server that begins to offer plain alone talks nobody out of S256', async (t) => {
  let now = Date.now()
  const scene = await startScene(t, { plugin: { clock: () => now } })
  await scene.begin(new Browser())
  scene.provider.metadata = { code_challenge_methods_supported: ['plain'] }
  now += 2 * 3_600_000
  const query = new URL(await scene.begin(new Browser())).searchParams
  t.equal(query.get('code_challenge_method'), 'S256')
})

t.test('A9: what is sent is the S256 challenge of a verifier of 256 bits, whatever the metadata says', async (t) => {
  for (const methods of [['S256'], ['plain', 'S256'], undefined, 'plain', { plain: true }]) {
    const scene = await startScene(t)
    scene.provider.metadata = { code_challenge_methods_supported: methods }
    const browser = new Browser()
    const url = await scene.begin(browser)
    t.equal((await browser.open(scene.provider.callbackFor(url))).status, 200)
    const query = new URL(url).searchParams
    const verifier = String(scene.provider.to('/token')[0]?.form.get('code_verifier'))
    t.equal(query.get('code_challenge_method'), 'S256', JSON.stringify(methods))
    t.equal(query.get('code_challenge'), createHash('sha256').update(verifier).digest('base64url'))
    t.match(verifier, /^[\w.~-]{43,128}$/)
  }
})

t.test('A10: a nonce that is wrong, missing or no text', async (t) => {
  const scene = await startScene(t)
  for (const nonce of [undefined, '', 'another', null, 5, ['another'], {}]) {
    scene.provider.claims = { nonce }
    const browser = new Browser()
    const answer = await browser.open(await scene.callback(browser))
    t.equal(answer.status, 400, `nonce ${JSON.stringify(nonce)}`)
    t.equal(codeIn(answer.text), 'FST_OAUTH_ID_TOKEN_INVALID')
    t.strictSame(await scene.subjects(browser), [])
  }
})

t.test('A10: an id_token of an earlier login of the same user', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  let first = ''
  scene.provider.on('/token', async () => {
    const now = Math.floor(Date.now() / 1_000)
    const { issuer: iss, clientId: aud } = scene.provider
    first ||= await scene.provider.idToken({ iss, aud, sub: 'user-1', iat: now, exp: now + 300, nonce: String(new URL(authorization).searchParams.get('nonce')) })
    return { body: { access_token: 'access-token', token_type: 'Bearer', id_token: first } }
  })
  let authorization = await scene.begin(browser)
  t.equal((await browser.open(scene.provider.callbackFor(authorization))).status, 200)

  const another = new Browser()
  authorization = await scene.begin(another)
  t.equal((await another.open(scene.provider.callbackFor(authorization))).status, 400)
  t.strictSame(await scene.subjects(another), [])
})

t.test('A10: a nonce that nobody asked for', async (t) => {
  const scene = await startScene(t, { provider: { scope: ['read'] } })
  scene.provider.claims = { nonce: 'unexpected' }
  const browser = new Browser()
  const url = await scene.begin(browser)
  t.equal(new URL(url).searchParams.get('nonce'), null, 'without openid no nonce is sent')
  const answer = await browser.open(scene.provider.callbackFor(url))
  t.equal(answer.status, 400)
  t.strictSame(await scene.subjects(browser), [])
})

t.test('A10: quirks.nonce "not-echoed" lets a missing nonce pass, not a wrong one', async (t) => {
  const scene = await startScene(t, { provider: { quirks: { nonce: 'not-echoed' } } })
  scene.provider.claims = { nonce: undefined }
  t.strictSame(await scene.subjects(await scene.login()), ['user-1'])
  scene.provider.claims = { nonce: 'wrong' }
  const browser = new Browser()
  t.equal((await browser.open(await scene.callback(browser))).status, 400)
})
