// The schemas of what a provider declares: its deviations from the RFCs, and where its answers hold a profile.
import * as v from 'valibot'
import type { OAuthProfileMap, OAuthProfileSource } from '../types/profile.js'
import { closed, endpoint, fn, flag, milliseconds, oneOf, text, url } from './options-parts.js'

const errorStatus = 'a status from 400 to 599'
const pointer = v.pipe(v.string('a JSON pointer'), v.regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer (RFC 6901), such as /data/0'))
// Not to the whole of an answer.
const placed = v.pipe(text('a JSON pointer'), v.regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON pointer, such as /error (RFC 6901)'))
const word = v.pipe(text(), v.regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces'))
const words = v.array(word, 'an array of names')
const named = v.record(v.string(), word, 'an object of names')
const strings = v.record(v.string(), v.string('a string'), 'an object of strings')
// Those that would say where a message begins and ends, or for whom it is.
const framing = /^(?!(content-length|transfer-encoding|connection|host|te|trailer|upgrade|expect|authorization|cookie)$)[a-z\d!#$%&'*+.^_`|~-]+$/
const headerName = v.pipe(v.string(), v.regex(framing, 'the name of a header in lower case, and none of HTTP itself'))
const headers = v.record(headerName, v.pipe(v.string('a header\'s value'), v.regex(/^[\x20-\x7e]+$/, 'printable ASCII')), 'an object of headers')

const tokenAnswer = closed({
  path: v.optional(pointer),
  fields: v.optional(v.record(v.string(), pointer, 'an object of JSON pointers')),
  expiresAt: v.optional(closed({ pointer, unit: oneOf('s', 'ms', 'date') })),
  error: v.optional(closed({ code: pointer, description: v.optional(pointer), invalidGrant: v.optional(v.array(text(), 'an array of codes')) }))
})

const accessTokenIn = v.union([
  v.strictObject({ scheme: v.pipe(v.string(), v.regex(/^[\w-]*$/)) }),
  v.strictObject({ header: headerName, scheme: v.optional(word) }),
  v.strictObject({ query: word })
], 'an object with scheme, header or query')

const longLivedStep = closed({ url: endpoint, grantType: word })
const strategy = v.variant('name', [
  v.strictObject({ name: v.literal('signed-callback') }),
  v.strictObject({ name: v.literal('long-lived-token'), exchange: longLivedStep, refresh: longLivedStep }),
  v.strictObject({ name: v.literal('secret-hash') }),
  v.strictObject({ name: v.literal('app-token'), userUrl: endpoint }),
  v.strictObject({ name: v.literal('signed-parameters'), tokenMethod: word, userinfoMethod: word })
], 'an object with name "signed-callback", "long-lived-token", "secret-hash", "app-token" or "signed-parameters", and what that needs')

/** What only OAuth 2 knows. */
export const quirksOfOAuth2 = {
  pkce: v.optional(oneOf('unsupported', 'plain')),
  nonce: v.optional(oneOf('not-echoed')),
  tenantIssuer: v.optional(v.pipe(url, v.check(input => input.split('{tenantid}').length === 2, 'an issuer URL with {tenantid} in it'))),
  refreshGrace: v.optional(milliseconds),
  basicAuth: v.optional(oneOf('raw')),
  endSessionReturnParam: v.optional(word),
  assertionAudience: v.optional(oneOf('token-endpoint')),
  paramNames: v.optional(closed({ authorize: v.optional(named), callback: v.optional(named), token: v.optional(named) })),
  authorizeFragment: v.optional(word),
  redirectUri: v.optional(word),
  callbackParams: v.optional(words),
  tokenRequest: v.optional(closed({
    body: v.optional(oneOf('json', 'query')),
    omit: v.optional(words),
    grantType: v.optional(word),
    scope: v.optional(flag),
    params: v.optional(strings),
    callbackParams: v.optional(words),
    secretHeader: v.optional(headerName)
  })),
  refresh: v.optional(closed({ url: v.optional(endpoint), params: v.optional(strings), scope: v.optional(flag) })),
  tokenAnswer: v.optional(tokenAnswer),
  headers: v.optional(headers),
  accessTokenIn: v.optional(accessTokenIn),
  userinfo: v.optional(closed({
    method: v.optional(oneOf('GET', 'POST')),
    json: v.optional(v.record(v.string(), v.unknown(), 'an object')),
    form: v.optional(strings),
    from: v.optional(oneOf('token-answer'))
  })),
  strategy: v.optional(strategy)
}

/** What only OAuth 1.0a knows. */
export const quirksOfOAuth1 = {
  oauth1Revision: v.optional(oneOf('1.0')),
  oauth1CallbackOnAuthorize: v.optional(flag),
  oauth1RequestTokenMethod: v.optional(oneOf('GET', 'POST')),
  oauth1ScopeOnRequestToken: v.optional(flag),
  oauth1Parameters: v.optional(oneOf('header', 'query', 'body')),
  oauth1BodyHash: v.optional(flag)
}

export const quirks = closed({
  scopeDelimiter: v.optional(text()),
  scopeParam: v.optional(text()),
  rateLimit: v.optional(closed({ reset: headerName, unit: oneOf('seconds', 'epoch', 'date'), remaining: v.optional(headerName) })),
  insufficientScope: v.optional(v.pipe(
    closed({
      status: v.optional(v.pipe(v.number(errorStatus), v.integer(errorStatus), v.minValue(400, errorStatus), v.maxValue(599, errorStatus))),
      error: v.optional(text()),
      bodyContains: v.optional(text()),
      body: v.optional(closed({ pointer: placed, value: v.union([v.string(), v.number(), v.boolean()], 'a text, a number, true or false'), scope: v.optional(placed) }))
    }),
    v.check(({ status, body }) => status !== undefined || body !== undefined, 'an object with status, body or both')
  )),
  ...quirksOfOAuth2,
  ...quirksOfOAuth1
})

const single = v.union([pointer, v.strictObject({ join: v.array(pointer) }), v.strictObject({ template: text() })])
const source: v.GenericSchema<unknown, OAuthProfileSource> = v.union([single, v.array(single)], 'a JSON pointer, { join }, { template }, or an array of these')

const profileMap: v.GenericSchema<unknown, OAuthProfileMap> = closed({
  root: v.optional(pointer),
  id: v.optional(source),
  name: v.optional(source),
  email: v.optional(source),
  emailVerified: v.optional(source),
  username: v.optional(source),
  picture: v.optional(source),
  emails: v.optional(closed({ url: endpoint, list: v.optional(pointer), email: pointer, verified: pointer, primary: v.optional(pointer) }))
}, 'a function, or ') as never

/** The option profile. */
export const profile = <F extends (...args: never) => unknown>() => {
  const asFunction = fn<F>()
  return v.lazy((input): v.GenericSchema<unknown, F | OAuthProfileMap> => typeof input === 'function' ? asFunction : profileMap)
}
