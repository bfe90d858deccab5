// What the endpoints of one fake provider share.
import type { FakeApiRoute, FakeClient, FakeClock, FakeEndpoint, FakeProtocol, FakeProviderSettings, FakeQuirks, FakeUser } from '../../types/testing.js'
import { oauthError } from '../errors.js'
import { createClock } from './clock.js'
import { Faults } from './faults.js'
import { KeyRing } from './keys.js'
import { checkQuirks } from './quirks.js'
import { FakeState } from './state.js'

export interface FakeCore {
  readonly protocol: FakeProtocol
  readonly quirks: Readonly<FakeQuirks>
  readonly state: FakeState
  readonly clock: FakeClock
  readonly faults: Faults
  readonly keys: KeyRing
  readonly api: Readonly<Record<string, FakeApiRoute>>
  readonly lifetimes: { accessToken: number, refreshToken: number, code: number }
  readonly dpop: FakeProviderSettings['dpop']
  readonly par: FakeProviderSettings['par']
  readonly client: FakeClient
  readonly user: FakeUser
  /** Changes when it begins to listen. */
  origin: string
}

const defaultUser: FakeUser = { sub: 'user-1', name: 'First User', email: 'user-1@example.com', email_verified: true }
const defaultClient: FakeClient = { clientId: 'fake-client', clientSecret: 'fake-client-secret' }

const defaultPaths: Readonly<Record<FakeEndpoint, string>> = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  temporary: '/temporary',
  authorize: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  revocation: '/revoke',
  introspection: '/introspect',
  par: '/par',
  api: '/api'
}

export function createCore (settings: FakeProviderSettings): FakeCore {
  const { protocol = 'oidc', users = [defaultUser], clients = [defaultClient], quirks = {}, faults = [], api = {}, origin = 'https://fake-provider.test', lifetimes, dpop, par } = settings
  checkQuirks(quirks)
  const [user] = users
  const [client] = clients
  if (user === undefined || client === undefined) throw oauthError('FST_OAUTH_INVALID_OPTIONS', ['a fake provider needs one user and one client at least'])
  const clock = createClock(settings.clock)
  const core: FakeCore = {
    protocol,
    quirks,
    clock,
    state: new FakeState(users, clients, clock),
    faults: new Faults(),
    keys: new KeyRing(quirks.idTokenAlg ?? 'ES256'),
    api,
    lifetimes: { accessToken: 3_600, refreshToken: Infinity, code: 60, ...lifetimes },
    dpop,
    par,
    client,
    user,
    origin
  }
  for (const name of faults) core.faults.set(name)
  return core
}

export function pathOf ({ quirks }: FakeCore, endpoint: FakeEndpoint): string {
  return `${quirks.basePath ?? ''}${quirks.paths?.[endpoint] ?? defaultPaths[endpoint]}`
}

export function urlOf (core: FakeCore, endpoint: FakeEndpoint): string {
  return `${core.origin}${pathOf(core, endpoint)}`
}

/** Issuer identifier (RFC 8414 section 2). */
export function issuerOf ({ origin, quirks }: FakeCore): string {
  return `${origin}${quirks.basePath ?? ''}`
}

/** Scopes as the provider writes and reads them. */
export function splitScope ({ quirks }: FakeCore, scope: string | undefined): string[] {
  return (scope ?? '').split(quirks.scopeDelimiter ?? ' ').filter(name => name !== '')
}

export function joinScope ({ quirks }: FakeCore, scope: readonly string[]): string {
  return scope.join(quirks.scopeDelimiter ?? ' ')
}

/** Standard name → value, of parameters under the provider's names. */
export function standardParams ({ quirks }: FakeCore, params: Readonly<Record<string, string>>): Record<string, string> {
  const names = { ...quirks.paramNames, ...(quirks.scopeParam === undefined ? {} : { scope: quirks.scopeParam }) }
  const standard = { ...params }
  for (const [name, actual] of Object.entries(names)) {
    delete standard[name]
    if (params[actual] !== undefined) standard[name] = params[actual]
  }
  return standard
}
