// From arguments to an exit code: picks the command, and says what went wrong in one line.
import { isOAuthError } from '../errors.js'
import { nearest } from '../nearest.js'
import { CommandFailure, UsageError } from './surroundings.js'
import type { Command } from './command.js'
import type { Surroundings } from './surroundings.js'
import { helpOf, usage } from './help.js'
import { parseArguments } from './arguments.js'
import { Output, oneLine } from './output.js'
import { Secrets } from './secrets.js'

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  providers: async () => (await import('./providers.js')).providers,
  doctor: async () => (await import('./doctor.js')).doctor,
  login: async () => (await import('./login.js')).login
}

/** Runs one command. Answers its exit code: 0, 1 for a failure, 2 for a wrong command. */
export async function run (args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings
  const [name = '--help', ...rest] = args
  try {
    if (name === '--help' || name === '-h' || name === 'help') {
      stdout.write(usage)
      return 0
    }
    return await runCommand(await commandOf(name), rest, surroundings)
  } catch (error) {
    const wrong = error instanceof UsageError
    stderr.write(`fastify-oauth${Object.hasOwn(commands, name) ? ` ${name}` : ''}: ${oneLine(wordsOf(error, Secrets.ofEnvironment(surroundings.env)))}\n`)
    return wrong ? 2 : 1
  }
}

async function commandOf (name: string): Promise<Command> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load !== undefined) return load()
  const known = Object.keys(commands)
  const near = nearest(name, known).find(({ away }) => away <= 2)
  throw new UsageError(`there is no ${name.startsWith('-') ? 'option' : 'command'} ${name}${near === undefined ? '' : `, did you mean ${near.one}?`} (commands are ${known.join(', ')})`)
}

async function runCommand (command: Command, args: readonly string[], surroundings: Surroundings): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    surroundings.stdout.write(helpOf(command))
    return 0
  }
  const given = parseArguments(command, args)
  const output = new Output(surroundings, given.flag('json'))
  try {
    return await command.run(given, { ...surroundings, output })
  } catch (error) {
    if (error instanceof UsageError || !given.flag('json')) throw error
    output.json({ error: { ...(isOAuthError(error) ? { code: error.code } : {}), message: wordsOf(error, Secrets.ofEnvironment(surroundings.env)) } })
    return 1
  }
}

// Our own errors hold no secrets; others may.
function wordsOf (error: unknown, secrets: Secrets): string {
  if (error instanceof UsageError || error instanceof CommandFailure) return error.message
  return isOAuthError(error) ? `${error.code}: ${secrets.hide(error.message)}` : secrets.hide(String(error))
}
