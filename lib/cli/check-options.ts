// Options as the plugin's own schema sees them, one finding for each thing that is wrong. What is left is checked further.
import { entryOf } from '../catalogue/index.js'
import { isOAuthError } from '../errors.js'
import { nearest } from '../nearest.js'
import { parsePluginOptions, parseProviderOptions } from '../options.js'
import type { PluginOptions, ProviderOptions } from '../options.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'
import type { Secrets } from './secrets.js'

const unknownOption = /^(\S*?([^\s.]+)) is not an option; allowed is one of the options (.*)$/

// What other libraries call them, without case and underscores.
const synonyms: Readonly<Record<string, string>> = {
  redirecturi: 'callbackUrl',
  redirecturl: 'callbackUrl',
  tokenurl: 'accessTokenUrl',
  tokenendpoint: 'accessTokenUrl',
  authorizationurl: 'authorizeUrl',
  authorizationendpoint: 'authorizeUrl',
  authurl: 'authorizeUrl',
  userinfoendpoint: 'userinfoUrl',
  profileurl: 'userinfoUrl',
  discoveryurl: 'issuer',
  wellknown: 'issuer',
  appid: 'clientId',
  consumerkey: 'clientId',
  consumersecret: 'clientSecret'
}

export interface CheckedOptions {
  found: Finding[]
  /** With defaults in the place of what is wrong. Without providers. */
  plugin: Omit<PluginOptions, 'providers'>
  /** Names of options that are wrong. */
  wrong: ReadonlySet<string>
  /** Those that are right, by name. */
  providers: ReadonlyMap<string, ProviderOptions>
}

export function checkOptions (options: Record<string, unknown>, secrets: Secrets): CheckedOptions {
  const found: Finding[] = []
  const given = isRecord(options.providers) ? options.providers : {}
  const providers = new Map<string, ProviderOptions>()
  for (const [name, provider] of Object.entries(given)) {
    if (typeof provider === 'function') {
      found.push(findings(name).ok('options', 'a function of the request: what it answers for a tenant is checked when it is asked'))
      continue
    }
    const parsed = attempt(given => parseProviderOptions(name, given), provider, { secrets, at: `providers.${name}.` })
    if ('value' in parsed) providers.set(name, parsed.value)
    else found.push(...parsed.wrong.map(wrong => explained(wrong, name)))
  }
  const rest = { ...options, providers: isRecord(options.providers) || options.providers === undefined ? {} : options.providers }
  const { plugin, wrong } = withoutWrong(rest, secrets)
  found.push(...wrong.map(one => explained(one)))
  if (Object.keys(given).length === 0 && options.providers === undefined) found.push(findings().warn('options', 'there are no providers', 'name one in the option providers, unless all are registered later'))
  if (found.length === 0) found.push(findings().ok('options', `valid, with ${providers.size} ${providers.size === 1 ? 'provider' : 'providers'}`))
  const named = new Set(wrong.map(optionOf))
  return { wrong: named, found: [...found, ...[...providers].flatMap(([name, provider]) => catalogueNotices(name, provider))], plugin, providers }
}

function withoutWrong (options: Record<string, unknown>, secrets: Secrets): { plugin: CheckedOptions['plugin'], wrong: string[] } {
  // That it is missing in production is said elsewhere, whatever NODE_ENV is here.
  const isMissing = options.baseUrl === undefined
  const parsed = attempt(given => parsePluginOptions(given), isMissing ? { ...options, baseUrl: placeholder } : options, { secrets, at: '' })
  if ('value' in parsed) return { plugin: isMissing ? { ...parsed.value, baseUrl: undefined } : parsed.value, wrong: [] }
  const names = new Set(parsed.wrong.map(optionOf))
  const right = Object.fromEntries(Object.entries(options).filter(([name]) => !names.has(name)))
  return { plugin: { ...parsePluginOptions({ ...right, baseUrl: right.baseUrl ?? placeholder }), ...(right.baseUrl === undefined ? { baseUrl: undefined } : {}) }, wrong: parsed.wrong }
}

// The schema names all options that there are: one is enough here.
function explained (wrong: string, provider?: string): Finding {
  const { error } = findings(provider)
  const [, path = '', option = '', known] = unknownOption.exec(wrong) ?? []
  if (known === undefined) return error('options', wrong, adviceOn(wrong))
  const meant = meantBy(option, known.split(', '))
  return error('options', `${path} is not an option`, meant === undefined ? 'take it out; all options are in docs/reference/options.md' : `did you mean ${meant}?`)
}

function adviceOn (wrong: string): string | undefined {
  if (wrong.includes('no issuer to discover it from')) return 'give its address, or name an entry of the catalogue: npx fastify-oauth providers'
  if (/ is (undefined|""); /.test(wrong)) return 'see whether an environment variable is not set'
  return /^(session\.)?secret\S* is a string of /.test(wrong) ? 'make a random one: openssl rand -base64 48' : undefined
}

function meantBy (option: string, known: readonly string[]): string | undefined {
  const synonym = synonyms[option.toLowerCase().replaceAll('_', '')]
  if (synonym !== undefined && known.includes(synonym)) return synonym
  return nearest(option, known).find(({ away }) => away <= Math.min(3, option.length / 2))?.one
}

// A finding begins with the path of what is wrong.
function optionOf (finding: string): string {
  return /^[^. ]*/.exec(finding)?.[0] as string
}

const placeholder = 'https://app.invalid'

interface Attempt { secrets: Secrets, /** What the path of each option begins with. */ at: string }

// The schema tells of one unknown option of an object at a time: it is taken out, and the rest is looked at again.
function attempt <T> (parse: (given: unknown) => T, given: unknown, { secrets, at }: Attempt): { value: T } | { wrong: string[] } {
  const unknown = new Set<string>()
  for (let left = given; ;) {
    const parsed = attemptOnce(() => parse(left), secrets)
    if ('value' in parsed) return unknown.size === 0 ? parsed : { wrong: [...unknown] }
    const more = parsed.wrong.filter(wrong => unknownOption.test(wrong) && !unknown.has(wrong))
    if (more.length === 0) return { wrong: [...new Set([...unknown, ...parsed.wrong])] }
    for (const wrong of more) {
      unknown.add(wrong)
      left = without(left, String(unknownOption.exec(wrong)?.[1]).slice(at.length).split('.'))
    }
  }
}

function without (given: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (!isRecord(given)) return given
  const { [key]: member, ...others } = given
  return rest.length === 0 ? others : { ...given, [key]: without(member, rest) }
}

function attemptOnce <T> (parse: () => T, secrets: Secrets): { value: T } | { wrong: string[] } {
  try {
    return { value: parse() }
  } catch (error) {
    if (!isOAuthError(error)) throw error
    const text = secrets.hide(error.message.replace(/^Invalid options of fastify-oauth: /, ''))
    // One message holds all: each begins with the path of an option.
    return { wrong: text.split(/; (?!allowed is )(?=\S+ is |providers\.)/) }
  }
}

function catalogueNotices (name: string, { extends: entryName }: ProviderOptions): Finding[] {
  const entry = entryName === undefined ? undefined : entryOf(entryName)
  const { warn } = findings(name)
  return [
    ...(entry?.verified === false ? [warn('options', `the entry ${entryName} of the catalogue was read in one source only`, 'check it against the provider\'s documentation')] : []),
    ...(entry?.status === undefined ? [] : [warn('options', `the entry ${entryName} of the catalogue has a note: ${entry.status}`, 'see whether the provider still serves new clients')])
  ]
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
