// An application's options: a config module, or one provider from flags.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Arguments } from './arguments.js'
import { CommandFailure, UsageError } from './surroundings.js'
import type { Surroundings } from './surroundings.js'
import { providerFromFlags, refuseFlagsBesideConfig } from './provider-options.js'
import { Secrets } from './secrets.js'
import { withinTime } from './time.js'

export interface Config {
  /** As somebody has written them. */
  options: Record<string, unknown>
  /** What Fastify is created with, where the module says so. */
  fastify: Record<string, unknown> | undefined
  /** The text of the module; undefined where the options came from flags. */
  source: string | undefined
}

const usualFile = './oauth.config.js'

/** Throws UsageError where there is nothing to load, CommandFailure where it cannot be loaded. */
export async function loadConfig (given: Arguments, { env, cwd }: Surroundings, timeout: number): Promise<Config> {
  const file = given.text('config') ?? (given.name === undefined ? usualFile : undefined)
  if (file !== undefined) {
    refuseFlagsBesideConfig(given)
    return loadModule(resolve(cwd, file), { file, timeout, secrets: Secrets.ofEnvironment(env) })
  }
  const provider = providerFromFlags(given, env)
  const baseUrl = given.text('base-url')
  return { options: { providers: { [String(given.name)]: provider }, ...(baseUrl === undefined ? {} : { baseUrl }) }, fastify: undefined, source: undefined }
}

async function loadModule (path: string, { file, timeout, secrets }: { file: string, timeout: number, secrets: Secrets }): Promise<Config> {
  if (!existsSync(path)) throw new UsageError(`there is no config module ${file}: name one with --config, or a provider`)
  const { options, fastify } = await withinTime(exportsOf(path, file), timeout, `the config module ${file} was not loaded`).catch(error => {
    throw error instanceof CommandFailure ? error : new CommandFailure(`the config module ${file} cannot be loaded: ${secrets.hide(String(error))}${hintOn(error)}`)
  })
  if (!isObject(options)) throw new CommandFailure(`the default export of ${file} is not the options of the plugin: export default { providers: … }, or a function that answers them`)
  return { options, fastify: isObject(fastify) ? fastify : undefined, source: readFileSync(path, 'utf8') }
}

// Node.js 20 loads JavaScript alone. Of an error that has come through a loader's thread, the message alone holds its code.
function hintOn (error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  return /^(Error: )?ERR_(UNKNOWN_FILE_EXTENSION|IMPORT_A)/.test(String(code ?? error)) ? '; it must be JavaScript: compile it first, or set NODE_OPTIONS="--import tsx" for TypeScript' : ''
}

async function exportsOf (path: string, file: string): Promise<{ options: unknown, fastify: unknown }> {
  const module = await import(pathToFileURL(path).href) as Record<string, unknown>
  // CommonJS that a compiler has made of a module.
  const { default: found, fastify } = isObject(module.default) && module.default.__esModule === true ? module.default : module
  if (typeof found === 'function' && found.length > 0) throw new CommandFailure(`the default export of ${file} is a function with arguments, and is given none: export the options of the plugin, or a function that answers them`)
  return { options: typeof found === 'function' ? await found() : found, fastify }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
