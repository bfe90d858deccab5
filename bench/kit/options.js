// What every benchmark takes on its command line: numbers, and a folder for CPU profiles.
import { parseArgs } from 'node:util'

export function parseOptions (defaults) {
  const numbers = Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: String(value) }])
  const { values: { profile, ...given } } = parseArgs({ options: { ...Object.fromEntries(numbers), profile: { type: 'string' } } })
  const parsed = Object.entries(given).map(([name, value]) => [name, Number(value)])
  for (const [name, value] of parsed) if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} is a whole number above 0`)
  return { ...Object.fromEntries(parsed), profile }
}
