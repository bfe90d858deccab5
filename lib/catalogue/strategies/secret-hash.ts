// A client that proves its secret without sending it: SHA-256 of the secret, "|" and the code or the refresh token, in hex, as Smartsheet wants it.
import { createHash } from 'node:crypto'

/** The same request with `hash` in the place of the secret; one without a code and a refresh token, such as a revocation, as it is. */
export function withSecretHash (form: URLSearchParams): URLSearchParams {
  const spent = form.get('code') ?? form.get('refresh_token')
  if (spent === null) return form
  const hashed = new URLSearchParams(form)
  hashed.set('hash', createHash('sha256').update(`${form.get('client_secret')}|${spent}`).digest('hex'))
  hashed.delete('client_secret')
  return hashed
}
