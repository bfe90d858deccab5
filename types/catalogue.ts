import type { OAuthCatalogueName, OAuthCatalogueParams, OAuthCatalogueScopes } from './catalogue-names.js'
import type { OAuthProviderOptions, OAuthTenantFunction } from './options-provider.js'

/** A placeholder of an entry's addresses. */
export interface OAuthCatalogueParam {
  /** Its value where none is given. Without one it has to be given. */
  default?: string
  /** Addresses that hold it are left out where it is not given. */
  optional?: true
  note?: string
}

/** What a variant of an entry changes in it. */
export interface OAuthCatalogueVariant {
  params?: Record<string, string>
  options?: Partial<OAuthProviderOptions>
}

/** One provider of the catalogue. */
export interface OAuthCatalogueEntry {
  title: string
  /** Read in one source only, and confirmed by none. An application that uses it logs a notice when it starts. */
  verified?: false
  /** `legacy: …` or `suspect: …`: the provider may go, or has changed. */
  status?: string
  /** Other names of it elsewhere. They are not names of entries. */
  aliases?: readonly string[]
  /** Where a client is registered. */
  console?: { name: string, url?: string }
  /** The provider's documentation. */
  docs?: string
  /** Placeholders of its addresses. */
  params?: Record<string, OAuthCatalogueParam>
  /** By name: other environments of the same provider. */
  variants?: Record<string, OAuthCatalogueVariant>
  /** As a user could write them, but for `clientId`, `clientSecret` and `params`. */
  options: Omit<Partial<OAuthProviderOptions>, 'profile'> & { profile?: Exclude<OAuthProviderOptions['profile'], (...args: never) => unknown> }
  /** Scopes and what they are for. Not all that the provider has. */
  scopes?: Record<string, string>
  /** Options that are general knowledge, read in no source. */
  recalled?: readonly string[]
}

/** `fastify-oauth/providers` */
export interface OAuthCatalogue extends Iterable<[OAuthCatalogueName, OAuthCatalogueEntry]> {
  /** Undefined where there is no entry of that name. Entries are frozen. */
  get<Name extends string>(name: Name): Name extends OAuthCatalogueName ? OAuthCatalogueEntry : OAuthCatalogueEntry | undefined
  has(name: string): name is OAuthCatalogueName
  readonly size: number
}

type Endpoints = { issuer: string } | { authorizeUrl: string } | { accessTokenUrl: string } | { requestTokenUrl: string } | { extends: string }

type Placeholders<Name> = Name extends keyof OAuthCatalogueParams
  ? Partial<OAuthCatalogueParams[Name]> extends OAuthCatalogueParams[Name] ? { params?: OAuthCatalogueParams[Name] } : { params: OAuthCatalogueParams[Name] } | Endpoints
  : unknown

type Scopes<Name> = Name extends keyof OAuthCatalogueScopes ? { scope?: ReadonlyArray<OAuthCatalogueScopes[Name] | (string & Record<never, never>)> } : unknown

/** The options of a provider of this name: with the placeholders that the entry of that name needs, and its scopes to be completed. */
export type OAuthProviderOptionsOf<Name extends string> = OAuthProviderOptions & Placeholders<Name> & Scopes<Name>

/** The option `providers`. */
export type OAuthProvidersOption = { [Name in OAuthCatalogueName]?: OAuthProviderOptionsOf<Name> | OAuthTenantFunction } & Record<string, OAuthProviderOptions | OAuthTenantFunction>
