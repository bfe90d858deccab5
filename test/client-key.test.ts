// The client's private key in every form: RFC 7518 section 3, RFC 8037.
import { KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { flattenedVerify } from 'jose'
import t from 'tap'
import { algsOf, clientSigner, localKey } from '../lib/client-key.js'
import type { OAuthClientKey, OAuthClientKeyAlg } from '../lib/index.js'

const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  pss: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ed: generateKeyPairSync('ed25519').privateKey
}
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string
const jwk = (key: KeyObject, members = {}) => ({ ...key.export({ format: 'jwk' }), ...members })
const cryptoKey = async (key: KeyObject, algorithm: object, usage: 'sign' | 'deriveBits' = 'sign') => crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm as { name: string }, false, [usage])

/** Whether a signature is that of this key, by another implementation. */
async function verifies (key: KeyObject, { alg, sign }: ReturnType<typeof clientSigner>): Promise<boolean> {
  const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
  const signature = Buffer.from(await sign(Buffer.from(`${header}.cGF5bG9hZA`))).toString('base64url')
  return flattenedVerify({ protected: header, payload: 'cGF5bG9hZA', signature }, createPublicKey(key)).then(() => true, () => false)
}

const options = (clientKey: OAuthClientKey, clientKeyAlg?: OAuthClientKeyAlg, clientKeyId?: string) => ({ clientKey, clientKeyAlg, clientKeyId })

t.test('PEM, JWK, KeyObject and CryptoKey sign by every algorithm', async (t) => {
  const signing: Array<[KeyObject, OAuthClientKeyAlg, object]> = [
    [keys.rsa, 'RS256', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }], [keys.rsa, 'PS256', { name: 'RSA-PSS', hash: 'SHA-256' }],
    [keys.ec, 'ES256', { name: 'ECDSA', namedCurve: 'P-256' }], [keys.ed, 'EdDSA', { name: 'Ed25519' }]
  ]
  for (const [key, alg, algorithm] of signing) {
    for (const [form, given] of Object.entries({ PEM: pem(key), JWK: jwk(key), KeyObject: key, CryptoKey: await cryptoKey(key, algorithm) })) {
      const signer = clientSigner(options(given, alg))
      t.equal(signer.alg, alg)
      t.equal(await verifies(key, signer), true, `${alg} by ${form}`)
    }
    t.equal(await verifies(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, clientSigner(options(key, alg))), false)
  }
  t.equal(await verifies(keys.pss, clientSigner(options(keys.pss))).catch(() => false), false, 'jose takes no rsa-pss')
  t.equal(clientSigner(options(keys.pss)).alg, 'PS256')
})

t.test('the algorithm is that of the key, or that a JWK names; so is the key id', async (t) => {
  t.strictSame([keys.rsa, keys.pss, keys.ec, keys.ed].map(key => algsOf(pem(key))), [['RS256', 'PS256'], ['PS256'], ['ES256'], ['EdDSA']])
  t.match(clientSigner(options(jwk(keys.rsa, { alg: 'PS256', kid: 'one' }))), { alg: 'PS256', kid: 'one' })
  t.match(clientSigner(options(jwk(keys.rsa, { kid: 'one' }), 'PS256', 'two')), { alg: 'PS256', kid: 'two' })
  t.match(clientSigner(options(pem(keys.rsa))), { alg: 'RS256', kid: undefined })
  t.match(clientSigner(options(keys.rsa)), { alg: 'RS256', kid: undefined })
})

t.test('what signs by none of them', async (t) => {
  const short = createPrivateKey(pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey))
  const none: Array<[string, OAuthClientKey]> = [
    ['no key', 'secret'], ['a public key', createPublicKey(keys.ec)], ['a public JWK', createPublicKey(keys.ec).export({ format: 'jwk' })],
    ['a secret key', KeyObject.from(await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign'])) as KeyObject],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey], ['X25519', generateKeyPairSync('x25519').privateKey],
    ['RSA of 1024 bits', short], ['the same by WebCrypto', await cryptoKey(short, { name: 'RSA-PSS', hash: 'SHA-256' })],
    ['a JWK of another algorithm', jwk(keys.rsa, { alg: 'RS512' })], ['a JWK for another use', jwk(keys.ec, { alg: 'ECDH-ES' })],
    ['a CryptoKey that derives', await cryptoKey(keys.ec, { name: 'ECDH', namedCurve: 'P-256' }, 'deriveBits')],
    ['a CryptoKey of SHA-512', await cryptoKey(keys.rsa, { name: 'RSA-PSS', hash: 'SHA-512' })]
  ]
  for (const [name, key] of none) t.strictSame(algsOf(key), [], name)
  t.equal(localKey('secret'), undefined)
})

t.test('a function signs in the place of a key, and what it answers is a signature', async (t) => {
  const local = clientSigner(options(keys.ec))
  const sent: Uint8Array[] = []
  const signer = clientSigner(options(async data => { sent.push(data); return local.sign(data) }, 'ES256', 'kms-1'))
  t.equal(await verifies(keys.ec, signer), true)
  t.match(signer, { alg: 'ES256', kid: 'kms-1' })
  t.match(Buffer.from(sent[0] as Uint8Array).toString(), /^[\w-]+\.cGF5bG9hZA$/, 'it is given what is to be signed')
  t.strictSame(algsOf(() => new Uint8Array()), ['RS256', 'PS256', 'ES256', 'EdDSA'])

  const answers: Array<[unknown, RegExp]> = [['text', /no Uint8Array/], [undefined, /no Uint8Array/], [new Uint8Array(71), /71 bytes.*64 bytes of r and s/]]
  for (const [answer, message] of answers) await t.rejects(clientSigner(options(() => answer as Uint8Array, 'ES256')).sign(new Uint8Array()), { message })
  t.equal((await clientSigner(options(() => new Uint8Array(256), 'PS256')).sign(new Uint8Array())).length, 256)
})
