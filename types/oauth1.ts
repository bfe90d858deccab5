import type { KeyObject } from 'node:crypto'

/** How an OAuth 1.0a request is signed (RFC 5849 section 3.4; SHA-256 and SHA-512 as common practice extends it). */
export type OAuth1SignatureMethod = 'HMAC-SHA1' | 'HMAC-SHA256' | 'HMAC-SHA512' | 'RSA-SHA1' | 'RSA-SHA256' | 'RSA-SHA512' | 'PLAINTEXT'

/** A request as it will be sent. */
export interface OAuth1Request {
  /** Signed in upper case, whatever the case here (RFC 5849 section 3.4.1.1). */
  method: string
  /**
   * Absolute, http or https. A string and a URL are signed as fetch and undici send them. Of `{ origin, path }` the path, with
   * its query, is signed exactly as it stands, as undici's dispatchers send it.
   */
  url: string | URL | { origin: string | URL, path: string }
  /** The header Content-Type. A body counts as parameters only if it is `application/x-www-form-urlencoded`. */
  contentType?: string | undefined
  /** A form as it will be sent; any other body matters only to `bodyHash`. */
  body?: string | Uint8Array | undefined
}

/** In whose name a request is signed, and how. */
export interface OAuth1Credentials {
  /** `oauth_consumer_key`. */
  clientId: string
  /** Default: the empty secret. Not used by the RSA methods. */
  clientSecret?: string | undefined
  /** RSA key of the RSA methods: PEM, or a KeyObject. */
  privateKey?: string | Buffer | KeyObject | undefined
  /** `oauth_token`, temporary or not. Not sent if it is absent. */
  token?: string | undefined
  /** Default: the empty secret. */
  tokenSecret?: string | undefined
  /** Default: `HMAC-SHA1`. */
  signatureMethod?: OAuth1SignatureMethod | undefined
  /** Goes into the header and is not signed (RFC 5849 section 3.4.1.3.1). Printable ASCII. */
  realm?: string | undefined
  /** `oauth_callback`, in a request for temporary credentials (RFC 5849 section 2.1). */
  callback?: string | undefined
  /** `oauth_verifier`, in a request for token credentials (RFC 5849 section 2.3). */
  verifier?: string | undefined
  /**
   * Adds `oauth_body_hash` where the body is no form (OAuth Request Body Hash 1.0), by the hash function of the signature
   * method; never with PLAINTEXT. Default: false.
   */
  bodyHash?: boolean | undefined
}

/** Values that are otherwise made anew for each request. */
export interface OAuth1SigningOptions {
  /** Seconds since 1970. Default: now. */
  timestamp?: string | number | undefined
  /** Default: 30 random hexadecimal digits. */
  nonce?: string | undefined
  /** null leaves `oauth_version` out. Default: `1.0`. */
  version?: '1.0' | null | undefined
}

/** A signed request's parts. */
export interface OAuth1Signature {
  /** The header Authorization (RFC 5849 section 3.5.1). */
  authorization: string
  /** The signature base string (RFC 5849 section 3.4.1). It holds the token and the values of a form. */
  baseString: string
  /** As `oauth_signature` holds it, before it is percent-encoded. */
  signature: string
  /** What the header holds, not percent-encoded and without realm: for sending it in a form or a query instead (sections 3.5.2, 3.5.3). */
  parameters: Record<string, string>
}
