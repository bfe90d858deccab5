// What a fake provider knows: users, clients, logins under way, codes and tokens. All of it is bounded.
import { randomBytes } from 'node:crypto'
import type { FakeClient, FakeUser } from '../../types/testing.js'

/** An authorization request that was accepted (RFC 6749 section 4.1.1), and who is about to answer it. */
export interface Interaction {
  client: FakeClient
  redirectUri: string
  scope: readonly string[]
  params: Readonly<Record<string, string>>
  user?: FakeUser
  /** The temporary credentials that it is about, in OAuth 1.0a. */
  temporary?: string
}

/** What the user granted. Its codes and tokens are one family. */
export interface Authorization {
  /** Names the family: copies with fewer scopes belong to it too. */
  family: string
  clientId: string
  redirectUri: string
  user: FakeUser
  scope: readonly string[]
  params: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  at: number
}

export interface Issued {
  kind: 'code' | 'access' | 'refresh'
  authorization: Authorization
  expiresAt: number
  /** A code or a rotated refresh token: good once. */
  used: boolean
  /** Thumbprint of the key that the token is bound to (RFC 9449 section 6). */
  jkt?: string | undefined
  /** Must be exchanged before the API takes it. */
  raw?: boolean
  /** Shared secret of token credentials (RFC 5849 section 2.3). */
  secret?: string
}

/** Temporary credentials (RFC 5849 section 2.1). */
export interface Temporary {
  client: FakeClient
  secret: string
  /** Undefined where the authorization page is to be told. */
  callback: string | undefined
  params: Readonly<Record<string, string>>
  expiresAt: number
  /** What the user granted, and the verifier that proves it. */
  granted?: { authorization: Authorization, verifier: string }
}

/** An authorization request that was pushed (RFC 9126). */
export interface Pushed { params: Readonly<Record<string, string>>, expiresAt: number }

const keptAtMost = 10_000

/** Beyond its size the oldest entry is dropped. */
export class Bounded<V> extends Map<string, V> {
  override set (key: string, value: V): this {
    if (this.size >= keptAtMost) this.delete(this.keys().next().value as string)
    return super.set(key, value)
  }
}

export class FakeState {
  readonly users: ReadonlyMap<string, FakeUser>
  readonly clients: ReadonlyMap<string, FakeClient>
  readonly interactions = new Bounded<Interaction>()
  readonly issued = new Bounded<Issued>()
  readonly temporary = new Bounded<Temporary>()
  readonly pushed = new Bounded<Pushed>()
  /** Ids of proofs and assertions that were seen. */
  readonly seen = new Bounded<number>()
  readonly #clock: () => number

  constructor (users: readonly FakeUser[], clients: readonly FakeClient[], clock: () => number) {
    this.users = new Map(users.map(user => [user.sub, user]))
    this.clients = new Map(clients.map(client => [client.clientId, client]))
    this.#clock = clock
  }

  begin (interaction: Interaction): string {
    const id = randomBytes(16).toString('base64url')
    this.interactions.set(id, interaction)
    return id
  }

  /** Answers the new code or token. Lifetime in seconds; Infinity where it lasts. */
  issue (kind: Issued['kind'], authorization: Authorization, { lifetime, ...more }: { lifetime: number, jkt?: string | undefined, raw?: boolean, secret?: string }): string {
    const value = `fake-${kind}-${randomBytes(24).toString('base64url')}`
    this.issued.set(value, { kind, authorization, expiresAt: this.#clock() + lifetime * 1_000, used: false, ...more })
    return value
  }

  /** A code or token that is known, and neither ended nor used up. */
  active (value: string | undefined, kind: Issued['kind']): Issued | undefined {
    const found = this.find(value, kind)
    return found === undefined || found.used || found.expiresAt <= this.#clock() ? undefined : found
  }

  find (value: string | undefined, kind: Issued['kind']): Issued | undefined {
    const found = this.issued.get(String(value))
    return found?.kind === kind ? found : undefined
  }

  /** Takes what is good once. Its reuse ends the whole family (RFC 9700 section 4.14, RFC 6749 section 4.1.2). */
  take (value: string | undefined, kind: 'code' | 'refresh'): Issued | undefined {
    const known = this.find(value, kind)
    if (known?.used === true) this.revokeFamily(known.authorization)
    const found = this.active(value, kind)
    if (found !== undefined) found.used = true
    return found
  }

  revokeFamily ({ family }: Authorization): void {
    this.drop(issued => issued.authorization.family === family)
  }

  drop (which: (issued: Issued) => boolean): void {
    for (const [value, issued] of this.issued) if (which(issued)) this.issued.delete(value)
  }

  /** Whether this id is new. It is remembered for as long as the bound allows. */
  firstSight (id: string): boolean {
    if (this.seen.has(id)) return false
    this.seen.set(id, this.#clock())
    return true
  }
}
