// `node examples/bff/start.js`: installs what is missing, builds, and runs the app in this process.
import { endCommands } from '../../.ci/command.js'
import { ensureBuilt, ensureInstalled } from '../../.ci/install.js'
import { readPorts } from '../demo/app/ports.js'

let app

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end)

try {
  const ports = readPorts(process.env)
  await ensureInstalled()
  await ensureBuilt()
  const { startBff } = await import('./app.js')
  app = await startBff(ports)
  console.log(`The single-page app is at ${app.url}, its provider and API at ${app.providerUrl}. Ctrl-C ends both.`)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

async function end () {
  endCommands()
  await app?.close()
  process.exit(0)
}
