// How many processes the app runs in, and the Redis that they share: read from the command line and the environment.
import { parseArgs } from 'node:util'

const most = 16

/** `{ processes, redisUrl }`. Throws one sentence. */
export function readProcesses (args, env) {
  const { processes } = parse(args)
  if (!/^\d{1,2}$/.test(processes) || Number(processes) < 1 || Number(processes) > most) {
    throw new Error(`--processes has to be a whole number from 1 to ${most}, as in npm start -- --processes 4.`)
  }
  const redisUrl = env.REDIS_URL || 'redis://127.0.0.1:6379'
  if (!URL.canParse(redisUrl)) throw new Error('REDIS_URL has to be an address, as in redis://127.0.0.1:6379.')
  return { processes: Number(processes), redisUrl }
}

function parse (args) {
  try {
    return parseArgs({ args, options: { processes: { type: 'string', default: '1' } } }).values
  } catch {
    throw new Error('The demo takes one option: npm start -- --processes 4.')
  }
}
