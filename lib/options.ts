// One schema for everything that a user may pass; answers a new, frozen object. The only validator.
import * as v from 'valibot'
import type { OAuthPluginOptions, OAuthRouteOption } from '../types/options.js'
import type { OAuthTenantFunction } from '../types/options-provider.js'
import type { OAuthInjection, OAuthRouteRequirement } from '../types/fastify.js'
import { completeProvider, completeProviders } from './options-catalogue.js'
import { parse } from './options-parse.js'
import { acrValue, appUri, closed, flag, fn, instance, milliseconds, path, scopes, seconds, text, url } from './options-parts.js'
import { paramsOf, provider } from './options-provider.js'
import { loginParameters, requestValues } from './options-request.js'
import type { RequestValues } from './options-request.js'
import { tenantMembers } from './options-tenant.js'
import { clientOptions, deviceOptions, dynamicOptions, dynamicParts, exchangeOptions, introspectOptions, ownTokens, unregistered } from './options-tokens.js'

export { isLoopback } from './options-parts.js'
export { requestNames, requestParams } from './options-request.js'
export { isTenantName } from './options-tenant.js'
export type { RequestValues }

const providerNames = /^[A-Za-z0-9][\w.-]{0,63}$/

const namedProviders = 'an object of provider options'
const providerName = v.pipe(v.string(), v.regex(providerNames, 'a provider name of letters, digits, "-", "_" and "."'))
const tenants = fn<OAuthTenantFunction>()
const oneOrTenants = v.lazy((input): v.GenericSchema<unknown, ProviderOptions | OAuthTenantFunction> => typeof input === 'function' ? tenants : provider)
const providers = v.pipe(v.custom<Record<string, unknown>>(input => !Array.isArray(input), namedProviders), v.record(providerName, oneOrTenants, namedProviders))

const longSecret = 'a string or Buffer of at least 32 bytes'
const secretPart = v.pipe(v.union([v.string(), v.instance(Uint8Array)], longSecret), v.check(input => Buffer.byteLength(input) >= 32, longSecret))
const secrets = `${longSecret}, or an array of them`
const secret = v.union([v.pipe(secretPart, v.transform(part => [part])), v.pipe(v.array(secretPart), v.minLength(1, secrets))], secrets)

const route = v.custom<OAuthRouteOption>(input => input === false || (typeof input === 'object' && input !== null && !Array.isArray(input)), 'false, or Fastify route options')

const signInPage = closed({ title: v.optional(text(), 'Sign in'), stylesheet: v.optional(path) }, 'true, false, or ')
const signIn = v.lazy((input): v.GenericSchema<unknown, false | v.InferOutput<typeof signInPage>> => input === false ? v.literal(false) : signInPage)

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
    onLogout: v.optional(fn<NonNullable<OAuthPluginOptions['onLogout']>>()),
    onError: v.optional(fn<NonNullable<OAuthPluginOptions['onError']>>()),
    signIn: v.optional(v.pipe(v.unknown(), v.transform(input => input === true ? {} : input), signIn), false),
    routes: v.optional(closed({ login: v.optional(route, {}), callback: v.optional(route, {}), logout: v.optional(route, {}), backchannelLogout: v.optional(route, {}), signIn: v.optional(route, {}) }), {}),
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
  silent: v.optional(flag),
  optional: v.optional(flag),
  inject: v.optional(injection),
  onUnauthorized: v.optional(fn<NonNullable<OAuthRouteRequirement['onUnauthorized']>>())
}, 'a provider\'s name, or ')
const requirement = v.pipe(
  v.lazy((input): v.GenericSchema<unknown, OAuthRouteRequirement> => typeof input === 'string' ? namedRequirement : fullRequirement),
  v.transform(({ provider, scope = [], account, acr, maxAge, silent = false, optional = false, onUnauthorized, inject }) => ({ provider, scope: scope as readonly string[], account, acr: [acr ?? []].flat() as readonly string[], maxAge, silent, optional, onUnauthorized, inject: inject && withoutGaps(inject) }))
)

/** The plugin's options, checked and completed. */
export type PluginOptions = Readonly<v.InferOutput<typeof plugin>>
/** A provider's options, checked and completed. */
export type ProviderOptions = Readonly<v.InferOutput<typeof provider>>
/** What a function answered in the place of a provider's options, checked and completed. */
export type TenantOptions = Readonly<Omit<v.InferOutput<typeof tenantMembers>, 'untrustedAddresses'>> & { options: ProviderOptions }
/** What a route needs, checked and completed. */
export type RouteRequirement = Readonly<v.InferOutput<typeof requirement>>

/** What app.oauth.client() was given, checked and completed. */
export type ClientOptions = Readonly<v.InferOutput<typeof clientOptions>>
/** What app.oauth.device() was given, checked and completed. */
export type DeviceOptions = Readonly<v.InferOutput<typeof deviceOptions>>
/** What exchange() was given, checked and completed. */
export type ExchangeOptions = Readonly<v.InferOutput<typeof exchangeOptions>>
/** What a tokenGetter answered, checked and completed. */
export type OwnTokens = Readonly<v.InferOutput<typeof ownTokens>>

/** Checks the options of the plugin. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parsePluginOptions (given: unknown): PluginOptions {
  return parse(plugin, completeProviders(given), '')
}

/** Checks the options of one provider. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseProviderOptions (name: string, given: unknown, where = `providers.${name}`): ProviderOptions {
  parse(providerName, name, 'the name of a provider')
  return parse(provider, completeProvider(name, given), where)
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
  // Whatever the protocol; as a provider's option it is for OAuth 2 alone.
  const parsed = parseProviderOptions(name, rest.allowedAddresses === undefined ? rest : { ...rest, untrustedAddresses }, where)
  return { tenant, baseUrl, options: { ...parsed, untrustedAddresses } }
}

/** Checks the options of registerDynamically(), as those of a client that is yet to be registered. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseDynamicOptions (name: string, given: unknown): Readonly<v.InferOutput<typeof dynamicOptions>> & { options: ProviderOptions } {
  const members = parse(dynamicParts, given, `providers.${name}`)
  return { ...parse(dynamicOptions, members, `providers.${name}`), options: parseProviderOptions(name, unregistered(members)) }
}

/** Checks what a route needs. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseRouteRequirement (given: unknown, where: string): RouteRequirement {
  return parse(requirement, given, where)
}

/** Checks parameters that a function answered, as those given as an object are. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseParams (given: unknown, where: string, protocol: 'oauth1' | 'oauth2' = 'oauth2'): Record<string, string> {
  return parse(paramsOf(protocol), given, where) as Record<string, string>
}

/** Checks what functions of the request answered. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseRequestValues (given: unknown, where: string): RequestValues {
  return parse(requestValues, given, where)
}

/** Checks what a login asks for by itself. Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseLoginParameters (given: unknown, where: string): v.InferOutput<typeof loginParameters> {
  return parse(loginParameters, given, where)
}

/** Checks the options of app.oauth.client(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseClientOptions (given: unknown): ClientOptions {
  return parse(clientOptions, given, 'app.oauth.client()')
}

/** Checks the options of app.oauth.device(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseDeviceOptions (given: unknown): DeviceOptions {
  return parse(deviceOptions, given, 'app.oauth.device()')
}

/** Checks the options of introspect(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseIntrospectOptions (given: unknown): Readonly<v.InferOutput<typeof introspectOptions>> {
  return parse(introspectOptions, given, 'introspect()')
}

/** Checks the options of exchange(). Throws FST_OAUTH_INVALID_OPTIONS. */
export function parseExchangeOptions (given: unknown): ExchangeOptions {
  return parse(exchangeOptions, given, 'exchange()')
}

/** Checks what a tokenGetter answered. Throws FST_OAUTH_INVALID_OPTIONS, which shows nothing of it. */
export function parseOwnTokens (given: unknown, where: string): OwnTokens {
  return parse(ownTokens, given, where)
}
