import { sign } from 'fastify-oauth/oauth1'
import { credentials } from '../requests.js'

export function signer (request) {
  return () => sign(request, credentials).authorization
}
