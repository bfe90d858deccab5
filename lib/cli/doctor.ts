// fastify-oauth doctor: an application's settings, and what is wrong with them.
import { createAgent } from '../http/transport.js'
import type { ProviderOptions } from '../options.js'
import { CommandFailure } from './surroundings.js'
import { jsonOption } from './command.js'
import type { Command } from './command.js'
import { checkProvider } from './check-discovery.js'
import { checkOptions } from './check-options.js'
import type { CheckedOptions } from './check-options.js'
import { checkClientSecret, checkOwnSecrets, checkReuse, ownSecrets } from './check-secrets.js'
import type { SecretsScene } from './check-secrets.js'
import { checkCallback, checkInsecure, checkSettings } from './check-settings.js'
import { checkStore } from './check-store.js'
import { loadConfig } from './config.js'
import type { Config } from './config.js'
import type { Finding, Level } from './finding.js'
import type { Output, Style } from './output.js'
import { providerOptions } from './provider-options.js'
import { Secrets } from './secrets.js'

export const doctor: Command = {
  name: 'doctor',
  positional: '[name]',
  summary: 'Checks the options of an application and its providers, one line for each finding. Exit code 1 where there is an error.',
  options: {
    config: { type: 'string', value: 'file', help: 'its default export: the options of the plugin (default: ./oauth.config.js)' },
    production: { type: 'boolean', help: 'check as for production (default: by NODE_ENV)' },
    strict: { type: 'boolean', help: 'warnings count as errors' },
    timeout: { type: 'string', value: 'seconds', help: 'for each connection, the config module and the store (default: 10)' },
    'base-url': { type: 'string', value: 'url', help: 'without a config module: for the callback URL' },
    ...providerOptions,
    ...jsonOption
  },
  examples: ['fastify-oauth doctor --production', 'FASTIFY_OAUTH_CLIENT_ID=... fastify-oauth doctor github --base-url https://app.example.com'],
  async run (given, surroundings) {
    const timeout = given.number('timeout', { least: 1, most: 300, usual: 10 }) * 1_000
    given.url('base-url')
    const config = await loadConfig(given, surroundings, timeout)
    const { env, output } = surroundings
    const found = await examine(config, { env, timeout, name: given.name, production: given.flag('production') || env.NODE_ENV === 'production' })
    const count = (level: Level) => found.filter(finding => finding.level === level).length
    const errors = count('error')
    const warnings = count('warn')
    const ok = errors === 0 && (warnings === 0 || !given.flag('strict'))
    show(output, found, { ok, errors, warnings })
    return ok ? 0 : 1
  }
}

interface Examination {
  env: Readonly<Record<string, string | undefined>>
  timeout: number
  /** The only provider. */
  name: string | undefined
  production: boolean
}

/** Everything that is found, in the order in which it is shown. */
export async function examine (config: Config, { env, timeout, name, production }: Examination): Promise<Finding[]> {
  const options = name === undefined ? config.options : withOnly(config.options, name)
  const secrets = Secrets.of(options, env)
  const checked = checkOptions(options, secrets)
  const { plugin, providers } = checked
  const scene = { env, source: config.source, production, fastify: config.fastify }
  const dispatcher = plugin.dispatcher ?? createAgent({ connect: { timeout } })
  const [store, ...answers] = await Promise.all([
    config.source === undefined || checked.wrong.has('store') ? [] : checkStore(plugin.store, { production, timeout, secrets }),
    ...[...providers].map(([name, provider]) => checkProvider(name, provider, { dispatcher, timeout, clock: plugin.clock, secrets }))
  ])
  return [
    ...checked.found,
    // What comes from flags is no application.
    ...(config.source === undefined ? [] : [...checkSettings(checked, scene), ...checkOwnSecrets(checked, scene)]),
    ...store,
    ...[...providers].flatMap(([name, provider], index) => [...ofProvider(name, provider, { plugin, scene }), ...answers[index] as Finding[]]),
    ...sharedSecrets(checked)
  ]
}

function ofProvider (name: string, provider: ProviderOptions, { plugin, scene }: { plugin: CheckedOptions['plugin'], scene: SecretsScene }): Finding[] {
  return [
    ...checkClientSecret(name, { ...provider, clock: plugin.clock }, scene),
    ...checkInsecure(name, provider, scene.production),
    ...checkCallback(name, provider, plugin)
  ]
}

// Two registrations of one client are no mistake.
function sharedSecrets ({ plugin, providers }: CheckedOptions): Finding[] {
  const clients = new Map([...providers].map(([name, { clientId, clientSecret }]) => [`${clientId} ${clientSecret}`, { about: 'clientSecret', provider: name, value: clientSecret }]))
  return checkReuse([...ownSecrets(plugin), ...[...clients.values()].flatMap(({ value, ...named }) => value === undefined ? [] : [{ ...named, value }])])
}

function withOnly (options: Record<string, unknown>, name: string): Record<string, unknown> {
  const providers = Object.entries(options.providers ?? {})
  const only = providers.filter(([one]) => one === name)
  if (only.length === 0) throw new CommandFailure(`the config module has no provider ${name}; it has ${providers.map(([one]) => one).join(', ') || 'none'}`)
  return { ...options, providers: Object.fromEntries(only) }
}

const styles: Readonly<Record<Level, Style>> = { ok: 'green', warn: 'yellow', error: 'red' }

function show (output: Output, found: readonly Finding[], summary: { ok: boolean, errors: number, warnings: number }): void {
  if (output.isJson) return output.json({ ...summary, findings: found })
  for (const { level, about, provider, message, advice } of found) {
    output.line([level.padEnd(5), styles[level]], '  ', [provider === undefined ? about : `${provider} ${about}`, 'bold'], `: ${message}${advice === undefined ? '' : `; ${advice}`}`)
  }
  const { errors, warnings } = summary
  output.line(`${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`)
}
