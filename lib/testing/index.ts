// The door of fastify-oauth/testing.
export { createFakeNetwork, createFakeProvider } from './fake-provider.js'
export { loginAs } from './login-as.js'
export type * from '../../types/testing.js'
