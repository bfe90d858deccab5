// Proofs of possession (RFC 9449 section 4.3).
import { createHash } from 'node:crypto'
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyResult } from 'jose'
import type { FakeRequest } from '../../types/testing.js'
import type { FakeCore } from './core.js'
import { Refusal } from './wire.js'

/** Seconds that a proof is good. */
const acceptedFor = 300
const algorithms = ['ES256', 'EdDSA', 'RS256', 'PS256']

export const dpopNonce = 'fake-dpop-nonce'

/**
 * The thumbprint of the key that a request proves; undefined where it holds no proof.
 * Throws invalid_dpop_proof, and use_dpop_nonce with the nonce to use (section 8).
 */
export async function verifyProof (core: FakeCore, request: FakeRequest, accessToken?: string): Promise<string | undefined> {
  const proof = request.headers.dpop
  const status = accessToken === undefined ? 400 : 401
  const fail = (why: string, error = 'invalid_dpop_proof') => new Refusal(status, error, why, {
    'dpop-nonce': dpopNonce,
    ...(status === 401 ? { 'www-authenticate': `DPoP error="${error}"` } : {})
  })
  if (proof === undefined) return undefined
  const { payload, protectedHeader } = await read(core, String(proof)).catch(() => { throw fail('it is not a signed proof') })
  const problem = problemOf(core, request, payload, accessToken)
  if (problem !== undefined) throw fail(problem)
  if (core.dpop === 'nonce' && payload.nonce !== dpopNonce) throw fail('the nonce is missing or old', 'use_dpop_nonce')
  if (!core.state.firstSight(`proof ${payload.jti}`)) throw fail('the proof was used before')
  return calculateJwkThumbprint(protectedHeader.jwk as object)
}

function read ({ clock }: FakeCore, proof: string): Promise<JWTVerifyResult> {
  return jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms, currentDate: new Date(clock()) })
}

function problemOf (core: FakeCore, request: FakeRequest, { htm, htu, iat, jti, ath }: JWTPayload, accessToken: string | undefined): string | undefined {
  if (typeof jti !== 'string') return 'jti is missing'
  if (htm !== request.method) return 'htm is another method'
  if (htu !== `${core.origin}${request.path}`) return 'htu is another address'
  if (typeof iat !== 'number' || Math.abs(core.clock() / 1_000 - iat) > acceptedFor) return 'iat is too far from now'
  if (accessToken !== undefined && ath !== createHash('sha256').update(accessToken).digest('base64url')) return 'ath belongs to another token'
  return undefined
}
