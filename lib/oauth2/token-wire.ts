// A request to an endpoint of the client's, as the provider wants it on the wire: names, omissions, place of the parameters.
import type { OAuthProviderOptions } from '../../types/options-provider.js'
import { headersOf } from './access-token.js'

/** As RFC 6749 has it. */
export interface StandardRequest { url: URL, headers: Record<string, string>, body: URLSearchParams }

/** As it is sent. */
export interface SentRequest { url: URL, method: 'GET' | 'POST', headers: Record<string, string>, body: string | null }

/** What of the options counts here. */
export type WireOptions = Pick<OAuthProviderOptions, 'clientId' | 'scope' | 'accessTokenMethod' | 'quirks'>

/** Requests that hold no grant type, such as a revocation, keep their form. */
export function sentAs ({ url, headers, body }: StandardRequest, options: WireOptions): SentRequest {
  const { clientId, accessTokenMethod: method = 'POST', quirks = {} } = options
  const ours = { ...headers, ...headersOf(quirks.headers, clientId) }
  const grant = body.get('grant_type')
  const form = renamed(grant === null ? body : withChanges(body, grant, options), quirks.paramNames?.token)
  if (grant === null) return { url, method: 'POST', headers: ours, body: form.toString() }
  const { body: place, secretHeader } = quirks.tokenRequest ?? {}
  const target = grant === 'refresh_token' && quirks.refresh?.url !== undefined ? new URL(quirks.refresh.url) : url
  const all = secretHeader === undefined ? ours : withSecret(ours, form, { header: secretHeader, name: quirks.paramNames?.token?.client_secret ?? 'client_secret' })
  if (method === 'GET') return { url: withQuery(target, form), method, headers: withoutType(all), body: null }
  if (place === 'query') return { url: withQuery(target, form), method, headers: withoutType(all), body: null }
  if (place === 'json') return { url: target, method, headers: { ...all, 'content-type': 'application/json' }, body: JSON.stringify(Object.fromEntries(form)) }
  return { url: target, method, headers: all, body: form.toString() }
}

function withChanges (body: URLSearchParams, grant: string, { scope, quirks = {} }: WireOptions): URLSearchParams {
  const { tokenRequest = {}, refresh = {}, scopeDelimiter = ' ', scopeParam = 'scope' } = quirks
  const form = new URLSearchParams(body)
  const isRefresh = grant === 'refresh_token'
  const { params = {}, scope: withScope = false } = isRefresh ? refresh : grant === 'authorization_code' ? tokenRequest : {}
  if (withScope && scope !== undefined) form.set(scopeParam, scope.join(scopeDelimiter))
  if (grant === 'authorization_code' && tokenRequest.grantType !== undefined) form.set('grant_type', tokenRequest.grantType)
  for (const name of tokenRequest.omit ?? []) form.delete(name)
  for (const [name, value] of Object.entries(params)) form.set(name, value)
  return form
}

/** The same parameters under other names. */
export function renamed (params: URLSearchParams, names: Record<string, string> | undefined): URLSearchParams {
  if (names === undefined) return params
  return new URLSearchParams([...params].map(([name, value]): [string, string] => [Object.hasOwn(names, name) ? names[name] as string : name, value]))
}

function withSecret (headers: Record<string, string>, form: URLSearchParams, { header, name }: { header: string, name: string }): Record<string, string> {
  const secret = form.get(name)
  form.delete(name)
  return secret === null ? headers : { ...headers, [header]: secret }
}

function withQuery (url: URL, form: URLSearchParams): URL {
  const target = new URL(url)
  for (const [name, value] of form) target.searchParams.set(name, value)
  return target
}

function withoutType (headers: Record<string, string>): Record<string, string> {
  const { 'content-type': _, ...others } = headers
  return others
}
