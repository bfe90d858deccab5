// The names of the quirks: a misspelt one would leave a test without the deviation that it is about.
import type { FakeQuirks } from '../../types/testing.js'
import { oauthError } from '../errors.js'

const names: Readonly<Record<keyof FakeQuirks, true>> = {
  scopeDelimiter: true,
  scopeParam: true,
  fixedScope: true,
  paramNames: true,
  requiredParams: true,
  refreshTokenNeeds: true,
  state: true,
  pkce: true,
  basePath: true,
  paths: true,
  responseMode: true,
  callbackParams: true,
  codeParam: true,
  callbackHmac: true,
  callbackFragment: true,
  callbackIss: true,
  scopeInCallback: true,
  tokenMethod: true,
  tokenParamsIn: true,
  tokenBody: true,
  clientAuth: true,
  requiredTokenParams: true,
  refusedTokenParams: true,
  grantType: true,
  tokenNeedsScope: true,
  exchangeGrantType: true,
  requiredHeaders: true,
  tokenFormat: true,
  tokenPath: true,
  tokenFields: true,
  tokenType: true,
  expires: true,
  scopeAnswer: true,
  errorStatus: true,
  errorFormat: true,
  identityIn: true,
  apiBaseIn: true,
  refreshPath: true,
  refreshMethod: true,
  refreshTokens: true,
  refreshNeeds: true,
  tokenScheme: true,
  tokenIn: true,
  userinfoMethod: true,
  userinfoQuery: true,
  userinfoPath: true,
  userinfoIdInPath: true,
  appsecretProof: true,
  nonce: true,
  idTokenAlg: true,
  idTokenIssuer: true,
  userinfoJwt: true,
  stringBooleans: true,
  signatureMethods: true,
  verifier: true,
  callbackOn: true,
  oneUrl: true,
  denial: true
}

/** Every quirk of a fake provider. */
export const quirkNames: readonly string[] = Object.freeze(Object.keys(names))

/** Throws FST_OAUTH_INVALID_OPTIONS. */
export function checkQuirks (quirks: FakeQuirks): void {
  const unknown = Object.keys(quirks).find(name => !quirkNames.includes(name))
  if (unknown !== undefined) throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`quirks.${unknown} is not a quirk of a fake provider; allowed are ${quirkNames.join(', ')}`])
}
