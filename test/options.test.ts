// Every option: what is wrong with a value is said with its path, what was given, and what is allowed.
import { Agent } from 'undici'
import t from 'tap'
import { MemoryGrantStore } from '../lib/grants/memory-store.js'
import { parsePluginOptions, parseRouteRequirement } from '../lib/options.js'
import type { ProviderOptions } from '../lib/options.js'
import { messageOf } from './fixtures/options.js'
import { printed } from './fixtures/wire-login.js'

const github = { clientId: 'id', authorizeUrl: 'https://sso.example/authorize', accessTokenUrl: 'https://sso.example/token' }
const plugin: Array<[object, string | RegExp]> = [
  [{ providers: 'github' }, 'providers is a string of 6 characters; allowed is an object of provider options'],
  [{ providers: { 'a/b': github } }, 'providers.a/b is "a/b"; allowed is a provider name of letters, digits, "-", "_" and "."'],
  [{ providers: { github: null } }, /^providers\.github is null; allowed is an object with clientId, title, clientSecret, /],
  [{ baseUrl: 'app.example.com' }, 'baseUrl is "app.example.com"; allowed is an absolute http or https URL'],
  [{ baseUrl: 'https://app.example/?a=1' }, 'baseUrl is "https://app.example/?a=1"; allowed is a public origin such as https://app.example.com'],
  [{ baseUrl: 5 }, 'baseUrl is 5; allowed is an absolute URL'],
  [{ baseUrl: () => 'https://app.example' }, 'baseUrl is a function; allowed is an absolute URL'],
  [{ prefix: 'oauth' }, /^prefix is "oauth"; allowed is a path that begins with one \//],
  [{ prefix: '/o auth' }, /^prefix is "\/o auth"/],
  [{ prefix: '/:name' }, 'prefix is "/:name"; allowed is a path of plain segments, such as /oauth'],
  [{ secret: 'short' }, 'secret is a string of 5 characters; allowed is a string or Buffer of at least 32 bytes, or an array of them'],
  [{ secret: [] }, /^secret is an array; allowed is a string or Buffer/],
  [{ secret: Buffer.alloc(31) }, /^secret is an array of 31 bytes; allowed is a string or Buffer/],
  [{ store: {} }, 'store is an object; allowed is a grant store with get, put, delete, list, lease and claim'],
  [{ store: null }, /^store is null; allowed is a grant store/],
  [{ owner: 'user' }, 'owner is a string of 4 characters; allowed is a function'],
  [{ session: { secret: 'short' } }, 'session.secret is a string of 5 characters; allowed is a string of at least 32 characters'],
  [{ session: { keep: 'user' } }, 'session.keep is "user"; allowed is an array of session keys'],
  [{ session: { keep: [''] } }, 'session.keep.0 is ""; allowed is a non-empty string'],
  [{ session: true }, 'session is true; allowed is an object with secret, keep'],
  [{ returnTo: '//evil.example' }, 'returnTo is "//evil.example"; allowed is a path that begins with one /'],
  [{ returnTo: 'https://evil.example' }, /^returnTo is/],
  [{ onAuthorized: {} }, 'onAuthorized is an object; allowed is a function'],
  [{ onDenied: [] }, 'onDenied is an array; allowed is a function'],
  [{ onError: 0 }, 'onError is 0; allowed is a function'],
  [{ routes: { login: true } }, 'routes.login is true; allowed is false, or Fastify route options'],
  [{ routes: { callback: [] } }, 'routes.callback is an array; allowed is false, or Fastify route options'],
  [{ routes: { logout: null } }, 'routes.logout is null; allowed is false, or Fastify route options'],
  [{ routes: { start: false } }, 'routes.start is not an option; allowed is one of the options login, callback, logout, backchannelLogout'],
  [{ dispatcher: {} }, 'dispatcher is an object; allowed is an undici Dispatcher'],
  [{ timeout: 0 }, 'timeout is 0; allowed is a whole number of milliseconds from 1 to 2147483647'],
  [{ timeout: '5000' }, 'timeout is "5000"; allowed is a whole number of milliseconds from 1 to 2147483647'],
  [{ timeout: 2 ** 31 }, 'timeout is 2147483648; allowed is a whole number of milliseconds from 1 to 2147483647'],
  [{ loginTimeout: 1.5 }, /^loginTimeout is 1\.5; allowed is a whole number/],
  [{ loginTimeout: NaN }, /^loginTimeout is NaN; allowed is a whole number/],
  [{ clock: Date }, 'no error'],
  [{ clock: 0 }, 'clock is 0; allowed is a function'],
  [{ provider: {} }, /^provider is not an option; allowed is one of the options providers, baseUrl, prefix, secret, .*, clock$/],
  [{ timeout: -1, prefix: '' }, /^prefix is "";.*; timeout is -1;/]
]

t.test('a wrong option of the plugin', async (t) => {
  for (const [given, expected] of plugin) t.match(messageOf(() => parsePluginOptions(given)), expected, JSON.stringify(given))
  t.match(messageOf(() => parsePluginOptions(null)), 'options is null; allowed is an object with providers, ')
})

t.test('a wrong config.oauth of a route names the part that is wrong', async (t) => {
  const wrong: Array<[unknown, string | RegExp]> = [
    ['', 'config.oauth of GET /x is ""; allowed is a non-empty string'],
    [5, /^config\.oauth of GET \/x is 5; allowed is .*provider, scope, account/],
    [['github'], /^config\.oauth of GET \/x/],
    [{}, 'config.oauth of GET /x.provider is undefined; allowed is a value: it is required'],
    [{ provider: 'github', scope: 'repo' }, 'config.oauth of GET /x.scope is "repo"; allowed is an array of scopes'],
    [{ provider: 'github', scopes: ['repo'] }, 'config.oauth of GET /x.scopes is not an option; allowed is one of the options provider, scope, account, acr, maxAge, silent, optional, inject, onUnauthorized'],
    [{ provider: 'sso', acr: ['a b'] }, 'config.oauth of GET /x.acr.0 is "a b"; allowed is an acr value without spaces'],
    [{ provider: 'sso', acr: 5 }, 'config.oauth of GET /x.acr is 5; allowed is an acr value, or an array of them'],
    [{ provider: 'sso', maxAge: 1.5 }, 'config.oauth of GET /x.maxAge is 1.5; allowed is a whole number of seconds'],
    [{ provider: 'sso', optional: 'yes' }, 'config.oauth of GET /x.optional is "yes"; allowed is true or false'],
    [{ provider: 'sso', onUnauthorized: 'x' }, 'config.oauth of GET /x.onUnauthorized is a string of 1 characters; allowed is a function'],
    [{ provider: 'github', account: '' }, 'config.oauth of GET /x.account is ""; allowed is a non-empty string, or a function of the request']
  ]
  for (const [given, expected] of wrong) t.match(messageOf(() => parseRouteRequirement(given, 'config.oauth of GET /x')), expected, JSON.stringify(given))
  const rest = { acr: [], maxAge: undefined, silent: false, optional: false, onUnauthorized: undefined, inject: undefined }
  t.strictSame(parseRouteRequirement('github', 'x'), { provider: 'github', scope: [], account: undefined, ...rest })
  t.strictSame(parseRouteRequirement({ provider: 'github', scope: ['repo'], account: '7' }, 'x'), { provider: 'github', scope: ['repo'], account: '7', ...rest })
  const account = () => '7'
  const onUnauthorized = () => {}
  t.strictSame(parseRouteRequirement({ provider: 'sso', account, acr: 'gold', maxAge: 0, optional: true, onUnauthorized }, 'x'), { inject: undefined, provider: 'sso', scope: [], account, acr: ['gold'], maxAge: 0, silent: false, optional: true, onUnauthorized })
  t.strictSame(parseRouteRequirement({ provider: 'sso', acr: ['gold', 'silver'] }, 'x').acr, ['gold', 'silver'])
  t.strictSame(parseRouteRequirement({ provider: 'github', inject: { request: true } }, 'GET /x').inject, { request: true, response: undefined, cookies: [] })
  t.strictSame(parseRouteRequirement({ provider: 'github', inject: { response: 'X-Token', cookies: ['a'] } }, 'GET /x').inject, { request: false, response: 'x-token', cookies: ['a'] })
})

t.test('no secret is printed, wherever it was put', async (t) => {
  const misplaced: object[] = [
    { secret: 'canary' }, { secret: ['canary'] }, { secret: { canary: 1 } }, { session: 'canary' }, { session: { secret: 'canary' } },
    { store: 'redis://user:canary@127.0.0.1' }, { dispatcher: 'http://user:canary@proxy.example' }, { owner: 'canary' }, { routes: 'canary' }, { providers: { x: 'canary' } },
    { baseUrl: 'https://user:canary@app.example' },
    ...[{ clientSecret: ['canary'] }, { authorizeParams: 'canary' }, { accessTokenParams: { code: 'canary' } }, { profile: 'canary' }, { quirks: 'canary' },
      { issuer: 'ftp://user:canary@sso.example' }, { apiOrigins: ['https://user:canary@api.example'] }].map(x => ({ providers: { x: { ...github, ...x } } }))
  ]
  for (const given of misplaced) {
    try {
      parsePluginOptions(given)
      t.fail('it was taken')
    } catch (error) {
      t.notMatch(printed(error), /canary/, printed(error).split('\n', 1)[0] ?? '')
    }
  }
})

t.test('the result is another object, complete, and frozen to its depth; what belongs to the caller is left alone', async (t) => {
  const store = new MemoryGrantStore()
  const dispatcher = new Agent()
  const login = { preHandler: [async () => {}] }
  const secret = Buffer.alloc(32)
  const given = {
    providers: { x: { ...github, scope: ['read'], authorizeParams: { prompt: 'login' }, quirks: { scopeDelimiter: ',' } } },
    store,
    dispatcher,
    secret,
    routes: { login },
    session: { keep: ['user'] },
    baseUrl: 'https://app.example/base/',
    prefix: '/auth/'
  }
  const before = JSON.stringify(given)

  const options = parsePluginOptions(given)

  t.equal(JSON.stringify(given), before, 'the caller\'s object is as it was')
  for (const part of [given, given.providers, given.providers.x, given.providers.x.scope, given.session.keep, store, dispatcher, login, login.preHandler, secret]) t.notOk(Object.isFrozen(part))
  const x = options.providers.x as ProviderOptions | undefined
  for (const part of [options, options.providers, x, x?.scope, x?.authorizeParams, x?.quirks, x?.apiOrigins, options.routes, options.routes.logout, options.session, options.session.keep, options.secret]) t.ok(Object.isFrozen(part))
  t.equal(options.store, store)
  t.equal(options.dispatcher, dispatcher)
  t.equal(options.routes.login, login)
  t.equal(options.secret?.[0], secret)
  t.match(options, { baseUrl: 'https://app.example/base', prefix: '/auth', returnTo: '/', timeout: 10_000, loginTimeout: 600_000, clock: Date.now, routes: { callback: {}, logout: {} } })
  t.match(x, { allowCrossSiteStart: false, allowInsecureRequests: false, apiOrigins: [] })
  await dispatcher.close()
})

t.test('in production a baseUrl is required', async (t) => {
  const { NODE_ENV: before } = process.env
  t.teardown(() => { if (before === undefined) delete process.env.NODE_ENV; else process.env.NODE_ENV = before })

  process.env.NODE_ENV = 'production'
  t.equal(messageOf(() => parsePluginOptions({})), 'baseUrl is undefined; allowed is the public origin, such as https://app.example.com: it is required when NODE_ENV is "production"')
  t.equal(messageOf(() => parsePluginOptions({ baseUrl: 'https://app.example' })), 'no error')
  process.env.NODE_ENV = 'development'
  t.equal(messageOf(() => parsePluginOptions({})), 'no error')
})

t.test('signIn is a switch, or what the page is like', async (t) => {
  t.equal(parsePluginOptions({}).signIn, false)
  t.strictSame(parsePluginOptions({ signIn: true }).signIn, { title: 'Sign in' })
  t.strictSame(parsePluginOptions({ signIn: { stylesheet: '/brand.css' } }).signIn, { title: 'Sign in', stylesheet: '/brand.css' })
  for (const signIn of ['yes', 1, null]) t.match(messageOf(() => parsePluginOptions({ signIn })), /^signIn is .*; allowed is true, false, or an object with title, stylesheet$/)
  t.match(messageOf(() => parsePluginOptions({ signIn: { title: '' } })), 'signIn.title is ""; allowed is a non-empty string')
  t.match(messageOf(() => parsePluginOptions({ signIn: { stylesheet: 'https://cdn.example/a.css' } })), 'signIn.stylesheet is "https://cdn.example/a.css"; allowed is a path that begins with one /')
})

t.test('returnToUris take private-use schemes alone', async (t) => {
  for (const uri of ['https://app.example/', 'http://localhost/', 'javascript:alert(1)', 'data:text/html,x', '/path', '//evil.example', 'myapp:/x', '.app:/x', 'com.example.app', 'com.example.app:/a b', 'com.example.app:/\\', `com.example.app:/${'x'.repeat(2_000)}`, '']) {
    t.match(messageOf(() => parsePluginOptions({ returnToUris: [uri] })), 'a private-use scheme that holds a dot', uri)
  }
  t.strictSame(parsePluginOptions({ returnToUris: ['com.example.app:/signed-in', 'com.example-app.x://host/?a=b#c'] }).returnToUris, ['com.example.app:/signed-in', 'com.example-app.x://host/?a=b#c'])
  t.strictSame(parsePluginOptions({}).returnToUris, [])
})
