// Pushed authorization requests (RFC 9126).
import { randomBytes } from 'node:crypto'
import type { FakeRequest } from '../../types/testing.js'
import { authenticate } from './client-auth.js'
import { standardParams } from './core.js'
import type { FakeCore } from './core.js'
import { Refusal, json } from './wire.js'
import type { WireAnswer } from './wire.js'

type Params = Record<string, string>

/** Seconds. */
const lifetime = 60

export async function answerPushed (core: FakeCore, request: FakeRequest): Promise<WireAnswer> {
  const params = standardParams(core, request.params)
  const { clientId } = await authenticate(core, request, params)
  if (params.request_uri !== undefined) throw new Refusal(400, 'invalid_request', 'request_uri is not taken here')
  const uri = `urn:ietf:params:oauth:request_uri:${randomBytes(24).toString('base64url')}`
  core.state.pushed.set(uri, { params: { ...params, client_id: clientId }, expiresAt: core.clock() + lifetime * 1_000 })
  return json({ request_uri: uri, expires_in: lifetime }, 201)
}

/** The parameters of an authorization request, or those that its client pushed, once; undefined where it had to push them and has not. */
export function pushedParams ({ state, clock, par }: FakeCore, params: Params): Params | undefined {
  const { request_uri: uri, client_id: clientId } = params
  if (uri === undefined) return par === 'required' ? undefined : params
  const found = state.pushed.get(uri)
  state.pushed.delete(uri)
  return found === undefined || found.params.client_id !== clientId || found.expiresAt <= clock() ? undefined : { ...found.params }
}
