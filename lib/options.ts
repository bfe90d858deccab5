// One schema for everything that a user may pass; answers a new, frozen object. The only validator.
import * as v from 'valibot'
import type { OAuthPluginOptions, OAuthRouteOption } from '../types/options.js'
import type { OAuthRouteRequirement } from '../types/fastify.js'
import { oauthError } from './errors.js'
import { closed, fn, instance, path, scopes, text, url } from './options-parts.js'
import { paramsOf, provider } from './options-provider.js'

export { isLoopback } from './options-parts.js'

const secretKeys: ReadonlySet<string> = new Set(['secret', 'clientSecret', 'clientKey', 'clientCert', 'clientCertKey', 'serverCa', 'clientSecretClaims', 'requestTokenParams', 'authorizeParams', 'accessTokenParams'])
const providerNames = /^[A-Za-z0-9][\w.-]{0,63}$/
// Timers take no more than 2^31-1, and fire at once when they are given it.
const longest = 2 ** 31 - 1
const duration = `a whole number of milliseconds from 1 to ${longest}`
const milliseconds = v.pipe(v.number(duration), v.integer(duration), v.minValue(1, duration), v.maxValue(longest, duration))

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
export function parseParams (given: unknown, where: string, protocol: 'oauth1' | 'oauth2' = 'oauth2'): Record<string, string> {
  return parse(paramsOf(protocol), given, where) as Record<string, string>
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
const takesNoText: ReadonlySet<string> = new Set(['custom', 'lazy', 'record', 'strict_object', 'union'])

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
