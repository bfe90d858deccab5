// The architecture's rules, put to the linter: what is refused, and what must stay allowed.
import { join } from 'node:path'
import { ESLint } from 'eslint'
import t from 'tap'
import { projectRoot } from './fixtures/project.js'

const eslint = new ESLint({ cwd: projectRoot })

// Circles depend on the files that exist, so they have a test of their own below.
async function lint (filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath })
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId !== 'imports/cycle')
    .map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

const refusedImports = {
  'lib/errors.ts': ['./options.js', 'fastify', 'undici'],
  'lib/options.ts': ['./registry.js', '@fastify/error'],
  'lib/http/sign.ts': ['../oauth1/encode.js', '../options.js', '../web/guard.js', 'fastify', 'jose', 'oauth4webapi'],
  'lib/oauth1/protocol.ts': ['../oauth2/protocol.js', '../oidc/discovery.js', '../grants/grant.js', 'undici', 'jose', 'fastify'],
  'lib/oidc/discovery.ts': ['../oauth2/protocol.js', '../provider.js', 'undici', 'fastify'],
  'lib/oauth2/dpop.ts': ['../oauth1/encode.js', '../registry.js', 'undici', 'valibot', 'fastify-plugin'],
  'lib/grants/keeper.ts': ['../http/transport.js', '../provider.js', '../web/guard.js', 'fastify', 'undici', '@fastify/session'],
  'lib/store-tests/rows.ts': ['../errors.js', '../grants/memory-store.js', 'tap', 'fastify'],
  'lib/provider.ts': ['./web/routes.js', './grants/keeper.js', './plugin.js', 'oauth4webapi', 'undici'],
  'lib/registry.ts': ['./grants/keeper.js', './index.js', 'fastify'],
  'lib/testing/login-as.ts': ['../web/routes.js', '../grants/keeper.js', '../provider.js', '../oauth2/protocol.js', '../http/client.js', '../plugin.js', 'oauth4webapi', 'valibot'],
  'lib/web/routes.ts': ['../plugin.js', '../index.js', '../oauth2/protocol.js', '../oidc/logout.js', '@fastify/error', 'undici'],
  'lib/plugin.ts': ['./index.js', 'undici', 'jose', 'valibot', 'crypto', 'left-pad', '../test/fixtures/project.js'],
  'lib/utils.ts': ['./errors.js'],
  'types/options.ts': ['../lib/errors.js', 'jose', 'valibot', 'fastify-plugin']
}

const allowedImports = {
  'lib/errors.ts': ['@fastify/error', 'node:http', '../types/index.js'],
  'lib/options.ts': ['./errors.js', './options-provider.js', 'valibot', '../types/options.js'],
  'lib/options-provider.ts': ['valibot'],
  'lib/http/sign.ts': ['./transport.js', '../errors.js', 'undici', 'node:crypto', '../../types/client.js'],
  'lib/oauth1/protocol.ts': ['./encode.js', '../http/transport.js', '../errors.js'],
  'lib/oidc/discovery.ts': ['../http/transport.js', '../errors.js', 'jose', 'oauth4webapi'],
  'lib/oauth2/dpop.ts': ['../oidc/id-token.js', '../http/transport.js', 'jose', 'oauth4webapi'],
  'lib/grants/keeper.ts': ['./grant.js', '../errors.js', '../../types/grant.js'],
  'lib/store-tests/rows.ts': ['./expect.js', '../../types/store.js', 'node:assert'],
  'lib/provider.ts': ['./registry.js', './oauth1/protocol.js', './oauth2/protocol.js', './oidc/profile.js', './http/client.js', './options.js'],
  'lib/web/routes.ts': ['../provider.js', '../registry.js', '../grants/keeper.js', '../http/client.js', '../options.js', 'fastify', '@fastify/cookie'],
  'lib/plugin.ts': ['./web/routes.js', './grants/keeper.js', './oauth1/protocol.js', 'fastify', 'fastify-plugin', '@fastify/session'],
  'lib/testing/server.ts': ['./core.js', '../oauth1/signature.js', '../options.js', '../errors.js', 'fastify', 'undici', 'jose', '../../types/testing.js'],
  'types/options.ts': ['./grant.js', 'fastify', 'undici', '@fastify/error', 'node:crypto']
}

for (const [file, sources] of Object.entries(refusedImports)) {
  t.test(`${file} is refused`, async (t) => {
    for (const source of sources) {
      const forms = [`import type { x } from '${source}'`, '', 'export type y = x', `export type { z } from '${source}'`]
      if (file.startsWith('lib/')) forms.push(`export { w } from '${source}'`, `export const v = () => import('${source}')`)
      const messages = await lint(file, forms.join('\n'))
      const refusals = messages.filter((message) => /^imports\/(lib|types): \S+ may not import /.test(message))
      t.equal(refusals.length, file.startsWith('lib/') ? 4 : 2, source)
      t.strictSame(messages, refusals)
    }
  })
}

for (const [file, sources] of Object.entries(allowedImports)) {
  t.test(`${file} is allowed`, async (t) => {
    for (const source of sources) {
      t.strictSame(await lint(file, `import type { x } from '${source}'\n\nexport type y = x`), [], source)
    }
  })
}

t.test('a message names the rule', async (t) => {
  t.strictSame(await lint('lib/http/sign.ts', "export { x } from '../web/guard.js'"), [
    "imports/lib: lib/http/sign.ts may not import '../web/guard.js': 'http' may import errors, json-pointer; imports go one way: " +
    'cli → plugin → web → provider, registry → oauth1 | oauth2 | oidc → http; web → grants.'
  ])
})

t.test('types are imported as types', async (t) => {
  t.match(await lint('lib/provider.ts', "export { x } from '../types/grant.js'"), [/use 'import type'/])
  t.match(await lint('types/index.ts', "export * from './grant.js'"), [/must say 'import type' or 'export type'/])
  t.match(await lint('types/index.ts', 'export const x = 1'), [/types hold no code/])
  t.strictSame(await lint('types/index.ts', "export type * from './grant.js'"), [])
})

t.test('imports in a circle are refused, types too', async (t) => {
  const cwd = t.testdir({
    lib: {
      http: {
        'a.ts': "import { b } from './b.js'\n\nexport const a = b\n",
        'b.ts': "import type { c } from './c.js'\n\nexport const b: c = 1\n",
        'c.ts': "export type { a } from './a.js'\n",
        'd.ts': "export { a } from './a.js'\n"
      }
    }
  })
  const linter = new ESLint({ cwd, overrideConfigFile: join(projectRoot, 'eslint.config.js') })
  const messages = (await linter.lintFiles('lib')).map(({ messages }) => messages.map(({ message }) => message))
  t.strictSame(messages, [
    ['Circular import: lib/http/a.ts → lib/http/b.ts → lib/http/c.ts → lib/http/a.ts.'],
    ['Circular import: lib/http/b.ts → lib/http/c.ts → lib/http/a.ts → lib/http/b.ts.'],
    ['Circular import: lib/http/c.ts → lib/http/a.ts → lib/http/b.ts → lib/http/c.ts.'],
    []
  ])
})

t.test('a module of lib holds no state', async (t) => {
  t.match(await lint('lib/provider.ts', 'let count = 0\ncount++\nexport const answer = () => count'), [/No state in a module/])
  t.match(await lint('lib/provider.ts', 'export let count = 0\ncount++'), [/No state in a module/])
  t.strictSame(await lint('lib/provider.ts', 'export function answer () {\n  let count = 0\n  return ++count\n}'), [])
})

t.test('lib/index.ts holds exports only', async (t) => {
  t.match(await lint('lib/index.ts', 'export const x = 1'), [/holds exports only/])
  t.match(await lint('lib/index.ts', 'console.log(1)'), [/holds exports only/])
  t.strictSame(await lint('lib/index.ts', "export { oauthPlugin, oauthPlugin as default } from './plugin.js'"), [])
})

t.test('no way around the types or the coverage', async (t) => {
  // Texts that the rules must refuse: they are handed to the linter, and are no code of this file.
  t.match(await lint('lib/provider.ts', 'export const x = (y: any) => y'), [/no-explicit-any/])
  t.match(await lint('lib/provider.ts', '// @ts-ignore\nexport const x: string = 1'), [/ban-ts-comment/])
  t.match(await lint('lib/provider.ts', '/* c8 ignore next */\nexport const x = 1'), [/no-warning-comments/])
})

t.test('no test is left out', async (t) => {
  for (const code of [
    // Texts that the rule must refuse, handed to the linter too: no test of this file is left out.
    't.test.skip()',
    't.test.only()',
    't.todo()',
    "t.test('x', { skip: true }, async () => {})"
  ]) {
    t.match(await lint('test/x.test.ts', `import t from 'tap'\n\n${code}`), [/A test is run or removed/], code)
  }
})
