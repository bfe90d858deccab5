// The package as a user installs it: packed, in an empty project, through import and require, with its types.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from './fixtures/project.js'

const installed = join(projectRoot, 'node_modules')

function run (file: string, args: string[], cwd: string): string {
  return execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

// What npm would install, without the registry: the tarball's files, and its dependencies as they are here.
function install (folder: string): string[] {
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], projectRoot))
  run('tar', ['-xzf', filename], folder)
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  cpSync(join(folder, 'package'), join(folder, 'node_modules/fastify-oauth'), { recursive: true })
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'))
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), '@types/node']) {
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true })
    symlinkSync(join(installed, name), join(folder, 'node_modules', name))
  }
  return files.map(({ path }: { path: string }) => path)
}

t.test('the packed package works in an empty project', async (t) => {
  const folder = t.testdir({
    'package.json': '{ "name": "empty", "private": true }',
    'import.mjs': "import plugin, { oauthPlugin, MemoryGrantStore, errorCodes } from 'fastify-oauth'\nconsole.log(plugin === oauthPlugin, typeof plugin, typeof MemoryGrantStore, typeof errorCodes.FST_OAUTH_ACCESS_DENIED)\n",
    'require.cjs': "const all = require('fastify-oauth')\nconst app = require('fastify')()\nconsole.log(all.default === all.oauthPlugin, typeof all.oauthPlugin)\napp.register(all, { owner: () => 'me' }).ready(error => { console.log(error === null || error === undefined, app.oauth.providers.size) ; app.close() })\n",
    'types.mts': "import Fastify from 'fastify'\nimport oauthPlugin, { errorCodes } from 'fastify-oauth'\nimport type { OAuthGrant } from 'fastify-oauth'\nconst app = Fastify()\nawait app.register(oauthPlugin, { providers: { a: { issuer: 'https://a.example', clientId: 'b' } } })\napp.get('/', { config: { oauth: { provider: 'a', scope: ['b'] } } }, async (request) => {\n  const grant: OAuthGrant | null = request.oauth.grant\n  const { statusCode, body } = await request.oauth.get('/c')\n  const size: number = app.oauth.providers.size\n  return { statusCode, text: await body.text(), grant, size, known: new errorCodes.FST_OAUTH_ACCESS_DENIED().code }\n})\n",
    'types.cts': "import oauth = require('fastify-oauth')\nconst same: boolean = oauth.default === oauth.oauthPlugin\nexport { same }\n",
    'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "target": "es2022", "strict": true, "exactOptionalPropertyTypes": true, "noEmit": true, "types": ["node"] }, "files": ["types.mts", "types.cts"] }'
  })
  const files = install(folder)

  t.equal(run(process.execPath, ['import.mjs'], folder), 'true function function function\n')
  t.equal(run(process.execPath, ['--no-warnings', 'require.cjs'], folder), 'true function\ntrue 0\n')
  t.equal(run(process.execPath, [join(installed, 'typescript/bin/tsc'), '-p', '.'], folder), '', 'types check under NodeNext')
  t.notOk(files.some(path => /^(lib|types|test|dist\/test|bench|examples)\//.test(path)), 'only what is built is packed')
  for (const path of ['dist/lib/index.js', 'dist/lib/index.d.ts', 'README.md', 'LICENSE']) t.ok(files.includes(path), path)
})
