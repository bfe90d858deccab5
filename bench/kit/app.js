// An application of a benchmark, in a process of its own that tells its CPU time.
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { Session } from 'node:inspector/promises'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import { answer } from './processes.js'

/** Serves what `register(app, origin)` adds. The address is known before, for it stands in the options of some. */
export async function serve (register) {
  const server = createServer({ keepAlive: true })
  server.keepAliveTimeout = 72_000
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${server.address().port}`
  const app = Fastify()
  const facts = await register(app, origin)
  await app.ready()
  server.on('request', app.routing)
  const profiler = new Session()
  answer({
    usage: () => process.cpuUsage(),
    where: () => ({ origin, ...facts }),
    async startProfile () {
      profiler.connect()
      await profiler.post('Profiler.enable')
      await profiler.post('Profiler.start')
    },
    async saveProfile (path) {
      const { profile } = await profiler.post('Profiler.stop')
      await writeFile(path, JSON.stringify(profile))
    }
  })
}

/** The same session for every candidate. */
export async function registerSession (app) {
  await app.register(cookie)
  await app.register(session, {
    secret: 'a secret of the benchmark, 32 characters at least',
    cookie: { secure: false, httpOnly: true, sameSite: 'lax' },
    saveUninitialized: false
  })
}
