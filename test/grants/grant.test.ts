// The value: its freshness, what a refresh changes, what a printer sees of it, and its form at rest.
import { inspect } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import type { OAuthGrant } from '../../lib/index.js'
import { Cipher } from '../../lib/grants/cipher.js'
import { changed, covers, createGrant, freshnessOf, idOf, openGrant, refreshed, sealGrant } from '../../lib/grants/grant.js'
import { grantValues, hour, tokenSet } from '../fixtures/grants.js'

const cipher = new Cipher(['a secret of at least 32 characters'])
const canary = 'canary'
const full = grantValues({
  accessToken: `access-${canary}`,
  refreshToken: `refresh-${canary}`,
  idToken: `id-${canary}`,
  raw: { other_token: `raw-${canary}` },
  claims: { sub: 'user-1', email: `${canary}@mail.example` },
  subject: 'user-1',
  scope: ['read', 'write'],
  expiresAt: hour,
  version: 3
})

t.test('a token without a stated lifetime stays fresh', async (t) => {
  t.equal(freshnessOf(createGrant(grantValues({ expiresAt: undefined })), Number.MAX_SAFE_INTEGER), 'fresh')
})

t.test('a token is aging in its last minute, or in the last tenth of a shorter life, and expired at its end', async (t) => {
  const cases: Array<[lifetime: number, now: number, expected: string]> = [
    [hour, 0, 'fresh'], [hour, hour - 60_001, 'fresh'], [hour, hour - 60_000, 'aging'], [hour, hour - 1, 'aging'], [hour, hour, 'expired'], [hour, 10 * hour, 'expired'],
    [600_000, 539_999, 'fresh'], [600_000, 540_000, 'aging'],
    [300_000, 269_999, 'fresh'], [300_000, 270_000, 'aging'], [300_000, 299_999, 'aging'], [300_000, 300_000, 'expired'],
    [10, 8, 'fresh'], [10, 9, 'aging'], [10, 10, 'expired'], [0, 0, 'expired'], [-1, 0, 'expired']
  ]
  for (const [lifetime, now, expected] of cases) {
    const start = 1_750_000_000_000
    t.equal(freshnessOf(createGrant(grantValues({ updatedAt: start, expiresAt: start + lifetime })), start + now), expected, `${lifetime} ms, after ${now}`)
  }
})

t.test('a grant covers scopes when it holds every one of them', async (t) => {
  const grant = createGrant(grantValues({ scope: ['read', 'write'] }))
  for (const scope of [[], ['read'], ['write', 'read'], ['read', 'read']]) t.equal(covers(grant, scope), true, scope.join(' '))
  for (const scope of [['rea'], ['READ'], ['read', 'admin'], ['read write'], ['']]) t.equal(covers(grant, scope), false, scope.join(' '))
})

t.test('a refresh that brings everything replaces everything', async (t) => {
  const next = refreshed(createGrant(full), tokenSet({ accessToken: 'a2', refreshToken: 'r2', idToken: 'i2', scope: ['less'], expiresAt: 5, claims: { sub: 'user-1', n: 2 }, raw: { m: 1 }, tokenType: 'dpop' }), 77)
  t.match(next, {
    accessToken: 'a2', refreshToken: 'r2', idToken: 'i2', scope: ['less'], expiresAt: 5, claims: { n: 2 }, raw: { m: 1 }, tokenType: 'dpop', version: 4, updatedAt: 77, authorizedAt: 0, subject: 'user-1', owner: 'alice', provider: 'test', account: 'default'
  })
})

t.test('F9: a refresh that brings an access token alone keeps refresh token, scope, id_token and claims, but no lifetime', async (t) => {
  const next = refreshed(createGrant(full), tokenSet({ accessToken: 'a2', refreshToken: undefined, scope: undefined }), 77)
  t.match(next, { accessToken: 'a2', refreshToken: full.refreshToken, scope: ['read', 'write'], idToken: full.idToken, claims: full.claims, version: 4 })
  t.equal(next.expiresAt, undefined)
  t.strictSame(next.raw, {})
})

t.test('every printer passes tokens, claims and raw members by', async (t) => {
  const grant = createGrant(full)
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'trace', stream: { write (line: string) { lines.push(line) } } } })
  app.log.info(grant)
  app.log.info({ grant, grants: [grant] })
  app.log.info(grant, 'with a message')
  app.log.child({ grant }).info('in a child')
  t.equal(lines.length, 4)
  const printed = [
    ...lines, JSON.stringify(grant), JSON.stringify({ nested: [grant] }), inspect(grant), inspect({ nested: [grant] }, { depth: 9, getters: true }),
    inspect(changed(grant, { version: 4 })), inspect(openGrant(cipher, { ...sealGrant(cipher, grant), version: 3 })),
    JSON.stringify({ ...grant }), JSON.stringify(Object.entries(grant)), inspect(Object.assign({}, grant)), inspect(structuredClone(grant))
  ]
  for (const text of printed) {
    t.notMatch(text, canary)
    t.match(text, 'user-1', 'the rest is there')
  }
})

t.test('a member that no one has declared printable is not printed', async (t) => {
  const grant = createGrant({ ...full, tokenSecret: canary } as OAuthGrant)
  t.notMatch(JSON.stringify(grant) + inspect(grant), canary)
})

t.test('the key of a bound grant is sealed, read by name, and printed by nothing', async (t) => {
  const dpopKey = { kty: 'EC' as const, crv: 'P-256' as const, x: 'x', y: 'y', d: canary }
  const grant = createGrant({ ...full, tokenType: 'dpop', dpopKey })
  const stored = { ...sealGrant(cipher, grant), version: 3 }
  t.notMatch(JSON.stringify(stored) + JSON.stringify(grant) + inspect(grant, { depth: 9 }) + JSON.stringify({ ...grant }), canary)
  t.strictSame([grant.dpopKey, openGrant(cipher, stored)?.dpopKey, changed(grant, { version: 4 }).dpopKey], [dpopKey, dpopKey, dpopKey])
})

t.test('a refresh that brings a bearer token leaves no key behind', async (t) => {
  const dpopKey = { kty: 'EC' as const, crv: 'P-256' as const, x: 'x', y: 'y', d: 'd' }
  const grant = createGrant({ ...full, tokenType: 'dpop', dpopKey })
  t.strictSame(refreshed(grant, tokenSet({ tokenType: 'dpop', dpopKey }), 0).dpopKey, dpopKey)
  t.equal(refreshed(grant, tokenSet(), 0).dpopKey, undefined)
})

t.test('tokens are read by name, and no member can be changed', async (t) => {
  const grant = createGrant(full)
  const { accessToken, refreshToken, idToken, raw, claims } = grant
  t.strictSame({ accessToken, refreshToken, idToken, raw, claims }, { accessToken: full.accessToken, refreshToken: full.refreshToken, idToken: full.idToken, raw: full.raw, claims: full.claims })
  for (const name of ['accessToken', 'refreshToken', 'owner', 'version', 'added']) t.throws(() => Object.assign(grant, { [name]: 'x' }), TypeError, name)
})

t.test('a changed grant has the new values and all the others', async (t) => {
  const next = changed(createGrant(full), { owner: 'bob', refreshToken: undefined })
  t.match(next, { ...full, owner: 'bob', refreshToken: undefined })
  t.equal(next.refreshToken, undefined)
})

t.test('a stored grant opens as it was', async (t) => {
  const stored = { ...sealGrant(cipher, createGrant(full)), version: 3 }
  t.strictSame(Object.keys(stored).sort(), ['account', 'authorizedAt', 'owner', 'provider', 'refreshing', 'sealed', 'version'])
  t.notMatch(JSON.stringify(stored), canary)
  const opened = openGrant(cipher, stored)
  for (const [name, value] of Object.entries(full)) t.strictSame(Reflect.get(opened as object, name), value, name)
})

t.test('A46: a row copied under another owner, provider or account does not open', async (t) => {
  const stored = { ...sealGrant(cipher, createGrant(full)), version: 3 }
  for (const copy of [{ owner: 'bob' }, { provider: 'test2' }, { account: 'second' }, { owner: 'test', provider: 'alice' }, { owner: 'alice","test' }]) {
    t.equal(openGrant(cipher, { ...stored, ...copy }), null, JSON.stringify(copy))
  }
  t.not(openGrant(cipher, stored), null)
})

t.test('A46: a row that was sealed for something else, or by another key, does not open', async (t) => {
  const stored = { ...sealGrant(cipher, createGrant(full)), version: 3 }
  t.equal(openGrant(cipher, { ...stored, sealed: cipher.seal('pending-login', idOf(full), '{}') }), null)
  t.equal(openGrant(new Cipher(['another secret of 32 characters or more']), stored), null)
  t.equal(openGrant(cipher, { ...stored, sealed: JSON.stringify(full) }), null, 'not sealed at all')
})

t.test('a sealed owner, version or login time is not believed: those of the row are', async (t) => {
  const forged = cipher.seal('grant', idOf(full), JSON.stringify({ ...full, owner: 'mallory', version: 99, authorizedAt: 99 }))
  t.match(openGrant(cipher, { owner: 'alice', provider: 'test', account: 'default', version: 3, authorizedAt: 7, refreshing: null, sealed: forged }), { owner: 'alice', version: 3, authorizedAt: 7 })
})

t.test('no two keys have one id', async (t) => {
  const parts = ['', 'a', 'b', 'a","b', '"', '\\', '["a"]', 'a\0b', '\ud800', '\ufffd']
  const ids = parts.flatMap(owner => parts.flatMap(provider => parts.map(account => idOf({ owner, provider, account }))))
  t.equal(new Set(ids).size, parts.length ** 3)
})

t.test('a refresh authenticates nobody: what the login said of it stays, unless the refreshed id_token says it too', async (t) => {
  const login = createGrant({ ...full, claims: { sub: 'user-1', acr: 'gold', auth_time: 5, amr: ['otp'], nonce: 'n', email: 'old' } })
  t.strictSame(refreshed(login, tokenSet({ claims: { sub: 'user-1', email: 'new' } }), 77).claims, { acr: 'gold', amr: ['otp'], auth_time: 5, sub: 'user-1', email: 'new' })
  t.strictSame(refreshed(login, tokenSet({ claims: { sub: 'user-1', acr: 'silver' } }), 77).claims, { acr: 'silver', amr: ['otp'], auth_time: 5, sub: 'user-1' })
  t.strictSame(refreshed(createGrant({ ...full, claims: undefined }), tokenSet({ claims: { sub: 'user-1' } }), 77).claims, { sub: 'user-1' })
})
