// The options of a provider: what is wrong with one is said with its path, what was given, and what is allowed.
import t from 'tap'
import { isLoopback, parseParams, parsePluginOptions, parseProviderOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'

const github = { clientId: 'id', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }

const provider: Array<[object, string | RegExp]> = [
  [{ clientId: '' }, 'providers.x.clientId is ""; allowed is a non-empty string'],
  [{ clientId: undefined }, 'providers.x.clientId is undefined; allowed is a non-empty string'],
  [{ clientSecret: '' }, 'providers.x.clientSecret is a string of 0 characters; allowed is a non-empty string'],
  [{ clientSecret: 90210 }, 'providers.x.clientSecret is a number; allowed is a non-empty string'],
  [{ clientAuth: 'basic' }, 'providers.x.clientAuth is "basic"; allowed is one of "client_secret_basic", "client_secret_post", "none"'],
  [{ clientAuth: 'client_secret_post' }, 'providers.x.clientSecret is undefined; allowed is a non-empty string, since clientAuth is "client_secret_post"'],
  [{ scope: 'openid email' }, 'providers.x.scope is "openid email"; allowed is an array of scopes'],
  [{ scope: ['openid email'] }, 'providers.x.scope.0 is "openid email"; allowed is a scope without spaces (RFC 6749 section 3.3)'],
  [{ scope: ['openid', 5] }, 'providers.x.scope.1 is 5; allowed is a scope'],
  [{ issuer: 'sso.example' }, 'providers.x.issuer is "sso.example"; allowed is an absolute http or https URL'],
  [{ issuer: 'https://sso.example?a' }, 'providers.x.issuer is "https://sso.example?a"; allowed is an issuer URL without query and fragment (RFC 8414 section 2)'],
  [{ issuer: 'http://sso.example' }, 'providers.x.issuer is "http://sso.example"; allowed is an https URL (http is for loopback, unless allowInsecureRequests is true)'],
  [{ authorizeUrl: 'javascript:alert(1)' }, 'providers.x.authorizeUrl is "javascript:alert(1)"; allowed is an absolute http or https URL'],
  [{ authorizeUrl: 'https://sso.example/#a' }, 'providers.x.authorizeUrl is "https://sso.example/#a"; allowed is an absolute URL without a fragment (RFC 6749 section 3.1)'],
  [{ authorizeUrl: undefined }, 'providers.x.authorizeUrl is undefined; allowed is a URL, since there is no issuer to discover it from'],
  [{ accessTokenUrl: undefined }, 'providers.x.accessTokenUrl is undefined; allowed is a URL, since there is no issuer to discover it from'],
  [{ authorizeUrl: 'HTTP://sso.example/authorize' }, /^providers\.x\.authorizeUrl is .*; allowed is an https URL/],
  [{ accessTokenUrl: 'http://10.0.0.1/token' }, /^providers\.x\.accessTokenUrl is "http:\/\/10\.0\.0\.1\/token"; allowed is an https URL/],
  [{ userinfoUrl: '/user' }, /^providers\.x\.userinfoUrl is "\/user"; allowed is an absolute http or https URL/],
  [{ revocationUrl: 'http://sso.example/revoke' }, /^providers\.x\.revocationUrl is .*; allowed is an https URL/],
  [{ jwksUrl: 'https://sso.example/jwks' }, 'providers.x.issuer is undefined; allowed is a URL, since an id_token is verified against its issuer as well as the keys of jwksUrl'],
  [{ apiBaseUrl: 'http://api.example' }, /^providers\.x\.apiBaseUrl is "http:\/\/api\.example"; allowed is an https URL/],
  [{ apiOrigins: 'https://api.example' }, 'providers.x.apiOrigins is "https://api.example"; allowed is an array of origins'],
  [{ apiOrigins: ['https://api.example/v1'] }, 'providers.x.apiOrigins.0 is "https://api.example/v1"; allowed is an origin, such as https://api.example.com'],
  [{ apiOrigins: ['http://api.example'] }, /^providers\.x\.apiOrigins is "http:\/\/api\.example"; allowed is an https URL/],
  [{ authorizeParams: { state: 'fixed' } }, /^providers\.x\.authorizeParams is an object; allowed is an object without client_id, .*state.*: the plugin sets these itself$/],
  [{ authorizeParams: { max_age: 5 } }, 'providers.x.authorizeParams is an object; allowed is an object of strings, or a function that answers one'],
  [{ accessTokenParams: 'audience=x' }, 'providers.x.accessTokenParams is a string of 10 characters; allowed is an object of strings, or a function that answers one'],
  [{ profile: {} }, 'providers.x.profile is an object; allowed is a function'],
  [{ quirks: { pkce: 'plain' } }, 'providers.x.quirks.pkce is "plain"; allowed is one of "unsupported"'],
  [{ quirks: { scopeDelimiter: '' } }, 'providers.x.quirks.scopeDelimiter is ""; allowed is a non-empty string'],
  [{ quirks: { nonce: true } }, 'providers.x.quirks.nonce is true; allowed is one of "not-echoed"'],
  [{ quirks: { basic: true } }, 'providers.x.quirks.basic is not an option; allowed is one of the options pkce, scopeDelimiter, nonce'],
  [{ callbackUrl: '/callback' }, /^providers\.x\.callbackUrl is "\/callback"/],
  [{ callbackUrl: 'https://app.example/callback?a=1' }, 'providers.x.callbackUrl is "https://app.example/callback?a=1"; allowed is an absolute URL without a query'],
  [{ defaultReturnTo: 'home' }, 'providers.x.defaultReturnTo is "home"; allowed is a path that begins with one /'],
  [{ allowCrossSiteStart: 'yes' }, 'providers.x.allowCrossSiteStart is "yes"; allowed is true or false'],
  [{ allowInsecureRequests: 1 }, 'providers.x.allowInsecureRequests is 1; allowed is true or false'],
  [{ clientID: 'id' }, /^providers\.x\.clientID is not an option; allowed is one of the options clientId, clientSecret, /]
]

t.test('a wrong option of a provider', async (t) => {
  for (const [given, expected] of provider) t.match(messageOf(() => parseProviderOptions('x', { ...github, ...given })), expected, JSON.stringify(given))
  t.equal(messageOf(() => parseProviderOptions('x', { authorizeUrl: github.authorizeUrl, accessTokenUrl: github.accessTokenUrl })), 'providers.x.clientId is undefined; allowed is a value: it is required')
  t.match(messageOf(() => parsePluginOptions({ providers: { x: { ...github, clientId: '' } } })), 'providers.x.clientId is ""')
})

t.test('the name of a provider', async (t) => {
  for (const name of ['', '.hidden', '-x', 'a b', 'a/b', '../x', 'ä', '__proto__', 'x'.repeat(65)]) {
    t.match(messageOf(() => parseProviderOptions(name, github)), /^the name of a provider is ".*"; allowed is a provider name of letters/, name)
  }
  for (const name of ['github', 'a.b-c_d', '0', 'x'.repeat(64)]) t.equal(messageOf(() => parseProviderOptions(name, github)), 'no error', name)
})

t.test('the checks of a provider are those of its parts', async (t) => {
  t.strictSame(parseParams({ a: 'b' }, 'here'), { a: 'b' })
  t.match(messageOf(() => parseParams({ nonce: 'x' }, 'here')), /^here is an object; allowed is an object without/)
  for (const url of ['http://localhost', 'http://app.localhost:3000', 'http://127.0.0.1', 'http://127.1.2.3', 'http://[::1]:80']) t.equal(isLoopback(new URL(url)), true, url)
  for (const url of ['http://localhost.example', 'http://127.0.0.1.example', 'http://10.0.0.1', 'http://[::2]', 'http://0.0.0.0', 'http://xlocalhost']) t.equal(isLoopback(new URL(url)), false, url)
  t.equal(messageOf(() => parseProviderOptions('x', { ...github, accessTokenUrl: 'http://127.0.0.1/token', apiOrigins: ['http://localhost:3000'] })), 'no error', 'plain http is for loopback')
  t.equal(messageOf(() => parseProviderOptions('x', { ...github, accessTokenUrl: 'http://sso.example/token', allowInsecureRequests: true })), 'no error', 'or where it is allowed')
})
