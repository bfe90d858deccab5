// The options of providers that have another grant than a login, and what tokens are asked for.
import t from 'tap'
import { parseClientOptions, parseExchangeOptions, parseOwnTokens, parseProviderOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'

const billing = { grant: 'client_credentials', clientId: 'id', clientSecret: 'secret-canary', accessTokenUrl: 'https://sso.example/token' }

t.test('client credentials', async (t) => {
  for (const given of [{}, { issuer: 'https://sso.example', accessTokenUrl: undefined }, { clientAuth: 'client_secret_post', accessTokenParams: { tenant: 'one' }, scope: ['read'] }]) {
    t.equal(messageOf(() => parseProviderOptions('x', { ...billing, ...given })), 'no error')
  }
  const noLogins = 'since grant is "client_credentials" and there are no logins'
  const wrong: Array<[object, string]> = [
    [{ grant: 'password' }, 'providers.x.grant is "password"; allowed is one of "client_credentials", "jwt_bearer"'],
    [{ clientSecret: undefined }, 'providers.x.clientSecret is undefined; allowed is a non-empty string (or give clientKey or clientCert), since grant is "client_credentials"'],
    [{ clientAuth: 'none' }, 'providers.x.clientAuth is "none"; allowed is another method than "none", since grant is "client_credentials"'],
    [{ authorizeUrl: 'https://sso.example/authorize' }, `providers.x.authorizeUrl is "https://sso.example/authorize"; allowed is nothing, ${noLogins}`],
    [{ userinfoUrl: 'https://sso.example/userinfo' }, `providers.x.userinfoUrl is "https://sso.example/userinfo"; allowed is nothing, ${noLogins}`],
    [{ issuer: 'https://sso.example', jwksUrl: 'https://sso.example/jwks' }, `providers.x.jwksUrl is "https://sso.example/jwks"; allowed is nothing, ${noLogins}`],
    [{ authorizeParams: { x: 'canary' } }, `providers.x.authorizeParams is an object; allowed is nothing, ${noLogins}`],
    [{ profile: () => ({}) }, `providers.x.profile is a function; allowed is nothing, ${noLogins}`],
    [{ tokenGetter: () => null }, `providers.x.tokenGetter is a function; allowed is nothing, ${noLogins}`],
    [{ callbackUrl: 'https://app.example/callback' }, `providers.x.callbackUrl is "https://app.example/callback"; allowed is nothing, ${noLogins}`],
    [{ defaultReturnTo: '/' }, `providers.x.defaultReturnTo is "/"; allowed is nothing, ${noLogins}`],
    [{ allowCrossSiteStart: true }, `providers.x.allowCrossSiteStart is true; allowed is nothing, ${noLogins}`],
    [{ accessTokenParams: () => ({}) }, 'providers.x.accessTokenParams is a function; allowed is an object of strings, since grant is "client_credentials" and there is no request']
  ]
  for (const [given, expected] of wrong) t.equal(messageOf(() => parseProviderOptions('x', { ...billing, ...given })), expected)
  t.equal(messageOf(() => parseProviderOptions('our-own-sso', { ...billing, accessTokenUrl: undefined })), 'providers.our-own-sso.accessTokenUrl is undefined; allowed is a URL, since there is no issuer to discover it from')
})

t.test('tokenGetter is a function', async (t) => {
  const github = { clientId: 'id', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }
  t.equal(messageOf(() => parseProviderOptions('x', { ...github, tokenGetter: { accessToken: 'canary' } })), 'providers.x.tokenGetter is an object; allowed is a function')
  t.equal(messageOf(() => parseProviderOptions('x', { ...github, tokenGetter: async () => null })), 'no error')
})

t.test('what a token is asked for', async (t) => {
  t.strictSame(parseClientOptions({}), { audience: [], resource: [] })
  t.strictSame(parseClientOptions({ owner: 'alice', account: undefined, audience: 'b', resource: ['urn:b', 'https://a.example/?x'], scope: ['b', 'a', 'b'] }), {
    owner: 'alice', account: undefined, audience: ['b'], resource: ['https://a.example/?x', 'urn:b'], scope: ['a', 'b']
  })
  t.strictSame(parseExchangeOptions({ provider: 'x', requestedTokenType: 'urn:x' }), { provider: 'x', requestedTokenType: 'urn:x', audience: [], resource: [] })
  const resource = 'an absolute URI without a fragment (RFC 8707 section 2), or an array of them'
  const wrong: Array<[object, string]> = [
    [{ audience: '' }, 'exchange().audience is a string of 0 characters; allowed is a non-empty string, or an array of them'],
    [{ audience: [''] }, 'exchange().audience.0 is ""; allowed is a non-empty string'],
    [{ audience: 5 }, 'exchange().audience is 5; allowed is a non-empty string, or an array of them'],
    [{ resource: 'reports' }, `exchange().resource is an array; allowed is ${resource}`],
    [{ resource: ['https://a.example/', 'https://a.example/#b'] }, `exchange().resource is an array; allowed is ${resource}`],
    [{ scope: ['a b'] }, 'exchange().scope.0 is "a b"; allowed is a scope without spaces (RFC 6749 section 3.3)'],
    [{ owner: 'alice' }, 'exchange().owner is not an option; allowed is one of the options provider, requestedTokenType, audience, resource, scope']
  ]
  for (const [given, expected] of wrong) t.equal(messageOf(() => parseExchangeOptions(given)), expected)
  t.equal(messageOf(() => parseClientOptions('billing')), 'app.oauth.client() is a string of 7 characters; allowed is an object with owner, tenant, account, subject, audience, resource, scope')
})

t.test('what a tokenGetter answers', async (t) => {
  t.equal(parseOwnTokens(undefined, 'here'), null)
  t.strictSame({ ...parseOwnTokens({ accessToken: 'a', id: 7, tokenSecret: null, scope: ['read'] }, 'here') }, { accessToken: 'a', tokenSecret: undefined, scope: ['read'] })
  t.equal(messageOf(() => parseOwnTokens({ accessToken: 'a', expiresAt: Number.NaN }, 'here')), 'here.expiresAt is a number; allowed is milliseconds since the epoch')
})
