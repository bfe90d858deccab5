// Where the protocol's parameters stand: header, form, or query (RFC 5849 section 3.5).
import type { OAuth1Signature } from '../../types/oauth1.js'
import type { OAuthQuirks } from '../../types/quirks.js'
import type { CallToSign } from '../http/call-to-sign.js'
import type { SignedParts } from '../http/sign.js'
import { appendParameters } from './authorization-header.js'
import { isForm } from './parameters.js'

export type Placement = NonNullable<OAuthQuirks['oauth1Parameters']>

/** A signature as what it adds to its request. `body` without a form to stand in is `query`. */
export function place ({ authorization, parameters }: OAuth1Signature, { path, contentType, body }: CallToSign, placement: Placement): SignedParts {
  if (placement === 'header') return { headers: { authorization } }
  if (placement === 'body' && isForm(contentType) && body !== undefined) {
    return { headers: {}, body: appendParameters(typeof body === 'string' ? body : Buffer.from(body ?? []).toString(), parameters) }
  }
  const [bare = '', query = ''] = splitOnce(path)
  return { headers: {}, path: `${bare}?${appendParameters(query, parameters)}` }
}

function splitOnce (path: string): string[] {
  const at = path.indexOf('?')
  return at === -1 ? [path] : [path.slice(0, at), path.slice(at + 1)]
}
