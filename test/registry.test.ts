// app.oauth.providers: names, near misses, and changes while the application runs.
import { once } from 'node:events'
import t from 'tap'
import { request } from 'undici'
import { createAgent } from '../lib/http/transport.js'
import { ProviderRegistry } from '../lib/registry.js'
import type { Provider } from '../lib/provider.js'
import { authority, clientCert, clientCertKey } from './fixtures/certificates.js'
import { startMutualTls } from './fixtures/mutual-tls.js'
import { startApp } from './fixtures/app.js'
import { Browser } from './fixtures/browser.js'
import { WireProvider } from './fixtures/wire-provider.js'

const options = { clientId: 'id', clientSecret: 'canary-secret', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }
const prototypeKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']

function createRegistry (...names: string[]): ProviderRegistry {
  const registry = new ProviderRegistry({ dispatcher: createAgent(), timeout: 1_000, clock: Date.now })
  for (const name of names) registry.register(name, options)
  return registry
}

t.test('a provider is found by its name, and each is passed in the order they came', async (t) => {
  const registry = createRegistry('github', 'google')

  t.equal(registry.get('github').name, 'github')
  t.equal(registry.has('google'), true)
  t.equal(registry.has('gitlab'), false)
  t.equal(registry.size, 2)
  t.strictSame([...registry].map(({ name }) => name), ['github', 'google'])
})

t.test('an unknown name is answered with the nearest known ones', async (t) => {
  const registry = createRegistry('google', 'intranet', 'github', 'gitlab', 'x')
  const nearest: Array<[string, RegExp]> = [
    ['githib', /^No provider is registered under the name "githib"; the nearest names are "github", "gitlab", /],
    ['gitlb', /the nearest names are "gitlab", "github", /],
    ['goggle', /the nearest names are "google", /],
    ['intra', /the nearest names are (".*", )?"intranet"/],
    ['', /under the name ""; the nearest names are "x", /]
  ]
  for (const [name, message] of nearest) t.throws(() => registry.get(name), { code: 'FST_OAUTH_UNKNOWN_PROVIDER', statusCode: 404, message }, name)
  t.throws(() => createRegistry().get('github'), { code: 'FST_OAUTH_UNKNOWN_PROVIDER', message: /; none is registered$/ })
})

t.test('a name from outside is cut short and made printable, and need not be text', async (t) => {
  const registry = createRegistry('github')
  t.throws(() => registry.get(`${'x'.repeat(100_000)}`), { message: /^.{250,350}$/ })
  t.throws(() => registry.get('<b>\r\nevil'), { message: /"<b> {2}evil"/ })
  for (const name of [undefined, null, 5, {}]) t.throws(() => registry.get(name as unknown as string), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' }, String(name))
})

t.test('keys of the prototype are no providers', async (t) => {
  const registry = createRegistry('github')
  for (const name of prototypeKeys) {
    t.equal(registry.has(name), false)
    t.throws(() => registry.get(name), { code: 'FST_OAUTH_UNKNOWN_PROVIDER' }, name)
    t.equal(registry.unregister(name), false)
  }
})

t.test('a name can be taken once, until it is given up', async (t) => {
  const registry = createRegistry('github')

  t.throws(() => registry.register('github', options), { code: 'FST_OAUTH_PROVIDER_EXISTS', message: '"github"' })
  t.equal(registry.unregister('github'), true)
  t.equal(registry.unregister('github'), false)
  t.equal(registry.has('github'), false)
  t.equal(registry.register('github', options), registry.get('github'))
})

t.test('options are checked when a provider is registered, and a wrong one leaves nothing behind', async (t) => {
  const registry = createRegistry()

  t.throws(() => registry.register('our-own-sso', { clientId: 'id' }), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.our-own-sso\.authorizeUrl/ })
  t.throws(() => registry.register('git/hub', options), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /the name of a provider is "git\/hub"/ })
  t.equal(registry.size, 0)
})

t.test('a provider that is registered while the application runs can be logged in at; one that is taken away cannot', async (t) => {
  const wire = await WireProvider.start()
  t.teardown(() => wire.close())
  const { app, url } = await startApp(t, {})
  const browser = new Browser()
  t.equal((await browser.open(`${url}/oauth/late`)).status, 404)

  app.oauth.providers.register('late', { issuer: wire.issuer, clientId: wire.clientId, clientSecret: wire.clientSecret, defaultReturnTo: '/done' })
  app.log.info({ provider: app.oauth.providers.get('late') }, 'registered')
  t.equal((await browser.open(`${url}/oauth/late`)).url, `${url}/done`)

  app.oauth.providers.unregister('late')
  t.equal((await browser.open(`${url}/oauth/late`)).status, 404)
})

t.test('the routes of prototype keys are not found', async (t) => {
  const { url } = await startApp(t, { providers: { github: options } })
  for (const name of prototypeKeys) t.equal((await new Browser().open(`${url}/oauth/${name}`)).status, 404, name)
})

t.test('connections of a provider of its own end with it, and those of all with the application', async (t) => {
  const registry = createRegistry('plain')
  const api = await startMutualTls()
  t.teardown(() => api.close())
  api.server.on('request', (_request, response) => { response.end('{}') })
  const closing: Array<Promise<unknown>> = []
  api.server.on('secureConnection', socket => { closing.push(once(socket, 'close')) })
  const call = async (provider: Provider) => { (await request(api.url, { dispatcher: provider.dispatcher })).body.dump() }
  for (const name of ['one', 'two']) {
    const provider = registry.register(name, { ...options, apiBaseUrl: `${api.url}/`, clientCert, clientCertKey, serverCa: authority }) as Provider
    t.not(provider.dispatcher, (registry.get('plain') as Provider).dispatcher)
    await call(provider)
  }
  const one = registry.get('one') as Provider
  t.equal(registry.unregister('one'), true)
  await closing[0]
  await registry.close()
  t.equal((await Promise.all(closing)).length, 2)
  await call(one)
  await closing[2]
})
