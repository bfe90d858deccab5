// id_tokens (OpenID Connect Core 1.0 section 2), right or wrong as the faults that are due have it.
import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import type { FakeFault, FakeFaultOptions } from '../../types/testing.js'
import { claimsOf } from './claims.js'
import { issuerOf } from './core.js'
import type { FakeCore } from './core.js'
import { createKey } from './keys.js'
import type { Authorization } from './state.js'

/** What an id_token is given with. */
export interface Companions { accessToken: string, code: string | undefined }

type Due = Map<FakeFault, FakeFaultOptions>

const lifetime = 3_600

export async function createIdToken (core: FakeCore, authorization: Authorization, companions: Companions): Promise<string> {
  const due = core.faults.ofStage('id-token')
  const claims = claimsFor(core, authorization, companions, due)
  if (due.has('alg-none')) return `${encode({ alg: 'none' })}.${encode(claims)}.`
  if (due.has('key-rotated')) await core.keys.rotate()
  return signJwt(core, claims, due.has('unknown-key'))
}

/** Signs claims with the provider's key, or with one that it does not publish. */
export async function signJwt (core: FakeCore, claims: JWTPayload, unknownKey = false): Promise<string> {
  const { keys, state } = core
  const clientSecret = state.clients.get(String(claims.aud))?.clientSecret
  if (keys.alg === 'HS256' && !unknownKey) return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(String(clientSecret)))
  const { alg, kid } = await keys.current()
  const { privateKey } = unknownKey ? await createKey(alg, kid) : await keys.current()
  return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey)
}

function claimsFor (core: FakeCore, authorization: Authorization, { accessToken, code }: Companions, due: Due): JWTPayload {
  const { quirks, keys, clock } = core
  const { clientId, params, at } = authorization
  const now = Math.floor(clock() / 1_000) + (due.has('clock-off') ? due.get('clock-off')?.seconds ?? 600 : 0)
  const nonce = due.has('wrong-nonce') ? 'a-nonce-that-nobody-sent' : quirks.nonce === 'not-echoed' ? undefined : params.nonce
  const acr = params.acr_values?.split(' ')[0]
  return {
    ...claimsOf(core, authorization),
    iss: due.has('wrong-iss') ? 'https://another-issuer.test' : quirks.idTokenIssuer ?? issuerOf(core),
    aud: due.has('wrong-aud') ? 'another-client' : clientId,
    iat: now,
    exp: now + lifetime,
    auth_time: Math.floor(at / 1_000),
    at_hash: hashOf(accessToken, keys.alg),
    // A refreshed one holds neither (section 12.2).
    ...(code === undefined ? {} : { c_hash: hashOf(code, keys.alg), ...(nonce === undefined ? {} : { nonce }) }),
    ...(acr === undefined ? {} : { acr })
  }
}

// Section 3.1.3.6. For EdDSA, whose id names no hash, it is that of Ed25519.
function hashOf (value: string, alg: string): string {
  const digest = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256').update(value).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

function encode (value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
