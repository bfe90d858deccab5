// The request for a user's description, where a provider wants more in it than a token.
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { oauthError } from '../errors.js'
import { valueAt } from '../json-pointer.js'
import type { UserinfoCall } from '../oidc/userinfo.js'

/** Who is described: by the token, and by the answer that brought it. */
export interface Described {
  accessToken: string
  raw: Record<string, unknown>
}

/** The address, with what stands in it for members of the token answer. Throws FST_OAUTH_INVALID_PROVIDER_ANSWER where one is missing. */
export function userinfoUrl (endpoint: string, { accessToken, raw }: Described, { provider, clientId }: { provider: string, clientId: string }): URL {
  return new URL(endpoint.replace(/\{(accessToken|clientId|token\.([\w-]+))\}/g, (_whole, name: string, member: string | undefined) => {
    if (member === undefined) return encodeURIComponent(name === 'clientId' ? clientId : accessToken)
    const value = valueAt(raw, `/${member}`)
    if (typeof value === 'string' || typeof value === 'number') return encodeURIComponent(value)
    throw oauthError('FST_OAUTH_INVALID_PROVIDER_ANSWER', ['token endpoint', provider, `it holds no ${member}, which userinfoUrl needs`])
  }))
}

/** Method and body as the quirks declare them. */
export function userinfoCall ({ clientId, quirks }: Pick<OAuthProviderOptions, 'clientId' | 'quirks'>, accessToken: string): UserinfoCall {
  const { method = 'GET', json, form } = quirks?.userinfo ?? {}
  let carriesToken = false
  // Whole texts alone: a GraphQL query may hold braces of its own.
  const filledIn = (_name: string, value: unknown) => {
    carriesToken ||= value === '{accessToken}'
    return value === '{accessToken}' ? accessToken : value === '{clientId}' ? clientId : value
  }
  if (json !== undefined) return { method, body: JSON.stringify(json, filledIn), headers: { 'content-type': 'application/json' }, carriesToken }
  if (form === undefined) return { method }
  const filled = Object.entries(form).map(([name, value]) => [name, value.replaceAll('{accessToken}', accessToken).replaceAll('{clientId}', clientId)])
  carriesToken = Object.values(form).some(value => value.includes('{accessToken}'))
  return { method, body: new URLSearchParams(filled as Array<[string, string]>).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, carriesToken }
}
