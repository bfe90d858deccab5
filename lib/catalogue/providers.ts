// The door of fastify-oauth/providers: the catalogue as data.
export { catalogue } from './index.js'
export type * from '../../types/catalogue.js'
export type * from '../../types/catalogue-names.js'
