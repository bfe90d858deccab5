// Tokens of an hour that are exchanged for one of weeks, which is then renewed by itself: Instagram's and Threads' way.
import type { OAuthLongLivedStep } from '../../../types/quirks.js'

/** Where the token of a login is exchanged. */
export function exchangeUrl ({ url, grantType }: OAuthLongLivedStep, accessToken: string, clientSecret: string): URL {
  return withQuery(url, { grant_type: grantType, client_secret: clientSecret, access_token: accessToken })
}

/** Where the long-lived token is renewed. */
export function renewalUrl ({ url, grantType }: OAuthLongLivedStep, accessToken: string): URL {
  return withQuery(url, { grant_type: grantType, access_token: accessToken })
}

function withQuery (address: string, params: Record<string, string>): URL {
  const url = new URL(address)
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
  return url
}
