import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Dispatcher } from 'undici'
import type { OAuthProviderOptions } from './options-provider.js'
import type { FakeApiRoute, FakeClient, FakeFault, FakeFaultOptions, FakeProtocol, FakeQuirks, FakeRequest, FakeUser } from './testing-wire.js'

export type * from './testing-wire.js'

/** Faults of a fake provider. Each method throws FST_OAUTH_TESTING_UNKNOWN_FAULT for another name. */
export interface FakeFaults {
  /** For the next `count` requests that it concerns. Default: 1. */
  next(name: FakeFault, count?: number, options?: FakeFaultOptions): void
  /** Until it is cleared. */
  set(name: FakeFault, options?: FakeFaultOptions): void
  /** Ends one, or all. */
  clear(name?: FakeFault): void
}

/** Milliseconds since the epoch; hand it to the plugin's option `clock` too. */
export interface FakeClock {
  (): number
  advance(milliseconds: number): void
}

export interface FakeProviderSettings {
  /** Default: `oidc`. */
  protocol?: FakeProtocol
  /** Default: one, `user-1`. */
  users?: readonly FakeUser[]
  /** The first is whose settings `options` holds. Default: one with a secret. */
  clients?: readonly FakeClient[]
  /** What the clock starts from. Default: `Date.now`. */
  clock?: () => number
  quirks?: FakeQuirks
  /** Faults from the start, until they are cleared. */
  faults?: readonly FakeFault[]
  /** Path under the API's base → what it wants and answers. Other paths want no scope. */
  api?: Readonly<Record<string, FakeApiRoute>>
  /** Address while it runs in the process. Default: `https://fake-provider.test`. */
  origin?: string
  /** Seconds. Default: 3 600 for access tokens, 60 for codes; refresh tokens last. */
  lifetimes?: { accessToken?: number, refreshToken?: number, code?: number }
  /** RFC 9449. `required`: no bearer tokens. `nonce`: proofs must hold the server's nonce too. Default: taken when offered. */
  dpop?: 'required' | 'nonce'
  /** RFC 9126. `required`: no authorization request that was not pushed. Default: taken when pushed. */
  par?: 'required'
}

/** How `loginAs` acts for the user. */
export interface LoginAsOptions {
  /** The provider's name in the application. */
  provider: string
  /** Scopes that the user grants, and no others. Default: all that were asked for. */
  scope?: readonly string[]
  /** The user refuses. The application's answer is given back, whatever its status. */
  deny?: boolean
  /** Cookies to start with: those of an earlier session, to log in at a second provider. */
  cookies?: Readonly<Record<string, string>>
  /** The page that starts the login, for routes that ask for scopes of their own. Default: the provider's login route. */
  start?: string
  /** Where the login ends: a path of the application. */
  returnTo?: string
}

/** A browser after a login: spread it into `app.inject({ url, ...session })`. */
export interface FakeSession {
  cookies: Record<string, string>
  headers: { cookie: string }
}

export interface LoginAsResult extends FakeSession {
  /** The application's last answer. */
  response: LightMyRequestResponse
  /** Where it leads. */
  location: string | undefined
}

export interface FailWithOptions extends LoginAsOptions, FakeFaultOptions {
  /** Default: the provider's first user. */
  user?: string
}

/** A provider for tests, on the wire. */
export interface FakeProvider {
  /** Settings of the first client, for the plugin's option `providers`. Read it after `listen()`, where that is used. */
  readonly options: OAuthProviderOptions
  /** For the plugin's option `dispatcher`: serves the provider's own origin, and throws FST_OAUTH_TESTING_FOREIGN_ORIGIN for others. */
  readonly dispatcher: Dispatcher
  readonly issuer: string
  /** Its origin: made up, or of loopback after `listen()`. */
  readonly url: string
  readonly clock: FakeClock
  readonly faults: FakeFaults
  /** What it received, oldest first; the last 10 000. */
  readonly requests: FakeRequest[]
  /** Runs it on a free port of loopback; answers its URL. */
  listen(): Promise<string>
  close(): Promise<void>
  /** A new key signs; the old one stays in the JWK Set (at most four do). */
  rotateKeys(): Promise<void>
  /** Ends every token and code. */
  revokeAll(): void
  /** Ends every access token; refresh tokens stay. */
  expireAccessTokens(): void
  /** Logs a user in; as the function `loginAs`. */
  loginAs(app: FastifyInstance, user: string | FakeUser, options: LoginAsOptions): Promise<LoginAsResult>
  /** Drives a login into a fault; answers what the application replied. Throws when the login never met the fault. */
  failWith(app: FastifyInstance, name: FakeFault, options: FailWithOptions): Promise<LoginAsResult>
}
