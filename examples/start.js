// `npm start`: installs what is missing, builds, and runs the demo. Plain node until all that is done.
//   npm start -- --processes 4   runs the app in four processes that share a Redis, where one answers at REDIS_URL
import { endCommands } from '../.ci/command.js'
import { ensureBuilt, ensureInstalled } from '../.ci/install.js'
import { readPorts } from './demo/app/ports.js'
import { readProcesses } from './demo/app/process-options.js'

let demo
let ending = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, end)
}
endWithParent()

try {
  const ports = readPorts(process.env)
  const wanted = readProcesses(process.argv.slice(2), process.env)
  await ensureInstalled()
  await ensureBuilt()
  const { startDemo } = await import('./demo/app.js')
  const processes = await possible(wanted)
  demo = await startDemo({ ...ports, ...wanted, processes })
  announce(demo, processes)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

// Several processes need a store that they share.
async function possible ({ processes, redisUrl }) {
  const { answers, withoutPassword } = await import('./demo/processes.js')
  if (processes === 1 || await answers(redisUrl)) return processes
  console.log(`The demo runs in one process, for no Redis answers at ${withoutPassword(redisUrl)} in which several would share grants and sessions (REDIS_URL).`)
  return 1
}

function announce ({ url, providerUrl }, processes) {
  console.log(`The demo is at ${url}${processes > 1 ? `, in ${processes} processes` : ''}`)
  console.log(`Its OpenID provider is at ${providerUrl}. Ctrl-C ends it all.`)
}

// npm passes SIGTERM on to its shell, which dies of it without telling us.
function endWithParent () {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && end(), 500).unref()
}

async function end () {
  // npm passes on the signal that the terminal has sent already.
  if (ending) return
  ending = true
  endCommands()
  await demo?.close()
  process.exit(0)
}
