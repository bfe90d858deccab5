// A11: an id_token's signature is verified always, against the provider's keys (OpenID Connect Core 1.0 section 3.1.3.7).
import { createHmac, createPublicKey, randomBytes } from 'node:crypto'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import type { JWK } from 'jose'
import t from 'tap'
import { Browser } from '../fixtures/browser.js'
import { encode, loginWith, unsigned } from '../fixtures/id-tokens.js'
import { startScene } from '../fixtures/scene.js'
import type { Scene } from '../fixtures/scene.js'

t.test('A11: signatures that prove nothing', async (t) => {
  const jwk = (scene: Scene) => scene.provider.publicJwk() as Promise<JWK>
  const { privateKey: foreignKey, publicKey: foreignPublicKey } = await generateKeyPair('RS256', { extractable: true })
  const hmac = (secret: string | Buffer, claims: unknown, kid: string) => {
    const input = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${encode(claims)}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const pem = async (scene: Scene) => createPublicKey({ key: await jwk(scene) as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const attacks: Record<string, (scene: Scene, claims: Record<string, unknown>) => string | Promise<string>> = {
    'alg none': (scene, claims) => unsigned({ alg: 'none', kid: scene.provider.kid }, claims),
    'alg None': (scene, claims) => unsigned({ alg: 'None', kid: scene.provider.kid }, claims),
    'no alg': (scene, claims) => unsigned({ kid: scene.provider.kid }, claims),
    'RS256 without a signature': (scene, claims) => unsigned({ alg: 'RS256', kid: scene.provider.kid }, claims),
    'RS256 with a made-up signature': (scene, claims) => unsigned({ alg: 'RS256', kid: scene.provider.kid }, claims) + randomBytes(256).toString('base64url'),
    'a signature in another alphabet': (scene, claims) => `${unsigned({ alg: 'RS256', kid: scene.provider.kid }, claims)}%%%%`,
    'HS256 with the public key as PEM': async (scene, claims) => hmac(await pem(scene), claims, scene.provider.kid),
    'HS256 with the modulus': async (scene, claims) => hmac(Buffer.from(String((await jwk(scene)).n), 'base64url'), claims, scene.provider.kid),
    'HS256 with the client secret': (scene, claims) => hmac(scene.provider.clientSecret, claims, scene.provider.kid),
    'HS256 with an empty key': (scene, claims) => hmac('', claims, scene.provider.kid),
    'a foreign key under a known kid': (scene, claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: scene.provider.kid }).sign(foreignKey),
    'a foreign key, sent along as jwk': async (scene, claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: scene.provider.kid, jwk: await exportJWK(foreignPublicKey) }).sign(foreignKey),
    'a foreign key, pointed to by jku': (scene, claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: scene.provider.kid, jku: `${scene.provider.issuer}/foreign-keys` }).sign(foreignKey),
    'other claims under a genuine signature': async (scene, claims) => {
      const [header, , signature] = (await scene.provider.idToken(claims)).split('.')
      return `${header}.${encode({ ...claims, sub: 'admin' })}.${signature}`
    },
    'another header over a genuine signature': async (scene, claims) => `${encode({ alg: 'RS256', kid: scene.provider.kid, crit: ['x'], x: 1 })}.${(await scene.provider.idToken(claims)).split('.').slice(1).join('.')}`,
    'an encrypted one': (scene) => `${encode({ alg: 'dir', enc: 'A256GCM', kid: scene.provider.kid })}..AAAA.AAAA.AAAA`,
    'two parts': (_scene, claims) => `${encode({ alg: 'none' })}.${encode(claims)}`,
    'no JSON': () => 'AAAA.BBBB.CCCC',
    'empty parts': () => '..',
    'no token at all': () => 'token'
  }
  for (const algorithms of [['RS256'], ['none', 'HS256', 'RS256'], undefined]) {
    const scene = await startScene(t)
    scene.provider.metadata = { id_token_signing_alg_values_supported: algorithms }
    for (const [name, attack] of Object.entries(attacks)) {
      const { browser, status, code } = await loginWith(scene, claims => attack(scene, claims))
      t.strictSame({ status, code }, { status: 400, code: 'FST_OAUTH_ID_TOKEN_INVALID' }, `${name}; metadata offers ${String(algorithms)}`)
      t.notOk(browser.names(scene.url).includes('sessionId'), 'no session')
      t.strictSame(await scene.subjects(browser), [])
    }
    const { status } = await loginWith(scene, claims => scene.provider.idToken(claims as never))
    t.equal(status, 200, 'a genuine one is taken')
    t.equal(scene.provider.requests.filter(({ path }) => path === '/foreign-keys').length, 0, 'a jku is not called')
  }
})

t.test('A11: id_tokens that are no text', async (t) => {
  const scene = await startScene(t)
  for (const value of [5, true, {}, [], '']) {
    scene.provider.tokens = { id_token: value }
    const browser = new Browser()
    const { status } = await browser.open(await scene.callback(browser))
    t.ok(status >= 400, `${JSON.stringify(value)}: ${status}`)
    t.strictSame(await scene.subjects(browser), [])
  }
  scene.provider.tokens = { id_token: undefined }
  const browser = new Browser()
  t.equal((await browser.open(await scene.callback(browser))).status, 400, 'and one that is missing where openid was asked for')
})
