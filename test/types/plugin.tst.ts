// The plugin as an application registers it, while it names no providers.
import type { JsonWebKey, KeyObject, webcrypto } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyContextConfig, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import { Agent } from 'undici'
import oauthPlugin, { MemoryGrantStore, errorCodes, oauthPlugin as named } from 'fastify-oauth'
import type {
  GrantStore, OAuthAuthorizedState, OAuthClientAuth, OAuthClientKey, OAuthDeniedState, OAuthDpopKey, OAuthError, OAuthErrorCode, OAuthErrorState, OAuthGrant, OAuthPluginOptions, OAuthProviderName, OAuthProviderOptions, OAuthRouteRequirement, OAuthTenantFunction, OAuthTenantOptions, OAuthTokenGetterState, OAuthTokens
} from 'fastify-oauth'

const app = Fastify()
const github = { clientId: 'id', clientSecret: 'secret', scope: ['read:user'] as const, authorizeUrl: 'https://sso.example/a', accessTokenUrl: 'https://sso.example/t' }

describe('the plugin', () => {
  test('is a Fastify plugin, by default and by name', () => {
    expect(named).type.toBe<typeof oauthPlugin>()
    expect(oauthPlugin).type.toBeAssignableTo<FastifyPluginAsync<OAuthPluginOptions>>()
    expect(app.register).type.toBeCallableWith(oauthPlugin, { providers: { github }, baseUrl: 'https://app.example' })
    expect(app.register).type.toBeCallableWith(oauthPlugin, {})
  })

  test('refuses options that it does not have, or of another type', () => {
    expect<OAuthPluginOptions>().type.not.toHaveProperty('provider')
    expect<{ timeout: string }>().type.not.toBeAssignableTo<OAuthPluginOptions>()
    expect<{ providers: { x: { issuer: string } } }>().type.not.toBeAssignableTo<OAuthPluginOptions>()
    expect<{ routes: { login: true } }>().type.not.toBeAssignableTo<OAuthPluginOptions>()
    expect<{ store: object }>().type.not.toBeAssignableTo<OAuthPluginOptions>()
  })

  test('takes all that it says it takes', () => {
    expect<{
      secret: string, store: MemoryGrantStore, dispatcher: Agent, owner: (request: FastifyRequest) => Promise<string | null>, session: { secret: string, keep: string[] }, clock: () => number, routes: { login: false, callback: { bodyLimit: number } }
    }>().type.toBeAssignableTo<OAuthPluginOptions>()
    expect<readonly [Buffer, string]>().type.toBeAssignableTo<OAuthPluginOptions['secret']>()
    expect(new MemoryGrantStore()).type.toBeAssignableTo<GrantStore>()
    expect(new Agent()).type.toBeAssignableTo<NonNullable<OAuthPluginOptions['dispatcher']>>()
  })

  test('takes a function of the request in place of a provider\'s options', () => {
    expect<OAuthTenantFunction>().type.toBeAssignableTo<NonNullable<OAuthPluginOptions['providers']>[string]>()
    expect<OAuthTenantOptions>().type.toBeAssignableTo<OAuthProviderOptions>()
    expect<() => null>().type.toBeAssignableTo<OAuthTenantFunction>()
    expect<(request: FastifyRequest | undefined, tenant: string | undefined) => Promise<{ tenant: string, clientId: string, issuer: string }>>().type.toBeAssignableTo<OAuthTenantFunction>()
    expect<() => { clientId: string }>().type.not.toBeAssignableTo<OAuthTenantFunction>()
    expect<(request: FastifyRequest) => null>().type.not.toBeAssignableTo<OAuthTenantFunction>()
  })

  test('tells its hooks what has happened', () => {
    expect<NonNullable<OAuthPluginOptions['onAuthorized']>>().type.toBe<(state: OAuthAuthorizedState) => unknown>()
    expect<OAuthAuthorizedState>().type.toBe<{ request: FastifyRequest, reply: FastifyReply, provider: string, grant: OAuthGrant, returnTo: string }>()
    expect<OAuthDeniedState['error']>().type.toBe<string>()
    expect<OAuthDeniedState['errorReason']>().type.toBe<string | undefined>()
    expect<OAuthErrorState['error']>().type.toBeAssignableTo<Error & { code: string }>()
  })
})

describe('the key of a client', () => {
  test('is PEM, JWK, KeyObject, CryptoKey, or a function that signs', () => {
    expect<string | KeyObject | webcrypto.CryptoKey | JsonWebKey>().type.toBeAssignableTo<OAuthClientKey>()
    expect<(data: Uint8Array) => Promise<Uint8Array>>().type.toBeAssignableTo<OAuthClientKey>()
    expect<(data: Uint8Array) => string>().type.not.toBeAssignableTo<OAuthClientKey>()
    expect<{ clientId: string, issuer: string, clientKey: number }>().type.not.toBeAssignableTo<OAuthProviderOptions>()
    expect<OAuthGrant['dpopKey']>().type.toBe<Readonly<OAuthDpopKey> | undefined>()
  })
})

describe('the options of a provider', () => {
  test('need a clientId', () => {
    expect<{ clientId: string, issuer: string }>().type.toBeAssignableTo<OAuthProviderOptions>()
    expect<{ issuer: string }>().type.not.toBeAssignableTo<OAuthProviderOptions>()
  })

  test('are what they may be, and nothing else', () => {
    expect<OAuthProviderOptions['clientAuth']>().type.toBe<OAuthClientAuth | undefined>()
    expect<'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'client_secret_signed_jwt' | 'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth' | 'none'>().type.toBe<OAuthClientAuth>()
    expect<OAuthProviderOptions['dpop']>().type.toBe<boolean | 'optional' | undefined>()
    expect<OAuthProviderOptions['security']>().type.toBe<'default' | 'fapi2' | undefined>()
    expect<OAuthProviderOptions['signatureMethod']>().type.toBe<'HMAC-SHA1' | 'HMAC-SHA256' | 'HMAC-SHA512' | 'RSA-SHA1' | 'RSA-SHA256' | 'RSA-SHA512' | 'PLAINTEXT' | undefined>()
    expect<{ clientId: string, quirks: { oauth1Revision: '1.0a' } }>().type.not.toBeAssignableTo<OAuthProviderOptions>()
    expect<{ clientId: string, quirks: { pkce: 'S256' } }>().type.not.toBeAssignableTo<OAuthProviderOptions>()
    expect<(request: FastifyRequest) => Promise<{ tenant: string }>>().type.toBeAssignableTo<OAuthProviderOptions['authorizeParams']>()
    expect<{ max_age: number }>().type.not.toBeAssignableTo<OAuthProviderOptions['authorizeParams']>()
    expect<(userinfo: Record<string, unknown>) => { id: string }>().type.toBeAssignableTo<OAuthProviderOptions['profile']>()
    expect<() => { id: number }>().type.not.toBeAssignableTo<OAuthProviderOptions['profile']>()
  })
})

describe('tokens of other kinds than a login\'s', () => {
  test('are the application\'s own, or kept by it', () => {
    expect<{ clientId: string, clientSecret: string, grant: 'client_credentials' }>().type.toBeAssignableTo<OAuthProviderOptions>()
    expect<{ clientId: string, grant: 'password' }>().type.not.toBeAssignableTo<OAuthProviderOptions>()
    expect<OAuthTokenGetterState>().type.toBe<{ request: FastifyRequest | undefined, owner: string | undefined, tenant?: string | undefined, account: string | undefined }>()
    expect<() => { accessToken: string, id: number }>().type.toBeAssignableTo<OAuthProviderOptions['tokenGetter']>()
    expect<(state: OAuthTokenGetterState) => Promise<OAuthTokens | null>>().type.toBeAssignableTo<OAuthProviderOptions['tokenGetter']>()
    expect<() => { token: string }>().type.not.toBeAssignableTo<OAuthProviderOptions['tokenGetter']>()
    expect<() => { accessToken: string, expiresAt: Date }>().type.not.toBeAssignableTo<OAuthProviderOptions['tokenGetter']>()
  })
})

describe('provider names', () => {
  test('are any string while none is declared', () => {
    expect<OAuthProviderName>().type.toBe<string>()
    expect(app.oauth.providers.get).type.toBeCallableWith('anything')
    expect<FastifyContextConfig['oauth']>().type.toBe<string | OAuthRouteRequirement | undefined>()
    expect(app.get).type.toBeCallableWith('/', { config: { oauth: 'anything' } }, async () => 'ok')
    expect(app.get).type.not.toBeCallableWith('/', { config: { oauth: { provider: 'x', scope: 'read' } } }, async () => 'ok')
  })
})

describe('errors', () => {
  test('have a class for each code', () => {
    expect(errorCodes.FST_OAUTH_ACCESS_DENIED).type.toBe<new (...args: unknown[]) => OAuthError>()
    expect(errorCodes).type.not.toHaveProperty('FST_OAUTH_NO_SUCH_CODE')
    expect<keyof typeof errorCodes>().type.toBe<OAuthErrorCode>()
  })

  test('are told apart by their class, and carry what is known', () => {
    const error: unknown = null
    if (error instanceof errorCodes.FST_OAUTH_PROVIDER_UNAVAILABLE) {
      expect(error).type.toBe<OAuthError>()
      expect(error.code).type.toBe<OAuthErrorCode>()
      expect(error.statusCode).type.toBe<number>()
      expect(error.retryAfter).type.toBe<number | undefined>()
      expect(error.providerError).type.toBe<string | undefined>()
    }
  })
})
