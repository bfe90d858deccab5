// The options of a provider: what is wrong with one is said with its path, what was given, and what is allowed.
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { isLoopback, parseParams, parsePluginOptions, parseProviderOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'

const github = { clientId: 'id', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }

const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const provider: Array<[object, string | RegExp]> = [
  [{ clientId: '' }, 'providers.x.clientId is ""; allowed is a non-empty string'],
  [{ clientId: undefined }, 'providers.x.clientId is undefined; allowed is a non-empty string'],
  [{ clientSecret: '' }, 'providers.x.clientSecret is a string of 0 characters; allowed is a non-empty string'],
  [{ clientSecret: 90210 }, 'providers.x.clientSecret is a number; allowed is a non-empty string'],
  [{ clientAuth: 'basic' }, 'providers.x.clientAuth is "basic"; allowed is one of "client_secret_basic", "client_secret_post", "client_secret_jwt", "client_secret_signed_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "none"'],
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
  [{ authorizeParams: { prompt: 'consent', state: 'fixed', scope: 'a' } }, 'providers.x.authorizeParams is an object; allowed is an object without state, scope: the plugin sets this itself'],
  [{ authorizeParams: { max_age: 5 } }, 'providers.x.authorizeParams is an object; allowed is an object of strings, or a function that answers one'],
  [{ accessTokenParams: 'audience=x' }, 'providers.x.accessTokenParams is a string of 10 characters; allowed is an object of strings, or a function that answers one'],
  [{ profile: 'sub' }, 'providers.x.profile is a string of 3 characters; allowed is a function, or an object with root, id, name, email, emailVerified, username, picture, emails'],
  [{ profile: { id: 'sub' } }, 'providers.x.profile.id is "sub"; allowed is a JSON pointer (RFC 6901), such as /data/0'],
  [{ profile: { root: 'data' } }, 'providers.x.profile.root is "data"; allowed is a JSON pointer (RFC 6901), such as /data/0'],
  [{ profile: { emails: { url: 'https://elsewhere.example/emails', email: '/email', verified: '/verified' } } }, 'providers.x.profile is an object; allowed is an object whose emails.url is on the origin of userinfoUrl or apiBaseUrl, or on one of apiOrigins'],
  [{ quirks: { pkce: 'S256' } }, 'providers.x.quirks.pkce is "S256"; allowed is one of "unsupported", "plain"'],
  [{ quirks: { paramNames: { token: { client_id: 'two words' } } } }, 'providers.x.quirks.paramNames.token.client_id is "two words"; allowed is printable ASCII without spaces'],
  [{ quirks: { headers: { 'Content-Length': '5' } } }, /^providers\.x\.quirks\.headers\.Content-Length is .*; allowed is the name of a header in lower case, and none of HTTP itself/],
  [{ quirks: { headers: { authorization: 'canary' } } }, /headers\.authorization is .*; allowed is the name of a header/],
  [{ quirks: { headers: { 'x-key': 'canary\r\nx: y' } } }, 'providers.x.quirks.headers.x-key is a string of 12 characters; allowed is printable ASCII'],
  [{ quirks: { accessTokenIn: { scheme: 'OAuth', query: 'token' } } }, 'providers.x.quirks.accessTokenIn is an object; allowed is an object with scheme, header or query'],
  [{ quirks: { refresh: { url: 'http://sso.example/refresh' } } }, 'providers.x.quirks is an object; allowed is an object whose refresh.url is an https URL (http is for loopback, unless allowInsecureRequests is true)'],
  [{ quirks: { tokenAnswer: { expiresAt: { pointer: '/end', unit: 'h' } } } }, 'providers.x.quirks.tokenAnswer.expiresAt.unit is a string of 1 characters; allowed is one of "s", "ms", "date"'],
  [{ quirks: { scopeDelimiter: '' } }, 'providers.x.quirks.scopeDelimiter is ""; allowed is a non-empty string'],
  [{ clientSecret: undefined, quirks: { strategy: { name: 'signed-callback' } } }, 'providers.x.clientSecret is undefined; allowed is a non-empty string, since quirks.strategy is "signed-callback"'],
  [{ quirks: { strategy: { name: 'long-lived-token' } } }, 'providers.x.quirks.strategy.exchange is undefined'],
  [{ quirks: { strategy: { name: 'mine' } } }, 'providers.x.quirks.strategy.name is "mine"; allowed is an object with name "signed-callback", "long-lived-token", "secret-hash", "app-token" or "signed-parameters", and what that needs'],
  [{ clientSecret: 'secret', quirks: { strategy: { name: 'secret-hash' } } }, 'providers.x.clientAuth is undefined; allowed is "client_secret_post", since quirks.strategy is "secret-hash"'],
  [{ clientSecret: 'secret', quirks: { strategy: { name: 'app-token', userUrl: 'https://sso.example/whose' } } }, 'providers.x.clientAuth is undefined; allowed is "client_secret_post", since quirks.strategy is "app-token"'],
  [{ quirks: { strategy: { name: 'app-token' } } }, 'providers.x.quirks.strategy.userUrl is undefined'],
  [{ quirks: { strategy: { name: 'signed-parameters', tokenMethod: 'a', userinfoMethod: 'b' } } }, 'providers.x.clientKey is undefined; allowed is a private RSA key, since quirks.strategy is "signed-parameters"'],
  [{ clientKey: ecKey, quirks: { strategy: { name: 'signed-parameters', tokenMethod: 'a', userinfoMethod: 'b' } } }, /^providers\.x\.clientKey is .*; allowed is a private RSA key, since/],
  [{ clientKey: rsaKey, clientKeyAlg: 'PS256', quirks: { strategy: { name: 'signed-parameters', tokenMethod: 'a', userinfoMethod: 'b' } } }, 'providers.x.clientKeyAlg is "PS256"; allowed is "RS256", since quirks.strategy is "signed-parameters"'],
  [{ quirks: { rateLimit: { reset: 'X-Reset', unit: 'epoch' } } }, 'providers.x.quirks.rateLimit.reset is "X-Reset"; allowed is the name of a header in lower case, and none of HTTP itself'],
  [{ quirks: { rateLimit: { reset: 'x-reset', unit: 'ms' } } }, 'providers.x.quirks.rateLimit.unit is "ms"; allowed is one of "seconds", "epoch", "date"'],
  [{ quirks: { nonce: true } }, 'providers.x.quirks.nonce is true; allowed is one of "not-echoed"'],
  [{ quirks: { insufficientScope: { status: 200 } } }, 'quirks.insufficientScope.status is 200; allowed is a status from 400 to 599'],
  [{ quirks: { insufficientScope: { error: 'x' } } }, 'quirks.insufficientScope is an object; allowed is an object with status, body or both'],
  [{ quirks: { insufficientScope: { body: { pointer: 'error', value: 'x' } } } }, 'quirks.insufficientScope.body.pointer is "error"; allowed is a JSON pointer, such as /error (RFC 6901)'],
  [{ quirks: { insufficientScope: { body: { pointer: '/a~2', value: 'x' } } } }, 'quirks.insufficientScope.body.pointer is "/a~2"'],
  [{ quirks: { insufficientScope: { body: { pointer: '/error' } } } }, 'quirks.insufficientScope.body.value is undefined'],
  [{ quirks: { insufficientScope: { body: { pointer: '/error', value: {} } } } }, 'quirks.insufficientScope.body.value is an object; allowed is a text, a number, true or false'],
  [{ quirks: { insufficientScope: { status: 403, header: 'x' } } }, 'quirks.insufficientScope.header is not an option; allowed is one of the options status, error, bodyContains, body'],
  [{ quirks: { basic: true } }, 'providers.x.quirks.basic is not an option; allowed is one of the options scopeDelimiter, scopeParam, rateLimit, insufficientScope, pkce, nonce, tenantIssuer, refreshGrace, basicAuth, endSessionReturnParam, assertionAudience, paramNames, authorizeFragment, redirectUri, callbackParams, tokenRequest, refresh, tokenAnswer, headers, accessTokenIn, userinfo, strategy, oauth1Revision, oauth1CallbackOnAuthorize, oauth1RequestTokenMethod, oauth1ScopeOnRequestToken, oauth1Parameters, oauth1BodyHash'],
  [{ callbackUrl: '/callback' }, /^providers\.x\.callbackUrl is "\/callback"/],
  [{ callbackUrl: 'https://app.example/callback?a=1' }, 'providers.x.callbackUrl is "https://app.example/callback?a=1"; allowed is an absolute URL without a query'],
  [{ defaultReturnTo: 'home' }, 'providers.x.defaultReturnTo is "home"; allowed is a path that begins with one /'],
  [{ allowCrossSiteStart: 'yes' }, 'providers.x.allowCrossSiteStart is "yes"; allowed is true or false'],
  [{ allowInsecureRequests: 1 }, 'providers.x.allowInsecureRequests is 1; allowed is true or false'],
  [{ clientID: 'id' }, /^providers\.x\.clientID is not an option; allowed is one of the options clientId, title, clientSecret, /]
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

const trello = { ...github, clientSecret: 'secret-canary', requestTokenUrl: 'https://sso.example/request' }
const pem = (type: 'rsa' | 'ec') => (type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const rsa = pem('rsa').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const ec = pem('ec').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const ofOAuth2 = 'it is for OAuth 2, and requestTokenUrl makes this an OAuth 1.0a provider'
const ofOAuth1 = 'it is for OAuth 1.0a, and without requestTokenUrl this is an OAuth 2 provider'

const oauth1: Array<[object, string | RegExp]> = [
  [{ issuer: 'https://sso.example' }, `providers.x.issuer is "https://sso.example"; allowed is nothing: ${ofOAuth2}`],
  [{ clientAuth: 'none' }, `providers.x.clientAuth is "none"; allowed is nothing: ${ofOAuth2}`],
  [{ revocationUrl: 'https://sso.example/r' }, `providers.x.revocationUrl is "https://sso.example/r"; allowed is nothing: ${ofOAuth2}`],
  [{ jwksUrl: 'https://sso.example/j' }, `providers.x.jwksUrl is "https://sso.example/j"; allowed is nothing: ${ofOAuth2}`],
  [{ quirks: { pkce: 'unsupported' } }, `providers.x.quirks is an object; allowed is an object without pkce: ${ofOAuth2}`],
  [{ quirks: { nonce: 'not-echoed' } }, `providers.x.quirks is an object; allowed is an object without nonce: ${ofOAuth2}`],
  [{ authorizeUrl: undefined }, 'providers.x.authorizeUrl is undefined; allowed is a URL, since OAuth 1.0a has no discovery'],
  [{ accessTokenUrl: undefined }, 'providers.x.accessTokenUrl is undefined; allowed is a URL, since OAuth 1.0a has no discovery'],
  [{ requestTokenUrl: 'http://sso.example/request' }, /^providers\.x\.requestTokenUrl is .*; allowed is an https URL/],
  [{ requestTokenUrl: '/request' }, 'providers.x.requestTokenUrl is "/request"; allowed is an absolute http or https URL'],
  [{ clientSecret: '' }, 'providers.x.clientSecret is a string of 0 characters; allowed is a non-empty string, since signatureMethod is "HMAC-SHA1"'],
  [{ clientSecret: undefined, signatureMethod: 'PLAINTEXT' }, 'providers.x.clientSecret is undefined; allowed is a non-empty string, since signatureMethod is "PLAINTEXT"'],
  [{ signatureMethod: 'HMAC-MD5' }, /^providers\.x\.signatureMethod is "HMAC-MD5"; allowed is one of "HMAC-SHA1", /],
  [{ signatureMethod: 'RSA-SHA1' }, 'providers.x.clientKey is undefined; allowed is a private RSA key as PEM, since signatureMethod is "RSA-SHA1"'],
  [{ signatureMethod: 'RSA-SHA1', clientKey: 'secret' }, 'providers.x.clientKey is a string of 6 characters; allowed is a private RSA key as PEM, since signatureMethod is "RSA-SHA1"'],
  [{ signatureMethod: 'RSA-SHA1', clientKey: ec }, /^providers\.x\.clientKey is a string of \d+ characters; allowed is a private RSA key as PEM, since/],
  [{ signatureMethod: 'RSA-SHA1', clientKey: () => new Uint8Array() }, 'providers.x.clientKey is a function; allowed is a private RSA key as PEM, since signatureMethod is "RSA-SHA1"'],
  [{ clientKey: rsa }, /^providers\.x\.clientKey is a string of \d+ characters; allowed is nothing, since signatureMethod is "HMAC-SHA1"$/],
  [{ accessTokenMethod: 'PUT' }, 'providers.x.accessTokenMethod is "PUT"; allowed is one of "GET", "POST"'],
  [{ realm: '' }, 'providers.x.realm is ""; allowed is a non-empty string'],
  [{ realm: 'ä' }, 'providers.x.realm is "ä"; allowed is a text of printable ASCII'],
  [{ requestTokenParams: { oauth_callback: 'https://evil.example' } }, 'providers.x.requestTokenParams is an object; allowed is an object without oauth_callback: the plugin sets this itself'],
  [{ authorizeParams: { oauth_token: 'x' } }, /^providers\.x\.authorizeParams is an object/],
  [{ accessTokenParams: { oauth_verifier: 'x' } }, /^providers\.x\.accessTokenParams is an object/],
  [{ callbackUrl: 'https://app.example/?a' }, 'providers.x.callbackUrl is "https://app.example/?a"; allowed is an absolute URL without a query'],
  [{ quirks: { oauth1Revision: '1.0a' } }, 'providers.x.quirks.oauth1Revision is "1.0a"; allowed is one of "1.0"'],
  [{ quirks: { oauth1Parameters: 'cookie' } }, 'providers.x.quirks.oauth1Parameters is "cookie"; allowed is one of "header", "query", "body"'],
  [{ signatureMethod: 'PLAINTEXT', quirks: { oauth1Parameters: 'query' } }, 'providers.x.quirks is an object; allowed is an object without oauth1Parameters: PLAINTEXT sends secrets, and addresses are logged everywhere'],
  [{ signatureMethod: 'PLAINTEXT', allowInsecureRequests: true, accessTokenUrl: 'http://sso.example/access' }, 'providers.x.accessTokenUrl is "http://sso.example/access"; allowed is an https URL: PLAINTEXT sends secrets, so allowInsecureRequests does not count'],
  [{ signatureMethod: 'PLAINTEXT', allowInsecureRequests: true, apiOrigins: ['http://api.example'] }, 'providers.x.apiOrigins is "http://api.example"; allowed is https origins: PLAINTEXT sends secrets, so allowInsecureRequests does not count']
]

t.test('a wrong option of an OAuth 1.0a provider', async (t) => {
  for (const [given, expected] of oauth1) {
    const message = messageOf(() => parseProviderOptions('x', { ...trello, ...given }))
    t.match(message, expected, JSON.stringify(given))
    t.notMatch(message, /canary|PRIVATE KEY/)
  }
})

t.test('options of OAuth 1.0a alone at another provider', async (t) => {
  const given = { requestTokenParams: {}, signatureMethod: 'HMAC-SHA1', realm: 'r' }
  for (const [name, value] of Object.entries(given)) t.match(messageOf(() => parseProviderOptions('x', { ...github, [name]: value })), new RegExp(`^providers\\.x\\.${name} is .*; allowed is nothing: ${ofOAuth1}$`), name)
  const quirks = { oauth1Revision: '1.0', oauth1CallbackOnAuthorize: true, oauth1RequestTokenMethod: 'GET', oauth1ScopeOnRequestToken: true, oauth1Parameters: 'query', oauth1BodyHash: true }
  for (const [name, value] of Object.entries(quirks)) t.equal(messageOf(() => parseProviderOptions('x', { ...github, quirks: { [name]: value } })), `providers.x.quirks is an object; allowed is an object without ${name}: ${ofOAuth1}`)
  t.match(messageOf(() => parseProviderOptions('x', { ...github, callbackUrl: 'oob' })), 'providers.x.callbackUrl is "oob"; allowed is an absolute URL: "oob" is for OAuth 1.0a')
})

t.test('right options of an OAuth 1.0a provider', async (t) => {
  const right: object[] = [
    {},
    { callbackUrl: 'oob', scope: ['read'], accessTokenMethod: 'GET', realm: 'a "realm"' },
    { authorizeParams: { scope: 'read', state: 'x', oauth_consumer_key: 'id' }, requestTokenParams: { scope: 'x', nonce: 'y' } },
    { signatureMethod: 'RSA-SHA256', clientKey: rsa, clientSecret: '' },
    { signatureMethod: 'RSA-SHA512', clientKey: rsa, clientSecret: undefined },
    { signatureMethod: 'PLAINTEXT' },
    { signatureMethod: 'PLAINTEXT', accessTokenUrl: 'http://127.0.0.1/access', apiOrigins: ['http://localhost:3000'], quirks: { oauth1Parameters: 'header' } },
    { allowInsecureRequests: true, accessTokenUrl: 'http://sso.example/access' }
  ]
  for (const given of right) t.equal(messageOf(() => parseProviderOptions('x', { ...trello, ...given })), 'no error', JSON.stringify(given))
  t.strictSame(parseParams({ scope: 'x' }, 'here', 'oauth1'), { scope: 'x' })
  t.equal(messageOf(() => parseParams({ oauth_nonce: 'x' }, 'here', 'oauth1')), 'here is an object; allowed is an object without oauth_nonce: the plugin sets this itself')
})
