// The oauth_* parameters of a request, in the order of the base string (RFC 5849 sections 3.1 and 3.3).
import { randomUUID } from 'node:crypto'
import type { OAuth1Credentials, OAuth1SigningOptions } from '../../types/oauth1.js'
import { oauthError } from '../errors.js'
import { headerField, headerSeparator } from './authorization-header.js'
import { encode } from './encode.js'
import { baseStringField, isProtocolParameter, normalise, normaliseAround, separator, toParameter } from './parameters.js'
import type { Parameter } from './parameters.js'

/** The parameters of a request, but for the signature. */
export interface Prepared {
  /** Those of the protocol that the header is to hold, by their names, not encoded. */
  values: Record<string, string>
  /** The same as they stand in the header, each followed by its separator. */
  inHeader: string
  /** All parameters as they stand in the base string. */
  normalised: string
}

/** What is made anew for each request. */
export interface FreshValues {
  bodyHash: string | undefined
  nonce: string
  timestamp: string
  version: string | undefined
}

type Constants = Pick<OAuth1Credentials, 'clientId' | 'token' | 'callback' | 'verifier'> & { signatureMethod: string }

/** How a name and an encoded value are written. */
interface Style {
  field: (name: string, encoded: string) => string
  between: string
}

/** Encodes once what does not change from request to request. Throws FST_OAUTH_CANNOT_SIGN. */
export function protocolParameters (constants: Constants): (fresh: FreshValues, sent: Parameter[]) => Prepared {
  if (typeof constants.clientId !== 'string') throw oauthError('FST_OAUTH_CANNOT_SIGN', ['the clientId is missing'])
  const encoded = encodeAll(constants)
  const inBaseString = layOut(encoded, { field: baseStringField, between: separator })
  const inHeader = layOut(encoded, { field: headerField, between: headerSeparator })
  return (fresh, sent) => {
    const values = valuesOf(constants, fresh)
    if (sent.some(isProtocolParameter)) return besideCarried(values, sent)
    const { bodyHash, nonce, timestamp, version } = fresh
    const encodedFresh = { bodyHash: encodeOptional(bodyHash), nonce: encode(nonce), timestamp, version }
    return { values, inHeader: inHeader(encodedFresh) + headerSeparator, normalised: normaliseAround(inBaseString(encodedFresh), sent) }
  }
}

function encodeAll ({ clientId, signatureMethod, token, callback, verifier }: Constants): Constants {
  return { clientId: encode(clientId), signatureMethod, token: encodeOptional(token), callback: encodeOptional(callback), verifier: encodeOptional(verifier) }
}

function encodeOptional (value: string | undefined): string | undefined {
  return value === undefined ? undefined : encode(value)
}

// In the order of the base string.
function layOut ({ clientId, signatureMethod, token, callback, verifier }: Constants, { field, between }: Style): (fresh: FreshValues) => string {
  const before = (name: string, value: string | undefined) => value === undefined ? '' : field(name, value) + between
  const after = (name: string, value: string | undefined) => value === undefined ? '' : between + field(name, value)
  const first = before('oauth_callback', callback) + before('oauth_consumer_key', clientId)
  const middle = between + before('oauth_signature_method', signatureMethod)
  const last = after('oauth_token', token) + after('oauth_verifier', verifier)
  return ({ bodyHash, nonce, timestamp, version }) => before('oauth_body_hash', bodyHash) + first + field('oauth_nonce', nonce) + middle +
    field('oauth_timestamp', timestamp) + last + after('oauth_version', version)
}

function valuesOf ({ clientId, signatureMethod, token, callback, verifier }: Constants, { bodyHash, nonce, timestamp, version }: FreshValues): Record<string, string> {
  const values: Record<string, string> = { oauth_consumer_key: clientId, oauth_nonce: nonce, oauth_signature_method: signatureMethod, oauth_timestamp: timestamp }
  if (bodyHash !== undefined) values.oauth_body_hash = bodyHash
  if (callback !== undefined) values.oauth_callback = callback
  if (token !== undefined) values.oauth_token = token
  if (verifier !== undefined) values.oauth_verifier = verifier
  if (version !== undefined) values.oauth_version = version
  return values
}

// For a request that carries some itself. Each is sent once (section 3.1), so what the query or the form holds is left out of the
// header. Another value there is refused: a signature by RSA fits any user's token.
function besideCarried (all: Record<string, string>, sent: Parameter[]): Prepared {
  const left = Object.entries(all).filter(([name, value]) => {
    const own = toParameter(name, value)
    const carried = sent.filter(parameter => parameter.name === name)
    if (carried.some(parameter => parameter.value !== own.value)) throw oauthError('FST_OAUTH_CANNOT_SIGN', [`it carries another ${name} already`])
    return carried.length === 0
  })
  const signed = sent.filter(({ name }) => name !== 'oauth_signature')
  return {
    values: Object.fromEntries(left),
    inHeader: left.map(([name, value]) => headerField(name, encode(value)) + headerSeparator).join(''),
    normalised: normalise([...signed, ...left.map(([name, value]) => toParameter(name, value))])
  }
}

/** Nonce and timestamp (section 3.3). Throws FST_OAUTH_CANNOT_SIGN. */
export function freshValues ({ nonce, timestamp, version }: OAuth1SigningOptions, bodyHash: string | undefined): FreshValues {
  return { bodyHash, nonce: nonce ?? randomNonce(), timestamp: timestampOf(timestamp), version: version === null ? undefined : '1.0' }
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
