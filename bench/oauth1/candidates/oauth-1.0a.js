// As its README has it.
import { createHmac } from 'node:crypto'
import OAuth from 'oauth-1.0a'
import { credentials, form } from '../requests.js'

export function signer (request) {
  const oauth = OAuth({
    consumer: { key: credentials.clientId, secret: credentials.clientSecret },
    signature_method: 'HMAC-SHA1',
    hash_function: (baseString, key) => createHmac('sha1', key).update(baseString).digest('base64')
  })
  const token = { key: credentials.token, secret: credentials.tokenSecret }
  const { method, url, body } = request
  const data = body === undefined ? undefined : form
  return () => oauth.toHeader(oauth.authorize({ method, url, data }, token)).Authorization
}
