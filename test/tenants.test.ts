// A name under which each tenant has its own provider: when the function is asked, and what is kept of its answers.
import { once } from 'node:events'
import { createSecretKey } from 'node:crypto'
import type { Socket } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import type { OAuthTenantFunction, OAuthTenantOptions } from '../lib/index.js'
import { createAgent } from '../lib/http/transport.js'
import { ProviderRegistry } from '../lib/registry.js'
import type { Provider } from '../lib/provider.js'
import { authority, clientCert, clientCertKey } from './fixtures/certificates.js'
import { startMutualTls } from './fixtures/mutual-tls.js'

const optionsOf = (tenant: string): OAuthTenantOptions => ({ tenant, clientId: 'id', clientSecret: 'secret', issuer: `https://${tenant}.example` })

function registered (answer: OAuthTenantFunction): ProviderRegistry {
  const registry = new ProviderRegistry({ dispatcher: createAgent(), timeout: 1_000, clock: Date.now })
  registry.register('sso', answer)
  return registry
}

const at = async (registry: ProviderRegistry, tenant?: string, request?: object): Promise<Provider> => registry.at('sso', { request, tenant })

t.test('what is known of the name', async (t) => {
  const registry = registered(() => null)
  t.match(registry.get('sso'), { name: 'sso', protocol: undefined, issuer: undefined, scope: [], apiBaseUrl: undefined })
  t.throws(() => registry.register('sso', () => null), { code: 'FST_OAUTH_PROVIDER_EXISTS' })
  t.throws(() => registry.register('a/b', () => null), { code: 'FST_OAUTH_INVALID_OPTIONS' })
  t.match([...registry], [{ name: 'sso' }])
  t.equal(registry.unregister('sso'), true)
  t.equal(registry.has('sso'), false)
})

t.test('the function is asked once for a request and whose it is, and for every job', async (t) => {
  const asked: unknown[] = []
  const registry = registered(async (request, tenant) => { asked.push([request !== undefined, tenant]); return optionsOf(tenant ?? 'acme') })
  const [one, other] = [{}, {}]
  const [first, second] = await Promise.all([at(registry, undefined, one), at(registry, undefined, one)])
  t.equal(first, second)
  t.equal(await at(registry, 'acme', one), first, 'whose it is, is known by now')
  t.match(first, { name: 'sso', tenant: 'acme', place: 'sso/acme', issuer: 'https://acme.example' })
  t.not(await at(registry, 'globex', one), first)
  t.equal(await at(registry, undefined, other), first, 'what was built is shared')
  await at(registry, 'acme')
  await at(registry, 'acme')
  t.strictSame(asked, [[true, undefined], [true, 'globex'], [true, undefined], [false, 'acme'], [false, 'acme']])
})

t.test('refusals', async (t) => {
  const answers: Record<string, unknown> = { nothing: undefined, other: optionsOf('another'), text: 'acme', list: [], number: 5 }
  const registry = registered((_request, tenant) => answers[String(tenant)] as OAuthTenantOptions)
  await t.rejects(at(registry), { code: 'FST_OAUTH_INVALID_CALL' })
  await t.rejects(at(registry, 'nothing'), { code: 'FST_OAUTH_UNKNOWN_TENANT', statusCode: 404, message: 'At sso there is no tenant "nothing"' })
  await t.rejects(at(registry, '__proto__'), { code: 'FST_OAUTH_UNKNOWN_TENANT' }, 'no name of a tenant: the function is not asked')
  await t.rejects(at(registry, 'other'), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.sso\(\)\.tenant is "another"; allowed is "other"/ })
  await t.rejects(at(registry, 'other', {}), { code: 'FST_OAUTH_STATE_OTHER_TENANT', statusCode: 400 })
  for (const name of ['text', 'list', 'number']) await t.rejects(at(registry, name), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /allowed is null, or a plain object of provider options with tenant/ }, name)
  const circle: Record<string, unknown> = { ...optionsOf('circle') }
  circle.clientKey = circle
  answers.circle = circle
  await t.rejects(at(registry, 'circle'), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /cannot be compared/ })
  t.throws(() => registry.checkTenant('sso', undefined), { code: 'FST_OAUTH_INVALID_CALL', message: /name the tenant/ })
  registry.register('one', { clientId: 'id', issuer: 'https://one.example' })
  t.throws(() => registry.checkTenant('one', 'acme'), { code: 'FST_OAUTH_INVALID_CALL', message: /name none/ })
  t.throws(() => registry.at('one', { request: {}, tenant: 'acme' }), { code: 'FST_OAUTH_UNKNOWN_TENANT' })
  const failure = new Error('down')
  await t.rejects(at(registered(() => { throw failure }), 'acme'), { code: 'FST_OAUTH_TENANT_FAILED', cause: { message: 'down' } })
})

t.test('options are compared by value; functions, keys and the like by what they are', async (t) => {
  let answer: OAuthTenantOptions = optionsOf('acme')
  const registry = registered(() => answer)
  const built = async (changes: Partial<OAuthTenantOptions>) => {
    answer = { ...optionsOf('acme'), ...changes }
    return at(registry, 'acme')
  }
  const profile = () => ({})
  const key = createSecretKey(Buffer.alloc(32)) as unknown as NonNullable<OAuthTenantOptions['clientKey']>
  t.equal(await built({ scope: ['openid'] }), await built({ scope: ['openid'] }))
  t.equal(await built({ profile }), await built({ profile }))
  t.not(await built({ profile: () => ({}) }), await built({ profile: () => ({}) }))
  await t.rejects(built({ clientKey: key }), { code: 'FST_OAUTH_INVALID_OPTIONS' }, 'a mistake is one each time')
  await t.rejects(built({ clientKey: key }), { code: 'FST_OAUTH_INVALID_OPTIONS' })

  const [before, after] = [await built({}), await built({ clientSecret: 'rotated' })]
  t.not(before, after)
  t.equal(await built({}), before, 'two sets of options alternate')
  t.equal(await built({ clientSecret: 'rotated' }), after)
  await built({ clientSecret: 'again' })
  t.not(await built({}), before, 'the older of them is dropped')
})

t.test('what is answered is changed in place by whoever keeps it: that counts too', async (t) => {
  const row = optionsOf('acme')
  const registry = registered(() => row)
  const before = await at(registry, 'acme')
  row.clientSecret = 'rotated'
  t.not(await at(registry, 'acme'), before)
})

t.test('1 000 tenants are kept, the last ones that were used; connections of the others end', async (t) => {
  const api = await startMutualTls()
  t.teardown(() => api.close())
  // On a busy machine the other tenants take longer than a connection is kept by default.
  api.server.keepAliveTimeout = 60_000
  api.server.on('request', (_request, response) => { response.end('{}') })
  const sockets: Socket[] = []
  api.server.on('secureConnection', socket => { sockets.push(socket) })
  const registry = registered((_request, tenant) => ({ ...optionsOf(String(tenant)), ...(/^(first|second)$/.test(String(tenant)) ? { clientCert, clientCertKey, serverCa: authority, allowedAddresses: ['127.0.0.1'], apiBaseUrl: `${api.url}/` } : {}) }))
  const call = async (provider: Provider) => { await (await request(api.url, { dispatcher: provider.dispatcher })).body.dump() }
  const [first, second] = [await at(registry, 'first'), await at(registry, 'second')]
  await call(first)
  await call(second)
  for (let index = 0; index < 997; index++) await at(registry, `tenant-${index}`)
  t.equal(await at(registry, 'first'), first, 'used again')
  for (let index = 997; index < 999; index++) await at(registry, `tenant-${index}`)
  t.equal(await at(registry, 'first'), first)
  const [ofFirst, ofSecond] = sockets
  if (ofSecond?.destroyed === false) await once(ofSecond, 'close')
  t.not(await at(registry, 'second'), second, 'not used for the longest time')
  t.equal(ofFirst?.destroyed, false)

  await call(second)
  t.pass('who holds it still may call')
  await registry.close()
  if (ofFirst?.destroyed === false) await once(ofFirst, 'close')
  t.not(await at(registry, 'first'), first)
  await registry.close()
})

t.test('many tenants, many times over: memory is bounded, and no timer and no connection is left', async (t) => {
  const registry = registered((_request, tenant) => ({ ...optionsOf(String(tenant)), clientSecret: `secret ${Math.random()}`, authorizeParams: () => ({}) }))
  const round = async (prefix: string) => { for (let index = 0; index < 1_000; index++) await at(registry, `${prefix}-${index}`, {}) }
  const before = process.getActiveResourcesInfo().length
  for (const prefix of ['a', 'b', 'b']) await round(prefix)
  const { heapUsed } = process.memoryUsage()
  for (const prefix of ['c', 'd', 'd', 'd', 'e', 'f']) await round(prefix)
  t.ok(process.memoryUsage().heapUsed - heapUsed < 150 * 1024 * 1024, `${Math.round((process.memoryUsage().heapUsed - heapUsed) / 1024 / 1024)} MiB`)
  t.ok(process.getActiveResourcesInfo().length <= before)
  await registry.close()
})
