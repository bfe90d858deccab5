// A12: an id_token with one wrong claim (OpenID Connect Core 1.0 section 3.1.3.7).
import { createHash } from 'node:crypto'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { accessToken, halfHash, loginWith } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'

t.test('A12: one wrong claim', async (t) => {
  const scene = await startScene(t)
  const now = Math.floor(Date.now() / 1_000)
  const { clientId, issuer } = scene.provider
  const wrong: Array<[string, Record<string, unknown>]> = [
    ['iss of another', { iss: 'https://attacker.example' }],
    ['iss with a slash more', { iss: `${issuer}/` }],
    ['iss missing', { iss: undefined }],
    ['iss as an array', { iss: [issuer] }],
    ['aud of another', { aud: 'another-client' }],
    ['aud that only begins like ours', { aud: `${clientId}-2` }],
    ['aud missing', { aud: undefined }],
    ['aud empty', { aud: [] }],
    ['aud without us', { aud: ['one', 'two'], azp: clientId }],
    ['aud of several, no azp', { aud: [clientId, 'another-client'] }],
    ['aud of several, azp of another', { aud: [clientId, 'another-client'], azp: 'another-client' }],
    ['azp of another, with a single aud', { azp: 'another-client' }],
    ['azp that is no text', { azp: [clientId] }],
    ['exp in the past', { exp: now - 61 }],
    ['exp missing', { exp: undefined }],
    ['exp as text', { exp: String(now + 300) }],
    ['iat in the future', { iat: now + 120, exp: now + 300 }],
    ['iat missing', { iat: undefined }],
    ['iat as text', { iat: String(now) }],
    ['nbf in the future', { nbf: now + 120 }],
    ['sub missing', { sub: undefined }],
    ['sub empty', { sub: '' }],
    ['sub that is no text', { sub: { id: 1 } }],
    ['at_hash of another token', { at_hash: halfHash('another-access-token') }],
    ['at_hash empty', { at_hash: '' }],
    ['at_hash that is no text', { at_hash: 1 }],
    ['at_hash of the whole digest', { at_hash: createHash('sha256').update(accessToken).digest('base64url') }],
    ['c_hash of another code', { c_hash: halfHash('another-code') }],
    ['c_hash that is no text', { c_hash: 1 }]
  ]
  for (const [name, claims] of wrong) {
    const { browser, status, code } = await loginWith(scene, right => scene.provider.idToken({ ...right, ...claims }))
    t.strictSame({ status, code }, { status: 400, code: 'FST_OAUTH_ID_TOKEN_INVALID' }, name)
    t.strictSame(await scene.subjects(browser), [], name)
  }
  const right = await loginWith(scene, claims => scene.provider.idToken({ ...claims, azp: clientId, aud: [clientId], at_hash: halfHash(accessToken) }))
  t.equal(right.status, 200, 'all of them right')
})

t.test('A12: the right c_hash is taken', async (t) => {
  const scene = await startScene(t)
  const browser = new Browser()
  const callback = await scene.callback(browser)
  scene.provider.claims = { c_hash: halfHash(String(new URL(callback).searchParams.get('code'))) }
  t.equal((await browser.open(callback)).status, 200)
})

t.test('A12: a token of another type', async (t) => {
  const scene = await startScene(t)
  for (const typ of ['at+jwt', 'AT+JWT', 'logout+jwt', 'application/at+jwt', 'dpop+jwt', 'token-introspection+jwt', 'secevent+jwt']) {
    scene.provider.idTokenHeader = { typ }
    const { browser, status } = await loginWith(scene, claims => scene.provider.idToken(claims))
    t.equal(status, 400, typ)
    t.strictSame(await scene.subjects(browser), [], typ)
  }
  scene.provider.idTokenHeader = { typ: 'JWT' }
  t.equal((await loginWith(scene, claims => scene.provider.idToken(claims))).status, 200)
})
