// Installs what is missing. Shared by `npm test` and `npm start`, so it may import nothing but node and its neighbour.
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npm, runCommand } from './command.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const quarterOfAnHour = 15 * 60_000
const browserNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
// The last two are the server as well, by another name: it is the name that it is started by which counts.
const redisNames = ['redis-server', 'valkey-server', 'redis6-server', 'redis-check-rdb', 'valkey-check-rdb']

// What some tests need of the machine, and the Debian packages that bring it.
const chromium = { name: 'Chromium', packages: ['chromium', 'fonts-dejavu-core'], tests: 'the browser test' }
const oauthlib = { name: 'oauthlib for /usr/bin/python3', packages: ['python3-oauthlib'], tests: 'the interop tests of OAuth 1.0a' }
// The package redis-server would start a service; the program itself is in this one.
const redis = { name: 'Redis', packages: ['redis-tools'], tests: 'the tests of RedisGrantStore' }

/**
 * Makes node_modules agree with package-lock.json and, where asked, finds or installs a browser, Python's oauthlib and Redis.
 * @param {{ browser?: boolean, python?: boolean, redisServer?: boolean, log?: (line: string) => void }} [options]
 */
export async function ensureInstalled ({ browser = false, python = false, redisServer = false, log = console.log } = {}) {
  if (!packagesMatchLock()) {
    log('installing packages')
    const [file, args] = npm(['ci', '--include=dev', '--no-audit', '--no-fund'])
    const { ok, output } = await runCommand(file, args, { cwd: root, timeout: quarterOfAnHour })
    if (!ok) throw new Error(`npm ci failed\n${output}`)
  }
  const missing = []
  if (browser && findChromium() === null) missing.push(chromium)
  if (python && !(await importsOauthlib())) missing.push(oauthlib)
  if (redisServer && findRedisServer() === null) missing.push(redis)
  if (missing.length > 0) await installFromDebian(missing, log)
}

/** Builds dist when it is missing or older than what it is built from. */
export async function ensureBuilt ({ log = console.log } = {}) {
  const built = newestChange('dist/lib/index.js')
  const changed = Math.max(...['lib', 'types', 'tsconfig.json'].map(newestChange))
  if (built > changed) return
  log('building')
  const [file, args] = npm(['run', 'build'])
  const { ok, output } = await runCommand(file, args, { cwd: root })
  if (!ok) throw new Error(`npm run build failed\n${output}`)
}

/**
 * The path of a Chromium on this machine, or null.
 * @returns {string | null}
 */
export function findChromium () {
  return findProgram(browserNames)
}

/**
 * The path of a Redis or Valkey server on this machine, or null. It is to be started under the name redis-server.
 * @returns {string | null}
 */
export function findRedisServer () {
  return findProgram(redisNames)
}

// The first of the names that any folder of the path has.
function findProgram (names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isProgram) ?? null
}

function isProgram (path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function importsOauthlib () {
  const { ok } = await runCommand('/usr/bin/python3', ['-c', 'import oauthlib.oauth1, jwt.algorithms, cryptography'])
  return ok
}

async function installFromDebian (missing, log) {
  const apt = await runCommand('apt-get', ['--version'])
  if (process.getuid?.() !== 0 || !apt.ok) {
    for (const { name, tests } of missing) {
      log(`No ${name} was found and it cannot be installed here (that takes root and apt-get): ${tests} will fail.`)
    }
    return
  }
  const packages = missing.flatMap(one => one.packages)
  log(`installing ${packages.join(', ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const commands = [['update'], ['install', '-y', ...packages]]
  for (const args of commands) {
    const { ok, output } = await runCommand('apt-get', args, { env, timeout: quarterOfAnHour })
    if (!ok) log(`apt-get ${args[0]} failed, so ${missing.map(one => one.tests).join(' and ')} may fail:\n${output.slice(-2000)}`)
  }
}

// Compares contents, not times: a checkout or a copy changes the times of files that are still the same.
function packagesMatchLock () {
  try {
    const wanted = readPackages('package-lock.json')
    const installed = readPackages('node_modules/.package-lock.json')
    return Object.entries(wanted).every(([path, entry]) =>
      path === '' || entry.optional || installed[path]?.version === entry.version)
  } catch {
    return false
  }
}

function readPackages (path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
}

function newestChange (path) {
  const full = join(root, path)
  const stats = statSync(full, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  // A folder's own time tells of files that were removed.
  return Math.max(stats.mtimeMs, ...readdirSync(full).map((name) => newestChange(join(path, name))))
}
