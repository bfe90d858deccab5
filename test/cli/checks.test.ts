// What the doctor says of settings that no broken configuration of doctor.test.ts has.
import t from 'tap'
import type { Test } from 'tap'
import { catalogue } from '../../lib/catalogue/index.js'
import { checkOptions } from '../../lib/cli/check-options.js'
import { checkStore } from '../../lib/cli/check-store.js'
import { examine } from '../../lib/cli/doctor.js'
import type { Finding } from '../../lib/cli/finding.js'
import { Secrets } from '../../lib/cli/secrets.js'
import { MemoryGrantStore } from '../../lib/index.js'
import type { GrantStore, OAuthPluginOptions } from '../../lib/index.js'
import { startServer } from '../fixtures/http-server.js'

const secrets = new Secrets([])
const strong = ['e7a1c94f0b2d86537fae10cb94d2e853-first', 'b81f46c2d09e735a16dc02fe97b4a385-second', '0c5d7e9fb1a3f2846e8d0a2c4b6f9173-third'] as const
const right = { baseUrl: 'https://app.example.com', secret: strong[0], session: { secret: strong[1] }, providers: {} }

interface Scene { env?: Record<string, string>, source?: string, production?: boolean, fastify?: Record<string, unknown>, name?: string }

async function found (options: object, { env = {}, source = '', production = false, fastify, name }: Scene = {}): Promise<string[]> {
  const all = await examine({ options: { ...right, ...options }, source, fastify }, { env, timeout: 1_000, name, production })
  return all.map(({ level, about, provider, message }: Finding) => `${level} ${provider === undefined ? '' : `${provider} `}${about}: ${message}`)
}

function has (t: Test, lines: string[], ...expected: RegExp[]): void {
  for (const line of expected) t.ok(lines.some(one => line.test(one)), `${line}\n${lines.join('\n')}`)
}

function hasNone (t: Test, lines: string[], pattern: RegExp): void {
  t.strictSame(lines.filter(line => pattern.test(line)), [])
}

t.test('several things that are wrong are a line each', async (t) => {
  const lines = await found({ providers: { a: { clientId: 1, issuer: 'nonsense' }, b: 1 }, timeout: 0, secret: 'short', session: { secret: 'short' }, owner: 1, store: {}, baseUrl: 'nonsense' })
  const errors = lines.filter(line => line.startsWith('error'))
  has(t, errors, /^error a options: providers\.a\.clientId is/, /^error a options: providers\.a\.issuer is/, /^error b options: providers\.b is/, /^error options: timeout is 0/, /^error options: secret/, /^error options: session\.secret/, /^error options: owner is/, /^error options: store is/, /^error options: baseUrl is/)
  t.equal(errors.length, 9)
  hasNone(t, lines, /^(ok|warn) (store|session|secret|baseUrl)/)
  has(t, await found({ providers: [{ clientId: 'a' }] }), /^error options: providers is an array; allowed is an object of provider options$/)
  const unknown = await found({ tiemout: 1, session: { secret: strong[1], 'odd.name': 1, cookie: {} }, providers: { 'a.b': { ...closed, clientId: '', clientID: 'a', quirks: { scopeDelimeter: ',', nothing: 1 }, pkce: true } } })
  t.strictSame(unknown.filter(line => line.startsWith('error') || line.startsWith('ok options')).sort(), [
    'error a.b options: providers.a.b.clientID is not an option',
    'error a.b options: providers.a.b.clientId is ""; allowed is a non-empty string',
    'error a.b options: providers.a.b.pkce is not an option',
    'error a.b options: providers.a.b.quirks.nothing is not an option',
    'error a.b options: providers.a.b.quirks.scopeDelimeter is not an option',
    'error options: session.odd.name is not an option',
    'error options: tiemout is not an option'
  ], 'every one that is not known, until one cannot be taken out')
  has(t, await found({ providers: 'nonsense', baseUrl: undefined, timeout: 0 }), /^error options: providers is/, /^error options: timeout/, /^warn baseUrl/)
  has(t, await found({ timeout: 0 }), /^error options: timeout is 0/, /^ok baseUrl: https:/)
  has(t, await found({ providers: undefined }), /^warn options: there are no providers$/)
  has(t, await found({ providers: { a: { clientId: 'x'.repeat(9), issuer: 'http://127.0.0.1:1' } } }), /^ok options: valid, with 1 provider$/)
})

t.test('what is no error of options is thrown on', async (t) => {
  const options = { get secret () { throw new TypeError('odd') } }
  t.throws(() => checkOptions(options as never, secrets), { message: 'odd' })
  t.throws(() => checkOptions({ providers: { p: { ...closed, quirks: { get pkce () { throw new TypeError('odd') } } } } }, secrets), { message: 'odd' })
})

// With no placeholders to fill.
const readOnce = [...catalogue].find(([, { verified, params }]) => verified === false && params === undefined)?.[0] as string

t.test('entries of the catalogue that are old, or were read in one source only', async (t) => {
  const client = { clientId: 'the-client', clientSecret: 'canary-of-a-client' }
  const { found: lines } = checkOptions({ providers: { [readOnce]: client, twitter: client } }, secrets)
  t.match(lines.find(({ provider }) => provider === readOnce), { level: 'warn', message: /read in one source only/ })
  t.match(lines.find(({ provider }) => provider === 'twitter'), { level: 'warn', message: /has a note: legacy/ })
})

t.test('secrets', async (t) => {
  has(t, await found({ secret: undefined }), /^warn secret: is not set/)
  has(t, await found({ session: {} }), /^warn session: neither/)
  hasNone(t, await found({ session: {}, owner: () => 'a' }), /session/)
  has(t, await found({ secret: 'a'.repeat(40) }), /^error secret: has fewer than 10 different characters/)
  has(t, await found({ secret: Buffer.alloc(32) }), /^error secret: has fewer/)
  hasNone(t, await found({ secret: 'a'.repeat(40) }), /^ok secret/)
  has(t, await found({ secret: Buffer.from(strong[0]) }), /^ok secret: \d+ bytes$/)
  has(t, await found({ providers: { p: { ...closed, clientId: 'client-of-p', clientSecret: strong[0] } } }), /^warn p clientSecret: is the same as secret$/)
  has(t, await found({ secret: `${strong[0]}\n` }), /^error secret: has blanks or a line break/)
  has(t, await found({ secret: 'your-very-own-secret-goes-in-this-place' }), /^error secret: is a placeholder/)
  has(t, await found({ secret: strong[1] }), /^warn session\.secret: is the same as secret$/)
  has(t, await found({ secret: [strong[0], strong[2]] }, { env: { A: strong[2] } }), /^ok secret: 38 bytes, from the environment \(A\)$/)
  has(t, await found({}, { source: `secret: '${strong[0]}'` }), /^warn secret: is written in the config module$/)
  has(t, await found({}, { source: `secret: '${strong[0]}'`, production: true }), /^error secret: is written in the config module$/)
})

const closed = { issuer: 'http://127.0.0.1:1' }

t.test('clients', async (t) => {
  const now = Date.UTC(2030, 0, 1)
  const of = async (...clients: object[]) => found({ clock: () => now, providers: Object.fromEntries(clients.map((client, index) => [`p${index}`, { ...closed, clientId: `client-${index}`, ...client }])) })
  has(t, await of({}), /^warn p0 clientSecret: is not set: the client is public$/)
  hasNone(t, await of({ clientAuth: 'none' }), /clientSecret/)
  has(t, await of({ clientId: '<your client id>', clientAuth: 'none' }), /^error p0 clientId: is a placeholder/)
  has(t, await of({ clientId: 'client ', clientAuth: 'none' }), /^error p0 clientId/)
  has(t, await of({ clientSecret: 'one-and-the-same' }, { clientSecret: 'one-and-the-same' }), /^warn p1 clientSecret: is the same as providers\.p0\.clientSecret$/)
  hasNone(t, await of({ clientId: 'a-client', clientSecret: 'one-and-the-same' }, { clientId: 'a-client', clientSecret: 'one-and-the-same' }), /is the same/)
  const end = (clientSecretExpiresAt: number) => of({ clientSecret: 'a-secret-of-it', clientSecretExpiresAt })
  has(t, await end(now + 10 * 86_400_000), /^warn p0 clientSecretExpiresAt: the secret expires in 10 days \(2030-01-11/)
  has(t, await end(now + 100 * 86_400_000), /^ok p0 clientSecretExpiresAt: the secret is good until 2030-04-11/)
  has(t, await end(now), /^warn p0 clientSecretExpiresAt: the secret expires in 0 days/)
  has(t, await end(now - 1), /^error p0 clientSecretExpiresAt/)
  t.match((await examine({ options: { ...right, providers: { p: { ...closed, clientId: 'client', clientSecret: 'a-secret-of-it', clientSecretExpiresAt: 1_900_000_000 } } }, source: undefined, fastify: undefined }, { env: {}, timeout: 1_000, name: undefined, production: false })).find(({ about }) => about === 'clientSecretExpiresAt'), { level: 'error', advice: 'it is in milliseconds since the epoch' })
  has(t, await end(Number.MAX_SAFE_INTEGER), /^ok p0 clientSecretExpiresAt: the secret is good until never/)
})

t.test('address, prefix, routes and cookies', async (t) => {
  has(t, await found({ baseUrl: undefined }), /^warn baseUrl: is not set/)
  has(t, await found({ baseUrl: 'http://localhost:3000' }), /^ok baseUrl: http:\/\/localhost:3000$/)
  has(t, await found({ baseUrl: 'http://localhost:3000' }, { production: true }), /^error baseUrl: is of loopback/)
  has(t, await found({ baseUrl: 'http://app.example.com' }), /^warn baseUrl: .* is plain http/)
  has(t, await found({ baseUrl: 'https://app.example.com/oauth' }), /^warn prefix: \/oauth is in baseUrl too/)
  has(t, await found({ baseUrl: 'https://app.example.com/oauth/github/callback' }), /^warn prefix: \/oauth is in baseUrl too/)
  hasNone(t, await found({ baseUrl: 'https://app.example.com/oauth2' }), /prefix/)
  has(t, await found({ routes: { callback: false } }), /^error routes: callback is false/)
  has(t, await found({ loginTimeout: 600 }), /^warn loginTimeout: users have 600 ms/)
  has(t, await found({}, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }), /^error tls: NODE_TLS_REJECT_UNAUTHORIZED is 0/)
  has(t, await found({}), /^ok cookies: Secure where the request is https: behind a proxy/)
  hasNone(t, await found({ session: {} }), /cookies/)
  hasNone(t, await found({ baseUrl: undefined }), /cookies/)
  has(t, await found({}, { fastify: {} }), /^warn cookies: .*neither https nor trustProxy: a Secure/)
  has(t, await found({}, { fastify: { http2: true } }), /^warn cookies: .*, but http2/)
  has(t, await found({}, { fastify: { https: { key: '' } } }), /^ok cookies: Secure: Fastify ends TLS itself$/)
  has(t, await found({}, { fastify: { https: null, trustProxy: 1 } }), /^ok cookies: Secure: the proxy is trusted$/)
})

t.test('callback URLs', async (t) => {
  const client = { clientId: 'a-client', clientSecret: 'a-secret-of-it' }
  const oauth1 = { ...client, requestTokenUrl: 'http://127.0.0.1:1/a', authorizeUrl: 'http://127.0.0.1:1/b', accessTokenUrl: 'http://127.0.0.1:1/c' }
  const lines = await found({
    providers: {
      one: { ...client, ...closed, callbackUrl: 'https://app.example.com/cb' },
      two: { ...client, ...closed, callbackUrl: 'https://app.example.com/cb' },
      out: { ...oauth1, callbackUrl: 'oob' },
      service: { ...client, ...closed, grant: 'client_credentials' }
    }
  })
  has(t, lines, /^ok one callback: https:\/\/app\.example\.com\/cb$/, /^error two callback: \/cb is the callback of one too$/)
  hasNone(t, lines, /^\S+ (out|service) callback/)
  has(t, await found({ baseUrl: undefined, providers: { one: { ...client, ...closed, callbackUrl: 'https://app.example.com/cb' }, two: { ...client, ...closed } } }), /^ok one callback: https:/, /^ok two callback: \{baseUrl\}\/oauth\/two\/callback$/)
  const all = await examine({ options: { providers: { github: client, airtable: { ...client, ...closed, extends: 'airtable' } } }, source: undefined, fastify: undefined }, { env: {}, timeout: 1, name: undefined, production: false })
  t.match(all.find(({ about, provider }) => about === 'callback' && provider === 'github'), { advice: /^register exactly this at GitHub, Settings, Developer settings, https:/ })
  t.match(all.find(({ about, provider }) => about === 'callback' && provider === 'airtable'), { advice: 'register exactly this at the provider' })
})

t.test('one provider of several', async (t) => {
  const providers = { one: { clientId: 'client', clientAuth: 'none', ...closed }, two: 1 }
  hasNone(t, await found({ providers }, { name: 'one' }), /two/)
  await t.rejects(found({ providers }, { name: 'three' }), { message: 'the config module has no provider three; it has one, two' })
  await t.rejects(found({ providers: undefined }, { name: 'three' }), { message: 'the config module has no provider three; it has none' })
})

t.test('providers without metadata: whether they answer, and their clock', async (t) => {
  const server = await startServer(t)
  const provider = { clientId: 'client', clientSecret: 'a-secret-of-it', authorizeUrl: `${server.url}/authorize`, accessTokenUrl: `${server.url}/token` }
  const ask = async (own: object = {}, production = false) => (await found({ providers: { p: { ...provider, ...own } } }, { production })).filter(line => / p (reachable|clock|tls)/.test(line))
  const at = (away: number) => { server.handler = () => ({ headers: { date: new Date(Date.now() + away).toUTCString() } }) }

  at(0)
  t.match(await ask(), [/^ok p reachable: http:\/\/127\.0\.0\.1:\d+ answers$/, /^ok p clock: as the provider's$/])
  t.equal(server.calls[0]?.method, 'HEAD')
  at(10_000)
  t.match((await ask())[1], /^ok p clock: this machine's clock is (9|10) seconds behind the provider's$/)
  at(-60_000)
  t.match((await ask())[1], /^warn p clock: this machine's clock is (58|59|60) seconds ahead of the provider's$/)
  at(-400_000)
  t.match((await ask())[1], /^error p clock/)
  server.handler = () => ({ headers: { date: 'nonsense' } })
  t.match(await ask(), [/^ok p reachable/])
  server.handler = () => ({ status: 302 })
  t.match(await ask(), [/^ok p reachable/], 'a redirect that leads nowhere is an answer')
  t.match(await ask({ allowInsecureRequests: true }), [/^warn p tls: allowInsecureRequests is true/, /^ok p reachable/])
  t.match(await ask({ allowInsecureRequests: true }, true), [/^error p tls: allowInsecureRequests is true/, /^ok p reachable/])
  t.match(await ask({ accessTokenUrl: 'http://127.0.0.1:1/token' }), [/^error p reachable: FST_OAUTH_PROVIDER_UNREACHABLE: .*ECONNREFUSED/])
  t.match((await found({ providers: { p: { ...provider, ...closed } } })).filter(line => / p (reachable|clock)/.test(line)), [], 'with an issuer the line about its metadata is enough')
})

t.test('metadata: what they offer', async (t) => {
  const server = await startServer(t)
  const { url } = server
  const metadata = { issuer: url, authorization_endpoint: `${url}/a`, token_endpoint: `${url}/t`, jwks_uri: `${url}/j` }
  const ask = async (offers: object, own: object = {}) => {
    server.handler = () => ({ headers: { 'content-type': 'application/json' }, body: { ...metadata, ...offers } })
    return (await found({ providers: { p: { issuer: url, clientId: 'client', clientSecret: 'a-secret-of-it', ...own } } })).filter(line => / p (discovery|clientAuth)/.test(line))
  }
  t.match(await ask({}), [/^ok p discovery: .*; PKCE is not mentioned, and is used$/])
  t.match(await ask({ token_endpoint_auth_methods_supported: ['client_secret_post'] }), [/^ok/])
  t.match(await ask({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }, { clientAuth: 'client_secret_post' }), [/^ok/, /^error p clientAuth: .* by client_secret_post, .* offers client_secret_basic$/])
  t.match(await ask({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }, { clientSecret: undefined }), [/^ok/, /^error p clientAuth: .* by none/])
  t.match(await ask({ jwks_uri: undefined }), [/^error p discovery: .*names no jwks_uri/])
  t.match(await ask({ token_endpoint: 'http://provider.example.com/token' }), [/^error p discovery: .*token_endpoint is not an https URL/])
  t.match(await ask({ token_endpoint: 'http://provider.example.com/token' }, { allowInsecureRequests: true }), [/^ok/])
  t.match(await ask({ jwks_uri: undefined }, { grant: 'client_credentials' }), [/^ok/])
  t.match(await ask({ jwks_uri: undefined }, { scope: ['read'] }), [/^ok/])
  t.match(await ask({ jwks_uri: undefined }, { idTokenAlg: 'HS256', clientSecret: strong[2] }), [/^ok/])
})

t.test('a secret that is signed goes where others go', async (t) => {
  const server = await startServer(t)
  const { url } = server
  server.handler = () => ({ headers: { 'content-type': 'application/json' }, body: { issuer: url, authorization_endpoint: `${url}/a`, token_endpoint: `${url}/t`, jwks_uri: `${url}/j`, token_endpoint_auth_methods_supported: ['client_secret_post'] } })
  const { generateKeyPairSync } = await import('node:crypto')
  const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const lines = await found({ providers: { p: { issuer: url, clientId: 'client', clientAuth: 'client_secret_signed_jwt', clientKey, clientKeyId: 'kid' } } })
  hasNone(t, lines, /clientAuth/)
})

t.test('a dispatcher that fails in its own way is a failure of the doctor', async (t) => {
  const odd = () => { throw new TypeError('odd') }
  const dispatcher = { dispatch: odd, compose: () => ({ dispatch: odd }) } as unknown as NonNullable<OAuthPluginOptions['dispatcher']>
  has(t, await found({ dispatcher, providers: { p: { ...closed, clientId: 'client', clientAuth: 'none' } } }), /^error p discovery: FST_OAUTH_PROVIDER_UNREACHABLE/)
})

t.test('stores', async (t) => {
  const check = async (own: Partial<GrantStore>, production = false) => {
    const memory = new MemoryGrantStore()
    const store = { get: (key: never) => memory.get(key), put: (grant: never, version: number) => memory.put(grant, version), delete: (key: never) => memory.delete(key), ...own } as unknown as GrantStore
    const [{ level, message } = {}, ...more] = await checkStore(store, { production, timeout: 500, secrets })
    t.strictSame(more, [])
    return `${level} ${message}`
  }
  t.match(await check({}), /^ok puts, gets and deletes \(\d+ ms\)$/)
  t.match(await check({ put: async () => false }), 'error put answers that it has not written')
  t.match(await check({ get: async () => null }), 'error get does not answer what put has written')
  t.match(await check({ delete: async () => false }), 'error delete does not delete')
  t.match(await check({ delete: async () => true }), 'error delete does not delete')
  t.match(await check({ put: () => { throw new Error('no such table') } }), 'error no such table')
  t.match(await check({ put: async () => { throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) } }), /^error connect ECONNREFUSED$/)
  t.match(await check({ put: async () => { throw new AggregateError([new Error('::1'), new Error('127.0.0.1')]) } }), 'error Error: ::1, Error: 127.0.0.1')
  t.match(await check({ put: () => Promise.reject(new AggregateError([], 'all failed')) }), 'error all failed')
  // eslint-disable-next-line prefer-promise-reject-errors -- whoever writes a store may
  t.match(await check({ put: () => Promise.reject('a word') }), 'error a word')
  t.match(await check({ close: async () => { throw new Error('closed already') } }), /^ok/)
  t.match(await check({ close: () => { throw new Error('closed already') } }), /^ok/)
  t.match(await check({ close: () => new Promise(() => {}) }), /^ok/)
  t.match((await checkStore(undefined, { production: false, timeout: 1, secrets }))[0], { level: 'ok' })
  t.match((await checkStore(undefined, { production: true, timeout: 1, secrets }))[0], { level: 'warn', advice: /RedisGrantStore/ })
})

t.test('a function in the place of a provider is asked by requests alone', async (t) => {
  const lines = await found({ providers: { sso: async () => { throw new Error('it was asked') } } })
  has(t, lines, /^ok sso options: a function of the request: what it answers for a tenant is checked when it is asked$/)
  hasNone(t, lines, /^error/)
})
