// The client's private key in every form in which it may be given, and what signs with it (RFC 7518 section 3, RFC 8037).
import { KeyObject, constants, createPrivateKey, createPublicKey, sign, webcrypto } from 'node:crypto'
import type { JsonWebKey, SignKeyObjectInput } from 'node:crypto'
import { promisify, types } from 'node:util'
import type { OAuthClientKey, OAuthClientKeyAlg, OAuthClientKeySigner } from '../types/client-auth.js'

export interface ClientKeyOptions {
  clientKey: OAuthClientKey
  clientKeyAlg: OAuthClientKeyAlg | undefined
  clientKeyId: string | undefined
}

/** Signs with the client's key. */
export interface ClientSigner {
  readonly alg: OAuthClientKeyAlg
  readonly kid: string | undefined
  sign (data: Uint8Array): Promise<Uint8Array>
}

type LocalKey = KeyObject | webcrypto.CryptoKey

const leastRsaBits = 2048
const keyNames: Readonly<Record<string, readonly OAuthClientKeyAlg[]>> = {
  rsa: ['RS256', 'PS256'],
  'rsa-pss': ['PS256'],
  'ec prime256v1': ['ES256'],
  ed25519: ['EdDSA'],
  'RSASSA-PKCS1-v1_5 SHA-256': ['RS256'],
  'RSA-PSS SHA-256': ['PS256'],
  'ECDSA P-256': ['ES256'],
  Ed25519: ['EdDSA']
}
const parameters: Readonly<Record<OAuthClientKeyAlg, Omit<SignKeyObjectInput, 'key'>>> = {
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  ES256: { dsaEncoding: 'ieee-p1363' },
  EdDSA: {}
}
const subtleParameters = {
  RS256: { name: 'RSASSA-PKCS1-v1_5' }, PS256: { name: 'RSA-PSS', saltLength: 32 }, ES256: { name: 'ECDSA', hash: 'SHA-256' }, EdDSA: { name: 'Ed25519' }
} as const

const signInThread = promisify<string | undefined, Uint8Array, SignKeyObjectInput, Buffer>(sign)

/** The algorithms by which a key may sign, the usual one first; none where it is no private key of a known kind. A JWK may name its own. */
export function algsOf (key: OAuthClientKey): readonly OAuthClientKeyAlg[] {
  if (typeof key === 'function') return Object.keys(parameters) as OAuthClientKeyAlg[]
  const local = localKey(key)
  const algs = local === undefined ? [] : keyNames[local instanceof KeyObject ? nameOf(local) : subtleNameOf(local)] ?? []
  const { alg: named } = jwkMembers(key)
  return named === undefined ? algs : algs.filter(alg => alg === named)
}

/** Reads a key that was checked: it has an algorithm. */
export function clientSigner ({ clientKey, clientKeyAlg, clientKeyId }: ClientKeyOptions): ClientSigner {
  const alg = clientKeyAlg ?? algsOf(clientKey)[0] as OAuthClientKeyAlg
  const kid = clientKeyId ?? jwkMembers(clientKey).kid
  return { alg, kid, sign: typeof clientKey === 'function' ? bySigner(clientKey, alg) : byKey(localKey(clientKey) as LocalKey, alg) }
}

/** The key itself, where it is one of this process. */
export function localKey (key: Exclude<OAuthClientKey, OAuthClientKeySigner>): LocalKey | undefined {
  if (key instanceof KeyObject || types.isCryptoKey(key)) return key.type === 'private' ? key : undefined
  try {
    return typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** What others verify by; undefined of a key that does not show it: one in a KMS, and one of RSA-PSS, which JWK has no form for. */
export function publicJwkOf (key: OAuthClientKey): JsonWebKey | undefined {
  const local = typeof key === 'function' ? undefined : localKey(key)
  if (local === undefined) return undefined
  const object = local instanceof KeyObject ? local : KeyObject.from(local)
  return object.asymmetricKeyType === 'rsa-pss' ? undefined : createPublicKey(object).export({ format: 'jwk' })
}

function byKey (key: LocalKey, alg: OAuthClientKeyAlg): ClientSigner['sign'] {
  if (key instanceof KeyObject) return data => signInThread(alg === 'EdDSA' ? undefined : 'sha256', data, { key, ...parameters[alg] })
  return async data => new Uint8Array(await webcrypto.subtle.sign(subtleParameters[alg], key, data))
}

function bySigner (signer: OAuthClientKeySigner, alg: OAuthClientKeyAlg): ClientSigner['sign'] {
  return async data => {
    const signature: unknown = await signer(data)
    if (!(signature instanceof Uint8Array)) throw new TypeError('it answered no Uint8Array')
    if (alg === 'ES256' && signature.length !== 64) throw new TypeError(`it answered ${signature.length} bytes, and a signature of ES256 is the 64 bytes of r and s`)
    return signature
  }
}

function nameOf ({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): string {
  if (details.modulusLength !== undefined && details.modulusLength < leastRsaBits) return 'a short one'
  return details.namedCurve === undefined ? String(type) : `${type} ${details.namedCurve}`
}

function subtleNameOf ({ algorithm, usages }: webcrypto.CryptoKey): string {
  const { name, hash, namedCurve, modulusLength = leastRsaBits } = algorithm as { name: string, hash?: { name: string }, namedCurve?: string, modulusLength?: number }
  if (!usages.includes('sign') || modulusLength < leastRsaBits) return 'none'
  return [name, hash?.name, namedCurve].filter(part => part !== undefined).join(' ')
}

function jwkMembers (key: OAuthClientKey): { kid?: string, alg?: string } {
  return typeof key === 'object' && !(key instanceof KeyObject) && !types.isCryptoKey(key) ? key as { kid?: string, alg?: string } : {}
}
