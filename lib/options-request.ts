// What a login asks for besides scopes (RFC 8707, RFC 9396, OpenID Connect Core 1.0 section 3.1.2.1): the options, and their form on the wire.
import * as v from 'valibot'
import type { OAuthAuthorizationDetail, OAuthClaimsRequest, OAuthOfRequest } from '../types/authorization-request.js'
import { acrValue, closed, fn, seconds, text } from './options-parts.js'
import type { Refuse } from './options-parts.js'

const listOf = <const S extends v.GenericSchema<string, string>>(one: S, what: string) => v.pipe(v.any(), v.transform(input => typeof input === 'string' ? [input] : input), v.array(one, what), v.minLength(1, what))
const isResource = (input: string) => URL.canParse(input) && !input.includes('#')
const resource = listOf(v.pipe(text('an absolute URI'), v.check(isResource, 'an absolute URI without a fragment (RFC 8707 section 2)')), 'an absolute URI, or an array of them')
const details = 'an array of objects with a type (RFC 9396 section 2)'
const authorizationDetails = v.pipe(v.array(v.looseObject({ type: text(details) }, details), details), v.minLength(1, details))
const members = v.optional(v.record(v.string(), v.any(), 'an object of claims'))
const claims = v.pipe(closed({ userinfo: members, id_token: members }), v.check(input => Object.keys(input).length > 0, 'an object with userinfo or id_token'))
const locales = listOf(v.pipe(text('a language'), v.regex(/^[\w-]+$/, 'a language (BCP 47)')), 'a language, or an array of them')
const acrValues = listOf(acrValue, 'an acr value, or an array of them')
const prompt = v.pipe(text(), v.check(input => !/\s/.test(input.trim()) || !/(^|\s)none(\s|$)/.test(input), '"none" alone, or other values (OpenID Connect Core 1.0 section 3.1.2.1)'))

const values = { resource, authorizationDetails, claims, uiLocales: locales, acrValues, maxAge: seconds, prompt, loginHint: text() }

type Name = keyof typeof values

const ofRequest = <T>(value: v.GenericSchema<unknown, unknown>) => v.optional(v.lazy((input): v.GenericSchema<unknown, OAuthOfRequest<T>> => typeof input === 'function' ? fn<OAuthOfRequest<T>>() : value as v.GenericSchema<unknown, T>))

/** Of a provider: each may be a function of the request. */
export const requestEntries = {
  resource: ofRequest<readonly string[]>(resource),
  authorizationDetails: ofRequest<readonly OAuthAuthorizationDetail[]>(authorizationDetails),
  claims: ofRequest<OAuthClaimsRequest>(claims),
  uiLocales: ofRequest<readonly string[]>(locales),
  acrValues: ofRequest<readonly string[]>(acrValues),
  maxAge: ofRequest<number>(seconds),
  prompt: ofRequest<string>(prompt),
  loginHint: ofRequest<string>(text())
}

export const requestNames = Object.keys(requestEntries) as readonly Name[]

/** What one login may ask for by itself. */
export const loginParameters = v.partial(v.object({ resource, authorizationDetails, claims, uiLocales: locales }))
/** What the functions among the options answered. */
export const requestValues = v.partial(v.object(values))
/** The values of one login, checked. */
export type RequestValues = v.InferOutput<typeof requestValues>

/** Refuses what needs an id_token where there is none. */
export function checkRequest (given: { [name in Name]?: unknown } & { issuer?: string | undefined, scope?: readonly string[] | undefined }, refuse: Refuse): void {
  const isOpenId = given.issuer !== undefined && (given.scope?.includes('openid') ?? true)
  if (given.maxAge !== undefined && !isOpenId) refuse('maxAge', 'nothing: the id_token of an OpenID provider alone says when a user was authenticated')
}

/** The parameters as they are sent, but for those that may be repeated. */
export function requestParams ({ authorizationDetails, claims, uiLocales, acrValues, maxAge, prompt, loginHint }: RequestValues): Record<string, string> {
  const params = {
    authorization_details: authorizationDetails && JSON.stringify(authorizationDetails),
    claims: claims && JSON.stringify(claims),
    ui_locales: uiLocales?.join(' '),
    acr_values: acrValues?.join(' '),
    max_age: maxAge === undefined ? undefined : String(maxAge),
    prompt,
    login_hint: loginHint
  }
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
