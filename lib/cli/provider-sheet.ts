// What there is to know of one entry of the catalogue, in rows.
import type { OAuthCatalogueEntry } from '../../types/catalogue.js'

export interface Section { heading: string, rows: ReadonlyArray<readonly [label: string, text: string]> }

const endpoints = ['issuer', 'requestTokenUrl', 'authorizeUrl', 'accessTokenUrl', 'userinfoUrl', 'revocationUrl', 'endSessionUrl', 'parUrl', 'deviceAuthorizationUrl', 'introspectionUrl', 'jwksUrl', 'apiBaseUrl', 'apiOrigins'] as const
const shownElsewhere: ReadonlySet<string> = new Set([...endpoints, 'scope', 'quirks', 'profile'])

export function protocolOf ({ options }: OAuthCatalogueEntry): 'oauth1' | 'oidc' | 'oauth2' {
  if (options.requestTokenUrl !== undefined) return 'oauth1'
  return options.issuer === undefined ? 'oauth2' : 'oidc'
}

/** Sections without rows are left out. */
export function sheetOf (name: string, entry: OAuthCatalogueEntry, callbackUrl: string): Section[] {
  const { options, params = {}, variants = {} } = entry
  const sections = [
    { heading: 'Register a client', rows: registration(entry, callbackUrl) },
    { heading: 'Endpoints', rows: endpoints.flatMap(key => options[key] === undefined ? [] : [[key, [options[key]].flat().join(' ')] as const]) },
    { heading: 'Placeholders (option params)', rows: Object.entries(params).map(([param, { default: usual, optional, note }]) => [param, joined([usual === undefined ? (optional === true ? 'optional' : 'required') : `default ${usual}`, note])] as const) },
    { heading: 'Variants (option variant)', rows: Object.entries(variants).map(([variant, change]) => [variant, JSON.stringify({ ...change.params, ...change.options })] as const) },
    { heading: 'Scopes (* by default)', rows: scopes(entry) },
    { heading: 'Other options', rows: Object.entries(options).filter(([key]) => !shownElsewhere.has(key)).map(member) },
    { heading: 'Quirks', rows: Object.entries(options.quirks ?? {}).map(member) },
    { heading: 'Profile', rows: Object.entries(options.profile ?? {}).map(member) },
    { heading: 'In the options of the plugin', rows: [[snippet(name, entry), ''] as const] }
  ]
  return sections.filter(({ rows }) => rows.length > 0)
}

function registration ({ aliases = [], status, verified, recalled = [], console: place, docs, ...entry }: OAuthCatalogueEntry, callbackUrl: string): Section['rows'] {
  const rows: Array<[string, string | undefined]> = [
    ['callback URL', callbackUrl],
    ['console', place && joined([place.name, place.url])],
    ['docs', docs],
    ['protocol', { oauth1: 'OAuth 1.0a', oidc: 'OpenID Connect', oauth2: 'OAuth 2' }[protocolOf(entry)]],
    ['also called', aliases.join(', ')],
    ['note', status],
    ['note', verified === false ? 'read in one source only: check it against the provider\'s documentation' : undefined],
    ['from general knowledge', recalled.join(', ')]
  ]
  return rows.flatMap(([label, text = '']) => text === '' ? [] : [[label, text] as const])
}

function scopes ({ options: { scope: usual = [] }, scopes: known = {} }: OAuthCatalogueEntry): Section['rows'] {
  const names = new Set([...usual, ...Object.keys(known)])
  return [...names].map(scope => [`${usual.includes(scope) ? '*' : ' '} ${scope}`, known[scope] ?? ''] as const)
}

function member ([key, value]: [string, unknown]): readonly [string, string] {
  return [key, typeof value === 'string' ? value : JSON.stringify(value)]
}

function snippet (name: string, { params = {} }: OAuthCatalogueEntry): string {
  const required = Object.entries(params).filter(([, param]) => param.default === undefined && param.optional !== true).map(([param]) => `${param}: '…'`)
  const key = /^[a-z_]\w*$/i.test(name) ? name : `'${name}'`
  return `providers: { ${key}: { clientId: '…', clientSecret: '…'${required.length === 0 ? '' : `, params: { ${required.join(', ')} }`} } }`
}

function joined (parts: ReadonlyArray<string | undefined>): string {
  return parts.filter(part => part !== undefined).join(', ')
}
