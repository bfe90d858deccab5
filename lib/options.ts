// One schema for everything that a user may pass; answers a new, frozen object. The only validator.
import * as v from 'valibot'
import type { OAuthPluginOptions, OAuthRouteOption, OAuthTenantFunction } from '../types/options.js'
import type { OAuthInjection, OAuthRouteRequirement } from '../types/fastify.js'
import { oauthError } from './errors.js'
import { acrValue, appUri, closed, flag, fn, instance, milliseconds, path, scopes, seconds, text, url } from './options-parts.js'
import { paramsOf, provider } from './options-provider.js'
import { tenantMembers } from './options-tenant.js'
import { clientOptions, exchangeOptions, ownTokenKeys, ownTokens } from './options-tokens.js'

export { isLoopback } from './options-parts.js'
export { isTenantName } from './options-tenant.js'

const secretKeys: ReadonlySet<string> = new Set(['secret', 'clientSecret', 'clientKey', 'clientCert', 'clientCertKey', 'serverCa', 'clientSecretClaims', 'requestTokenParams', 'authorizeParams', 'accessTokenParams', ...ownTokenKeys])
const providerNames = /^[A-Za-z0-9][\w.-]{0,63}$/

const providerName = v.pipe(v.string(), v.regex(providerNames, 'a provider name of letters, digits, "-", "_" and "."'))
const tenants = fn<OAuthTenantFunction>()
const oneOrTenants = v.lazy((input): v.GenericSchema<unknown, ProviderOptions | OAuthTenantFunction> => typeof input === 'function' ? tenants : provider)
const providers = v.record(providerName, oneOrTenants, 'an object of provider options')

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
    returnToUris: v.optional(v.array(appUri, 'an array of URIs'), []),
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
const injection = closed({
  request: v.optional(flag),
  response: v.optional(v.pipe(text('the name of a header'), v.regex(/^x-[a-z\d-]+$/i, 'the name of a header that begins with x-, such as x-access-token'), v.transform(name => name.toLowerCase()))),
  cookies: v.optional(v.array(text(), 'an array of names of cookies'))
})
const withoutGaps = ({ request = false, response, cookies = [] }: OAuthInjection) => ({ request, response, cookies })
type Account = NonNullable<OAuthRouteRequirement['account']>
const account = v.lazy((input): v.GenericSchema<unknown, Account> => typeof input === 'function' ? fn<Account>() : text('a non-empty string, or a function of the request'))
const acr = v.pipe(v.any(), v.transform(input => typeof input === 'string' ? [input] : input), v.array(acrValue, 'an acr value, or an array of them'))
const fullRequirement = closed({
  provider: text(),
  scope: v.optional(scopes),
  account: v.optional(account),
  acr: v.optional(acr),
  maxAge: v.optional(seconds),
  optional: v.optional(flag),
  inject: v.optional(injection),
  onUnauthorized: v.optional(fn<NonNullable<OAuthRouteRequirement['onUnauthorized']>>())
}, 'a provider\'s name, or ')
const requirement = v.pipe(
  v.lazy((input): v.GenericSchema<unknown, OAuthRouteRequirement> => typeof input === 'string' ? namedRequirement : fullRequirement),
  v.transform(({ provider, scope = [], account, acr, maxAge, optional = false, onUnauthorized, inject }) => ({ provider, scope: scope as readonly string[], account, acr: [acr ?? []].flat() as readonly string[], maxAge, optional, onUnauthorized, inject: inject && withoutGaps(inject) }))
)

/** The plugin's options, checked and completed. */
export type PluginOptions = Readonly<v.InferOutput<typeof plugin>>
/** A provider's options, checked and completed. */
export type ProviderOptions = Readonly<v.InferOutput<typeof provider>>
/** What a function answered in the place of a provider's options, checked and completed. */
export type TenantOptions = Readonly<v.InferOutput<typeof tenantMembers>> & { options: ProviderOptions & { untrustedAddresses: boolean } }
/** What a route needs, checked and completed. */
export type RouteRequirement = Readonly<v.InferOutput<typeof requirement>>

/** What app.oauth.client() was given, checked and completed. */
export type ClientOptions = Readonly<v.InferOutput<typeof clientOptions>>
/** What exchange() was given, checked and completed. */
export type ExchangeOptions = Readonly<v.InferOutput<typeof exchangeOptions>>
/** What a tokenGetter answered, checked and completed. */
export type OwnTokens = Readonly<v.InferOutput<typeof ownTokens>>

/** Checks the options of the plugin. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parsePluginOptions (given: unknown): PluginOptions {
  return parse(plugin, given, '')
}

/** Checks the options of one provider. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseProviderOptions (name: string, given: unknown, where = `providers.${name}`): ProviderOptions {
  parse(providerName, name, 'the name of a provider')
  return parse(provider, given, where)
}

/** The same, or a function that answers them, for whose answers see below. */
export function parseProvider (name: string, given: unknown): ProviderOptions | OAuthTenantFunction {
  if (typeof given !== 'function') return parseProviderOptions(name, given)
  parse(providerName, name, 'the name of a provider')
  return given as OAuthTenantFunction
}

/** Checks what a function in the place of a provider's options answered. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseTenantOptions (name: string, given: unknown): TenantOptions {
  const where = `providers.${name}()`
  const { tenant, baseUrl, untrustedAddresses } = parse(tenantMembers, given, where)
  const { tenant: _tenant, baseUrl: _baseUrl, untrustedAddresses: _untrusted, ...rest } = given as Record<string, unknown>
  return { tenant, baseUrl, untrustedAddresses, options: { ...parseProviderOptions(name, rest, where), untrustedAddresses } }
}

/** Checks what a route needs. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseRouteRequirement (given: unknown, where: string): RouteRequirement {
  return parse(requirement, given, where)
}

/** Checks parameters that a function answered, as those given as an object are. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseParams (given: unknown, where: string, protocol: 'oauth1' | 'oauth2' = 'oauth2'): Record<string, string> {
  return parse(paramsOf(protocol), given, where) as Record<string, string>
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
