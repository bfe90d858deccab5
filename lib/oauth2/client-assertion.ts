// JWTs by which a client proves who it is: assertions (RFC 7523 section 2.2) and signed secrets.
import { createHmac } from 'node:crypto'
import type { ClientAuth } from 'oauth4webapi'
import type { AuthorizationServer } from 'oauth4webapi'
import { RandomSource } from '../random.js'
import { signingInput } from './jws.js'

export interface AssertionOptions {
  clientId: string
  clock: () => number
  audienceOf: (server: AuthorizationServer) => string
  /** Signs claims as a JWT. */
  sign: (claims: Record<string, unknown>) => Promise<string> | string
}

const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Seconds. */
const assertionLifetime = 60
const secretLifetime = 3_600
const renewedBefore = 300

/** A new assertion for each request: a server takes it once. */
export function clientAssertion ({ clientId, clock, audienceOf, sign }: AssertionOptions): ClientAuth {
  const random = new RandomSource(18)
  return async (server, _client, body) => {
    const iat = Math.floor(clock() / 1_000)
    const claims = { iss: clientId, sub: clientId, aud: audienceOf(server), jti: random.next().toString('base64url'), iat, exp: iat + assertionLifetime }
    body.set('client_id', clientId)
    body.set('client_assertion_type', type)
    body.set('client_assertion', await sign(claims))
  }
}

/** A secret that is a JWT, in the form; made anew before it ends. */
export function signedSecret ({ clientId, clock, audienceOf, sign, claims }: AssertionOptions & { claims: Record<string, string> | undefined }): ClientAuth {
  let made: { secret: string, exp: number } | undefined
  return async (server, _client, body) => {
    const iat = Math.floor(clock() / 1_000)
    if (made === undefined || made.exp - iat < renewedBefore) {
      const exp = iat + secretLifetime
      made = { secret: await sign({ iss: clientId, sub: clientId, aud: audienceOf(server), ...claims, iat, exp }), exp }
    }
    body.set('client_id', clientId)
    body.set('client_secret', made.secret)
  }
}

/** Signs with the client's secret (OpenID Connect Core 1.0 section 9). */
export function signWithSecret (secret: string, claims: Record<string, unknown>): string {
  const input = signingInput({ typ: 'JWT', alg: 'HS256' }, claims)
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
