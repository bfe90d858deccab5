// The authorization request as a JWT that the client signs (RFC 9101), so that the browser can change nothing in it.
import type { AuthorizationServer } from 'oauth4webapi'
import type { ClientSigner } from '../client-key.js'
import { RandomSource } from '../random.js'
import type { Query } from './authorization-request.js'
import { signJwt } from './jws.js'

export interface RequestObjectOptions {
  provider: string
  clientId: string
  signer: ClientSigner
  clock: () => number
}

/** Seconds. */
const lifetime = 300
// What a request object holds as JSON, not as text (OpenID Connect Core 1.0 section 6.1, RFC 9396 section 2).
const structured = ['claims', 'authorization_details', 'max_age']

export class RequestObjects {
  readonly #options: RequestObjectOptions
  readonly #random = new RandomSource(18)

  constructor (options: RequestObjectOptions) {
    this.#options = options
  }

  /** The parameters that take the place of these. Throws FST_OAUTH_CLIENT_KEY_FAILED. */
  async sign (server: AuthorizationServer, query: Query): Promise<Record<string, string>> {
    const { provider, clientId, signer, clock } = this.#options
    const iat = Math.floor(clock() / 1_000)
    const claims = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, typeof value === 'string' && structured.includes(name) ? parsed(value) : value.length === 1 ? value[0] : value]))
    const own = { iss: clientId, aud: server.issuer, jti: this.#random.next().toString('base64url'), iat, nbf: iat, exp: iat + lifetime }
    return { client_id: clientId, request: await signJwt(signer, { ...claims, ...own }, { provider, typ: 'oauth-authz-req+jwt' }) }
  }
}

function parsed (value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
