// Options that take an entry of the catalogue: what they are completed to, and what is refused.
import { generateKeyPairSync } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { parsePluginOptions, parseProviderOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'
import { projectRoot } from './fixtures/project.js'

const client = { clientId: 'id', clientSecret: 'secret' }
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })

t.test('a client is all that has to be given', async (t) => {
  const { providers } = parsePluginOptions({ providers: { github: client, trello: client } })

  t.match(providers.github, { extends: 'github', authorizeUrl: 'https://github.com/login/oauth/authorize', apiBaseUrl: 'https://api.github.com/', scope: ['read:user', 'user:email'] })
  t.match(providers.trello, { extends: 'trello', requestTokenUrl: 'https://trello.com/1/OAuthGetRequestToken' })
})

t.test('what is given wins, member by member; lists and functions as a whole', async (t) => {
  const authorizeParams = () => ({})
  const own = parseProviderOptions('google', { ...client, scope: ['openid'], authorizeParams: { prompt: 'select_account' }, quirks: { nonce: 'not-echoed' }, clientAuth: undefined })

  t.match(own, { scope: ['openid'], authorizeParams: { access_type: 'offline', prompt: 'select_account' }, quirks: { nonce: 'not-echoed' }, issuer: 'https://accounts.google.com', clientAuth: 'client_secret_post' })
  t.equal(parseProviderOptions('google', { ...client, authorizeParams }).authorizeParams, authorizeParams)
  t.match(parseProviderOptions('github', { ...client, profile: { name: '/login' } }).profile, { id: '/id', name: '/login' })
})

t.test('another name, by extends', async (t) => {
  t.match(parseProviderOptions('work', { ...client, extends: 'gitlab', params: { domain: 'git.example.com' } }), { issuer: 'https://git.example.com', apiBaseUrl: 'https://git.example.com/api/v4/' })
  t.match(parseProviderOptions('github', { ...client, extends: 'github', authorizeUrl: 'https://proxy.example/authorize' }), { authorizeUrl: 'https://proxy.example/authorize', accessTokenUrl: 'https://github.com/login/oauth/access_token' })
})

t.test('endpoints of one\'s own take no entry', async (t) => {
  const { extends: taken, userinfoUrl } = parseProviderOptions('github', { ...client, authorizeUrl: 'https://sso.example/a', accessTokenUrl: 'https://sso.example/t' })

  t.strictSame({ taken, userinfoUrl }, { taken: undefined, userinfoUrl: undefined })
  t.match(parseProviderOptions('okta', { ...client, issuer: 'https://sso.example' }), { issuer: 'https://sso.example', scope: undefined })
})

t.test('variants', async (t) => {
  t.match(parseProviderOptions('salesforce', { ...client, variant: 'sandbox' }), { issuer: 'https://test.salesforce.com' })
  t.match(parseProviderOptions('salesforce', { ...client, variant: 'sandbox', params: { domain: 'acme.my.salesforce.com' } }), { issuer: 'https://acme.my.salesforce.com' })
  t.match(parseProviderOptions('slack-v2', { ...client, variant: 'user' }).quirks, { scopeParam: 'user_scope', tokenAnswer: { path: '/authed_user', error: { code: '/error' } } })
  t.match(parseProviderOptions('paypal', { ...client, variant: 'sandbox' }), { authorizeUrl: 'https://www.sandbox.paypal.com/signin/authorize', clientAuth: 'client_secret_basic' })
  t.match(parseProviderOptions('github', { ...client, variant: 'enterprise-server', params: { domain: 'git.example.com' } }), {
    authorizeUrl: 'https://git.example.com/login/oauth/authorize', profile: { emails: { url: 'https://git.example.com/api/v3/user/emails' } }
  })
})

t.test('placeholders', async (t) => {
  t.match(parseProviderOptions('keycloak', { ...client, params: { domain: 'sso.example.com:8443', realm: 'staff' } }), { issuer: 'https://sso.example.com:8443/realms/staff' })
  t.match(parseProviderOptions('microsoft', client), { issuer: 'https://login.microsoftonline.com/common/v2.0', quirks: { tenantIssuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' } }, 'their defaults; what is filled later stays')
  t.match(parseProviderOptions('zoho', { ...client, params: { tld: 'com.au' } }), { authorizeUrl: 'https://accounts.zoho.com.au/oauth/v2/auth' })
  t.match(parseProviderOptions('nuvemshop', { ...client, clientId: '12/3' }), { authorizeUrl: 'https://www.tiendanube.com/apps/12%2F3/authorize' }, 'the client\'s own id')
  t.match(parseProviderOptions('bungie', { ...client, params: { apiKey: 'k-1' } }).quirks, { headers: { 'x-api-key': 'k-1' } })
  t.match(parseProviderOptions('own', { ...client, issuer: 'https://{domain}', params: { domain: 'sso.example' } }), { issuer: 'https://sso.example' }, 'of one\'s own too')
})

t.test('addresses with an optional placeholder are left out without it', async (t) => {
  const params = { domain: 'acme.auth.eu-west-1.amazoncognito.com' }

  t.equal(parseProviderOptions('cognito', { ...client, params }).issuer, undefined)
  t.equal(parseProviderOptions('cognito', { ...client, params: { ...params, region: 'eu-west-1', userPoolId: 'eu-west-1_AbC' } }).issuer, 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC')
})

t.test('a client with a key alone does not authenticate as the entry says', async (t) => {
  t.equal(parseProviderOptions('google', { clientId: 'id', clientKey: privateKey }).clientAuth, undefined)
  t.match(parseProviderOptions('apple', { clientId: 'id', clientKey: privateKey, clientKeyId: 'key' }), { clientAuth: 'client_secret_signed_jwt' })
  t.match(messageOf(() => parseProviderOptions('google', { clientId: 'id' })), 'providers.google.clientSecret is undefined; allowed is a non-empty string, since clientAuth is "client_secret_post"')
})

const refused: Array<[string, object, string]> = [
  ['auth0', {}, 'providers.auth0.params.domain is undefined; allowed is a host name, such as login.example.com'],
  ['auth0', { params: {} }, 'providers.auth0.params.domain is undefined; allowed is a host name'],
  ['auth0', { params: { domain: 'https://acme.auth0.com' } }, 'providers.auth0.params.domain is "https://acme.auth0.com"; allowed is a host name'],
  ['auth0', { params: { domain: 'acme.auth0.com/@evil.example' } }, 'providers.auth0.params.domain is "acme.auth0.com/@evil.example"; allowed is'],
  ['auth0', { params: { domain: 'acme.auth0.com', tenant: 'x' } }, 'providers.auth0.params.tenant is not an option; allowed is one of domain'],
  ['auth0', { params: 'acme' }, 'providers.auth0.params is a string of 4 characters; allowed is an object of strings'],
  ['shopify', { params: { subdomain: 'evil.example/' } }, 'providers.shopify.params.subdomain is "evil.example/"; allowed is a part of a host name'],
  ['shopify', { params: { subdomain: 'a#' } }, 'providers.shopify.params.subdomain is "a#"; allowed is'],
  ['zoho', { params: { tld: 'com.evil' } }, 'providers.zoho.params.tld is "com.evil"; allowed is the end of a host name, such as com or co.uk'],
  ['microsoft', { params: { tenant: '..' } }, 'providers.microsoft.params.tenant is ".."; allowed is a part of a path'],
  ['microsoft', { params: { tenant: 'a/../../b' } }, 'providers.microsoft.params.tenant is "a/../../b"; allowed is a part of a path'],
  ['github', { params: { domain: 'git.example.com' } }, 'providers.github.params.domain is not an option; allowed is nothing: no address holds a placeholder'],
  ['github', { variant: 'enterprise-server' }, 'providers.github.params.domain is undefined; allowed is a host name'],
  ['github', { variant: 'sandbox' }, 'providers.github.variant is "sandbox"; allowed is "enterprise-server"'],
  ['google', { variant: 'sandbox' }, 'providers.google.variant is "sandbox"; allowed is nothing: the provider takes no entry of the catalogue with variants'],
  ['google', { variant: '' }, 'providers.google.variant is ""; allowed is a non-empty string'],
  ['work', { extends: 'gitlap' }, 'providers.work.extends is "gitlap"; allowed is the name of an entry of the catalogue: the nearest are "gitlab"'],
  ['work', { extends: 5 }, 'providers.work.extends is 5; allowed is a non-empty string'],
  ['gitub', {}, 'providers.gitub is an object without issuer and authorizeUrl; allowed is that for the name of an entry of the catalogue: the nearest are "github", '],
  ['salesfroce', {}, 'the name of an entry of the catalogue: the nearest is "salesforce"'],
  ['own', { issuer: '{domain}', params: { domain: 'sso' } }, 'providers.own.issuer is "sso"; allowed is an absolute http or https URL'],
  ['our-own-intranet', {}, 'providers.our-own-intranet.authorizeUrl is undefined; allowed is a URL, since there is no issuer to discover it from'],
  ['bungie', { params: { apiKey: 'two words' } }, 'providers.bungie.params.apiKey is a string of 9 characters; allowed is printable ASCII without spaces']
]

t.test('what is refused, with its path, what was given, and what is allowed', async (t) => {
  for (const [name, given, expected] of refused) t.match(messageOf(() => parseProviderOptions(name, { ...client, ...given })), expected, `${name} ${JSON.stringify(given)}`)
  t.match(messageOf(() => parseProviderOptions('github', 'client')), 'providers.github is')
})

t.test('the application\'s own tokens are asked for without what only logins need', async (t) => {
  const { authorizeUrl, userinfoUrl, profile, scope, accessTokenUrl } = parseProviderOptions('spotify', { ...client, grant: 'client_credentials' })

  t.strictSame({ authorizeUrl, userinfoUrl, profile, scope, accessTokenUrl }, { authorizeUrl: undefined, userinfoUrl: undefined, profile: undefined, scope: undefined, accessTokenUrl: 'https://accounts.spotify.com/api/token' })
})

t.test('the data is not read before a provider needs it', async (t) => {
  const script = `
    import module from 'node:module'
    const loaded = () => Object.keys(module.createRequire(import.meta.url).cache).some(path => path.endsWith('providers.json'))
    const { default: oauthPlugin } = await import('./dist/lib/index.js')
    const { default: Fastify } = await import('fastify')
    const start = async providers => { const app = Fastify(); await app.register(oauthPlugin, { session: { secret: 'x'.repeat(32) }, providers }); await app.ready(); await app.close() }
    await start({ sso: { clientId: 'id', clientSecret: 'secret', issuer: 'https://sso.example' } })
    const before = loaded()
    await start({ github: { clientId: 'id', clientSecret: 'secret' } })
    console.log(JSON.stringify([before, loaded()]))`

  t.strictSame(JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: join(projectRoot), encoding: 'utf8' })), [false, true])
})
