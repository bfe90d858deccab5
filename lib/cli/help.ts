// The help of the program and of its commands.
import type { Command } from './command.js'
import type { Option } from './arguments.js'

export const usage = `Usage: fastify-oauth <command> [options]

Commands:
  providers [name]   search the catalogue, or show one provider
  doctor [name]      check the settings of an application
  login <name>       log in once, without an application

fastify-oauth <command> --help tells more of each.
`

export function helpOf ({ name, positional, summary, options, examples }: Command): string {
  const rows = Object.entries({ ...options, help: { type: 'boolean', help: 'print this' } as Option }).map(([option, { value, help }]) => [`--${option}${value === undefined ? '' : ` <${value}>`}`, help] as const)
  const width = Math.max(...rows.map(([option]) => option.length))
  return [
    `Usage: fastify-oauth ${name} ${positional} [options]`,
    '',
    summary,
    '',
    'Options:',
    ...rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`),
    '',
    'Examples:',
    ...examples.map(example => `  ${example}`),
    ''
  ].join('\n')
}
