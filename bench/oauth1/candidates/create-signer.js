import { createSigner } from 'fastify-oauth/oauth1'
import { credentials } from '../requests.js'

export function signer (request) {
  const sign = createSigner(credentials)
  return () => sign(request).authorization
}
