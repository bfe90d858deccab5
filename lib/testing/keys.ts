// Keys of id_tokens: made when they are first needed, rotated, published as a JWK Set (RFC 7517).
import { exportJWK, generateKeyPair } from 'jose'
import type { CryptoKey, JWK } from 'jose'

export interface SigningKey { kid: string, alg: string, privateKey: CryptoKey, jwk: JWK }

const publishedAtMost = 4

export class KeyRing {
  readonly alg: string
  #keys: Array<Promise<SigningKey>> = []
  #count = 0

  /** @param alg HS256 needs no key here: the client's secret is one, and what else is signed is signed by ES256. */
  constructor (alg: string) {
    this.alg = alg
  }

  /** The newest key, which signs. */
  async current (): Promise<SigningKey> {
    return this.#keys[0] ?? this.rotate()
  }

  rotate (): Promise<SigningKey> {
    const key = createKey(this.alg === 'HS256' ? 'ES256' : this.alg, `fake-key-${++this.#count}`)
    this.#keys = [key, ...this.#keys].slice(0, publishedAtMost)
    return key
  }

  async jwks (): Promise<{ keys: JWK[] }> {
    await this.current()
    return { keys: (await Promise.all(this.#keys)).map(({ jwk }) => jwk) }
  }
}

export async function createKey (alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' } }
}
