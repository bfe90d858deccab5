// Verifies signed requests (RFC 5849 section 3.2): signature, timestamp, nonce, body hash.
import { createHash, createPublicKey } from 'node:crypto'
import type { OAuth1SignatureMethod } from '../../types/oauth1.js'
import type { FakeClient, FakeRequest } from '../../types/testing.js'
import { parseHeader } from '../oauth1/authorization-header.js'
import { baseStringOf, targetOf } from '../oauth1/base-string.js'
import { collect, isForm, normalise, toParameter } from '../oauth1/parameters.js'
import type { Parameter } from '../oauth1/parameters.js'
import { isSignatureMethod, verifySignature } from '../oauth1/signature.js'
import type { FakeCore } from './core.js'
import type { Issued } from './state.js'
import { Refusal } from './wire.js'
import type { WireAnswer } from './wire.js'

type Params = Readonly<Record<string, string>>

/** Seconds that a timestamp may be away from the provider's clock. */
const acceptedFor = 300

/** A request whose client is known, and all of its parameters. */
export interface SignedRequest { client: FakeClient, params: Params }

/** A refusal in the terms of the OAuth Problem Reporting extension. */
export function problem (status: 400 | 401 | 403, name: string, advice: string): Refusal {
  return new Refusal(status, name, advice, { 'www-authenticate': `OAuth realm="fake provider", oauth_problem="${name}"` })
}

/** A refusal as the endpoints for credentials answer it: in the body too. */
export function problemAnswer ({ status, error, message, headers }: Refusal): WireAnswer {
  const body = new URLSearchParams({ oauth_problem: error, oauth_problem_advice: message })
  return { status, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: body.toString() }
}

/** Verifies a request. `secretOf` answers the token's secret; undefined refuses the token, null is for none. */
export function verifyRequest (core: FakeCore, request: FakeRequest, secretOf: (params: Params, client: FakeClient) => string | null | undefined): SignedRequest {
  const { params, protocolParams, signed } = parametersOf(request)
  const { oauth_signature_method: method = '', oauth_signature: signature = '' } = params
  const client = core.state.clients.get(String(params.oauth_consumer_key))
  const taken: readonly string[] | undefined = core.quirks.signatureMethods
  if (client === undefined) throw problem(401, 'consumer_key_unknown', 'the client is unknown')
  if (!isSignatureMethod(method) || taken?.includes(method) === false) throw problem(400, 'signature_method_rejected', 'the signature method is not taken')
  const tokenSecret = secretOf(params, client)
  if (tokenSecret === undefined) throw problem(401, 'token_rejected', 'the token is unknown, used or ended')
  const baseString = baseStringOf(request.method, targetOf({ origin: core.origin, path: request.url }).uri, normalise(signed))
  const keys = { clientSecret: client.clientSecret, tokenSecret: tokenSecret ?? undefined, publicKey: client.publicKey === undefined ? undefined : createPublicKey(client.publicKey) }
  if (!verifySignature(method, baseString, signature, keys)) throw problem(401, 'signature_invalid', 'the signature does not match')
  checkOnce(core, protocolParams, method)
  checkBodyHash(request, protocolParams, method)
  return { client, params }
}

/** The token credentials of an API request. */
export function tokenCredentialsOf (core: FakeCore, request: FakeRequest, scope: readonly string[]): Issued {
  const { state } = core
  const found = (params: Params) => state.active(params.oauth_token, 'access')
  const { params } = verifyRequest(core, request, given => found(given)?.secret)
  const issued = found(params) as Issued
  if (scope.some(name => !issued.authorization.scope.includes(name))) throw problem(403, 'permission_denied', 'the token does not cover this')
  return issued
}

/** From header, query and form (section 3.4.1.3.1), each in the base string but the signature. */
function parametersOf ({ headers, url, body }: FakeRequest): { params: Params, protocolParams: Params, signed: Parameter[] } {
  const header = parseHeader(headers.authorization ?? '')?.parameters ?? []
  const query = url.split(/\?(.*)/s)[1] ?? ''
  const form = isForm(headers['content-type']) ? body : ''
  const all = [...header, ...new URLSearchParams(query), ...new URLSearchParams(form)]
  const protocol = all.filter(([name]) => name.startsWith('oauth_'))
  const protocolParams = Object.fromEntries(protocol)
  if (protocol.length !== Object.keys(protocolParams).length) throw problem(400, 'parameter_rejected', 'a parameter came twice')
  const signed = header.map(([name, value]) => toParameter(name, value))
  collect(query, signed)
  collect(form, signed)
  return { params: Object.fromEntries(all), protocolParams, signed: signed.filter(({ name }) => name !== 'oauth_signature') }
}

// Section 3.3. With PLAINTEXT both may be left out.
function checkOnce (core: FakeCore, { oauth_timestamp: timestamp, oauth_nonce: nonce, oauth_consumer_key: client, oauth_token: token, oauth_version: version = '1.0' }: Params, method: OAuth1SignatureMethod): void {
  if (version !== '1.0') throw problem(400, 'version_rejected', 'the version is not 1.0')
  if (method === 'PLAINTEXT' && timestamp === undefined && nonce === undefined) return
  if (timestamp === undefined || nonce === undefined) throw problem(400, 'parameter_absent', 'timestamp or nonce is missing')
  if (!(Math.abs(core.clock() / 1_000 - Number(timestamp)) <= acceptedFor)) throw problem(401, 'timestamp_refused', 'the timestamp is too far from now')
  if (!core.state.firstSight(`oauth1 ${JSON.stringify([client, token, timestamp, nonce])}`)) throw problem(401, 'nonce_used', 'the nonce was used before')
}

// OAuth Request Body Hash 1.0 section 3.2.
function checkBodyHash ({ headers, rawBody }: FakeRequest, { oauth_body_hash: given }: Params, method: OAuth1SignatureMethod): void {
  if (given === undefined) return
  const hash = /SHA\d+$/.exec(method)?.[0].toLowerCase() ?? 'sha1'
  if (isForm(headers['content-type'])) throw problem(400, 'parameter_rejected', 'a form has no body hash')
  if (createHash(hash).update(rawBody).digest('base64') !== given) throw problem(401, 'body_hash_invalid', 'the body hash does not match')
}
