// One schema for everything that a user may pass; answers a new, frozen object. The only validator.
import * as v from 'valibot'
import type { OAuthExtraParams, OAuthPluginOptions, OAuthProviderOptions, OAuthRouteOption } from '../types/options.js'
import type { OAuthRouteRequirement } from '../types/fastify.js'
import { oauthError } from './errors.js'
import { checkGrant, clientOptions, exchangeOptions, ownTokenKeys, ownTokens } from './options-tokens.js'

/** Parameters that the protocol sets itself (RFC 6749 section 4.1, RFC 7636, OpenID Connect Core 1.0 section 3.1.2.1). */
export const reservedParams: ReadonlySet<string> = new Set([
  'client_id', 'client_secret', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce',
  'code', 'code_verifier', 'code_challenge', 'code_challenge_method', 'grant_type', 'refresh_token'
])

const secretKeys: ReadonlySet<string> = new Set(['secret', 'clientSecret', 'authorizeParams', 'accessTokenParams', ...ownTokenKeys])
const providerNames = /^[A-Za-z0-9][\w.-]{0,63}$/
const loopbackHosts = /^(localhost|(.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL stays on this machine (RFC 8252 section 8.3). */
export function isLoopback (url: URL): boolean {
  return loopbackHosts.test(url.hostname)
}

const text = (what = 'a non-empty string') => v.pipe(v.string(what), v.nonEmpty(what))
const oneOf = <const T extends readonly string[]>(...values: T) => v.picklist(values, `one of ${values.map(value => `"${value}"`).join(', ')}`)
const fn = <T>() => v.custom<T>(input => typeof input === 'function', 'a function')
const flag = v.boolean('true or false')
// Timers take no more than 2^31-1, and fire at once when they are given it.
const longest = 2 ** 31 - 1
const duration = `a whole number of milliseconds from 1 to ${longest}`
const milliseconds = v.pipe(v.number(duration), v.integer(duration), v.minValue(1, duration), v.maxValue(longest, duration))
const scopes = v.array(v.pipe(text('a scope'), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope without spaces (RFC 6749 section 3.3)')), 'an array of scopes')

function closed <const T extends v.ObjectEntries> (entries: T, instead = '') {
  const known = Object.keys(entries).join(', ')
  return v.strictObject(entries, issue => issue.expected === 'never' ? `one of the options ${known}` : issue.expected === 'Object' ? `${instead}an object with ${known}` : 'a value: it is required')
}

function instance <T> (what: string, ...methods: string[]) {
  return v.custom<T>(input => typeof input === 'object' && input !== null && methods.every(name => typeof Reflect.get(input, name) === 'function'), what)
}

function parseUrl (input: string): URL | undefined {
  return URL.canParse(input) ? new URL(input) : undefined
}

const url = v.pipe(text('an absolute URL'), v.check(input => /^https?:$/.test(parseUrl(input)?.protocol ?? ''), 'an absolute http or https URL'))
const endpoint = v.pipe(url, v.check(input => new URL(input).hash === '', 'an absolute URL without a fragment (RFC 6749 section 3.1)'))
const origin = v.pipe(url, v.check(input => `${new URL(input).origin}` === input.replace(/\/$/, ''), 'an origin, such as https://api.example.com'))
const path = v.pipe(text('a path that begins with one /'), v.regex(/^\/(?![/\\])[^\\\s]*$/, 'a path that begins with one /'))

const params = v.union([
  fn<Exclude<OAuthExtraParams, Record<string, string>>>(),
  v.pipe(
    v.record(v.string(), v.string('a string'), 'an object of strings'),
    v.check(input => !Object.keys(input).some(name => reservedParams.has(name)), `an object without ${[...reservedParams].join(', ')}: the plugin sets these itself`)
  )
], 'an object of strings, or a function that answers one')

const quirks = closed({
  pkce: v.optional(oneOf('unsupported')),
  scopeDelimiter: v.optional(text()),
  nonce: v.optional(oneOf('not-echoed')),
  refreshGrace: v.optional(milliseconds)
})

const endpoints = ['authorizeUrl', 'accessTokenUrl', 'userinfoUrl', 'revocationUrl', 'jwksUrl', 'issuer', 'apiBaseUrl'] as const

const provider = v.pipe(
  closed({
    clientId: text(),
    clientSecret: v.optional(text()),
    clientAuth: v.optional(oneOf('client_secret_basic', 'client_secret_post', 'none')),
    scope: v.optional(scopes),
    issuer: v.optional(v.pipe(url, v.check(input => !/[?#]/.test(input), 'an issuer URL without query and fragment (RFC 8414 section 2)'))),
    authorizeUrl: v.optional(endpoint),
    accessTokenUrl: v.optional(endpoint),
    userinfoUrl: v.optional(endpoint),
    revocationUrl: v.optional(endpoint),
    jwksUrl: v.optional(endpoint),
    apiBaseUrl: v.optional(endpoint),
    apiOrigins: v.optional(v.array(origin, 'an array of origins'), []),
    authorizeParams: v.optional(params),
    accessTokenParams: v.optional(params),
    grant: v.optional(oneOf('client_credentials')),
    tokenGetter: v.optional(fn<NonNullable<OAuthProviderOptions['tokenGetter']>>()),
    profile: v.optional(fn<NonNullable<OAuthProviderOptions['profile']>>()),
    quirks: v.optional(quirks, {}),
    callbackUrl: v.optional(v.pipe(endpoint, v.check(input => new URL(input).search === '', 'an absolute URL without a query'))),
    defaultReturnTo: v.optional(path),
    allowCrossSiteStart: v.optional(flag, false),
    allowInsecureRequests: v.optional(flag, false)
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) {
      const given = dataset.value
      const refuse = (key: string, message: string, value?: unknown) => addIssue({ message, input: value, path: [{ type: 'object', origin: 'value', input: given, key, value }] })
      if (given.issuer === undefined && given.authorizeUrl === undefined && given.grant === undefined) refuse('authorizeUrl', 'a URL, since there is no issuer to discover it from')
      if (given.issuer === undefined && given.accessTokenUrl === undefined) refuse('accessTokenUrl', 'a URL, since there is no issuer to discover it from')
      if (given.jwksUrl !== undefined && given.issuer === undefined) refuse('issuer', 'a URL, since an id_token is verified against its issuer as well as the keys of jwksUrl')
      if (given.clientSecret === undefined && given.clientAuth?.startsWith('client_secret')) refuse('clientSecret', `a non-empty string, since clientAuth is "${given.clientAuth}"`)
      checkGrant(given, refuse)
      const allowed = 'an https URL (http is for loopback, unless allowInsecureRequests is true)'
      const insecure = (value: string | undefined) => value !== undefined && !given.allowInsecureRequests && new URL(value).protocol === 'http:' && !isLoopback(new URL(value))
      for (const key of endpoints) if (insecure(given[key])) refuse(key, allowed, given[key])
      for (const value of given.apiOrigins) if (insecure(value)) refuse('apiOrigins', allowed, value)
    }
  })
)

const providerName = v.pipe(v.string(), v.regex(providerNames, 'a provider name of letters, digits, "-", "_" and "."'))
const providers = v.record(providerName, provider, 'an object of provider options')

const longSecret = 'a string or Buffer of at least 32 bytes'
const secretPart = v.pipe(v.union([v.string(), v.instance(Uint8Array)], longSecret), v.check(input => Buffer.byteLength(input) >= 32, longSecret))
const secrets = `${longSecret}, or an array of them`
const secret = v.union([v.pipe(secretPart, v.transform(part => [part])), v.pipe(v.array(secretPart), v.minLength(1, secrets))], secrets)

const route = v.custom<OAuthRouteOption>(input => input === false || (typeof input === 'object' && input !== null && !Array.isArray(input)), 'false, or Fastify route options')

const plugin = v.pipe(
  closed({
    providers: v.optional(providers, {}),
    baseUrl: v.optional(v.pipe(url, v.check(input => !/[?#@]/.test(input), 'a public origin such as https://app.example.com'), v.transform(input => input.replace(/\/+$/, '')))),
    prefix: v.optional(v.pipe(path, v.regex(/^(\/[\w.~-]+)+\/?$/, 'a path of plain segments, such as /oauth'), v.transform(input => input.replace(/\/$/, ''))), '/oauth'),
    secret: v.optional(secret),
    store: v.optional(instance<NonNullable<OAuthPluginOptions['store']>>('a grant store with get, put, delete, list, lease and claim', 'get', 'put', 'delete', 'list', 'lease', 'claim')),
    owner: v.optional(fn<NonNullable<OAuthPluginOptions['owner']>>()),
    session: v.optional(closed({
      secret: v.optional(v.pipe(v.string('a string of at least 32 characters'), v.minLength(32, 'a string of at least 32 characters'))),
      keep: v.optional(v.array(text(), 'an array of session keys'), [])
    }), {}),
    returnTo: v.optional(path, '/'),
    onAuthorized: v.optional(fn<NonNullable<OAuthPluginOptions['onAuthorized']>>()),
    onDenied: v.optional(fn<NonNullable<OAuthPluginOptions['onDenied']>>()),
    onGrantChange: v.optional(fn<NonNullable<OAuthPluginOptions['onGrantChange']>>()),
    onError: v.optional(fn<NonNullable<OAuthPluginOptions['onError']>>()),
    routes: v.optional(closed({ login: v.optional(route, {}), callback: v.optional(route, {}), logout: v.optional(route, {}) }), {}),
    dispatcher: v.optional(instance<NonNullable<OAuthPluginOptions['dispatcher']>>('an undici Dispatcher', 'dispatch', 'compose')),
    timeout: v.optional(milliseconds, 10_000),
    loginTimeout: v.optional(milliseconds, 600_000),
    clock: v.optional(fn<() => number>(), () => Date.now)
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed && dataset.value.baseUrl === undefined && process.env.NODE_ENV === 'production') {
      addIssue({ message: 'the public origin, such as https://app.example.com: it is required when NODE_ENV is "production"', input: undefined, path: [{ type: 'object', origin: 'value', input: dataset.value, key: 'baseUrl', value: undefined }] })
    }
  })
)

const namedRequirement = v.pipe(text(), v.transform((provider): OAuthRouteRequirement => ({ provider })))
const fullRequirement = closed({ provider: text(), scope: v.optional(scopes), account: v.optional(text()) }, 'a provider\'s name, or ')
const requirement = v.pipe(
  v.lazy((input): v.GenericSchema<unknown, OAuthRouteRequirement> => typeof input === 'string' ? namedRequirement : fullRequirement),
  v.transform(given => ({ provider: given.provider, scope: given.scope ?? [], account: given.account }))
)

/** The plugin's options, checked and completed. */
export type PluginOptions = Readonly<v.InferOutput<typeof plugin>>
/** A provider's options, checked and completed. */
export type ProviderOptions = Readonly<v.InferOutput<typeof provider>>
/** What app.oauth.client() was given, checked and completed. */
export type ClientOptions = Readonly<v.InferOutput<typeof clientOptions>>
/** What exchange() was given, checked and completed. */
export type ExchangeOptions = Readonly<v.InferOutput<typeof exchangeOptions>>
/** What a tokenGetter answered, checked and completed. */
export type OwnTokens = Readonly<v.InferOutput<typeof ownTokens>>
/** A route's config.oauth, checked and completed. */
export type RouteRequirement = Readonly<v.InferOutput<typeof requirement>>

/** Checks the options of the plugin. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parsePluginOptions (given: unknown): PluginOptions {
  return parse(plugin, given, '')
}

/** Checks the options of one provider. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseProviderOptions (name: string, given: unknown): ProviderOptions {
  parse(providerName, name, 'the name of a provider')
  return parse(provider, given, `providers.${name}`)
}

/** Checks the config.oauth of a route. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseRouteRequirement (given: unknown, where: string): RouteRequirement {
  return parse(requirement, given, `config.oauth of ${where}`)
}

/** Checks parameters that a function answered, as those given as an object are. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseParams (given: unknown, where: string): Record<string, string> {
  return parse(params, given, where) as Record<string, string>
}

/** Checks the options of app.oauth.client(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseClientOptions (given: unknown): ClientOptions {
  return parse(clientOptions, given, 'app.oauth.client()')
}

/** Checks the options of exchange(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseExchangeOptions (given: unknown): ExchangeOptions {
  return parse(exchangeOptions, given, 'exchange()')
}

/** Checks what a tokenGetter answered. Throws FST_OAUTH_INVALID_OPTIONS, which shows nothing of it. */
export function parseOwnTokens (given: unknown, where: string): OwnTokens {
  return parse(ownTokens, given, where)
}

function parse <S extends v.GenericSchema> (schema: S, given: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, given, { abortPipeEarly: true })
  if (!result.success) throw oauthError('FST_OAUTH_INVALID_OPTIONS', [result.issues.map(issue => explain(issue, where)).join('; ')])
  return freeze(result.output, given)
}

function explain (issue: v.BaseIssue<unknown>, where: string): string {
  const keys = issue.path?.map(item => String(item.key)) ?? []
  const at = [where, ...keys].filter(part => part !== '').join('.') || 'options'
  // A key that is not known is itself what was given.
  const given = issue.expected === 'never' ? 'not an option' : describe(issue, keys.some(key => secretKeys.has(key)))
  return `${at} is ${given}; allowed is ${issue.message}`
}

// Where no text belongs, it may be anything: a secret, or the address of a store with its password.
const takesNoText: ReadonlySet<string> = new Set(['custom', 'lazy', 'object', 'record', 'strict_object', 'union'])

function describe ({ input, type }: v.BaseIssue<unknown>, isSecret: boolean): string {
  if (typeof input === 'string') {
    if (isSecret || takesNoText.has(type)) return `a string of ${input.length} characters`
    return JSON.stringify(input.replace(/\/\/.*@/s, '//...@').slice(0, 100))
  }
  if (typeof input === 'number' || typeof input === 'boolean') return isSecret ? `a ${typeof input}` : String(input)
  if (input === null || input === undefined) return String(input)
  if (Array.isArray(input)) return 'an array'
  return typeof input === 'function' ? 'a function' : `an ${input instanceof Uint8Array ? `array of ${input.byteLength} bytes` : 'object'}`
}

// Only what the schema made itself is frozen: a store, a dispatcher or an array that is still the caller's is not.
function freeze <T> (value: T, given: unknown): T {
  if (typeof value !== 'object' || value === null || value === given || ArrayBuffer.isView(value)) return value
  for (const [key, member] of Object.entries(value)) {
    freeze(member, typeof given === 'object' && given !== null ? Reflect.get(given, key) : undefined)
  }
  return Object.freeze(value)
}
