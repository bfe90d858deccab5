// Every way in which a client can authenticate, at a real OpenID provider: login, call, refresh, revocation.
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import t from 'tap'
import type { OAuthProviderOptions } from '../../lib/index.js'
import { startSignedIn } from '../fixtures/signed-in.js'
import type { SignedInOptions } from '../fixtures/signed-in.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string
const withKey = (publicKey: KeyObject, alg: string): NonNullable<SignedInOptions['provider']> => ({
  clientAuth: 'private_key_jwt',
  client: { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1' }] }, token_endpoint_auth_signing_alg: alg }
})
const importKey = () => webcrypto.subtle.importKey('pkcs8', ec.privateKey.export({ type: 'pkcs8', format: 'der' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

async function sign (data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, await importKey(), data))
}

const ways: Array<[string, NonNullable<SignedInOptions['provider']>, () => Promise<Partial<OAuthProviderOptions>>]> = [
  ['client_secret_basic', {}, async () => ({})],
  ['client_secret_post', { clientAuth: 'client_secret_post' }, async () => ({ clientAuth: 'client_secret_post' })],
  ['client_secret_jwt', { clientAuth: 'client_secret_jwt' }, async () => ({ clientAuth: 'client_secret_jwt' })],
  ['none', { clientAuth: 'none' }, async () => ({ clientAuth: 'none' })],
  ['private_key_jwt with RS256', withKey(rsa.publicKey, 'RS256'), async () => ({ clientKey: pem(rsa.privateKey), clientAuth: 'private_key_jwt' })],
  ['private_key_jwt with PS256', withKey(rsa.publicKey, 'PS256'), async () => ({ clientKey: { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS256', kid: 'key-1' }, clientAuth: 'private_key_jwt' })],
  ['private_key_jwt with ES256', withKey(ec.publicKey, 'ES256'), async () => ({ clientKey: await importKey(), clientAuth: 'private_key_jwt' })],
  ['private_key_jwt with ES256 by a function', withKey(ec.publicKey, 'ES256'), async () => ({ clientKey: sign, clientKeyAlg: 'ES256', clientKeyId: 'key-1', clientAuth: 'private_key_jwt' })],
  ['private_key_jwt with EdDSA', withKey(ed.publicKey, 'EdDSA'), async () => ({ clientKey: ed.privateKey, clientAuth: 'private_key_jwt' })]
]

for (const [name, provider, options] of ways) {
  t.test(name, async (t) => {
    const given = await options()
    const { call, revokeAccessTokens, refreshes, provider: { forms } } = await startSignedIn(t, {
      provider,
      options: () => given,
      routes (app) {
        app.get('/api', async (request) => {
          const { body } = await request.oauth.get('things')
          return body.json()
        })
        app.post('/revoke', async (request) => request.oauth.revoke())
      }
    })
    t.match((await call('/api')).json, { sub: 'user-1' })
    await revokeAccessTokens()
    t.match((await call('/api')).json, { sub: 'user-1' })
    t.equal(refreshes(), 1)
    t.match((await call('/revoke', { method: 'POST' })).json, { removed: true, provider: 'revoked' })
    const assertion = forms[0]?.form.get('client_assertion')
    const [, alg] = / with (\w+)/.exec(name) ?? []
    if (alg !== undefined) t.equal(decodeProtectedHeader(String(assertion)).alg, alg)
  })
}
