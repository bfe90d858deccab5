// One provider: what it tells of itself, and the parameters that are the user's.
import { inspect } from 'node:util'
import t from 'tap'
import { createAgent } from '../lib/http/transport.js'
import { parseProviderOptions } from '../lib/options.js'
import { Provider } from '../lib/provider.js'
import { byHand, failureOf, redirectUri, startWireLogin } from './fixtures/wire-login.js'

t.test('what a provider is, with defaults', async (t) => {
  const { wire, provider } = await startWireLogin(t)
  const { name, protocol, issuer, scope, apiBaseUrl, callbackUrl, defaultReturnTo, allowCrossSiteStart } = provider
  t.strictSame({ name, protocol, issuer, scope, apiBaseUrl, callbackUrl, defaultReturnTo, allowCrossSiteStart }, {
    name: 'wire', protocol: 'oidc', issuer: wire.issuer, scope: ['openid'], apiBaseUrl: undefined, callbackUrl: undefined, defaultReturnTo: undefined, allowCrossSiteStart: false
  })

  const plain = await startWireLogin(t, byHand)
  t.match(plain.provider, { protocol: 'oauth2', issuer: undefined, scope: [] })
})

t.test('OpenID Connect is spoken where there is an issuer, and openid is asked for', async (t) => {
  const scoped = await startWireLogin(t, { scope: ['read', 'openid'] })
  t.equal(scoped.provider.protocol, 'oidc')
  t.ok(new URL((await scoped.begin()).url).searchParams.has('nonce'))

  const plain = await startWireLogin(t, { scope: ['read'] })
  t.equal(plain.provider.protocol, 'oauth2')
  t.notOk(new URL((await plain.begin()).url).searchParams.has('nonce'))
})

t.test('nothing that is printed of a provider holds its secret', async (t) => {
  const { provider, login } = await startWireLogin(t)
  await login()

  t.notMatch(inspect(provider, { depth: 20, showHidden: true }) + JSON.stringify(provider), /canary/)
})

t.test('an access token may go to the origins of apiBaseUrl and apiOrigins alone', async (t) => {
  const { provider } = await startWireLogin(t, { apiBaseUrl: 'https://api.example/v1/', apiOrigins: ['https://files.example:8443', 'https://more.example/'] })

  for (const origin of ['https://api.example', 'https://files.example:8443', 'https://more.example']) t.equal(provider.allowsOrigin(origin), true, origin)
  for (const origin of ['http://api.example', 'https://api.example:8443', 'https://files.example', 'https://api.example.evil', 'https://sub.api.example', 'null', '']) t.equal(provider.allowsOrigin(origin), false, origin)

  const closed = await startWireLogin(t)
  t.equal(closed.provider.allowsOrigin(closed.wire.issuer), false, 'not even to the provider itself, unless it is said')
})

t.test('authorizeParams are an object, or a function of the request; what a login asks for itself wins', async (t) => {
  const fixed = await startWireLogin(t, { authorizeParams: { prompt: 'login', hd: 'mail.example' } })
  const { searchParams } = new URL((await fixed.begin({ prompt: 'none' })).url)
  t.strictSame([searchParams.get('prompt'), searchParams.get('hd')], ['none', 'mail.example'])

  const request = { tenant: 'one' }
  const { provider } = await startWireLogin(t, { authorizeParams: async given => ({ tenant: (given as unknown as typeof request).tenant }) })
  const { url } = await provider.begin({ redirectUri, scope: [], params: {} }, request)
  t.equal(new URL(url).searchParams.get('tenant'), 'one')
})

t.test('whether the callback will be a form_post is told from the parameters', async (t) => {
  t.equal((await (await startWireLogin(t, { authorizeParams: { response_mode: 'form_post' } })).begin()).formPost, true)
  const { begin } = await startWireLogin(t)
  t.equal((await begin()).formPost, false)
  t.equal((await begin({ response_mode: 'form_post' })).formPost, true)
})

t.test('accessTokenParams may be a function of the request', async (t) => {
  const { wire, login } = await startWireLogin(t, { accessTokenParams: () => ({ audience: 'https://api.example' }) })

  await login()

  t.equal(wire.to('/token')[0]?.form.get('audience'), 'https://api.example')
})

t.test('what a function answers is checked as an object is: nothing of the protocol can be replaced', async (t) => {
  for (const answer of [{ state: 'canary' }, { redirect_uri: 'https://evil.example' }, { count: 5 }, 'canary', null, undefined]) {
    const params = () => answer as unknown as Record<string, string>
    const client = await startWireLogin(t, { authorizeParams: params })
    t.match(await failureOf(t, client.begin()), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.wire\.authorizeParams\(\)/ })
    const later = await startWireLogin(t, { accessTokenParams: params })
    t.match(await failureOf(t, later.login()), { code: 'FST_OAUTH_INVALID_OPTIONS', message: /providers\.wire\.accessTokenParams\(\)/ })
    t.equal(later.wire.to('/token').length, 0)
  }
})

t.test('OAuth 1.0a has no token exchange', async (t) => {
  const options = parseProviderOptions('photos', { clientId: 'id', clientSecret: 'secret', requestTokenUrl: 'https://photos.example/request', authorizeUrl: 'https://photos.example/authorize', accessTokenUrl: 'https://photos.example/access' })
  const provider = new Provider('photos', options, { dispatcher: createAgent(), timeout: 1_000, clock: Date.now })
  t.throws(() => provider.oauth2('token exchange'), { code: 'FST_OAUTH_INVALID_CALL', message: /photos.*no token exchange/ })
})
