// The signature methods, against values of the OAuth Core wiki, and what is refused.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { baseStringSigner, isSignatureMethod, verifySignature } from '../../lib/oauth1/signature.js'
import type { OAuth1Credentials, OAuth1SignatureMethod } from '../../types/oauth1.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { publicKey: otherKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const base = 'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal'

function signed (credentials: Partial<OAuth1Credentials>, baseString: string): string {
  return baseStringSigner({ clientId: 'client', ...credentials }).sign(baseString)
}

t.test('HMAC-SHA1 is the default, keyed by both secrets', async (t) => {
  t.equal(signed({ clientSecret: 'cs' }, 'bs'), 'egQqG5AJep5sJ7anhXju1unge2I=')
  t.equal(signed({ clientSecret: 'cs', tokenSecret: 'ts' }, 'bs'), 'VZVjXceV7JgPq/dOTnNmEfO0Fv8=')
  t.equal(signed({ clientSecret: 'kd94hf93k423kf44', tokenSecret: 'pfkkdhi9sl3r4s00' }, base), 'tR3+Ty81lMeYAr/Fid0kMTYa/WM=')
})

const methods: OAuth1SignatureMethod[] = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT']

for (const signatureMethod of methods) {
  t.test(`${signatureMethod} verifies its own signatures and no others`, async (t) => {
    t.ok(isSignatureMethod(signatureMethod))
    const keys = { clientSecret: 'a&b', tokenSecret: 'é', publicKey }
    const signature = signed({ signatureMethod, clientSecret: 'a&b', tokenSecret: 'é', privateKey }, base)
    t.equal(verifySignature(signatureMethod, base, signature, keys), true)

    const changed = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
    for (const other of ['', 'x', changed, `${signature} `, `${signature}=`, signature.slice(0, -1), signature.slice(1)]) {
      t.equal(verifySignature(signatureMethod, base, other, keys), false)
    }
    if (signatureMethod !== 'PLAINTEXT') t.equal(verifySignature(signatureMethod, `${base}x`, signature, keys), false)
    t.equal(verifySignature(signatureMethod, base, signature, { clientSecret: 'a', tokenSecret: 'b', publicKey: otherKey }), false)
    t.equal(verifySignature(signatureMethod, base, signature, {}), false)
  })
}

t.test('an RSA key comes as PEM or as an object', async (t) => {
  const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' })
  const signatures = [privateKey, pem, Buffer.from(pem), pkcs1].map(key => signed({ signatureMethod: 'RSA-SHA1', privateKey: key }, base))
  t.equal(new Set(signatures).size, 1)
  t.ok(verifySignature('RSA-SHA1', base, String(signatures[0]), { publicKey: createPublicKey(pem) }))
})

t.test('what cannot sign is refused, without a word of the key', async (t) => {
  const refused = (credentials: object, message: RegExp) => {
    t.throws(() => baseStringSigner({ clientId: 'client', ...credentials }), { code: 'FST_OAUTH_CANNOT_SIGN', statusCode: 500, message })
  }
  refused({ signatureMethod: 'RSA-SHA1' }, /RSA-SHA1 needs a privateKey/)
  refused({ signatureMethod: 'RSA-SHA256', privateKey: publicKey }, /not a private RSA key/)
  for (const type of ['rsa-pss', 'ec'] as const) {
    const pair = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    refused({ signatureMethod: 'RSA-SHA512', privateKey: pair.privateKey }, /not a private RSA key/)
  }
  refused({ signatureMethod: 'RSA-SHA1', privateKey: 'canary' }, /^(?!.*canary).*cannot be read as PEM$/)
  refused({ signatureMethod: 'RSA-SHA1', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) }, /cannot be read as PEM/)
  for (const signatureMethod of ['HMAC-MD5', 'hmac-sha1', '', 'toString']) refused({ signatureMethod }, /signatureMethod is unknown/)
})
