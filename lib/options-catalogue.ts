// Options that name no endpoints take those of an entry of the catalogue. What is given wins, member by member.
import type { OAuthCatalogueEntry } from '../types/catalogue.js'
import { entryNames, entryOf } from './catalogue/index.js'
import { oauthError, quote } from './errors.js'
import { nearest } from './nearest.js'
import { isRecord } from './options-parts.js'
import { fillPlaceholders } from './options-params.js'

const ownEndpoints = ['issuer', 'requestTokenUrl', 'authorizeUrl', 'accessTokenUrl']
// A name with so few differences is taken for a slip.
const slip = 2

/** The options of one provider, completed by its entry, with the placeholders filled. Throws FST_OAUTH_INVALID_OPTIONS. */
export function completeProvider (name: string, given: unknown): unknown {
  if (!isRecord(given)) return given
  const taken = entryNameOf(name, given)
  const entry = taken === undefined ? undefined : entryOf(taken) as OAuthCatalogueEntry
  const { params, options } = variantOf(name, given, entry)
  const completed = entry === undefined ? given : merged(merged(entryOptions(entry, given), options), { ...given, extends: taken })
  return fillPlaceholders(completed, { where: `providers.${name}.params`, specs: entry?.params, values: params })
}

/** The same for the option providers. */
export function completeProviders (given: unknown): unknown {
  if (!isRecord(given) || !isRecord(given.providers)) return given
  return { ...given, providers: Object.fromEntries(Object.entries(given.providers).map(([name, options]) => [name, completeProvider(name, options)])) }
}

function entryNameOf (name: string, given: Record<string, unknown>): string | undefined {
  const { extends: wanted } = given
  if (wanted === undefined) {
    if (ownEndpoints.some(key => given[key] !== undefined)) return undefined
    if (entryOf(name) !== undefined) return name
    const near = nearest(name, entryNames()).filter(({ away }) => away <= slip)
    if (near.length === 0) return undefined
    throw refused(`providers.${name} is an object without issuer and authorizeUrl; allowed is that for the name of an entry of the catalogue: the nearest ${listed(near)}`)
  }
  // The schema says what is wrong with any other value.
  if (typeof wanted !== 'string' || wanted === '') return undefined
  if (entryOf(wanted) !== undefined) return wanted
  throw refused(`providers.${name}.extends is "${quote(wanted)}"; allowed is the name of an entry of the catalogue: the nearest ${listed(nearest(wanted, entryNames()))}`)
}

function variantOf (name: string, { variant, params }: Record<string, unknown>, entry: OAuthCatalogueEntry | undefined) {
  if (typeof variant !== 'string' || variant === '') return { params, options: {} }
  const variants = entry?.variants ?? {}
  const chosen = Object.hasOwn(variants, variant) ? variants[variant] : undefined
  if (chosen === undefined) {
    const allowed = Object.keys(variants).map(one => `"${one}"`).join(' or ') || 'nothing: the provider takes no entry of the catalogue with variants'
    throw refused(`providers.${name}.variant is "${quote(variant)}"; allowed is ${allowed}`)
  }
  return { params: isRecord(params) ? { ...chosen.params, ...params } : params ?? chosen.params, options: chosen.options ?? {} }
}

const secretMethods: ReadonlySet<unknown> = new Set(['client_secret_basic', 'client_secret_post'])
const ofLogins: ReadonlySet<string> = new Set(['title', 'authorizeUrl', 'deviceAuthorizationUrl', 'userinfoUrl', 'authorizeParams', 'profile', 'scope'])

// An entry is for a client with a secret, where users log in.
function entryOptions ({ title, options }: OAuthCatalogueEntry, { clientSecret, clientKey, clientCert, grant }: Record<string, unknown>): Record<string, unknown> {
  const byKey = clientSecret === undefined && (clientKey !== undefined || clientCert !== undefined)
  const unfit = (name: string, value: unknown) => (name === 'clientAuth' && byKey && secretMethods.has(value)) || (grant !== undefined && ofLogins.has(name))
  return Object.fromEntries([['title', title], ...Object.entries(options).filter(([name, value]) => !unfit(name, value))])
}

function merged (base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const both = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = both[key]
    if (value !== undefined) both[key] = isRecord(value) && isRecord(below) ? merged(below, value) : value
  }
  return both
}

function listed (near: ReturnType<typeof nearest>): string {
  return `${near.length === 1 ? 'is' : 'are'} ${near.map(({ one }) => `"${one}"`).join(', ')}`
}

function refused (why: string): Error {
  return oauthError('FST_OAUTH_INVALID_OPTIONS', [why])
}
