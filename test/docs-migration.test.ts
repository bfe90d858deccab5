// The guides for those who come from another library: every name of that library has a row, and every name of ours exists.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { catalogue } from '../lib/catalogue/providers.js'
import { parsePluginOptions } from '../lib/options.js'
import { blocksOf, pluginOptionsOf } from './fixtures/guide-code.js'
import { projectRoot } from './fixtures/project.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')

const theirs: Record<string, readonly string[]> = {
  'from-flask-oauth.md': [
    // Flask-OAuth
    'remote_app', 'remote_apps', 'base_url', 'request_token_url', 'access_token_url', 'authorize_url', 'consumer_key', 'consumer_secret', 'request_token_params', 'access_token_params',
    'access_token_method', 'tokengetter', 'authorize', 'authorized_handler', 'get', 'post', 'put', 'delete', 'request', 'data', 'format', 'content_type', 'headers', 'token', 'make_client', 'expand_url',
    'generate_request_token', 'get_request_token', 'free_request_token', 'handle_oauth1_response', 'handle_oauth2_response', 'handle_unknown_response', 'OAuthResponse', 'raw_data', 'status_okay',
    'OAuthException', 'parse_response', 'add_query', 'encode_request_data',
    // Flask-OAuthlib
    'init_app', 'app_key', 'request_token_method', 'access_token_headers', 'rsa_key', 'signature_method', 'encoding', 'authorized_response', 'patch', 'http_request', 'pre_request',
    'get_oauth1_client_params', 'OAuth1Provider', 'OAuth2Provider',
    // Authlib
    'register', 'overwrite', 'create_client', 'client_cls', 'client_id', 'client_secret', 'refresh_token_url', 'refresh_token_params', 'authorize_params', 'api_base_url', 'server_metadata_url',
    'userinfo_endpoint', 'jwks_uri', 'client_kwargs', 'code_challenge_method', 'token_endpoint_auth_method', 'client_auth_methods', 'token_placement', 'user_agent', 'compliance_fix',
    'userinfo_compliance_fix', 'cache', 'fetch_token', 'update_token', 'token_update', 'authorize_redirect', 'create_authorization_url', 'save_authorize_data', 'authorize_access_token', 'claims_options',
    'claims_cls', 'leeway', 'fetch_access_token', 'parse_id_token', 'userinfo', 'withhold_token', 'load_server_metadata', 'fetch_jwk_set', 'OAuthError', 'MismatchingStateError', 'MissingTokenError',
    'MissingRequestTokenError'
  ],
  'from-fastify-oauth2.md': [
    'name', 'credentials', 'scope', 'callbackUri', 'callbackUriParams', 'tokenRequestParams', 'generateStateFunction', 'checkStateFunction', 'startRedirectPath', 'tags', 'schema', 'cookie', 'userAgent', 'pkce',
    'discovery', 'redirectStateCookieName', 'verifierCookieName', 'oauth2', 'getAccessTokenFromAuthorizationCodeFlow', 'getNewAccessTokenUsingRefreshToken', 'generateAuthorizationUri', 'revokeToken',
    'revokeAllToken', 'userinfo', 'APPLE_CONFIGURATION', 'FACEBOOK_CONFIGURATION', 'GITHUB_CONFIGURATION', 'GITLAB_CONFIGURATION', 'LINKEDIN_CONFIGURATION', 'GOOGLE_CONFIGURATION',
    'MICROSOFT_CONFIGURATION', 'VKONTAKTE_CONFIGURATION', 'SPOTIFY_CONFIGURATION', 'DISCORD_CONFIGURATION', 'TWITCH_CONFIGURATION', 'VATSIM_CONFIGURATION', 'VATSIM_DEV_CONFIGURATION',
    'EPIC_GAMES_CONFIGURATION', 'YANDEX_CONFIGURATION', 'X_CONFIGURATION'
  ],
  'from-passport.md': [
    'use', 'unuse', 'authenticate', 'authorize', 'clientID', 'clientSecret', 'authorizationURL', 'tokenURL', 'callbackURL', 'scope', 'scopeSeparator', 'state', 'store', 'sessionKey', 'pkce', 'customHeaders', 'proxy',
    'skipUserProfile', 'passReqToCallback', 'authorizationParams', 'tokenParams', 'userProfile', 'parseErrorResponse', 'successRedirect', 'failureRedirect', 'failureFlash', 'keepSessionInfo', 'serializeUser',
    'deserializeUser', 'requestTokenURL', 'consumerKey', 'consumerSecret', 'userAuthorizationURL', 'login', 'logout', 'user', 'account'
  ],
  'from-grant.md': [
    'defaults', 'request_url', 'authorize_url', 'access_url', 'oauth', 'scope_delimiter', 'token_endpoint_auth_method', 'token_endpoint_auth_signing_alg', 'origin', 'prefix', 'state', 'nonce', 'pkce', 'response',
    'transport', 'callback', 'overrides', 'dynamic', 'key', 'client_id', 'consumer_key', 'secret', 'client_secret', 'consumer_secret', 'scope', 'custom_params', 'subdomain', 'public_key', 'private_key',
    'redirect_uri', 'name', 'profile_url', 'request'
  ]
}

const types = readdirSync(join(projectRoot, 'types')).map(file => read(join('types', file))).join('\n')
const quirkTypes = `${read('types/quirks.ts')}${read('types/wire-quirks.ts')}`

// What a user can name: members of the public types, and what is not of this package but stands beside it.
const isOurs = (name: string) => new RegExp(`^ +(readonly )?${name}(\\?|<\\w[^>]*>)?[:(]`, 'm').test(types) || ['oauthPlugin', 'sign', 'fetch'].includes(name)

function isQuirk (path: string): boolean {
  return path.split('.').slice(1).every(name => new RegExp(`^ {2}${name}\\?:`, 'm').test(quirkTypes))
}

for (const [file, names] of Object.entries(theirs)) {
  const page = read(join('docs/guides', file))
  const rows = [...page.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, left, right]): [string, string] => [String(left), String(right)])

  t.test(`${file} has a row for each name of the other library`, async (t) => {
    const words = new Set(rows.flatMap(([left]) => [...left.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => String(code).match(/\w+/g) ?? [])))
    for (const name of names) t.ok(words.has(name), name)
  })

  t.test(`${file} names options and functions that exist`, async (t) => {
    const codes = rows.filter(([, right]) => !/ \| /.test(right)).flatMap(([, right]) => [...right.matchAll(/`([^`]+)`/g)].map(([, code]) => String(code)))
    const simple = codes.filter(code => /^[a-z]\w+$/i.test(code) && !code.startsWith('FST_'))
    t.ok(simple.length > 20)
    const values = /^(POST|GET|true|false|content-type|iss|aud|nonce|header|body|loose|dev|None|cause|statusCode|providerError)$/
    for (const name of simple) if (!values.test(name)) t.ok(isOurs(name) || catalogue.has(name), name)
    for (const path of codes.filter(code => code.startsWith('quirks.'))) t.ok(isQuirk(path), path)
    for (const path of codes.flatMap(code => /^(?:request|app)\.oauth\.([\w.]+)/.exec(code)?.[1] ?? [])) t.ok(path.split('.').every(isOurs), path)
    for (const code of codes.filter(code => code.startsWith('FST_'))) t.match(read('docs/reference/errors.md'), code)
  })

  t.test(`${file} has examples that are JavaScript, and options that the schema takes`, async (t) => {
    const code = blocksOf(page).filter(({ language }) => language === 'js').map(({ code }) => code)
    for (const text of code) t.strictSame(ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext } }).diagnostics, [])
    const whole = code.map(text => pluginOptionsOf(text)).filter(options => options !== undefined)
    t.equal(whole.length, 1)
    t.ok(Object.keys(parsePluginOptions(whole[0]).providers).length > 0)
  })
}

t.test('the presets of @fastify/oauth2 lead to entries of the catalogue', async (t) => {
  const presets = [...read('docs/guides/from-fastify-oauth2.md').matchAll(/^\| `\w+_CONFIGURATION`.* \| `([\w-]+)`/gm)].map(([, entry]) => String(entry))
  t.equal(presets.length, 15)
  for (const entry of presets) t.ok(catalogue.has(entry), entry)
})
