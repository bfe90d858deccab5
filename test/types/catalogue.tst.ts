// The catalogue in the types: names, placeholders and scopes.
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import oauthPlugin from 'fastify-oauth'
import type { OAuthCatalogueName, OAuthCatalogueScopes, OAuthPluginOptions, OAuthProfileMap, OAuthProviderOptions, OAuthProviderRegistry, OAuthRouteRequirement } from 'fastify-oauth'
import { catalogue } from 'fastify-oauth/providers'
import type { OAuthCatalogueEntry } from 'fastify-oauth/providers'

const app = Fastify()
const client = { clientId: 'id', clientSecret: 'secret' }

describe('providers of the catalogue', () => {
  test('need a client, and the placeholders of their addresses', () => {
    expect(app.register).type.toBeCallableWith(oauthPlugin, { providers: { github: client, google: client, microsoft: client } })
    expect<{ auth0: typeof client }>().type.not.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ auth0: typeof client & { params: Record<never, never> } }>().type.not.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ auth0: typeof client & { params: { domain: string } } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ keycloak: typeof client & { params: { domain: string } } }>().type.not.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ keycloak: typeof client & { params: { domain: string, realm: string } } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ cognito: typeof client & { params: { domain: string, region: string } } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ cognito: typeof client & { params: { region: string } } }>().type.not.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ microsoft: typeof client & { params: { tenant: string } } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
  })

  test('need no placeholders where they have endpoints of their own, or take another entry', () => {
    expect<{ auth0: typeof client & { issuer: string } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ auth0: typeof client & { extends: 'google' } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
  })

  test('may have any name with extends', () => {
    expect<{ work: typeof client & { extends: 'github', variant: 'enterprise-server', params: { domain: string } } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ work: typeof client & { extends: 'gitub' } }>().type.not.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<'github'>().type.toBeAssignableTo<OAuthCatalogueName>()
    expect<'gitub'>().type.not.toBeAssignableTo<OAuthCatalogueName>()
  })

  test('are registered later by the same rules', () => {
    const register = (null as unknown as OAuthProviderRegistry).register
    expect(register).type.toBeCallableWith('github', client)
    expect(register).type.not.toBeCallableWith('auth0', client)
    expect(register).type.toBeCallableWith('auth0', { ...client, params: { domain: 'acme.auth0.com' } })
    expect(register).type.toBeCallableWith('intranet' as string, { ...client, issuer: 'https://sso.example' })
  })
})

describe('scopes', () => {
  test('of the most used are known by name, others taken', () => {
    expect<'repo'>().type.toBeAssignableTo<OAuthCatalogueScopes['github']>()
    expect<{ github: typeof client & { scope: ['repo', 'something:new'] } }>().type.toBeAssignableTo<OAuthPluginOptions['providers']>()
    expect<{ provider: 'github', scope: ['repo', 'something:new'] }>().type.toBeAssignableTo<OAuthRouteRequirement>()
  })
})

describe('the catalogue as data', () => {
  test('answers entries by name', () => {
    expect(catalogue.get('github')).type.toBe<OAuthCatalogueEntry>()
    expect(catalogue.get('github' as string)).type.toBe<OAuthCatalogueEntry | undefined>()
    expect([...catalogue]).type.toBe<Array<[OAuthCatalogueName, OAuthCatalogueEntry]>>()
  })
})

describe('a profile map', () => {
  test('takes pointers, joined parts, templates, and lists of them', () => {
    expect<{ id: '/id', name: ['/name', { join: ['/first', '/last'] }], picture: { template: string } }>().type.toBeAssignableTo<OAuthProfileMap>()
    expect<{ subject: '/id' }>().type.not.toBeAssignableTo<Required<Pick<OAuthProfileMap, 'id'>>>()
    expect<OAuthProfileMap>().type.toBeAssignableTo<NonNullable<OAuthProviderOptions['profile']>>()
  })
})
