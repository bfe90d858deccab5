// JWTs that the client signs (RFC 7515 section 7.1, RFC 7519).
import type { ClientSigner } from '../client-key.js'
import { oauthError } from '../errors.js'

type Json = Record<string, unknown>

/** Header and claims, as they are signed. */
export function signingInput (header: Json, claims: Json): string {
  return [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
}

/** Throws FST_OAUTH_CLIENT_KEY_FAILED where the function in the place of a key does. */
export async function signJwt (signer: ClientSigner, claims: Json, { provider, typ }: { provider: string, typ: string }): Promise<string> {
  const input = signingInput({ typ, alg: signer.alg, kid: signer.kid }, claims)
  const signature = await signer.sign(Buffer.from(input)).catch(error => {
    // Nothing was sent: a refresh token is as good as before.
    throw oauthError('FST_OAUTH_CLIENT_KEY_FAILED', [provider, (error as Error).message], error, { unspent: true })
  })
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
