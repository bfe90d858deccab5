// fastify-oauth doctor as a process: configurations that are broken in one way each, and one that is not.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { canaries, configFolder, runHere, runProgram } from '../fixtures/cli.js'
import { WireProvider } from '../fixtures/wire-provider.js'

// Config modules that run in this process read it.
Object.assign(process.env, canaries)

interface Config { wire: WireProvider, top?: string, provider?: string, more?: string, exports?: string, store?: string }

function config ({ wire, top = '', provider = '', more = '', exports = '', store = 'new Map()' }: Config): string {
  return `
    const rows = ${store}
    const idOf = ({ owner, provider, account }) => [owner, provider, account].join()
    const store = {
      async get (key) { return rows.get(idOf(key)) ?? null },
      async put (grant, version) { rows.set(idOf(grant), { ...grant, version: version + 1 }); return true },
      async delete (key) { return rows.delete(idOf(key)) },
      async list () { return [] },
      async lease () { return null },
      async claim () { return true },
      async close () { }
    }
    export default {
      baseUrl: 'https://app.example.com',
      secret: process.env.OAUTH_SECRET,
      session: { secret: process.env.SESSION_SECRET },
      store,
      ${top}
      providers: { wire: { issuer: '${wire.issuer}', clientId: 'wire-client', clientSecret: process.env.WIRE_SECRET, ${provider} }, ${more} }
    }
    export const fastify = { trustProxy: '10.0.0.1' }
    ${exports}
  `
}

async function startWire (t: Test): Promise<WireProvider> {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  return wire
}

async function closedPort (): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

t.test('a good configuration', async (t) => {
  const wire = await startWire(t)
  const cwd = configFolder(t, config({ wire }))
  const { code, lines, stderr } = await runProgram(t, ['doctor', '--production', '--strict'], { cwd })
  t.equal(stderr, '')
  t.equal(code, 0)
  t.equal(lines.at(-1), '0 errors, 0 warnings')
  for (const line of [
    /^ok {5}options: valid, with 1 provider$/,
    /^ok {5}baseUrl: https:\/\/app\.example\.com$/,
    /^ok {5}cookies: Secure/,
    /^ok {5}secret: 46 bytes, from the environment \(OAUTH_SECRET\)$/,
    /^ok {5}session\.secret: \d+ bytes, from the environment \(SESSION_SECRET\)$/,
    /^ok {5}store: puts, gets and deletes/,
    /^ok {5}wire clientSecret: 36 bytes/,
    /^ok {5}wire callback: https:\/\/app\.example\.com\/oauth\/wire\/callback; register exactly this at the provider$/,
    /^ok {5}wire discovery: the metadata of http:\/\/127\.0\.0\.1:\d+ can be used; PKCE by S256$/,
    /^ok {5}wire clock: /
  ]) t.ok(lines.some(one => line.test(one)), String(line))

  const json = JSON.parse((await runProgram(t, ['doctor', '--json'], { cwd })).stdout)
  t.match(json, { ok: true, errors: 0, warnings: 0 })
  t.match(json.findings.find(({ about }: { about: string }) => about === 'discovery'), { level: 'ok', provider: 'wire' })
})

const broken: Array<{ what: string, given?: Partial<Config>, steer?: (wire: WireProvider) => void, args?: string[], line: RegExp }> = [
  { what: 'an option that does not exist', given: { provider: 'cookie: "a"' }, line: /^error {2}wire options: providers\.wire\.cookie is not an option; take it out; all options are in docs\/reference\/options\.md$/ },
  { what: 'an option as other libraries call it', given: { provider: 'redirect_uri: "https://app.example.com/cb"' }, line: /^error {2}wire options: providers\.wire\.redirect_uri is not an option; did you mean callbackUrl\?$/ },
  { what: 'an address of metadata for an issuer', given: { provider: 'issuer: "http://127.0.0.1:1/.well-known/openid-configuration"' }, line: /^error {2}wire discovery: .*; take \/\.well-known\/openid-configuration off the end of the option issuer/ },
  { what: 'metadata that fail', steer: wire => { wire.handlers.set('/.well-known/openid-configuration', () => ({ status: 500 })) }, line: /^error {2}wire discovery: FST_OAUTH_DISCOVERY_FAILED: .*status 500; the provider is in trouble/ },
  { what: 'an empty environment variable', given: { provider: 'clientId: ""' }, line: /^error {2}wire options: providers\.wire\.clientId is ""; allowed is a non-empty string; see whether an environment variable is not set$/ },
  { what: 'a database without its tables', given: { store: '{ set () { throw Object.assign(new Error("relation \\"oauth_grants\\" does not exist"), { code: "42P01" }) } }' }, line: /^error {2}store: 42P01: relation "oauth_grants" does not exist; make its tables: store\.migrate\(\)/ },
  { what: 'an option with a slip in its name', given: { top: 'baseURL: "https://app.example.com",' }, line: /^error {2}options: baseURL is not an option; did you mean baseUrl\?$/ },
  { what: 'a provider with a slip in its name', given: { more: 'githb: { clientId: "a", clientSecret: "b" }' }, line: /^error {2}githb options: providers\.githb .*the nearest .*"github"/ },
  { what: 'a provider that is not in the catalogue', given: { more: 'nobodyknows: { clientId: "a", clientSecret: "b", authorizeUrl: "https://login.example.com/a" }' }, line: /^error {2}nobodyknows options: .*\.accessTokenUrl is undefined; .*; give its address, or name an entry of the catalogue/ },
  { what: 'a placeholder that is not filled', given: { more: 'auth0: { clientId: "a-client", clientSecret: "of-auth0-1234" }' }, line: /^error {2}auth0 options: providers\.auth0\.params\.domain is undefined; allowed is a host name.*; see whether an environment variable is not set$/ },
  { what: 'an issuer that the metadata do not name', steer: wire => { wire.metadata = { issuer: 'https://other.example.com' } }, line: /^error {2}wire discovery: FST_OAUTH_DISCOVERY_FAILED: .*it names http.*; set issuer to exactly what the metadata name$/ },
  { what: 'no PKCE with S256', steer: wire => { wire.metadata = { code_challenge_methods_supported: ['plain'] } }, line: /^error {2}wire discovery: FST_OAUTH_PKCE_UNSUPPORTED: .*; turn on PKCE/ },
  { what: 'no metadata', steer: wire => { wire.handlers.set('/.well-known/openid-configuration', () => ({ status: 404 })) }, line: /^error {2}wire discovery: FST_OAUTH_DISCOVERY_FAILED: .*neither openid-configuration nor.*; check the option issuer/ },
  { what: 'a way to authenticate that is not offered', steer: wire => { wire.metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt'] } }, line: /^error {2}wire clientAuth: the client would authenticate by client_secret_basic, and the provider offers private_key_jwt; set clientAuth/ },
  { what: 'scopes that the provider does not have', given: { provider: 'scope: ["openid", "emial"]' }, steer: wire => { wire.metadata = { scopes_supported: ['openid', 'email'] } }, line: /^warn {3}wire discovery: the metadata do not list the scopes emial;/ },
  { what: 'a clock that is wrong', steer: wire => { wire.handlers.set('/', () => ({ headers: { date: new Date(Date.now() + 600_000).toUTCString() } })) }, line: /^error {2}wire clock: this machine's clock is (599|600) seconds behind the provider's; synchronize it/ },
  { what: 'no baseUrl in production', given: { top: 'baseUrl: undefined,' }, args: ['--production'], line: /^error {2}baseUrl: is not set, and production needs it; set the public origin/ },
  { what: 'plain http in production', given: { top: 'baseUrl: "http://app.example.com",' }, args: ['--production'], line: /^error {2}baseUrl: http:\/\/app\.example\.com is plain http/ },
  { what: 'no secret in production', given: { top: 'secret: undefined,' }, args: ['--production'], line: /^error {2}secret: is not set: .*openssl rand/ },
  { what: 'a secret that is too short', given: { top: 'secret: process.env.OAUTH_SECRET.slice(0, 20),' }, line: /^error {2}options: secret\.?\S* is a string of 20 characters; allowed is a string or Buffer of at least 32 bytes.*; make a random one: openssl rand/ },
  { what: 'an environment variable that is not set', given: { provider: 'clientSecret: String(process.env.WIRE_CLIENT_SECRET)' }, line: /^error {2}wire clientSecret: is a placeholder, or an environment variable that was not set; set the real secret$/ },
  { what: 'a client secret that has expired', given: { provider: 'clientSecretExpiresAt: Date.UTC(2020, 0, 1)' }, line: /^error {2}wire clientSecretExpiresAt: the secret has expired \(2020-01-01T00:00:00\.000Z\); make a new one/ },
  { what: 'a callback URL of another host', given: { provider: 'callbackUrl: "https://login.example.com/cb"' }, line: /^error {2}wire callback: callbackUrl is of login\.example\.com and baseUrl of app\.example\.com/ },
  { what: 'a store that is down', given: { store: '{ set () { throw Object.assign(new Error("connect redis://user:hidden-password@127.0.0.1:1 " + process.env.WIRE_SECRET), { code: "ECONNREFUSED" }) } }' }, line: /^error {2}store: ECONNREFUSED: connect redis:\/\/\.\.\.@127\.0\.0\.1:1 \[secret\]; check its address/ },
  { what: 'a store that never answers', given: { store: '{ set () {}, get: () => new Promise(() => {}) }' }, args: ['--timeout', '1'], line: /^error {2}store: it did not put, get and delete within 1 seconds/ },
  { what: 'a proxy that is not trusted', given: { exports: 'fastify.trustProxy = false' }, line: /^warn {3}cookies: baseUrl is https, and Fastify has neither https nor trustProxy/ }
]

for (const { what, given, steer, args = [], line } of broken) {
  t.test(what, async (t) => {
    const wire = await startWire(t)
    steer?.(wire)
    const { code, lines, stdout } = await runProgram(t, ['doctor', ...args], { cwd: configFolder(t, config({ wire, ...given })) })
    const isError = line.source.startsWith('^error')
    t.equal(code, isError ? 1 : 0)
    t.equal(lines.filter(one => line.test(one)).length, 1, `${line}\n${stdout}`)
    t.strictSame(lines.filter(one => /^(error|warn)/.test(one) && !line.test(one)), [], 'and nothing else is wrong')
    t.notMatch(stdout, 'hidden-password')
  })
}

t.test('a provider that cannot be reached, and warnings under --strict', async (t) => {
  const wire = await startWire(t)
  const port = await closedPort()
  const provider = `issuer: "http://127.0.0.1:${port}"`
  const down = await runProgram(t, ['doctor'], { cwd: configFolder(t, config({ wire, provider })) })
  t.equal(down.code, 1)
  t.equal(down.lines.filter(line => line.startsWith('error')).length, 1)
  t.match(down.stdout, /error {2}wire discovery: FST_OAUTH_PROVIDER_UNREACHABLE: wire cannot be reached \(ECONNREFUSED\); check the address, DNS/)

  const cwd = configFolder(t, config({ wire, exports: 'fastify.trustProxy = true' }))
  t.equal((await runHere(t, ['doctor'], { cwd })).code, 0)
  t.equal((await runHere(t, ['doctor', '--strict'], { cwd })).code, 1)
})

t.test('one provider from flags and the environment', async (t) => {
  const wire = await startWire(t)
  const env = { FASTIFY_OAUTH_CLIENT_ID: wire.clientId, FASTIFY_OAUTH_CLIENT_SECRET: wire.clientSecret, FASTIFY_OAUTH_ISSUER: wire.issuer }
  const { code, stdout } = await runProgram(t, ['doctor', 'mine', '--base-url', 'https://app.example.com', '--scope', 'openid email', '--scope', 'profile'], { env })
  t.equal(code, 0)
  t.match(stdout, 'ok     mine callback: https://app.example.com/oauth/mine/callback')
  t.match(stdout, 'ok     mine discovery: ')
  t.notMatch(stdout, 'store', 'flags are no application')

  const entry = await runHere(t, ['doctor', 'work', '--extends', 'github', '--variant', 'enterprise-server', '--param', `domain=127.0.0.1:${await closedPort()}`, '--client-id', 'a-client', '--client-secret', 'a-secret-of-it'])
  t.equal(entry.code, 1)
  t.match(entry.stdout, 'ok     options: valid, with 1 provider')
  t.match(entry.stdout, 'error  work reachable: FST_OAUTH_PROVIDER_UNREACHABLE')
})
