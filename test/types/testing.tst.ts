// fastify-oauth/testing, as a test of an application uses it.
import type { FastifyInstance, InjectOptions } from 'fastify'
import { describe, expect, test } from 'tstyche'
import type { Dispatcher } from 'undici'
import type { OAuthPluginOptions, OAuthProviderOptions } from 'fastify-oauth'
import { createFakeNetwork, createFakeProvider, loginAs } from 'fastify-oauth/testing'
import type { FakeApiCall, FakeFault, FakeProvider, FakeProviderSettings, FakeRequest, LoginAsResult } from 'fastify-oauth/testing'

declare const app: FastifyInstance

describe('the fake provider', () => {
  test('fits the options of the plugin', () => {
    const fake = createFakeProvider()
    expect(fake).type.toBe<FakeProvider>()
    expect(fake.options).type.toBe<OAuthProviderOptions>()
    expect({ providers: { x: fake.options }, dispatcher: fake.dispatcher, clock: fake.clock }).type.toBeAssignableTo<OAuthPluginOptions>()
    expect(createFakeNetwork(fake, fake)).type.toBe<Dispatcher>()
    expect(fake.requests).type.toBe<FakeRequest[]>()
  })

  test('takes settings that exist', () => {
    expect(createFakeProvider).type.toBeCallableWith({ protocol: 'oauth1' as const, users: [{ sub: 'a', team: 5 }], quirks: { scopeDelimiter: ',' }, faults: ['huge' as const] })
    expect<{ protocol: 'saml' }>().type.not.toBeAssignableTo<FakeProviderSettings>()
    expect<{ users: Array<{ name: string }> }>().type.not.toBeAssignableTo<FakeProviderSettings>()
    createFakeProvider({ api: { '/x': { answer: call => expect(call).type.toBe<FakeApiCall>() } } })
    expect<'timeout'>().type.not.toBeAssignableTo<FakeFault>()
  })

  test('logs in', async () => {
    expect(loginAs(app, 'ada', { provider: 'x', scope: ['a'] })).type.toBe<Promise<LoginAsResult>>()
    expect(loginAs).type.not.toBeCallableWith(app, 'ada', {})
    expect(createFakeProvider().failWith).type.not.toBeCallableWith(app, 'timeout', { provider: 'x' })
    const { cookies, headers, location } = await loginAs(app, { sub: 'ada' }, { provider: 'x' })
    expect({ cookies, headers }).type.toBeAssignableTo<InjectOptions>()
    expect(location).type.toBe<string | undefined>()
  })
})
