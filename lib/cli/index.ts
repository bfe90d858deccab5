#!/usr/bin/env node
// The program fastify-oauth. It runs when it is started, not when it is imported.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run } from './run.js'

export { run }

const [, started = ''] = process.argv

// npx starts it through a link.
if (realpathSync(started) === fileURLToPath(import.meta.url)) {
  const { env, stdout, stderr } = process
  const code = await run(process.argv.slice(2), { env, cwd: process.cwd(), stdout, stderr })
  // A config module may have opened connections that would keep the process alive; what is written may still be on its way.
  stdout.write('', () => stderr.write('', () => process.exit(code)))
}
