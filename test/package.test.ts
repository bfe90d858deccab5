// The package as a user gets it: packed, installed in an empty project, imported, required and type-checked.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { projectRoot } from './fixtures/project.js'

const run = promisify(execFile)
const packed = ['package.json', 'tsconfig.json', 'lib', 'types', 'sql', 'README.md', 'LICENSE', 'CHANGELOG.md']

// Outside the project, where no folder above has the packages of the project.
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fastify-oauth-')))
const project = join(folder, 'project')
const installed = join(project, 'node_modules/fastify-oauth')

t.setTimeout(240_000)
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

// The runner's own loaders must not reach the programs of the user.
const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME }

// Packs a copy: building in place would take dist from under the other tests.
async function pack (): Promise<string> {
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of packed) cpSync(join(projectRoot, name), join(copy, name), { recursive: true })
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'))
  await run('npm', ['pack', '--pack-destination', folder], { cwd: copy, env })
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no tarball')
}

async function install (tarball: string): Promise<void> {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const packages = ['fastify', '@types/node'].map((name) => `${name}@${versionOf(name)}`)
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  await run('npm', ['install', ...flags, tarball, ...packages], { cwd: project, env })
}

function versionOf (name: string): string {
  const text = readFileSync(join(projectRoot, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function runProgram (name: string, code: string): Promise<string> {
  writeFileSync(join(project, name), code)
  const { stdout } = await run(process.execPath, [name], { cwd: project, env })
  return stdout.trim()
}

t.before(async () => {
  await install(await pack())
})

t.test('holds what is compiled and no sources or tests', async (t) => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .filter((file) => file !== 'dist' && !file.startsWith('node_modules'))
  const strangers = files.filter((file) =>
    !/^dist[\\/](lib|types)([\\/].*\.(js|d\.ts|js\.map))?$/.test(file) &&
    !/^dist[\\/](lib|types)[\\/][^.]+$/.test(file) &&
    !['package.json', join('dist/lib/catalogue/providers.json'), 'sql', join('sql', 'postgres.sql'), 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(file))
  t.strictSame(strangers, [])
  t.ok(files.includes(join('dist/lib/index.js')))
  t.ok(files.includes(join('dist/types/index.d.ts')))
  t.ok(files.includes(join('dist/lib/catalogue/providers.json')))
  t.ok(files.includes(join('sql', 'postgres.sql')))
})

t.test('gives the same function to import and require', async (t) => {
  const output = await runProgram('same.js', `
    import { createRequire } from 'node:module'
    import plugin, { oauthPlugin } from 'fastify-oauth'
    const required = createRequire(import.meta.url)('fastify-oauth')
    console.log(typeof plugin, plugin === oauthPlugin, plugin === required.default, plugin === required.oauthPlugin)
  `)
  t.equal(output, 'function true true true')
})

t.test('signs for OAuth 1.0a without Fastify', async (t) => {
  const output = await runProgram('oauth1.js', `
    import { createRequire } from 'node:module'
    import { sign } from 'fastify-oauth/oauth1'
    const require = createRequire(import.meta.url)
    const loaded = Object.keys(require.cache).filter(file => /node_modules.fastify[^-]/.test(file))
    const { authorization } = sign({ method: 'GET', url: 'https://api.example.com/' }, { clientId: 'client' })
    console.log(sign === require('fastify-oauth/oauth1').sign, loaded.length, authorization.startsWith('OAuth oauth_consumer_key="client"'))
  `)
  t.equal(output, 'true 0 true')
})

t.test('no entry needs a client of a database, and the suite of a store no test runner', async (t) => {
  const output = await runProgram('stores.js', `
    import { createRequire } from 'node:module'
    import { MemoryGrantStore } from 'fastify-oauth'
    import { RedisGrantStore } from 'fastify-oauth/stores/redis'
    import { PostgresGrantStore } from 'fastify-oauth/stores/postgres'
    import { grantStoreTests } from 'fastify-oauth/stores/testing'
    const { resolve } = createRequire(import.meta.resolve('fastify-oauth'))
    for (const name of ['ioredis', 'pg', 'tap']) {
      try { console.log(resolve(name)) } catch {}
    }
    let now = 1
    const tests = grantStoreTests(() => {
      const store = new MemoryGrantStore({ clock: () => now })
      return { store, other: store, pass: async (ms) => { now += ms } }
    })
    for (const { run } of tests) await run()
    console.log(typeof RedisGrantStore, typeof PostgresGrantStore, tests.length > 20)
  `)
  t.equal(output, 'function function true')
})

t.test('has a program', async (t) => {
  const { stdout } = await run('npx', ['--no-install', 'fastify-oauth', '--help'], { cwd: project, env })
  t.match(stdout, /^Usage: fastify-oauth <command>/)
})

t.test('registers when required', async (t) => {
  const output = await runProgram('register.cjs', `
    const app = require('fastify')()
    app.register(require('fastify-oauth').oauthPlugin, {
      baseUrl: 'https://app.example.com',
      secret: 'a secret of at least thirty-two characters',
      session: { secret: 'a secret of at least thirty-two characters' },
      providers: {}
    })
    app.ready().then(() => app.close()).then(() => console.log('ready'))
  `)
  t.equal(output, 'ready')
})

t.test('type-checks as a module and as CommonJS', async (t) => {
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node']
    },
    files: ['module.ts', 'common.cts']
  }))
  const use = `
    const app = Fastify()
    app.register(oauthPlugin, { providers: {} })
    app.register(byDefault, { providers: {} })
    // @ts-expect-error providers is an object
    app.register(oauthPlugin, { providers: 1 })
  `
  writeFileSync(join(project, 'module.ts'), `
    import Fastify from 'fastify'
    import byDefault, { oauthPlugin } from 'fastify-oauth'
    import { createFakeProvider } from 'fastify-oauth/testing'
    import { RedisGrantStore, type RedisClient } from 'fastify-oauth/stores/redis'
    import { PostgresGrantStore, type PostgresPool } from 'fastify-oauth/stores/postgres'
    import { grantStoreTests } from 'fastify-oauth/stores/testing'
    const { options, dispatcher, clock } = createFakeProvider({ protocol: 'oauth2' })
    ${use}
    const redis = new RedisGrantStore({ client: {} as RedisClient, ttl: 1_000 })
    app.register(oauthPlugin, { providers: {}, store: redis })
    app.register(oauthPlugin, { providers: {}, store: new PostgresGrantStore({ pool: {} as PostgresPool, ttl: 1_000 }) })
    for (const { name, run } of grantStoreTests(() => ({ store: redis, other: redis, pass: async (ms: number) => {} }))) {
      const test: [string, Promise<void>] = [name, run()]
      test.pop()
    }
    app.register(oauthPlugin, { providers: { fake: options }, dispatcher, clock })
  `)
  writeFileSync(join(project, 'common.cts'), `
    import Fastify = require('fastify')
    import oauth = require('fastify-oauth')
    const { oauthPlugin, default: byDefault } = oauth
    ${use.replace('Fastify()', 'Fastify.default()')}
  `)
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', project], { cwd: project, env })
    .catch((error: { stdout: string }) => error)
  t.equal(stdout, '')
})
