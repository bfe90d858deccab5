// The same floor with the nonce that most would write.
import { createHmac, randomBytes } from 'node:crypto'
import { sign } from 'fastify-oauth/oauth1'
import { credentials } from '../requests.js'

export function signer (request) {
  const { baseString } = sign(request, credentials)
  const key = `${credentials.clientSecret}&${credentials.tokenSecret}`
  return () => randomBytes(16).toString('hex') + createHmac('sha1', key).update(baseString).digest('base64')
}
