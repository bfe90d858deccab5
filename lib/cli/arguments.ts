// The arguments of a command, read by node:util.
import { parseArgs } from 'node:util'
import { nearest } from '../nearest.js'
import { UsageError } from './surroundings.js'

export interface Option {
  type: 'string' | 'boolean'
  /** May be given several times. */
  multiple?: true
  /** What stands for its value in help. */
  value?: string
  help: string
}

interface Known { name: string, options: Readonly<Record<string, Option>> }

type Value = string | boolean | Array<string | boolean> | undefined

/** What was given, by name. */
export class Arguments {
  readonly name: string | undefined
  readonly #values: Readonly<Record<string, Value>>

  constructor (name: string | undefined, values: Readonly<Record<string, Value>>) {
    this.name = name
    this.#values = values
  }

  flag (option: string): boolean {
    return this.#values[option] === true
  }

  text (option: string): string | undefined {
    const value = this.#values[option]
    return typeof value === 'string' ? value : undefined
  }

  /** Undefined where it was not given. */
  texts (option: string): string[] | undefined {
    const value = this.#values[option]
    return Array.isArray(value) ? value.map(String) : undefined
  }

  /** A whole number. Throws UsageError. */
  number (option: string, { least, most, usual }: { least: number, most: number, usual: number }): number {
    const given = this.text(option)
    if (given === undefined) return usual
    const number = /^\d{1,9}$/.test(given) ? Number(given) : NaN
    if (number >= least && number <= most) return number
    throw new UsageError(`--${option} is not a whole number from ${least} to ${most}`)
  }

  /** An absolute http or https URL. Throws UsageError. */
  url (option: string): URL | undefined {
    const given = this.text(option)
    if (given === undefined) return undefined
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given)
    throw new UsageError(`--${option} is not an absolute http or https URL`)
  }

  /** The first of these options that was given. */
  firstOf (options: readonly string[]): string | undefined {
    return options.find(option => this.#values[option] !== undefined)
  }
}

/** Throws UsageError, with one line that repeats no value. */
export function parseArguments (command: Known, args: readonly string[]): Arguments {
  const options = Object.fromEntries(Object.entries(command.options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]))
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
    if (positionals.length > 1) throw new UsageError(`it takes one name, not ${positionals.length}`)
    return new Arguments(positionals[0], values)
  } catch (error) {
    throw error instanceof UsageError ? error : refusal(command, error as Error)
  }
}

function refusal ({ name, options }: Known, { message }: Error): UsageError {
  const [, unknown] = /^Unknown option '([^']*)'/.exec(message) ?? []
  const [what = ''] = message.split(/\n|\. /)
  if (unknown === undefined) return new UsageError(`${what.charAt(0).toLowerCase()}${what.slice(1)} (see fastify-oauth ${name} --help)`)
  const near = nearest(unknown.replace(/^-+/, ''), Object.keys(options)).find(({ away }) => away <= 3)
  return new UsageError(`there is no option ${unknown}${near === undefined ? '' : `, did you mean --${near.one}?`} (see fastify-oauth ${name} --help)`)
}
