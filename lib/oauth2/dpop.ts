// Proofs of possession (RFC 9449): the key of a grant, proofs that are signed with it, and the nonces that servers want in them.
import { createPrivateKey, generateKeyPairSync, hash, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { OAuthDpopKey } from '../../types/client-auth.js'
import type { AnswerHeaders, SignedParts } from '../http/sign.js'
import { RandomSource } from '../random.js'
import { signingInput } from './jws.js'
import { remember } from './remember.js'

/** What is proven: one request, and the token that goes with it. */
export interface ProvenRequest {
  method: string
  origin: string
  /** Its query is left out of the proof (section 4.2). */
  path: string
  accessToken?: string | undefined
}

const keysAtMost = 1_000
const noncesAtMost = 100
// Section 8.1; a longer one would not fit into a header.
const nonces = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/

/** A key for a new grant. */
export function createDpopKey (): OAuthDpopKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as unknown as OAuthDpopKey
}

/** What an authorization code is bound to the key by (RFC 9449 section 10, RFC 7638). */
export function thumbprintOf ({ crv, kty, x, y }: OAuthDpopKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')
}

/** Proofs of one client. */
export class DpopProver {
  readonly #clock: () => number
  // Reading a key takes several times as long as signing with it.
  readonly #keys = new Map<string, KeyObject>()
  readonly #nonces = new Map<string, string>()
  readonly #random = new RandomSource(18)

  constructor (clock: () => number) {
    this.#clock = clock
  }

  /** What goes into the header DPoP. */
  prove (key: OAuthDpopKey, { method, origin, path, accessToken }: ProvenRequest): string {
    const { kty, crv, x, y } = key
    const input = signingInput({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } }, {
      jti: this.#random.next().toString('base64url'),
      htm: method,
      htu: `${origin}${path.replace(/\?.*$/s, '')}`,
      iat: Math.floor(this.#clock() / 1_000),
      nonce: this.#nonces.get(serverOf({ origin, accessToken })),
      ath: accessToken === undefined ? undefined : hash('sha256', accessToken, 'base64url')
    })
    // Not in a thread: that costs more than the signature.
    return `${input}.${sign('sha256', Buffer.from(input), { key: this.#read(key), dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  /** Signs one API call (section 7.1). */
  sign (key: OAuthDpopKey, request: ProvenRequest & { accessToken: string }): SignedParts {
    return {
      headers: { authorization: `DPoP ${request.accessToken}`, dpop: this.prove(key, request) },
      heed: headers => this.heed(request, headers) && /\berror="?use_dpop_nonce\b/i.test(String(headers['www-authenticate']))
    }
  }

  /** Keeps the nonce that an answer brings (section 8.2); whether it brings one. */
  heed (request: Pick<ProvenRequest, 'origin' | 'accessToken'>, { 'dpop-nonce': nonce }: AnswerHeaders): boolean {
    if (typeof nonce !== 'string' || !nonces.test(nonce)) return false
    remember(this.#nonces, serverOf(request), { value: nonce, atMost: noncesAtMost })
    return true
  }

  #read (key: OAuthDpopKey): KeyObject {
    const id = key.x + key.y
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    const read = createPrivateKey({ key: { ...key }, format: 'jwk' })
    remember(this.#keys, id, { value: read, atMost: keysAtMost })
    return read
  }
}

// Nonces of an authorization server and of an API are not the same, though they share an origin (sections 8 and 9).
function serverOf ({ origin, accessToken }: Pick<ProvenRequest, 'origin' | 'accessToken'>): string {
  return `${accessToken === undefined ? 'authorization' : 'resource'} ${origin}`
}
