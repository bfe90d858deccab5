// What no signer can go below: one HMAC over a base string, and one nonce. The nonce is as cheap as Node has one.
import { createHmac, randomUUID } from 'node:crypto'
import { sign } from 'fastify-oauth/oauth1'
import { credentials } from '../requests.js'

export function signer (request) {
  const { baseString } = sign(request, credentials)
  const key = `${credentials.clientSecret}&${credentials.tokenSecret}`
  return () => randomUUID() + createHmac('sha1', key).update(baseString).digest('base64')
}
