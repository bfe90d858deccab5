// The schemas of tokens besides those of a login: what a tokenGetter answers, what a token of a service is asked for.
import * as v from 'valibot'
import { closed, scopes, text } from './options-parts.js'

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
export const clientOptions = closed({ owner: v.optional(text()), tenant: v.optional(text()), account: v.optional(text()), ...target })
/** What `exchange()` takes. */
export const exchangeOptions = closed({ provider: v.optional(text()), requestedTokenType: v.optional(text()), ...target })

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

const ofLogins = ['authorizeUrl', 'userinfoUrl', 'jwksUrl', 'authorizeParams', 'profile', 'callbackUrl', 'defaultReturnTo', 'tokenGetter'] as const

interface GrantOptions extends Partial<Record<typeof ofLogins[number], unknown>> {
  grant?: 'client_credentials' | undefined
  clientSecret?: string | undefined
  clientKey?: unknown
  clientCert?: string | undefined
  clientAuth?: string | undefined
  accessTokenParams?: unknown
  allowCrossSiteStart: boolean
}

/** Checks what the grant of a provider needs, and what it has no use for. */
export function checkGrant (given: GrantOptions, refuse: (key: keyof GrantOptions, allowed: string, value?: unknown) => void): void {
  if (given.grant === undefined) return
  const because = `since grant is "${given.grant}"`
  for (const key of ofLogins) if (given[key] !== undefined) refuse(key, `nothing, ${because} and there are no logins`, given[key])
  if (given.allowCrossSiteStart) refuse('allowCrossSiteStart', `nothing, ${because} and there are no logins`, true)
  if (given.clientSecret === undefined && given.clientKey === undefined && given.clientCert === undefined) refuse('clientSecret', `a non-empty string (or give clientKey or clientCert), ${because}`)
  if (given.clientAuth === 'none') refuse('clientAuth', `another method than "none", ${because}`, given.clientAuth)
  if (typeof given.accessTokenParams === 'function') refuse('accessTokenParams', `an object of strings, ${because} and there is no request`, given.accessTokenParams)
}
