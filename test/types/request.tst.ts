// request.oauth, app.oauth and a grant, as a handler sees them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import type { Dispatcher, Response } from 'undici'
import type { GrantKey, OAuthCallOptions, OAuthClient, OAuthGrant, OAuthProfile, OAuthProvider, OAuthResponse, OAuthRevocation, OAuthTokenClient, RequestOAuth } from 'fastify-oauth'

declare const app: FastifyInstance
declare const request: FastifyRequest
declare const reply: FastifyReply
declare const grant: OAuthGrant

describe('request.oauth', () => {
  test('is there on every request, and cannot be replaced', () => {
    expect(request.oauth).type.toBe<RequestOAuth>()
    expect<Pick<FastifyRequest, 'oauth'>>().type.toBe<{ readonly oauth: RequestOAuth }>()
  })

  test('answers calls with undici\'s ResponseData', () => {
    expect(request.oauth.get('/user')).type.toBe<Promise<Dispatcher.ResponseData>>()
    expect(request.oauth.post(new URL('https://api.example'), { json: { a: 1 } })).type.toBe<Promise<Dispatcher.ResponseData>>()
    expect(request.oauth.request('PURGE', '/x', { form: { a: ['b', 1, true], c: null }, query: new URLSearchParams() })).type.toBe<Promise<Dispatcher.ResponseData>>()
    for (const verb of ['head', 'put', 'patch', 'delete'] as const) expect(request.oauth[verb]('/x')).type.toBe<Promise<OAuthResponse>>()
    expect<Awaited<ReturnType<OAuthClient['get']>>['body']['json']>().type.toBe<() => Promise<unknown>>()
    expect<OAuthResponse['statusCode']>().type.toBe<number>()
  })

  test('fetches as undici does, and is a dispatcher', () => {
    expect(request.oauth.fetch('/user', { method: 'POST', body: 'x' })).type.toBe<Promise<Response>>()
    expect(request.oauth.dispatcher).type.toBe<Dispatcher>()
  })

  test('refuses options of a call that it does not have', () => {
    expect(request.oauth.get).type.not.toBeCallableWith('/x', { timeout: '5s' })
    expect(request.oauth.get).type.not.toBeCallableWith('/x', { query: { a: { b: 1 } } })
    expect(request.oauth.get).type.not.toBeCallableWith(5)
    expect<OAuthCallOptions>().type.not.toHaveProperty('params')
  })

  test('knows the grant', async () => {
    expect(request.oauth.grant).type.toBe<OAuthGrant | null>()
    expect(request.oauth.loadGrant()).type.toBe<Promise<OAuthGrant | null>>()
    expect(request.oauth.grants()).type.toBe<Promise<OAuthGrant[]>>()
    expect(request.oauth.has('read', 'write')).type.toBe<boolean>()
    expect(request.oauth.profile()).type.toBe<Promise<OAuthProfile>>()
    expect(request.oauth.revoke()).type.toBe<Promise<OAuthRevocation>>()
    expect(request.oauth.authorize(reply, { scope: ['read'], returnTo: '/', prompt: 'login', loginHint: 'a' })).type.toBe<Promise<FastifyReply>>()
    expect(request.oauth.authorize).type.toBeCallableWith(reply, { acr: 'gold', maxAge: 0, link: true })
    expect(request.oauth.authorize).type.not.toBeCallableWith()
    expect(request.oauth.challenge(reply, new Error('any'))).type.toBe<Promise<FastifyReply>>()
  })
})

describe('app.oauth', () => {
  test('is the client of jobs', () => {
    expect(app.oauth.client('github', { owner: 'alice' })).type.toBe<OAuthTokenClient>()
    expect<OAuthTokenClient>().type.toBeAssignableTo<OAuthClient>()
    expect(app.oauth.grants.list({ owner: 'alice' })).type.toBe<Promise<OAuthGrant[]>>()
    expect(app.oauth.grants.revoke('github', { owner: 'alice', account: '7' })).type.toBe<Promise<OAuthRevocation>>()
  })

  test('is the client of the application itself, which needs no owner', () => {
    expect(app.oauth.client('billing')).type.toBe<OAuthTokenClient>()
    expect(app.oauth.client).type.toBeCallableWith('billing', { audience: 'a', resource: ['https://a.example/'] as const, scope: ['read'] as const })
    expect(app.oauth.client).type.not.toBeCallableWith('billing', { scope: 'read' })
    expect(app.oauth.client).type.not.toBeCallableWith('billing', { provider: 'x' })
  })

  test('exchanges tokens, once', () => {
    for (const client of [request.oauth, request.oauth.use('x'), app.oauth.client('x')]) {
      expect(client.exchange()).type.toBe<OAuthClient>()
      expect(client.exchange).type.toBeCallableWith({ audience: ['a'], resource: 'urn:a', scope: ['read'], requestedTokenType: 'urn:x', provider: 'y' })
      expect(client.exchange).type.not.toBeCallableWith({ owner: 'alice' })
    }
    expect<OAuthClient>().type.not.toHaveProperty('exchange')
  })

  test('makes hooks of requirements', () => {
    expect(app.addHook).type.toBeCallableWith('onRequest', app.oauth.require('github'))
    expect(app.oauth.require).type.toBeCallableWith({ provider: 'github', scope: ['a'], account: ({ ip }: FastifyRequest) => ip, acr: ['a'], maxAge: 5, optional: true, onUnauthorized: async () => {} })
    expect(app.oauth.require).type.not.toBeCallableWith({ scope: ['a'] })
    expect(app.oauth.require).type.not.toBeCallableWith({ provider: 'github', maxAge: '5' })
  })

  test('passes providers, without their secrets', () => {
    expect([...app.oauth.providers]).type.toBe<OAuthProvider[]>()
    expect(app.oauth.providers.size).type.toBe<number>()
    expect<keyof OAuthProvider>().type.toBe<'name' | 'title' | 'protocol' | 'issuer' | 'scope' | 'apiBaseUrl' | 'introspect'>()
    expect<OAuthProvider['protocol']>().type.toBe<'oauth1' | 'oauth2' | 'oidc' | undefined>()
  })
})

describe('a grant', () => {
  test('cannot be changed', () => {
    expect<OAuthGrant>().type.toBe<Readonly<OAuthGrant>>()
    expect(grant.scope).type.toBe<readonly string[]>()
    expect(grant.claims).type.toBe<Readonly<Record<string, unknown>> | undefined>()
    expect(grant.expiresAt).type.toBe<number | undefined>()
    expect(grant).type.toBeAssignableTo<GrantKey>()
  })
})
