// Signs one request: protocol parameters, base string, signature, header (RFC 5849 section 3.1).
import { createHash, randomUUID } from 'node:crypto'
import type { OAuth1Credentials, OAuth1Request, OAuth1Signature, OAuth1SigningOptions } from '../../types/oauth1.js'
import { oauthError } from '../errors.js'
import { writeHeader } from './authorization-header.js'
import { baseStringOf, targetOf } from './base-string.js'
import { encode } from './encode.js'
import { collect, isForm, nameOf, toEntry, valueOf } from './parameters.js'
import type { ParameterEntry } from './parameters.js'
import { baseStringSigner } from './signature.js'

/** Signs requests with the credentials that it was made for. Throws FST_OAUTH_CANNOT_SIGN. */
export type RequestSigner = (request: OAuth1Request, options?: OAuth1SigningOptions) => OAuth1Signature

/** Signs a request (RFC 5849 section 3). Throws FST_OAUTH_CANNOT_SIGN where it or the credentials cannot be signed with. */
export function sign (request: OAuth1Request, credentials: OAuth1Credentials, options?: OAuth1SigningOptions): OAuth1Signature {
  return createSigner(credentials)(request, options)
}

/** `sign` for many requests with the same credentials: an RSA key is read once. Throws FST_OAUTH_CANNOT_SIGN. */
export function createSigner (credentials: OAuth1Credentials): RequestSigner {
  const { clientId, signatureMethod = 'HMAC-SHA1', bodyHash = false, realm } = credentials
  if (typeof clientId !== 'string') throw oauthError('FST_OAUTH_CANNOT_SIGN', ['the clientId is missing'])
  const signer = baseStringSigner(signatureMethod, credentials)
  const hash = bodyHash ? signer.hash : null

  return (request, options = {}) => {
    const { uri, query } = targetOf(request.url)
    const isFormBody = isForm(request.contentType)
    const sent: ParameterEntry[] = []
    collect(query, sent)
    if (isFormBody && request.body !== undefined) collect(textOf(request.body), sent)

    const parameters = protocolParameters(credentials, signatureMethod, options)
    if (hash !== null && !isFormBody) parameters.oauth_body_hash = createHash(hash).update(request.body ?? '').digest('base64')
    const entries = withoutSignature(sent, parameters)
    for (const name in parameters) entries.push(toEntry(name, parameters[name] as string))

    const baseString = baseStringOf(request.method, uri, entries)
    const signature = signer.sign(baseString)
    parameters.oauth_signature = signature
    return { authorization: writeHeader(parameters, realm), baseString, signature, parameters }
  }
}

function protocolParameters (credentials: OAuth1Credentials, signatureMethod: string, options: OAuth1SigningOptions): Record<string, string> {
  const { clientId, token, callback, verifier } = credentials
  const parameters: Record<string, string> = {
    oauth_consumer_key: clientId,
    oauth_nonce: options.nonce ?? randomNonce(),
    oauth_signature_method: signatureMethod,
    oauth_timestamp: timestampOf(options.timestamp)
  }
  if (token !== undefined) parameters.oauth_token = token
  if (options.version !== null) parameters.oauth_version = '1.0'
  if (callback !== undefined) parameters.oauth_callback = callback
  if (verifier !== undefined) parameters.oauth_verifier = verifier
  return parameters
}

// A protocol parameter is sent once (section 3.1): one that the query or the form holds already is not repeated in the header.
// Two values are refused, since with RSA the signature would fit another user's token too.
function withoutSignature (sent: ParameterEntry[], parameters: Record<string, string>): ParameterEntry[] {
  if (!sent.some(entry => entry.startsWith('oauth_'))) return sent
  const repeated = sent.map(nameOf).filter(name => Object.hasOwn(parameters, name))
  for (const entry of sent) {
    const name = nameOf(entry)
    if (repeated.includes(name) && encode(parameters[name] as string) !== valueOf(entry)) {
      throw oauthError('FST_OAUTH_CANNOT_SIGN', [`it carries another ${name} already`])
    }
  }
  for (const name of repeated) delete parameters[name]
  return sent.filter(entry => nameOf(entry) !== 'oauth_signature')
}

// Digits of 120 random bits: Node draws the randomness of many UUIDs at once. Without the hyphens and the two digits that are
// not random; some servers take no more than 30 letters and digits.
function randomNonce (): string {
  const uuid = randomUUID()
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(15, 18) + uuid.slice(20, 23) + uuid.slice(24)
}

function timestampOf (given: string | number | undefined): string {
  if (given === undefined) return String(Math.floor(Date.now() / 1000))
  const text = String(given)
  if (!/^\d+$/.test(text)) throw oauthError('FST_OAUTH_CANNOT_SIGN', ['its timestamp is not a whole number of seconds'])
  return text
}

function textOf (body: string | Uint8Array): string {
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
}
