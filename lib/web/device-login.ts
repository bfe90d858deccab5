// Logins that a user finishes on another device (RFC 8628), from the code to the grant in the store.
import type { OAuthDeviceLogin } from '../../types/device.js'
import type { OAuthGrant } from '../../types/grant.js'
import { oauthError } from '../errors.js'
import { parseDeviceOptions } from '../options.js'
import type { DeviceAuthorization, Provider } from '../provider.js'
import type { OAuthContext } from './context.js'

interface DeviceLoginParts {
  context: OAuthContext
  provider: Provider
  owner: string
  scope: string[]
  authorization: DeviceAuthorization
  /** Runs until the application is closed. */
  watch: <T>(provider: string, run: (signal: AbortSignal) => Promise<T>) => Promise<T>
}

/** The logins on devices of one application. */
export class DeviceLogins {
  readonly #context: OAuthContext
  readonly #closing = new AbortController()
  readonly #waiting = new Set<Promise<unknown>>()

  constructor (context: OAuthContext) {
    this.#context = context
  }

  async begin (name: string, given: unknown): Promise<OAuthDeviceLogin> {
    const { registry } = this.#context
    const { owner, tenant, audience, resource, scope: more = [] } = parseDeviceOptions(given)
    registry.checkTenant(name, tenant)
    const provider = await registry.at(name, { request: undefined, tenant })
    provider.checkLogins()
    const scope = [...new Set([...provider.scope, ...more])]
    const authorization = await provider.oauth2('logins on devices').grants.device.begin({ audience, resource, scope })
    return new DeviceLogin({ context: this.#context, provider, owner, scope, authorization, watch: (name, run) => this.#watch(name, run) })
  }

  /** Ends what waits; an answer that is on its way is taken. */
  async close (): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#waiting)
  }

  async #watch <T> (provider: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#closing
    const running = run(signal).catch(error => {
      throw signal.aborted && error === signal.reason ? oauthError('FST_OAUTH_INVALID_CALL', [provider, 'the application is closing']) : error
    })
    this.#waiting.add(running)
    return running.finally(() => this.#waiting.delete(running))
  }
}

class DeviceLogin implements OAuthDeviceLogin {
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete: string | undefined
  readonly expiresAt: number
  readonly #parts: DeviceLoginParts
  #waiting: Promise<OAuthGrant> | undefined

  constructor (parts: DeviceLoginParts) {
    const { userCode, verificationUri, verificationUriComplete, expiresAt } = parts.authorization
    this.userCode = userCode
    this.verificationUri = verificationUri
    this.verificationUriComplete = verificationUriComplete
    this.expiresAt = expiresAt
    this.#parts = parts
  }

  async wait ({ signal }: { signal?: AbortSignal } = {}): Promise<OAuthGrant> {
    // The code is good once: who asks again after that is answered the same.
    this.#waiting ??= this.#run(signal).catch(error => {
      this.#waiting = undefined
      throw error
    })
    return this.#waiting
  }

  async #run (given: AbortSignal | undefined): Promise<OAuthGrant> {
    const { context, provider, owner, scope, authorization, watch } = this.#parts
    return watch(provider.name, async closing => {
      const signal = given === undefined ? closing : AbortSignal.any([closing, given])
      const tokens = await provider.oauth2('logins on devices').grants.device.wait(authorization, signal)
      const { subject, account } = await provider.identify(tokens)
      return context.keeper.save({ owner, provider: provider.name, tenant: provider.tenant, account, subject, tokens, requestedScope: scope })
    })
  }
}
