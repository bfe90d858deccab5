// The schema of one provider's options. requestTokenUrl decides between OAuth 1.0a and OAuth 2; options of the other are refused.
import * as v from 'valibot'
import type { OAuthCatalogueName } from '../types/catalogue-names.js'
import type { OAuthExtraParams, OAuthProviderOptions } from '../types/options-provider.js'
import { algsOf } from './client-key.js'
import { checkClient, clientEntries, isPrivateRsaKey } from './options-client.js'
import { checkProfile, withProfile } from './options-fapi2.js'
import { addressRange, closed, endpoint, flag, fn, isAddressRange, isInsecure, oneOf, origin, path, scopes, seconds, text, url } from './options-parts.js'
import type { Refuse } from './options-parts.js'
import { profile, quirks, quirksOfOAuth1, quirksOfOAuth2 } from './options-quirks.js'
import { checkRequest, requestEntries, requestNames } from './options-request.js'
import { assertion, checkGrant } from './options-tokens.js'

type Protocol = 'oauth1' | 'oauth2'

/** Parameters that the protocol sets itself. */
const reservedParams: Record<Protocol, readonly string[]> = {
  // RFC 6749 section 4.1, RFC 7636, OpenID Connect Core 1.0 section 3.1.2.1
  oauth2: [
    'client_id', 'client_secret', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce',
    'code', 'code_verifier', 'code_challenge', 'code_challenge_method', 'grant_type', 'refresh_token',
    'client_assertion', 'client_assertion_type', 'request', 'request_uri', 'dpop_jkt'
  ],
  // RFC 5849 sections 2 and 3.1. Not oauth_consumer_key: some ask for it in the authorization URL too.
  oauth1: [
    'oauth_token', 'oauth_token_secret', 'oauth_callback', 'oauth_verifier', 'oauth_nonce', 'oauth_timestamp',
    'oauth_version', 'oauth_signature', 'oauth_signature_method', 'oauth_body_hash'
  ]
}

/** Options and quirks that only one of the protocols knows. */
const ofOneProtocol: Record<Protocol, readonly string[]> = {
  oauth1: [
    'requestTokenParams', 'signatureMethod', 'realm',
    ...Object.keys(quirksOfOAuth1)
  ],
  oauth2: [
    'issuer', 'grant', 'assertion', 'clientSecretExpiresAt', 'clientAuth', 'clientKeyId', 'clientKeyAlg', 'clientCert', 'clientCertKey', 'serverCa', 'clientSecretClaims', 'dpop', 'par', 'jar', 'security', 'idTokenAlg', 'clockTolerance', 'discovery', 'untrustedAddresses', 'allowedAddresses',
    ...requestNames, 'revocationUrl', 'endSessionUrl', 'postLogoutRedirectUrl', 'backchannelLogout', 'parUrl', 'deviceAuthorizationUrl', 'introspectionUrl', 'jwksUrl', ...Object.keys(quirksOfOAuth2)
  ]
}

const params = v.union([
  fn<Exclude<OAuthExtraParams, Record<string, string>>>(),
  v.record(v.string(), v.string('a string'), 'an object of strings')
], 'an object of strings, or a function that answers one')

/** What a function in the place of parameters may answer. */
export const paramsOf = (protocol: Protocol) => v.pipe(params, v.check(input => reservedIn(input, protocol).length === 0, issue => withoutReserved(issue.input, protocol)))

const ownCallback = v.pipe(endpoint, v.check(input => new URL(input).search === '', 'an absolute URL without a query'))

const entries = {
  clientId: text(),
  title: v.optional(text()),
  ...clientEntries,
  ...requestEntries,
  grant: v.optional(oneOf('client_credentials', 'jwt_bearer')),
  assertion: v.optional(assertion),
  tokenGetter: v.optional(fn<NonNullable<OAuthProviderOptions['tokenGetter']>>()),
  extends: v.optional(text() as v.GenericSchema<string, OAuthCatalogueName>),
  variant: v.optional(text()),
  params: v.optional(v.record(v.string(), v.string('a string'), 'an object of strings')),
  discovery: v.optional(oneOf('lazy', 'eager')),
  untrustedAddresses: v.optional(flag),
  allowedAddresses: v.optional(v.array(v.pipe(v.string(addressRange), v.check(isAddressRange, addressRange)), 'an array of addresses')),
  idTokenAlg: v.optional(oneOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'HS256')),
  clockTolerance: v.optional(v.pipe(seconds, v.maxValue(600, '600 seconds at most'))),
  scope: v.optional(scopes),
  issuer: v.optional(v.pipe(url, v.check(input => !/[?#]/.test(input), 'an issuer URL without query and fragment (RFC 8414 section 2)'))),
  requestTokenUrl: v.optional(endpoint),
  authorizeUrl: v.optional(endpoint),
  accessTokenUrl: v.optional(endpoint),
  userinfoUrl: v.optional(endpoint),
  revocationUrl: v.optional(endpoint),
  endSessionUrl: v.optional(endpoint),
  postLogoutRedirectUrl: v.optional(endpoint),
  backchannelLogout: v.optional(flag),
  parUrl: v.optional(endpoint),
  deviceAuthorizationUrl: v.optional(endpoint),
  introspectionUrl: v.optional(endpoint),
  jwksUrl: v.optional(endpoint),
  apiBaseUrl: v.optional(endpoint),
  apiOrigins: v.optional(v.array(origin, 'an array of origins'), []),
  requestTokenParams: v.optional(params),
  authorizeParams: v.optional(params),
  accessTokenParams: v.optional(params),
  accessTokenMethod: v.optional(oneOf('GET', 'POST')),
  signatureMethod: v.optional(oneOf('HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT')),
  realm: v.optional(v.pipe(text(), v.regex(/^[\x20-\x7e]+$/, 'a text of printable ASCII'))),
  profile: v.optional(profile<Extract<OAuthProviderOptions['profile'], (...args: never) => unknown>>()),
  quirks: v.optional(quirks, {}),
  callbackUrl: v.optional(v.lazy((input): v.GenericSchema<unknown, string> => input === 'oob' ? v.literal('oob') : ownCallback)),
  defaultReturnTo: v.optional(path),
  allowCrossSiteStart: v.optional(flag, false),
  allowInsecureRequests: v.optional(flag, false)
}

const members = closed(entries)
type Given = v.InferOutput<typeof members>

export const provider = v.pipe(
  members,
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) {
      const given = dataset.value
      check(given, (key, message, value: unknown = Reflect.get(given, key)) => addIssue({ message, input: value, path: [{ type: 'object', origin: 'value', input: given, key, value }] }))
    }
  }),
  v.transform(withProfile)
)

function check (given: Given, refuse: Refuse): void {
  const protocol = given.requestTokenUrl === undefined ? 'oauth2' : 'oauth1'
  checkProtocol(given, protocol, refuse)
  if (protocol === 'oauth1') checkSigning(given, refuse)
  else checkOAuth2(given, refuse)
  checkParams(given, protocol, refuse)
  checkAddresses(given, refuse)
  checkEmails(given, refuse)
}

function checkProtocol (given: Given, protocol: Protocol, refuse: Refuse): void {
  const [other, why] = protocol === 'oauth1'
    ? ['oauth2', 'it is for OAuth 2, and requestTokenUrl makes this an OAuth 1.0a provider'] as const
    : ['oauth1', 'it is for OAuth 1.0a, and without requestTokenUrl this is an OAuth 2 provider'] as const
  for (const name of ofOneProtocol[other]) {
    if (Reflect.get(given, name) !== undefined) refuse(name, `nothing: ${why}`)
    if (Reflect.get(given.quirks, name) !== undefined) refuse('quirks', `an object without ${name}: ${why}`)
  }
  const source = protocol === 'oauth1' ? 'since OAuth 1.0a has no discovery' : 'since there is no issuer to discover it from'
  const needed = given.grant === undefined ? ['authorizeUrl', 'accessTokenUrl'] as const : ['accessTokenUrl'] as const
  for (const key of needed) {
    if (given[key] === undefined && given.issuer === undefined) refuse(key, `a URL, ${source}`)
  }
}

function checkOAuth2 (given: Given, refuse: Refuse): void {
  if (given.callbackUrl === 'oob') refuse('callbackUrl', 'an absolute URL: "oob" is for OAuth 1.0a, and without requestTokenUrl this is an OAuth 2 provider')
  if (given.jwksUrl !== undefined && given.issuer === undefined) refuse('issuer', 'a URL, since an id_token is verified against its issuer as well as the keys of jwksUrl')
  checkClient(given, refuse)
  checkGrant(given, refuse)
  // FAPI 2.0 refuses it.
  if (given.quirks.strategy !== undefined && given.security !== 'fapi2') checkStrategy(given, given.quirks.strategy.name, refuse)
  checkRequest(given, refuse)
  checkIdTokens(given, refuse)
  if (given.discovery === 'eager' && given.issuer === undefined) refuse('issuer', 'a URL, since discovery is "eager"')
  if (given.allowedAddresses !== undefined && given.untrustedAddresses !== true) refuse('allowedAddresses', 'nothing: it is for untrustedAddresses')
  if (given.security === 'fapi2') checkProfile(given, refuse)
}

const postsSecret: ReadonlySet<string> = new Set(['secret-hash', 'app-token'])

function checkStrategy ({ clientSecret, clientAuth, clientKey, clientKeyAlg }: Given, name: string, refuse: Refuse): void {
  const because = `since quirks.strategy is "${name}"`
  if (name === 'signed-parameters') {
    if (clientKey === undefined || !algsOf(clientKey).includes('RS256')) refuse('clientKey', `a private RSA key, ${because}`)
    if (clientKeyAlg !== undefined && clientKeyAlg !== 'RS256') refuse('clientKeyAlg', `"RS256", ${because}`)
    return
  }
  if (clientSecret === undefined) refuse('clientSecret', `a non-empty string, ${because}`)
  if (postsSecret.has(name) && clientAuth !== 'client_secret_post') refuse('clientAuth', `"client_secret_post", ${because}`)
}

function checkIdTokens ({ idTokenAlg, clientSecret = '', issuer, quirks, security }: Given, refuse: Refuse): void {
  if (quirks.tenantIssuer !== undefined && issuer === undefined) refuse('issuer', 'a URL, since quirks.tenantIssuer says what its metadata name')
  if (idTokenAlg !== undefined && issuer === undefined) refuse('issuer', 'a URL, since an id_token is verified against its issuer')
  if (security === 'fapi2' && idTokenAlg !== undefined && !['PS256', 'ES256', 'EdDSA', 'Ed25519'].includes(idTokenAlg)) refuse('idTokenAlg', '"PS256", "ES256", "EdDSA" or "Ed25519", since security is "fapi2"')
  if (idTokenAlg !== 'HS256') return
  if (Buffer.byteLength(clientSecret) < 32) refuse('clientSecret', 'a secret of at least 32 bytes, since idTokenAlg is "HS256" (RFC 7518 section 3.2)')
}

function checkSigning (given: Given, refuse: Refuse): void {
  const { signatureMethod = 'HMAC-SHA1' } = given
  const because = `since signatureMethod is "${signatureMethod}"`
  const isRsa = signatureMethod.startsWith('RSA')
  if (!isRsa && !given.clientSecret) refuse('clientSecret', `a non-empty string, ${because}`)
  if (!isRsa && given.clientKey !== undefined) refuse('clientKey', `nothing, ${because}`)
  if (isRsa && !isPrivateRsaKey(given.clientKey)) refuse('clientKey', `a private RSA key as PEM, ${because}`)
  // RFC 5849 section 3.4.4: the secrets themselves are sent.
  if (signatureMethod !== 'PLAINTEXT') return
  const { oauth1Parameters = 'header' } = given.quirks
  if (oauth1Parameters !== 'header') refuse('quirks', 'an object without oauth1Parameters: PLAINTEXT sends secrets, and addresses are logged everywhere')
  const { requestTokenUrl, accessTokenUrl, userinfoUrl, apiBaseUrl } = given
  for (const [key, value] of Object.entries({ requestTokenUrl, accessTokenUrl, userinfoUrl, apiBaseUrl })) {
    if (isInsecure(value)) refuse(key, 'an https URL: PLAINTEXT sends secrets, so allowInsecureRequests does not count')
  }
  for (const value of given.apiOrigins) if (isInsecure(value)) refuse('apiOrigins', 'https origins: PLAINTEXT sends secrets, so allowInsecureRequests does not count', value)
}

function checkParams (given: Given, protocol: Protocol, refuse: Refuse): void {
  for (const key of ['requestTokenParams', 'authorizeParams', 'accessTokenParams'] as const) {
    if (reservedIn(given[key], protocol).length > 0) refuse(key, withoutReserved(given[key], protocol))
  }
}

const addresses = ['requestTokenUrl', 'authorizeUrl', 'accessTokenUrl', 'userinfoUrl', 'revocationUrl', 'endSessionUrl', 'postLogoutRedirectUrl', 'parUrl', 'deviceAuthorizationUrl', 'introspectionUrl', 'jwksUrl', 'issuer', 'apiBaseUrl'] as const

function checkAddresses (given: Given, refuse: Refuse): void {
  if (given.allowInsecureRequests) return
  const allowed = 'an https URL (http is for loopback, unless allowInsecureRequests is true)'
  for (const key of addresses) if (isInsecure(given[key])) refuse(key, allowed)
  for (const value of given.apiOrigins) if (isInsecure(value)) refuse('apiOrigins', allowed, value)
  if (isInsecure(given.quirks.refresh?.url)) refuse('quirks', `an object whose refresh.url is ${allowed}`)
}

// The access token goes there: not to an origin that nobody named for it.
function checkEmails ({ profile, userinfoUrl, apiBaseUrl, apiOrigins }: Given, refuse: Refuse): void {
  if (typeof profile !== 'object' || profile.emails === undefined) return
  const { origin } = new URL(profile.emails.url)
  const known = [userinfoUrl, apiBaseUrl, ...apiOrigins].some(url => url !== undefined && new URL(url).origin === origin)
  if (!known) refuse('profile', 'an object whose emails.url is on the origin of userinfoUrl or apiBaseUrl, or on one of apiOrigins')
}

function reservedIn (input: unknown, protocol: Protocol): string[] {
  return typeof input === 'object' ? Object.keys(input as object).filter(name => reservedParams[protocol].includes(name)) : []
}

function withoutReserved (input: unknown, protocol: Protocol): string {
  return `an object without ${reservedIn(input, protocol).join(', ')}: the plugin sets this itself`
}
