import type { OAuthCatalogueScopes } from './catalogue-names.js'
import type { OAuthIntrospectOptions, OAuthIntrospection } from './introspection.js'

/**
 * The names of your providers. Augment it to have names checked and completed:
 *
 * ```ts
 * declare module 'fastify-oauth' {
 *   interface OAuthProviderNames { github: true, intranet: true }
 * }
 * ```
 *
 * While it is empty, any string is a provider name.
 */
export interface OAuthProviderNames {}

/** A registered provider's name: the keys of {@link OAuthProviderNames}, or any string while that is empty. */
export type OAuthProviderName = keyof OAuthProviderNames extends never ? string : keyof OAuthProviderNames & string

/**
 * Scopes by provider. Augment it to have them completed:
 *
 * ```ts
 * declare module 'fastify-oauth' {
 *   interface OAuthScopeNames { github: 'repo' | 'read:user' }
 * }
 * ```
 *
 * Any other string is a scope too.
 */
export interface OAuthScopeNames {}

/** A scope of a provider (RFC 6749 section 3.3): those of {@link OAuthScopeNames}, those that the catalogue knows, or any string. */
export type OAuthScope<Provider extends string = string> = (Provider extends keyof OAuthScopeNames ? OAuthScopeNames[Provider] : Provider extends keyof OAuthCatalogueScopes ? OAuthCatalogueScopes[Provider] : never) | (string & Record<never, never>)

/** The protocol a provider speaks: OAuth 1.0a (RFC 5849), OAuth 2 (RFC 6749), or OpenID Connect Core 1.0 on top of it. */
export type OAuthProtocolName = 'oauth1' | 'oauth2' | 'oidc'

/** What may be known of a registered provider. Holds no secret. */
export interface OAuthProvider {
  readonly name: string
  /** What users know it by. */
  readonly title: string
  /** Undefined, as what follows, where each tenant has its own. */
  readonly protocol: OAuthProtocolName | undefined
  /** Issuer identifier (RFC 8414 section 2), where the provider is discovered. */
  readonly issuer: string | undefined
  /** Scopes that every login asks for. */
  readonly scope: readonly string[]
  /** What relative URLs of API calls are resolved against. */
  readonly apiBaseUrl: string | undefined
  /**
   * What the provider says of a token that the application received (RFC 7662). One that is not active is an answer. Throws
   * FST_OAUTH_INVALID_CALL where the provider offers none, FST_OAUTH_INVALID_OPTIONS, and the provider's errors.
   */
  introspect(token: string, options?: OAuthIntrospectOptions): Promise<OAuthIntrospection>
}
