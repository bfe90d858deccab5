// {placeholders} in addresses, and what may stand in their place: never anything that leads to another host.
import * as v from 'valibot'
import type { OAuthCatalogueParam } from '../types/catalogue.js'
import { parse } from './options-parse.js'
import { isRecord } from './options-parts.js'

export interface Placeholders {
  /** The path of the values, for messages. */
  where: string
  /** What is known of them. */
  specs: Record<string, OAuthCatalogueParam> | undefined
  values: unknown
}

type Kind = 'host' | 'suffix' | 'label' | 'segment' | 'text'
type Values = Record<string, string | undefined>

const kinds: Record<Kind, [RegExp, string]> = {
  host: [/^(?=.{1,259}$)[a-z\d-]+(\.[a-z\d-]+)*(:\d{1,5})?$/i, 'a host name, such as login.example.com'],
  // What a name is registered under: more would be another's name.
  suffix: [/^([a-z]{2,3}|com?\.[a-z]{2})$/i, 'the end of a host name, such as com or co.uk'],
  label: [/^(?=.{1,200}$)[a-z\d_-]+(\.[a-z\d_-]+)*$/i, 'a part of a host name: letters, digits and "-"'],
  segment: [/^(?!\.{1,2}$)[\w.~:-]{1,200}$/, 'a part of a path: letters, digits, "-", "_", ".", "~" and ":"'],
  text: [/^[\x21-\x7e]{1,200}$/, 'printable ASCII without spaces']
}

// Without these a provider cannot be used, so that what they hold is never optional.
const needed: ReadonlySet<string> = new Set(['requestTokenUrl', 'authorizeUrl', 'accessTokenUrl'])
const addresses = ['issuer', ...needed, 'userinfoUrl', 'revocationUrl', 'parUrl', 'deviceAuthorizationUrl', 'introspectionUrl', 'jwksUrl', 'apiBaseUrl'] as const
const placeholder = /\{(\w+)\}/g
// These are filled when a request is made.
const later: ReadonlySet<string> = new Set(['clientId', 'accessToken'])

/** The options with their placeholders filled. Throws FST_OAUTH_INVALID_OPTIONS. */
export function fillPlaceholders (options: Record<string, unknown>, { where, specs = {}, values = {} }: Placeholders): Record<string, unknown> {
  if (!isRecord(values)) return options
  const known = kindsIn(options, specs)
  const schemas = Object.fromEntries([...known].map(([name, kind]) => [name, valueOf(kind, isOptional(name, specs, options))]))
  const names = [...known.keys()].join(', ')
  const schema = v.strictObject(schemas, issue => issue.expected === 'never' && names === '' ? 'nothing: no address holds a placeholder' : `one of ${names}`)
  const defaults = Object.fromEntries([...known.keys()].map(name => [name, specs[name]?.default]))
  const filling: Values = parse(schema, { ...defaults, ...values }, where)
  return filled(withoutUnfilled(options, filling, specs), { ...filling })
}

// By name: what may stand there, the strictest of its places counting.
function kindsIn (options: Record<string, unknown>, specs: Record<string, OAuthCatalogueParam>): Map<string, Kind> {
  const found = new Map<string, Kind>()
  const strictness = Object.keys(kinds)
  for (const url of urlsIn(options)) {
    for (const [, name = ''] of url.matchAll(placeholder)) {
      const kind = kindAt(url, name)
      const before = found.get(name)
      if (!later.has(name) && (before === undefined || strictness.indexOf(kind) < strictness.indexOf(before))) found.set(name, kind)
    }
  }
  const elsewhere = JSON.stringify([options.authorizeParams, options.quirks])
  for (const name of Object.keys(specs)) if (!found.has(name) && elsewhere.includes(`{${name}}`)) found.set(name, 'text')
  return found
}

function urlsIn (options: Record<string, unknown>): string[] {
  const { quirks, profile } = options
  const refresh = isRecord(quirks) && isRecord(quirks.refresh) ? quirks.refresh.url : undefined
  const emails = isRecord(profile) && isRecord(profile.emails) ? profile.emails.url : undefined
  return [...addresses.map(key => options[key]), refresh, emails].filter(url => typeof url === 'string')
}

function kindAt (url: string, name: string): Kind {
  const host = /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? ''
  if (!host.includes(`{${name}}`)) return 'segment'
  if (host === `{${name}}`) return 'host'
  return host.endsWith(`.{${name}}`) ? 'suffix' : 'label'
}

function isOptional (name: string, specs: Record<string, OAuthCatalogueParam>, options: Record<string, unknown>): boolean {
  return specs[name]?.optional === true && ![...needed].some(key => String(options[key]).includes(`{${name}}`))
}

function valueOf (kind: Kind, optional: boolean) {
  const [pattern, allowed] = kinds[kind]
  const value = v.pipe(v.string(allowed), v.regex(pattern, allowed))
  return optional ? v.optional(value) : value
}

function withoutUnfilled (options: Record<string, unknown>, filling: Values, specs: Record<string, OAuthCatalogueParam>): Record<string, unknown> {
  const missing = Object.keys(specs).filter(name => filling[name] === undefined)
  return Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value !== 'string' || !missing.some(name => value.includes(`{${name}}`))))
}

const asIs: ReadonlySet<string> = new Set(['params', 'clientId', 'clientSecret', 'clientKey', 'clientCert', 'clientCertKey', 'serverCa'])

function filled (options: Record<string, unknown>, values: Values): Record<string, unknown> {
  const own = { clientId: encodeURIComponent(String(options.clientId)) }
  return Object.fromEntries(Object.entries(options).map(([key, value]) => {
    const isAddress = needed.has(key)
    return [key, asIs.has(key) ? value : fill(value, isAddress ? { ...values, ...own } : values)]
  }))
}

function fill (value: unknown, values: Values): unknown {
  if (typeof value === 'string') return value.replace(placeholder, (whole, name: string) => values[name] ?? whole)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, values)]))
}
