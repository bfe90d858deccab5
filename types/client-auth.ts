import type { JsonWebKey, KeyObject, webcrypto } from 'node:crypto'

/**
 * How the client proves who it is at the token, revocation and pushed authorization request endpoints (RFC 6749 section 2.3,
 * OpenID Connect Core 1.0 section 9, RFC 8705 section 2). `client_secret_signed_jwt`: the secret is itself a JWT that the client
 * signs, as Apple wants it.
 */
export type OAuthClientAuth =
  | 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'client_secret_signed_jwt'
  | 'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth' | 'none'

/** JWS algorithms of the client's key (RFC 7518 section 3.1, RFC 8037 section 3.1). */
export type OAuthClientKeyAlg = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/**
 * Signs in the place of a key that never leaves its KMS. Answers the signature as JWS has it: of ES256 the 64 bytes of r and s
 * (RFC 7518 section 3.4), not DER. What it throws is the cause of FST_OAUTH_CLIENT_KEY_FAILED.
 */
export type OAuthClientKeySigner = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** A private key: PEM, JWK, KeyObject, CryptoKey with the usage `sign`, or a function that signs. */
export type OAuthClientKey = string | JsonWebKey | KeyObject | webcrypto.CryptoKey | OAuthClientKeySigner

/** The private key of a grant whose tokens are bound to it (RFC 9449): an EC key on P-256 (RFC 7517). */
export interface OAuthDpopKey {
  kty: 'EC'
  crv: 'P-256'
  x: string
  y: string
  d: string
}
