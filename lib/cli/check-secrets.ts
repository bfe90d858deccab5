// Secrets: there, long enough, and nobody's placeholder. Nothing of them is printed but their length.
import type { ProviderOptions } from '../options.js'
import type { CheckedOptions } from './check-options.js'
import { findings } from './finding.js'
import type { Finding } from './finding.js'

export interface SecretsScene {
  env: Readonly<Record<string, string | undefined>>
  /** The text of the config module. */
  source: string | undefined
  production: boolean
}

interface Named { about: string, provider?: string | undefined, value: string | Uint8Array }

const placeholders = /^(undefined|null|todo|tbd|none|test|secret|password|change[-_ ]?(me|this|it)\b.*|replace[-_ ]?(me|this|with)\b.*|(your|my|a)[-_ ].*secret.*|<.*>|\[.*\]|\$\{?\w+\}?|%\w+%|(x{3,}|\.{3,}|\*{3,}|…))$/i
const leastDifferent = 10
// From milliseconds since the epoch, this is in the year 1973.
const leastTime = 1e11

/** secret and session.secret. */
export function ownSecrets ({ secret = [], session }: CheckedOptions['plugin']): Named[] {
  return [...secret.map(value => ({ about: 'secret', value })), ...(session.secret === undefined ? [] : [{ about: 'session.secret', value: session.secret }])]
}

/** What the application has of its own. */
export function checkOwnSecrets ({ plugin, wrong }: CheckedOptions, scene: SecretsScene): Finding[] {
  const { error, warn } = findings()
  const { secret, session, owner } = plugin
  const found: Finding[] = []
  if (secret === undefined && !wrong.has('secret')) {
    const [message, advice] = ['is not set: logins under way and grants are lost at a restart, and other processes cannot read them', 'set it to 32 random bytes or more, the same for every process: openssl rand -base64 48'] as const
    found.push(scene.production ? error('secret', message, advice) : warn('secret', message, advice))
  }
  if (session.secret === undefined && owner === undefined && !wrong.has('session') && !wrong.has('owner')) found.push(warn('session', 'neither session.secret nor owner is set', 'register @fastify/session or @fastify/secure-session before the plugin, or set one of them'))
  for (const one of ownSecrets(plugin)) found.push(...checkOne(one, scene, checkStrength(one)))
  return found
}

/** What a provider's client has. */
export function checkClientSecret (name: string, { clientId, clientSecret, clientSecretExpiresAt, clientKey, clientCert, clientAuth, clock }: ProviderOptions & { clock: () => number }, scene: SecretsScene): Finding[] {
  const { error, warn, ok } = findings(name)
  const found: Finding[] = []
  if (placeholders.test(clientId) || clientId !== clientId.trim()) found.push(error('clientId', 'is a placeholder, or has blanks at its ends', 'copy it from where the client was registered'))
  if (clientSecret === undefined && clientKey === undefined && clientCert === undefined && clientAuth !== 'none') found.push(warn('clientSecret', 'is not set: the client is public', 'set it, or say so with clientAuth "none"'))
  if (clientSecret !== undefined) found.push(...checkOne({ about: 'clientSecret', provider: name, value: clientSecret }, scene))
  if (clientSecretExpiresAt === undefined) return found
  const days = Math.floor((clientSecretExpiresAt - clock()) / 86_400_000)
  const advice = clientSecretExpiresAt < leastTime ? 'it is in milliseconds since the epoch' : 'make a new one where the client is registered, and set clientSecretExpiresAt to its end'
  const end = new Date(clientSecretExpiresAt)
  const when = Number.isNaN(end.getTime()) ? 'never' : end.toISOString()
  return [...found, days < 0 ? error('clientSecretExpiresAt', `the secret has expired (${when})`, advice) : days < 30 ? warn('clientSecretExpiresAt', `the secret expires in ${days} days (${when})`, advice) : ok('clientSecretExpiresAt', `the secret is good until ${when}`)]
}

function checkOne ({ about, provider, value }: Named, { env, source, production }: SecretsScene, weaknesses: Finding[] = []): Finding[] {
  const { error, warn, ok } = findings(provider)
  if (typeof value !== 'string') return weaknesses.length > 0 ? weaknesses : [ok(about, `${value.byteLength} bytes`)]
  if (placeholders.test(value.trim())) return [error(about, 'is a placeholder, or an environment variable that was not set', 'set the real secret')]
  const found = [...weaknesses]
  if (value !== value.trim()) found.push(error(about, 'has blanks or a line break at its ends', 'remove them: most providers count them'))
  if (source?.includes(value) === true) {
    const advice = 'read it from the environment, and make a new one if the file was ever committed'
    found.push(production ? error(about, 'is written in the config module', advice) : warn(about, 'is written in the config module', advice))
  }
  const variable = Object.entries(env).find(([, one]) => one === value)?.[0]
  return found.length > 0 ? found : [ok(about, `${Buffer.byteLength(value)} bytes${variable === undefined ? '' : `, from the environment (${variable})`}`)]
}

// Length is the schema's: 'aaaa…' is long too.
function checkStrength ({ about, value }: Named): Finding[] {
  const isWeak = new Set(value as Iterable<unknown>).size < leastDifferent
  return isWeak ? [findings().error(about, `has fewer than ${leastDifferent} different characters`, 'make a random one: openssl rand -base64 48')] : []
}

/** One secret must not open two locks. */
export function checkReuse (named: readonly Named[]): Finding[] {
  const seen = new Map<string, Named>()
  const found: Finding[] = []
  for (const one of named) {
    const key = Buffer.from(one.value as string).toString('base64')
    const first = seen.get(key)
    seen.set(key, first ?? one)
    if (first !== undefined) found.push(findings(one.provider).warn(one.about, `is the same as ${nameOf(first)}`, 'give each its own'))
  }
  return found
}

function nameOf ({ about, provider }: Named): string {
  return provider === undefined ? about : `providers.${provider}.${about}`
}
