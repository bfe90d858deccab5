// Signs one request: parameters, base string, signature, header (RFC 5849 section 3.1).
import { createHash } from 'node:crypto'
import type { OAuth1Credentials, OAuth1Request, OAuth1Signature, OAuth1SigningOptions } from '../../types/oauth1.js'
import { headerField, headerStart } from './authorization-header.js'
import { baseStringOf, targetOf } from './base-string.js'
import { collect, isForm } from './parameters.js'
import type { Parameter } from './parameters.js'
import { freshValues, protocolParameters } from './protocol-parameters.js'
import { baseStringSigner } from './signature.js'

/** Signs requests with the credentials that it was made for. Throws FST_OAUTH_CANNOT_SIGN. */
export type RequestSigner = (request: OAuth1Request, options?: OAuth1SigningOptions) => OAuth1Signature

/** Signs a request (RFC 5849 section 3). Throws FST_OAUTH_CANNOT_SIGN where it or the credentials cannot be signed with. */
export function sign (request: OAuth1Request, credentials: OAuth1Credentials, options?: OAuth1SigningOptions): OAuth1Signature {
  return createSigner(credentials)(request, options)
}

/** `sign` for many requests with the same credentials, which are read and encoded once. Throws FST_OAUTH_CANNOT_SIGN. */
export function createSigner (credentials: OAuth1Credentials): RequestSigner {
  const signer = baseStringSigner(credentials)
  const hash = credentials.bodyHash === true ? signer.hash : null
  const { clientId, token, callback, verifier } = credentials
  const prepare = protocolParameters({ clientId, signatureMethod: signer.method, token, callback, verifier })
  const start = headerStart(credentials.realm)

  return (request, options = {}) => {
    const { uri, query } = targetOf(request.url)
    const isFormBody = isForm(request.contentType)
    const sent: Parameter[] = []
    if (query !== '') collect(query, sent)
    if (isFormBody && request.body !== undefined) collect(textOf(request.body), sent)

    const bodyHash = hash === null || isFormBody ? undefined : createHash(hash).update(request.body ?? '').digest('base64')
    const { values, inHeader, normalised } = prepare(freshValues(options, bodyHash), sent)
    const baseString = baseStringOf(request.method, uri, normalised)
    const signature = signer.sign(baseString)
    values.oauth_signature = signature
    // Neither Base64 nor two encoded secrets hold anything that encodeURIComponent leaves alone and should not.
    const authorization = start + inHeader + headerField('oauth_signature', encodeURIComponent(signature))
    return { authorization, baseString, signature, parameters: values }
  }
}

function textOf (body: string | Uint8Array): string {
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
}
