// Composition: what a fake provider shares, its Fastify application, and what a test sees of both.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import type { FailWithOptions, FakeFault, FakeProvider, FakeProviderSettings, FakeRequest, FakeUser, LoginAsOptions, LoginAsResult } from '../../types/testing.js'
import { oauthError } from '../errors.js'
import { clientOptions } from './client-options.js'
import { createCore, issuerOf } from './core.js'
import type { FakeCore } from './core.js'
import { InProcessDispatcher } from './dispatcher.js'
import { faultStages } from './faults.js'
import { driveLogin, loginAs } from './login-as.js'
import { createServer } from './server.js'

class RunningProvider implements FakeProvider {
  readonly requests: FakeRequest[] = []
  readonly server: FastifyInstance
  readonly dispatcher: Dispatcher
  readonly core: FakeCore

  constructor (settings: FakeProviderSettings) {
    this.core = createCore(settings)
    this.server = createServer(this.core, this.requests)
    this.dispatcher = new InProcessDispatcher([{ origin: () => this.core.origin, app: this.server }])
  }

  get clock () { return this.core.clock }

  get faults () { return this.core.faults }

  get issuer (): string { return issuerOf(this.core) }

  get url (): string { return this.core.origin }

  get options (): OAuthProviderOptions { return clientOptions(this.core) }

  async listen (): Promise<string> {
    await this.server.listen({ port: 0, host: '127.0.0.1' })
    this.core.origin = `http://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`
    return this.url
  }

  async close (): Promise<void> {
    await this.server.close()
  }

  async rotateKeys (): Promise<void> {
    await this.core.keys.current()
    await this.core.keys.rotate()
  }

  revokeAll (): void {
    this.core.state.drop(() => true)
  }

  expireAccessTokens (): void {
    this.core.state.drop(({ kind }) => kind === 'access')
  }

  async loginAs (app: FastifyInstance, user: string | FakeUser, options: LoginAsOptions): Promise<LoginAsResult> {
    return loginAs(app, user, options)
  }

  async failWith (app: FastifyInstance, name: FakeFault, { user = this.core.user.sub, at, seconds, retryAfter, bytes, ...login }: FailWithOptions): Promise<LoginAsResult> {
    const { faults } = this.core
    const where = at ?? (faultStages[name] === 'wire' ? 'token' : undefined)
    const details = Object.entries({ at: where, seconds, retryAfter, bytes }).filter(([, value]) => value !== undefined)
    faults.next(name, 1, Object.fromEntries(details))
    try {
      const result = await driveLogin(app, user, login)
      if (faults.isPlanned(name)) throw oauthError('FST_OAUTH_TESTING_LOGIN_FAILED', [login.provider, `it never met the fault ${name}`])
      return result
    } finally {
      faults.clear(name)
    }
  }
}

/** A provider for tests: on a port after `listen()`, in the process by its `dispatcher`. Close it in the end. */
export function createFakeProvider (settings: FakeProviderSettings = {}): FakeProvider {
  return new RunningProvider(settings)
}

/** One dispatcher for several fake providers, which need different origins. */
export function createFakeNetwork (...providers: readonly FakeProvider[]): Dispatcher {
  return new InProcessDispatcher(providers.flatMap(({ dispatcher }) => (dispatcher as InProcessDispatcher).servers))
}
