// The schemas of tokens besides those of a login: what a tokenGetter answers, what a token of a service is asked for.
import * as v from 'valibot'
import { closed, flag, lifetime, oneOf, scopes, text } from './options-parts.js'
import { requestNames } from './options-request.js'

// Neither their order nor a repetition means anything.
const sorted = v.transform((values: string[]) => [...new Set(values)].sort())
const listOf = (what: string, check: (input: string) => boolean = () => true) => v.pipe(
  v.union([v.pipe(text(), v.transform(one => [one])), v.array(text())], `${what}, or an array of them`),
  v.check(values => values.every(check), `${what}, or an array of them`),
  sorted
)

const target = {
  audience: v.optional(listOf('a non-empty string'), []),
  resource: v.optional(listOf('an absolute URI without a fragment (RFC 8707 section 2)', input => URL.canParse(input) && !input.includes('#')), []),
  scope: v.optional(v.pipe(scopes, sorted))
}

/** What `app.oauth.client()` takes. */
export const clientOptions = closed({ owner: v.optional(text()), tenant: v.optional(text()), account: v.optional(text()), subject: v.optional(text()), ...target })
/** What `app.oauth.device()` takes. */
export const deviceOptions = closed({ owner: text(), tenant: v.optional(text()), ...target })
/** What `introspect()` takes. */
export const introspectOptions = closed({ hint: v.optional(oneOf('access_token', 'refresh_token')), cacheFor: v.optional(lifetime), signed: v.optional(flag) })
/** What `exchange()` takes. */
export const exchangeOptions = closed({ provider: v.optional(text()), requestedTokenType: v.optional(text()), ...target })

/** What the assertion of a provider holds. */
export const assertion = closed({
  issuer: v.optional(text()),
  subject: v.optional(v.nullable(text('a non-empty string, or null'))),
  audience: v.optional(text()),
  scopeIn: v.optional(oneOf('form', 'claim')),
  claims: v.optional(v.record(v.string(), v.string('a string'), 'an object of strings'))
})

const given = 'nothing: the provider gives it'
/** What `registerDynamically()` takes besides a provider's options. */
export const dynamicOptions = v.object({
  clientId: v.optional(v.undefined(given)),
  clientSecret: v.optional(v.undefined(given)),
  clientAuth: v.optional(v.pipe(v.unknown(), v.check(input => input !== 'client_secret_signed_jwt', 'another method: a secret that the client signs is registered by hand'))),
  initialAccessToken: v.optional(text()),
  metadata: v.optional(v.record(v.string(), v.unknown(), 'an object of client metadata (RFC 7591 section 2)'), {})
})

/** Any object: its members are checked by who takes them. */
export const dynamicParts = v.record(v.string(), v.unknown(), 'an object with a provider\'s options')

/** The options of a provider whose client is yet to be registered, with something in the place of what the provider will give. */
export function unregistered ({ initialAccessToken, metadata, ...options }: Record<string, unknown>): Record<string, unknown> {
  const { clientAuth, clientKey, clientCert } = options
  const wantsSecret = clientAuth === undefined ? clientKey === undefined && clientCert === undefined : String(clientAuth).startsWith('client_secret')
  return { ...options, clientId: 'unregistered', ...(wantsSecret ? { clientSecret: 'unregistered' } : {}) }
}

// A row of a table has null for what it lacks, and columns of its own.
const maybe = <const S extends v.GenericSchema>(schema: S) => v.pipe(v.nullish(schema), v.transform(value => value ?? undefined))

/** What a tokenGetter answers. */
export const ownTokens = v.nullish(v.object({
  accessToken: text(),
  tokenSecret: maybe(text()),
  tokenType: maybe(text()),
  scope: maybe(scopes),
  expiresAt: maybe(v.number('milliseconds since the epoch'))
}, issue => issue.expected === 'Object' ? 'null, or an object with accessToken' : 'a value: it is required'), null)

/** Members of a tokenGetter's answer that a message must not show, whatever stands there. */
export const ownTokenKeys = ['accessToken', 'tokenSecret', 'tokenType', 'expiresAt'] as const

const ofLogins = [...requestNames, 'authorizeUrl', 'deviceAuthorizationUrl', 'userinfoUrl', 'jwksUrl', 'authorizeParams', 'profile', 'callbackUrl', 'defaultReturnTo', 'tokenGetter'] as const

interface GrantOptions extends Partial<Record<typeof ofLogins[number], unknown>> {
  grant?: 'client_credentials' | 'jwt_bearer' | undefined
  assertion?: unknown
  clientSecret?: string | undefined
  clientKey?: unknown
  clientCert?: string | undefined
  clientAuth?: string | undefined
  accessTokenParams?: unknown
  allowCrossSiteStart: boolean
}

type RefuseOption = (key: keyof GrantOptions, allowed: string, value?: unknown) => void

/** Checks what the grant of a provider needs, and what it has no use for. */
export function checkGrant (given: GrantOptions, refuse: RefuseOption): void {
  if (given.assertion !== undefined && given.grant !== 'jwt_bearer') refuse('assertion', 'nothing: it is for grant "jwt_bearer"')
  if (given.grant === undefined) return
  const because = `since grant is "${given.grant}"`
  for (const key of ofLogins) if (given[key] !== undefined) refuse(key, `nothing, ${because} and there are no logins`, given[key])
  if (given.allowCrossSiteStart) refuse('allowCrossSiteStart', `nothing, ${because} and there are no logins`, true)
  checkCredentials(given, refuse, because)
  if (typeof given.accessTokenParams === 'function') refuse('accessTokenParams', `an object of strings, ${because} and there is no request`, given.accessTokenParams)
}

function checkCredentials ({ grant, clientSecret, clientKey, clientCert, clientAuth }: GrantOptions, refuse: RefuseOption, because: string): void {
  if (grant === 'jwt_bearer') {
    if (clientKey === undefined) refuse('clientKey', `a private key, or a function that signs, ${because}`)
    return
  }
  if (clientSecret === undefined && clientKey === undefined && clientCert === undefined) refuse('clientSecret', `a non-empty string (or give clientKey or clientCert), ${because}`)
  if (clientAuth === 'none') refuse('clientAuth', `another method than "none", ${because}`, clientAuth)
}
