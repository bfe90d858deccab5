// An application that names its providers, with the package as it is installed: the built declarations.
import Fastify from 'fastify'
import type { FastifyContextConfig, FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import type { FastifyOAuth, OAuthClientSelector, OAuthProvider, OAuthProviderName, OAuthProviderRegistry, OAuthRouteRequirement, OAuthScope, RequestOAuth } from 'fastify-oauth'

declare module 'fastify-oauth' {
  interface OAuthProviderNames {
    github: true
    intranet: true
  }

  interface OAuthScopeNames {
    github: 'repo' | 'read:user'
  }
}

type Names = 'github' | 'intranet'

declare const other: string
declare const selector: OAuthClientSelector
declare const request: FastifyRequest
declare const oauth: FastifyOAuth

const app = Fastify()

describe('OAuthProviderNames, augmented', () => {
  test('are the names of providers', () => {
    expect<OAuthProviderName>().type.toBe<Names>()
    expect<OAuthRouteRequirement['provider']>().type.toBe<Names>()
  })

  test('narrow the registry', () => {
    expect(app.oauth.providers).type.toBe<OAuthProviderRegistry>()
    expect(app.oauth.providers.get('github')).type.toBe<OAuthProvider>()
    expect(app.oauth.providers.get).type.not.toBeCallableWith('gitlab')
    expect(app.oauth.providers.get).type.not.toBeCallableWith(other)
  })

  test('leave what takes names from outside open', () => {
    expect(app.oauth.providers.has).type.toBeCallableWith(other)
    expect(app.oauth.providers.unregister).type.toBeCallableWith(other)
    expect(app.oauth.providers.register).type.toBeCallableWith('late', { clientId: 'id', issuer: 'https://sso.example' })
  })

  test('narrow clients and revocations', () => {
    expect(oauth.client).type.toBeCallableWith('intranet', selector)
    expect(oauth.client).type.not.toBeCallableWith('gitlab', selector)
    expect(oauth.grants.revoke).type.toBeCallableWith('intranet', selector)
    expect(oauth.grants.revoke).type.not.toBeCallableWith('gitlab', selector)
    expect(request.oauth.use('github', { account: '7' })).type.toBe<RequestOAuth>()
    expect(request.oauth.use).type.not.toBeCallableWith('gitlab')
  })

  test('narrow config.oauth of a route', () => {
    expect<FastifyContextConfig['oauth']>().type.toBe<Names | OAuthRouteRequirement | undefined>()
    expect(app.get).type.toBeCallableWith('/', { config: { oauth: 'github' as const } }, async () => 'ok')
    expect(app.get).type.toBeCallableWith('/', { config: { oauth: { provider: 'intranet' as const, scope: ['read'], account: '7' } } }, async () => 'ok')
    expect(app.get).type.toBeCallableWith('/', { config: { oauth: { provider: 'github' as const, scope: ['repo', 'any:other'] } } }, async () => 'ok')
    expect(app.get).type.not.toBeCallableWith('/', { config: { oauth: { provider: 'github' as const, scope: [5] } } }, async () => 'ok')
    expect<'repo'>().type.toBeAssignableTo<OAuthScope<'github'>>()
    expect<'any:other'>().type.toBeAssignableTo<OAuthScope<'github'>>()
    expect(app.get).type.not.toBeCallableWith('/', { config: { oauth: 'gitlab' as const } }, async () => 'ok')
    expect(app.get).type.not.toBeCallableWith('/', { config: { oauth: { provider: 'gitlab' as const } } }, async () => 'ok')
    expect(app.get).type.not.toBeCallableWith('/', { config: { oauth: { scope: ['read'] } } }, async () => 'ok')
  })
})
