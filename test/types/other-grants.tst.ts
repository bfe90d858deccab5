// Logins on devices, tokens of others, and clients that register themselves, as an application's types see them.
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import type { OAuthActiveToken, OAuthClientRegistration, OAuthDeviceLogin, OAuthDynamicProviderOptions, OAuthGrant, OAuthIntrospection, OAuthProviderOptions } from 'fastify-oauth'

const { oauth } = Fastify()

describe('a login on a device', () => {
  test('has an owner, and ends in a grant', () => {
    expect(oauth.device('sso', { owner: 'cli', scope: ['read'], audience: 'a' })).type.toBe<Promise<OAuthDeviceLogin>>()
    expect(oauth.device).type.not.toBeCallableWith('sso', {})
    expect<OAuthDeviceLogin['wait']>().type.toBe<(options?: { signal?: AbortSignal }) => Promise<OAuthGrant>>()
    expect<OAuthDeviceLogin>().type.not.toHaveProperty('deviceCode')
  })
})

describe('a token of others', () => {
  test('is told more of only where it is active', () => {
    expect(oauth.providers.get('sso').introspect('token', { cacheFor: 5, hint: 'access_token', signed: true })).type.toBe<Promise<OAuthIntrospection>>()
    expect<Extract<OAuthIntrospection, { active: true }>>().type.toBe<OAuthActiveToken>()
    expect<Extract<OAuthIntrospection, { active: false }>>().type.not.toHaveProperty('subject')
    expect(oauth.providers.get('sso').introspect).type.not.toBeCallableWith('token', { hint: 'id_token' })
  })
})

describe('an assertion', () => {
  test('belongs to a provider, its subject to a call too', () => {
    expect<{ clientId: string, grant: 'jwt_bearer', clientKey: string, assertion: { subject: null, scopeIn: 'claim' } }>().type.toBeAssignableTo<OAuthProviderOptions>()
    expect(oauth.client).type.toBeCallableWith('account', { subject: 'alice' })
  })
})

describe('a client that registers itself', () => {
  test('names neither id nor secret, and is given what can be registered again', () => {
    expect(oauth.providers.registerDynamically('sso', { issuer: 'https://sso.example', initialAccessToken: 'x', metadata: { client_name: 'x' } })).type.toBe<Promise<OAuthClientRegistration>>()
    expect<OAuthDynamicProviderOptions>().type.not.toHaveProperty('clientId')
    expect<OAuthClientRegistration['client'] & { issuer: string }>().type.toBeAssignableTo<OAuthProviderOptions>()
    expect(oauth.providers.deregister).type.toBeCallableWith('sso', { registrationAccessToken: 'x', registrationClientUri: 'y' })
  })
})
