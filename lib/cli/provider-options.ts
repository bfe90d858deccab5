// One provider from flags and the environment.
import { entryNames, entryOf } from '../catalogue/index.js'
import { nearest } from '../nearest.js'
import { UsageError } from './surroundings.js'
import type { Option } from './arguments.js'
import type { Arguments } from './arguments.js'

export const providerOptions = {
  'client-id': { type: 'string', value: 'id', help: 'or FASTIFY_OAUTH_CLIENT_ID' },
  'client-secret': { type: 'string', value: 'secret', help: 'better FASTIFY_OAUTH_CLIENT_SECRET: options are in the list of processes' },
  issuer: { type: 'string', value: 'url', help: 'or FASTIFY_OAUTH_ISSUER: a provider that is not in the catalogue' },
  extends: { type: 'string', value: 'entry', help: 'an entry of the catalogue that has another name' },
  variant: { type: 'string', value: 'name', help: 'of the entry' },
  param: { type: 'string', multiple: true, value: 'name=value', help: 'a placeholder of the entry; may be repeated' },
  scope: { type: 'string', multiple: true, value: 'scopes', help: 'in place of the default scopes; may be repeated' }
} as const satisfies Record<string, Option>

type Env = Readonly<Record<string, string | undefined>>

/** As a user would write them. Throws UsageError. */
export function providerFromFlags (given: Arguments, env: Env): Record<string, unknown> {
  const clientId = given.text('client-id') ?? filled(env.FASTIFY_OAUTH_CLIENT_ID)
  if (clientId === undefined) throw new UsageError('there is no client: give --client-id, or FASTIFY_OAUTH_CLIENT_ID, or a config module with --config')
  const issuer = given.text('issuer') ?? filled(env.FASTIFY_OAUTH_ISSUER)
  const entry = given.text('extends') ?? String(given.name)
  if (issuer === undefined && entryOf(entry) === undefined) {
    throw new UsageError(`there is no entry ${entry} in the catalogue (the nearest are ${nearest(entry, entryNames()).map(({ one }) => one).join(', ')}): give --issuer, or --extends, or a config module with --config`)
  }
  const options = {
    clientId,
    clientSecret: given.text('client-secret') ?? filled(env.FASTIFY_OAUTH_CLIENT_SECRET),
    issuer,
    extends: given.text('extends'),
    variant: given.text('variant'),
    params: paramsOf(given.texts('param')),
    scope: given.texts('scope')?.flatMap(scopes => scopes.split(/\s+/)).filter(scope => scope !== '')
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** Throws UsageError where both a config module and flags of a provider are given. */
export function refuseFlagsBesideConfig (given: Arguments): void {
  const flag = given.firstOf(Object.keys(providerOptions))
  if (flag !== undefined) throw new UsageError(`--${flag} and a config module cannot be given together`)
}

function paramsOf (given: readonly string[] | undefined): Record<string, string> | undefined {
  return given && Object.fromEntries(given.map(param => {
    const [, name, value] = /^(\w+)=(.+)$/s.exec(param) ?? []
    if (name === undefined || value === undefined) throw new UsageError('--param is not of the form name=value')
    return [name, value]
  }))
}

function filled (value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
