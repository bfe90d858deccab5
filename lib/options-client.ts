// The options by which an OAuth 2 client proves who it is, and what they must be to each other.
import { X509Certificate, createPrivateKey } from 'node:crypto'
import * as v from 'valibot'
import type { OAuthClientKey } from '../types/client-auth.js'
import { algsOf } from './client-key.js'
import { flag, oneOf, text } from './options-parts.js'
import type { Refuse } from './options-parts.js'

const keyForms = 'a private key: PEM, JWK, KeyObject, CryptoKey, or a function that signs'
const instant = 'milliseconds since the epoch'
const certificates = 'certificates as PEM'

export const clientEntries = {
  clientSecret: v.optional(v.string('a non-empty string')),
  clientSecretExpiresAt: v.optional(v.pipe(v.number(instant), v.integer(instant), v.minValue(1, instant))),
  clientKey: v.optional(v.custom<OAuthClientKey>(input => typeof input === 'function' || (typeof input === 'object' && input !== null) || typeof input === 'string', keyForms)),
  clientKeyId: v.optional(text()),
  clientKeyAlg: v.optional(oneOf('RS256', 'PS256', 'ES256', 'EdDSA')),
  clientCert: v.optional(v.pipe(text(certificates), v.check(areCertificates, certificates))),
  clientCertKey: v.optional(v.pipe(text('a private key as PEM'), v.check(input => privateKeyOf(input) !== undefined, 'a private key as PEM'))),
  serverCa: v.optional(v.pipe(text(certificates), v.check(areCertificates, certificates))),
  clientSecretClaims: v.optional(v.record(v.string(), v.string('a string'), 'an object of strings')),
  clientAuth: v.optional(oneOf(
    'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'client_secret_signed_jwt', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'
  )),
  dpop: v.optional(v.union([flag, v.literal('optional')], 'true, false or "optional"')),
  par: v.optional(flag),
  jar: v.optional(flag),
  security: v.optional(oneOf('default', 'fapi2'))
}

type Given = v.InferOutput<v.ObjectSchema<typeof clientEntries, undefined>> & { issuer?: string | undefined, authorizeUrl?: string | undefined, parUrl?: string | undefined }

const withSecret: ReadonlySet<unknown> = new Set(['client_secret_basic', 'client_secret_post', 'client_secret_jwt'])
const withKey: ReadonlySet<unknown> = new Set(['private_key_jwt', 'client_secret_signed_jwt'])
const withCertificate: ReadonlySet<unknown> = new Set(['tls_client_auth', 'self_signed_tls_client_auth'])

/** Refuses what does not go together. */
export function checkClient (given: Given, refuse: Refuse): void {
  const { clientAuth, clientSecret, clientCert, clientCertKey, serverCa, clientSecretClaims, par, issuer, parUrl } = given
  const because = `since clientAuth is "${clientAuth}"`
  if (given.clientSecretExpiresAt !== undefined && clientSecret === undefined) refuse('clientSecretExpiresAt', 'nothing without clientSecret')
  if (clientSecret === '') refuse('clientSecret', 'a non-empty string')
  if (clientSecret === undefined && withSecret.has(clientAuth)) refuse('clientSecret', `a non-empty string, ${because}`)
  if (withCertificate.has(clientAuth) && clientCert === undefined) refuse('clientCert', `${certificates}, ${because}`)
  if ((clientCert === undefined) !== (clientCertKey === undefined)) refuse(clientCert === undefined ? 'clientCert' : 'clientCertKey', 'a value: clientCert and clientCertKey belong together')
  else if (!belongTogether(clientCert, clientCertKey)) refuse('clientCertKey', 'the private key of clientCert')
  if (serverCa !== undefined && clientCert === undefined) refuse('serverCa', 'nothing without clientCert: give the option dispatcher an Agent that trusts these')
  if (clientSecretClaims !== undefined && clientAuth !== 'client_secret_signed_jwt') refuse('clientSecretClaims', 'nothing: it is for clientAuth "client_secret_signed_jwt"')
  if (par === true && issuer === undefined && parUrl === undefined) refuse('parUrl', 'a URL, since par is true and there is no issuer to discover it from')
  checkKey(given, refuse)
}

function checkKey (given: Given, refuse: Refuse): void {
  const { clientAuth, clientKey, clientKeyAlg, clientKeyId, jar, issuer } = given
  if (jar === true && issuer === undefined) refuse('issuer', 'a URL, since a signed request (jar) names the issuer as its audience')
  if (clientKey === undefined) {
    if (withKey.has(clientAuth)) refuse('clientKey', `${keyForms}, since clientAuth is "${clientAuth}"`)
    else if (jar === true) refuse('clientKey', `${keyForms}, since jar is true`)
    for (const key of ['clientKeyAlg', 'clientKeyId'] as const) if (given[key] !== undefined) refuse(key, 'nothing without clientKey')
    return
  }
  const algs = algsOf(clientKey)
  if (algs.length === 0) return refuse('clientKey', `${keyForms}; RSA of 2048 bits at least, P-256 or Ed25519`)
  if (typeof clientKey === 'function' && clientKeyAlg === undefined) refuse('clientKeyAlg', `one of ${quoted(algs)}, since clientKey is a function`)
  if (clientKeyAlg !== undefined && !algs.includes(clientKeyAlg)) refuse('clientKeyAlg', `one of ${quoted(algs)}, by which this clientKey signs`)
  if (clientAuth === 'client_secret_signed_jwt' && clientKeyId === undefined && !hasKid(clientKey)) refuse('clientKeyId', 'a non-empty string, since clientAuth is "client_secret_signed_jwt"')
}

function quoted (values: readonly string[]): string {
  return values.map(value => `"${value}"`).join(', ')
}

function hasKid (key: OAuthClientKey): boolean {
  return typeof key === 'object' && 'kid' in key && typeof key.kid === 'string'
}

function areCertificates (pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

function belongTogether (cert: string | undefined, key: string | undefined): boolean {
  const privateKey = privateKeyOf(key)
  return cert === undefined || privateKey === undefined || new X509Certificate(cert).checkPrivateKey(privateKey)
}

function privateKeyOf (pem: string | undefined) {
  try {
    return pem === undefined ? undefined : createPrivateKey(pem)
  } catch {
    return undefined
  }
}

/** What the RSA methods of OAuth 1.0a sign with. */
export function isPrivateRsaKey (key: unknown): boolean {
  return typeof key === 'string' && privateKeyOf(key)?.asymmetricKeyType === 'rsa'
}
