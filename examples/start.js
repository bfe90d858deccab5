// `npm start`: installs what is missing, builds, and runs the demo in this process. Plain node until all that is done.
import { endCommands } from '../.ci/command.js'
import { ensureBuilt, ensureInstalled } from '../.ci/install.js'
import { readPorts } from './demo/app/ports.js'

let demo
let ending = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, end)
}
endWithParent()

try {
  const ports = readPorts(process.env)
  await ensureInstalled()
  await ensureBuilt()
  const { startDemo } = await import('./demo/app.js')
  demo = await startDemo(ports)
  announce(demo)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

function announce ({ url, providerUrl }) {
  console.log(`The demo is at ${url}`)
  console.log(`Its OpenID provider is at ${providerUrl}. Ctrl-C ends both.`)
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
