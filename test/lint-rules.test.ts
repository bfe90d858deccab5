// The architecture's rules are enforced by the lint step: what they forbid is refused, what they allow is not.
import { join } from 'node:path'
import { ESLint } from 'eslint'
import t from 'tap'
import { projectRoot } from './fixtures/project.js'

const eslint = new ESLint({ cwd: projectRoot })

async function complaintsAbout (file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: join(projectRoot, file) })
  return result?.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`) ?? []
}

const forbidden = {
  'undici outside http': ['lib/web/a.ts', "import { request } from 'undici'\nexport const a = request\n", 'imports/lib'],
  'the OAuth 2 engine outside the protocol rooms': ['lib/web/a.ts', "import { None } from 'oauth4webapi'\nexport const a = None\n", 'imports/lib'],
  'fastify in a protocol room, types too': ['lib/oauth2/a.ts', "import type { FastifyRequest } from 'fastify'\nexport type A = FastifyRequest\n", 'imports/lib'],
  'an import against the direction': ['lib/http/a.ts', "import { GrantKeeper } from '../grants/keeper.js'\nexport const a = GrantKeeper\n", 'imports/lib'],
  'a package that nobody has allowed': ['lib/web/a.ts', "import lodash from 'lodash'\nexport const a = lodash\n", 'imports/lib'],
  'code of lib in types': ['types/a.ts', "import type { Provider } from '../lib/provider.js'\nexport type A = Provider\n", 'imports/types'],
  'state in a module': ['lib/web/a.ts', 'export let a = 1\n', 'no-restricted-syntax'],
  'code in the public door': ['lib/index.ts', 'export const a = 1\n', 'no-restricted-syntax'],
  'a skipped test': ['test/a.test.ts', "import t from 'tap'\nt.skip('later')\n", 'no-restricted-syntax'],
  'any': ['lib/web/a.ts', 'export const a = (b: any) => b\n', '@typescript-eslint/no-explicit-any'],
  'an ignored line of coverage': ['lib/web/a.ts', '/* c8 ignore next */\nexport const a = 1\n', 'no-warning-comments']
} as const

for (const [what, [file, code, rule]] of Object.entries(forbidden)) {
  t.test(`refused: ${what}`, async (t) => {
    t.match((await complaintsAbout(file, code)).join('\n'), rule)
  })
}

t.test('allowed: each room its own packages, and the rooms below it', async (t) => {
  t.strictSame(await complaintsAbout('lib/http/a.ts', "import { request } from 'undici'\nimport { oauthError } from '../errors.js'\nexport const a = [request, oauthError]\n"), [])
  t.strictSame(await complaintsAbout('lib/web/a.ts', "import type { FastifyRequest } from 'fastify'\nimport { Provider } from '../provider.js'\nexport const a = (b: FastifyRequest) => [b, Provider]\n"), [])
  t.strictSame(await complaintsAbout('lib/oauth2/a.ts', "import { None } from 'oauth4webapi'\nimport { toProfile } from '../oidc/profile.js'\nexport const a = [None, toProfile]\n"), [])
})
