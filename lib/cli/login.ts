// fastify-oauth login: one login, without an application.
import type { OAuthGrant } from '../../types/grant.js'
import type { OAuthPluginOptions } from '../../types/options.js'
import type { OAuthProfile } from '../../types/profile.js'
import { parsePluginOptions } from '../options.js'
import type { ProviderOptions } from '../options.js'
import type { Arguments } from './arguments.js'
import { CommandFailure, UsageError } from './surroundings.js'
import { jsonOption } from './command.js'
import type { Command } from './command.js'
import type { Surroundings } from './surroundings.js'
import { loadConfig } from './config.js'
import { loopbackAddress, openLoopback } from './loopback.js'
import type { LoopbackLogin } from './loopback.js'
import type { Output } from './output.js'
import { providerOptions } from './provider-options.js'
import { withinTime } from './time.js'

const loadTime = 30_000
const partsTaken: ReadonlySet<string> = new Set(['providers', 'prefix', 'timeout', 'dispatcher', 'clock'])

export const login: Command = {
  name: 'login',
  positional: '<name>',
  summary: 'Logs in once over loopback (RFC 8252): prints an address to open, then the profile and what was granted.',
  options: {
    config: { type: 'string', value: 'file', help: 'takes the provider\'s options from there' },
    port: { type: 'string', value: 'number', help: 'of 127.0.0.1 (default: a free one)' },
    'callback-url': { type: 'string', value: 'url', help: 'of loopback, where another one than /oauth/<name>/callback is registered' },
    timeout: { type: 'string', value: 'seconds', help: 'how long the login may take (default: 300)' },
    'show-token': { type: 'boolean', help: 'print the tokens too' },
    ...providerOptions,
    ...jsonOption
  },
  examples: ['FASTIFY_OAUTH_CLIENT_ID=... FASTIFY_OAUTH_CLIENT_SECRET=... fastify-oauth login github --port 3000', 'fastify-oauth login google --config ./oauth.config.js --json'],
  async run (given, surroundings) {
    const { output } = surroundings
    const seconds = given.number('timeout', { least: 1, most: 86_400, usual: 300 })
    const { name, options } = await chosen(given, surroundings)
    const address = loopbackAddress({ port: given.number('port', { least: 0, most: 65_535, usual: 0 }), callbackUrl: given.url('callback-url') ?? ownCallback(options, name) })
    const loopback = await openLoopback({ ...address, name, options, loginTimeout: seconds * 1_000, note: text => output.aside(text) })
    try {
      output.aside(`Open in a browser: ${loopback.url}`)
      output.aside(`The callback URL, which must be registered at the provider: ${loopback.callbackUrl}`)
      output.aside(`Waiting for at most ${seconds} seconds.`)
      show(output, await withinTime(loopback.login, seconds * 1_000, 'the login did not come back'), given.flag('show-token'))
      return 0
    } finally {
      await loopback.close()
    }
  }
}

// Only the one provider: what is wrong with others does not matter here.
async function chosen (given: Arguments, surroundings: Surroundings): Promise<{ name: string, options: OAuthPluginOptions }> {
  const { name } = given
  if (name === undefined) throw new UsageError('it takes the name of a provider')
  const { options } = await loadConfig(given, surroundings, loadTime)
  const providers = Object(options.providers) as Record<string, unknown>
  if (!Object.hasOwn(providers, name)) throw new CommandFailure(`the config module has no provider ${name}; it has ${Object.keys(providers).join(', ') || 'none'}`)
  if (typeof providers[name] === 'function') throw new CommandFailure(`${name} is a function of the request, and here is none: log in with the options of one tenant`)
  const taken = Object.entries({ ...options, providers: { [name]: providers[name] } }).filter(([key, value]) => partsTaken.has(key) && value !== undefined)
  return { name, options: Object.fromEntries(taken) }
}

function ownCallback (options: OAuthPluginOptions, name: string): URL | undefined {
  const { grant, callbackUrl } = parsePluginOptions({ ...options, baseUrl: 'http://127.0.0.1' }).providers[name] as ProviderOptions
  if (grant !== undefined) throw new CommandFailure(`there are no logins at ${name}: its option grant is set`)
  return callbackUrl === undefined || callbackUrl === 'oob' ? undefined : new URL(callbackUrl)
}

function show (output: Output, { grant, protocol, profile, asked }: LoopbackLogin, withTokens: boolean): void {
  const { provider, account, scope, tokenType, expiresAt } = grant
  const granted = { scope, missing: asked.filter(one => !scope.includes(one)), tokenType, expiresAt, refreshToken: grant.refreshToken !== undefined, idToken: grant.idToken !== undefined }
  const tokens = withTokens ? tokensOf(grant) : undefined
  if (output.isJson) return output.json({ provider, protocol, account, profile: profile === undefined ? null : { ...profile, raw: undefined }, granted, ...(tokens === undefined ? {} : { tokens }) })
  section(output, 'Profile', profile === undefined ? [['', 'the provider tells nothing of its users']] : rowsOf(profile))
  section(output, 'Granted', [
    ['scope', scope.join(' ') || 'none named'],
    ['not granted', granted.missing.join(' ')],
    ['token type', tokenType],
    ['expires', expiresAt === undefined ? 'not said' : new Date(expiresAt).toISOString()],
    ['refresh token', granted.refreshToken ? 'yes' : 'no'],
    ['id_token', granted.idToken ? 'yes, verified' : 'no']
  ])
  if (tokens === undefined) return output.line(['The tokens are shown with --show-token.', 'dim'])
  section(output, 'Tokens', Object.entries(tokens).map(([label, token = '']) => [label, token]))
}

const noId = 'none, so that two accounts cannot be told apart: see the options userinfoUrl and profile'

function rowsOf ({ id = noId, name, email, emailVerified, username, picture }: OAuthProfile): Array<[string, string]> {
  const rows = { id, name, email: email === undefined ? undefined : `${email} (${emailVerified ? 'verified' : 'not verified'})`, username, picture }
  return Object.entries(rows).map(([label, text = '']) => [label, text])
}

function tokensOf ({ accessToken, tokenSecret, refreshToken, idToken }: OAuthGrant): Record<string, string | undefined> {
  return { accessToken, tokenSecret, refreshToken, idToken }
}

function section (output: Output, heading: string, rows: ReadonlyArray<readonly [string, string]>): void {
  output.line([heading, 'bold'])
  for (const [label, text] of rows) if (text !== '') output.line(`  ${label.padEnd(14)}${text}`)
}
