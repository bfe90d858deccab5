// Encryption of what leaves the process: pending logins and grants. AES-256-GCM (NIST SP 800-38D), a key for each
// purpose by HKDF (RFC 5869). A sealed value names its key; the first key writes, all read.
import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { RandomSource } from '../random.js'

/** What a sealed value is for. Purpose and context are authenticated: a value sealed for one opens as no other. */
export type Purpose = 'pending-login' | 'pending-logout' | 'login-request' | 'form-post' | 'silent-login' | 'grant'

interface Key {
  id: string
  derived: Map<Purpose, KeyObject>
  secret: Uint8Array
}

const format = 'v1'
const ivLength = 12

export class Cipher {
  readonly #keys: Key[]
  readonly #ivs = new RandomSource(ivLength)

  /** @param secrets at least one; the first encrypts, all decrypt */
  constructor (secrets: ReadonlyArray<string | Uint8Array>) {
    this.#keys = secrets.map(part => {
      const secret = typeof part === 'string' ? Buffer.from(part) : Uint8Array.from(part)
      return { id: createHash('sha256').update('fastify-oauth key id').update(secret).digest('base64url').slice(0, 6), derived: new Map(), secret }
    })
  }

  /** Encrypts a text. The context (such as a cookie's name) must be given again to open it. */
  seal (purpose: Purpose, context: string, plain: string): string {
    const key = this.#keys[0] as Key
    const iv = this.#ivs.next()
    const cipher = createCipheriv('aes-256-gcm', derive(key, purpose), iv).setAAD(associatedData(purpose, context))
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${format}.${key.id}.${sealed.toString('base64url')}`
  }

  /** Whether a value was sealed by the first key. */
  isCurrent (sealed: string): boolean {
    return sealed.startsWith(`${format}.${(this.#keys[0] as Key).id}.`)
  }

  /** Whether a value has the form of a sealed one, by a key that is not ours. */
  isForeign (sealed: string): boolean {
    const [version, id, data] = sealed.split('.', 4)
    return version === format && data !== undefined && !this.#keys.some(key => key.id === id)
  }

  /** Answers the text, or null when it was not sealed for this purpose and context by one of the keys. */
  open (purpose: Purpose, context: string, sealed: string): string | null {
    const [version, id, data, rest] = sealed.split('.', 4)
    const key = this.#keys.find(candidate => candidate.id === id)
    if (version !== format || key === undefined || data === undefined || rest !== undefined) return null
    const bytes = Buffer.from(data, 'base64url')
    // One value has one text: what Node would read past, and padding bits, are refused.
    if (bytes.length < 28 || bytes.toString('base64url') !== data) return null
    const decipher = createDecipheriv('aes-256-gcm', derive(key, purpose), bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(associatedData(purpose, context)).setAuthTag(bytes.subarray(-16))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
    } catch {
      return null
    }
  }
}

function derive (key: Key, purpose: Purpose): KeyObject {
  let derived = key.derived.get(purpose)
  if (derived === undefined) {
    derived = createSecretKey(Buffer.from(hkdfSync('sha256', key.secret, 'fastify-oauth', purpose, 32)))
    key.derived.set(purpose, derived)
  }
  return derived
}

function associatedData (purpose: Purpose, context: string): Buffer {
  return Buffer.from(`${purpose}\0${context}`)
}
