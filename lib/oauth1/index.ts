// The public door of fastify-oauth/oauth1: the signer alone.
export { createSigner, sign } from './sign.js'
export type { RequestSigner } from './sign.js'
export type * from '../../types/oauth1.js'
