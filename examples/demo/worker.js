// One process of several, started by processes.js: told once what to serve, and ended by SIGTERM or with its parent.
import { once } from 'node:events'
import { createApp } from './create-app.js'

// Ctrl-C reaches every process of a terminal: the first one ends the others, when it has closed what they use.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})

process.send?.({ asks: true })
const [{ port, options, shared }] = await once(process, 'message')
try {
  const app = await createApp({ ...options, shared })
  process.once('SIGTERM', end)
  process.once('disconnect', end)
  await app.listen({ port, host: 'localhost' })
  process.send?.({ number: shared.number })

  function end () {
    app.close().finally(() => process.exit())
  }
} catch (error) {
  process.send?.({ error: error.message })
}
