// Without the request that it would make: authHeader() for a query; for a form, the two steps that its post() does.
import { OAuth } from 'oauth'
import { credentials, form } from '../requests.js'

export function signer ({ method, url, body }) {
  const { clientId, clientSecret, token, tokenSecret } = credentials
  const oauth = new OAuth('https://api.example.com/request', 'https://api.example.com/access', clientId, clientSecret, '1.0', null, 'HMAC-SHA1')
  if (body === undefined) return () => oauth.authHeader(url, token, tokenSecret, method)
  return () => oauth._buildAuthorizationHeaders(oauth._prepareParameters(token, tokenSecret, method, url, form))
}
