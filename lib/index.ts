// The public door.
export { oauthPlugin, oauthPlugin as default } from './plugin.js'
export { MemoryGrantStore } from './grants/memory-store.js'
export { errorCodes } from './errors.js'
export type { OAuthError, OAuthErrorCode, OAuthErrorDetails } from './errors.js'
export type * from '../types/index.js'
