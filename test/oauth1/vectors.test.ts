// Signature vectors: known ones of the RFC, OAuth Core, the body hash draft and an API's documentation, and one for each trap.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sign } from '../../lib/oauth1/index.js'
import { parseHeader } from '../../lib/oauth1/authorization-header.js'
import { verifySignature } from '../../lib/oauth1/signature.js'
import type { OAuth1Credentials, OAuth1Request, OAuth1SignatureMethod } from '../../types/oauth1.js'
import { projectRoot } from '../fixtures/project.js'

type Vector = OAuth1Request & Omit<OAuth1Credentials, 'privateKey'> & {
  name: string
  why: string
  signatureMethod: OAuth1SignatureMethod
  privateKey?: string
  timestamp: string
  nonce: string
  version: '1.0' | null
  expect: { baseString: string, signature: string, bodyHash?: string }
}

const { keys, vectors } = JSON.parse(readFileSync(join(projectRoot, 'test/fixtures/oauth1-vectors.json'), 'utf8')) as { keys: Record<string, JsonWebKey>, vectors: Vector[] }

function keyOf ({ privateKey }: Vector): KeyObject | undefined {
  return privateKey === undefined ? undefined : createPrivateKey({ key: keys[privateKey] as JsonWebKey, format: 'jwk' })
}

t.ok(vectors.length >= 90, 'there are vectors')

for (const vector of vectors) {
  t.test(`${vector.name}: ${vector.why}`, async (t) => {
    const { timestamp, nonce, version, expect, realm, signatureMethod } = vector
    const privateKey = keyOf(vector)

    const signed = sign(vector, { ...vector, privateKey }, { timestamp, nonce, version })

    t.equal(signed.baseString, expect.baseString)
    t.equal(signed.signature, expect.signature)
    t.equal(signed.parameters.oauth_body_hash, expect.bodyHash)
    const header = parseHeader(signed.authorization)
    t.strictSame(header && Object.fromEntries(header.parameters), { ...signed.parameters, oauth_signature: expect.signature })
    t.equal(header?.realm, realm)
    const publicKey = privateKey && createPublicKey(privateKey)
    t.ok(verifySignature(signatureMethod, expect.baseString, expect.signature, { ...vector, publicKey }))
  })
}
