// Options as the plugin's own schema sees them, one finding for each thing that is wrong. What is left is checked further.
import { entryOf } from '../catalogue/index.js'
import { isOAuthError } from '../errors.js'
import { nearest } from '../nearest.js'
import { parsePluginOptions, parseProviderOptions } from '../options.js'
import type { PluginOptions, ProviderOptions } from '../options.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'
import type { Secrets } from './secrets.js'

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
    const parsed = attempt(() => parseProviderOptions(name, provider), secrets)
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
  const parsed = attempt(() => parsePluginOptions(isMissing ? { ...options, baseUrl: placeholder } : options), secrets)
  if ('value' in parsed) return { plugin: isMissing ? { ...parsed.value, baseUrl: undefined } : parsed.value, wrong: [] }
  const names = new Set(parsed.wrong.map(optionOf))
  const right = Object.fromEntries(Object.entries(options).filter(([name]) => !names.has(name)))
  return { plugin: { ...parsePluginOptions({ ...right, baseUrl: right.baseUrl ?? placeholder }), ...(right.baseUrl === undefined ? { baseUrl: undefined } : {}) }, wrong: parsed.wrong }
}

// The schema names all options that there are: one is enough here.
function explained (wrong: string, provider?: string): Finding {
  const { error } = findings(provider)
  const [, path = '', option = '', known] = /^(\S*?([^\s.]+)) is not an option; allowed is one of the options (.*)$/.exec(wrong) ?? []
  if (known === undefined) return error('options', wrong, wrong.includes(' is undefined; ') ? 'see whether an environment variable is not set' : undefined)
  const near = nearest(option, known.split(', ')).find(({ away }) => away <= 3)
  return error('options', `${path} is not an option`, near === undefined ? 'take it out; all options are in docs/reference/options.md' : `did you mean ${near.one}?`)
}

// A finding begins with the path of what is wrong.
function optionOf (finding: string): string {
  return /^[^. ]*/.exec(finding)?.[0] as string
}

const placeholder = 'https://app.invalid'

function attempt <T> (parse: () => T, secrets: Secrets): { value: T } | { wrong: string[] } {
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
