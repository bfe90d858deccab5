// What a command is.
import type { Arguments, Option } from './arguments.js'
import type { Output } from './output.js'
import type { Surroundings } from './surroundings.js'

export interface Command {
  name: string
  /** The positional argument in help, such as `[name]`; at most one is taken. */
  positional: string
  summary: string
  options: Readonly<Record<string, Option>>
  examples: readonly string[]
  /** Answers the exit code. Throws UsageError, CommandFailure and the errors of the plugin. */
  run (given: Arguments, surroundings: Surroundings & { output: Output }): Promise<number>
}

export const jsonOption = { json: { type: 'boolean', help: 'print one JSON document' } } as const
