// Signatures over a base string, made and verified (RFC 5849 sections 3.4.2 to 3.4.4).
import { KeyObject, createHmac, createPrivateKey, sign, timingSafeEqual, verify } from 'node:crypto'
import type { OAuth1Credentials, OAuth1SignatureMethod } from '../../types/oauth1.js'
import { oauthError } from '../errors.js'
import { encode } from './encode.js'

const methods: Readonly<Record<OAuth1SignatureMethod, { kind: 'hmac' | 'rsa', hash: string } | { kind: 'plaintext', hash: null }>> = {
  'HMAC-SHA1': { kind: 'hmac', hash: 'sha1' },
  'HMAC-SHA256': { kind: 'hmac', hash: 'sha256' },
  'HMAC-SHA512': { kind: 'hmac', hash: 'sha512' },
  'RSA-SHA1': { kind: 'rsa', hash: 'sha1' },
  'RSA-SHA256': { kind: 'rsa', hash: 'sha256' },
  'RSA-SHA512': { kind: 'rsa', hash: 'sha512' },
  PLAINTEXT: { kind: 'plaintext', hash: null }
}

/** A signature method with its key in it. */
export interface BaseStringSigner {
  method: OAuth1SignatureMethod
  /** Node's name of the method's hash function; null for PLAINTEXT. */
  hash: string | null
  sign (baseString: string): string
}

/** What a server knows of those whose signatures it verifies. */
export interface VerificationKeys {
  clientSecret?: string | undefined
  tokenSecret?: string | undefined
  /** Of the RSA methods. */
  publicKey?: KeyObject | undefined
}

/** Throws FST_OAUTH_CANNOT_SIGN where the method is unknown or its key unfit. */
export function baseStringSigner (credentials: OAuth1Credentials): BaseStringSigner {
  const method = credentials.signatureMethod ?? 'HMAC-SHA1'
  if (!isSignatureMethod(method)) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its signatureMethod is unknown'])
  const { kind, hash } = methods[method]
  if (kind === 'rsa') {
    const key = rsaKey(credentials.privateKey, method)
    return { method, hash, sign: baseString => sign(hash, Buffer.from(baseString), key).toString('base64') }
  }
  const secrets = joinSecrets(credentials)
  if (kind === 'plaintext') return { method, hash, sign: () => secrets }
  const key = Buffer.from(secrets)
  return { method, hash, sign: baseString => createHmac(hash, key).update(baseString).digest('base64') }
}

/** Whether a signature is that of a base string, in constant time. False also where a key is missing. */
export function verifySignature (method: OAuth1SignatureMethod, baseString: string, signature: string, keys: VerificationKeys): boolean {
  const { kind, hash } = methods[method]
  if (kind === 'rsa') {
    const bytes = Buffer.from(signature, 'base64')
    // Base64 is read leniently: each signature has one form.
    if (keys.publicKey === undefined || bytes.toString('base64') !== signature) return false
    return verify(hash, Buffer.from(baseString), keys.publicKey, bytes)
  }
  const secrets = joinSecrets(keys)
  const expected = Buffer.from(kind === 'plaintext' ? secrets : createHmac(hash, secrets).update(baseString).digest('base64'))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export function isSignatureMethod (method: string): method is OAuth1SignatureMethod {
  return Object.hasOwn(methods, method)
}

function joinSecrets ({ clientSecret = '', tokenSecret = '' }: VerificationKeys): string {
  return `${encode(clientSecret)}&${encode(tokenSecret)}`
}

function rsaKey (given: OAuth1Credentials['privateKey'], method: string): KeyObject {
  if (given === undefined) throw oauthError('FST_OAUTH_CANNOT_SIGN', [`${method} needs a privateKey`])
  const key = given instanceof KeyObject ? given : readKey(given)
  // A key of RSASSA-PSS would sign by another scheme.
  if (key.type !== 'private' || key.asymmetricKeyType !== 'rsa') throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its privateKey is not a private RSA key'])
  return key
}

function readKey (pem: string | Buffer): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its privateKey cannot be read as PEM'], error)
  }
}
