// JWTs that the client signs (RFC 7515 section 7.1, RFC 7519), and any other text.
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
  return `${input}.${(await signText(signer, input, provider)).toString('base64url')}`
}

/** The signature of a text. Throws FST_OAUTH_CLIENT_KEY_FAILED. */
export async function signText (signer: ClientSigner, text: string, provider: string): Promise<Buffer> {
  const signature = await signer.sign(Buffer.from(text)).catch(error => {
    // Nothing was sent: a refresh token is as good as before.
    throw oauthError('FST_OAUTH_CLIENT_KEY_FAILED', [provider, (error as Error).message], error, { unspent: true })
  })
  return Buffer.from(signature)
}
