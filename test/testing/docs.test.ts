// The guide's example runs as it is printed; the reference names what there is.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { faultStages } from '../../lib/testing/faults.js'
import { quirkNames } from '../../lib/testing/quirks.js'
import { projectRoot } from '../fixtures/project.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')

t.test('the whole test of the guide passes', async (t) => {
  // Within the project, where its own name leads to what was built.
  const folder = join(projectRoot, 'dist', `guide-${process.pid}`)
  mkdirSync(folder)
  t.teardown(() => rmSync(folder, { recursive: true }))
  const blocks = [...read('docs/guides/testing.md').matchAll(/^```js\n\/\/ (app(?:\.test)?\.js)\n([\s\S]*?)^```/gm)]
  t.strictSame(blocks.map(([, name]) => name), ['app.js', 'app.test.js'])
  for (const [, name = '', code = ''] of blocks) writeFileSync(join(folder, name), code)
  // The runner's own loaders and its channel to tests must not reach the user's.
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME }
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', 'app.test.js'], { cwd: folder, env })
    .catch((error: { stdout: string }) => error)
  t.match(stdout, /^# pass 5$/m, stdout)
  t.match(stdout, /^# fail 0$/m)
})

t.test('the tables of the reference hold every name', async (t) => {
  const page = read('docs/reference/testing.md')
  const rows = (heading: string) => [...(page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => String(name)).sort()
  t.strictSame(rows('Faults'), Object.keys(faultStages).sort())
  t.strictSame(rows('Quirks'), [...quirkNames].sort())
  const members = (name: string) => [...(new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(read('types/testing.ts'))?.[1] ?? '').matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => String(member)).sort()
  t.strictSame(rows('createFakeProvider(settings)'), members('FakeProviderSettings'))
  t.strictSame(rows('loginAs(app, user, options)'), members('LoginAsOptions'))
  const provider = page.split('\n## The provider\n')[1]?.split('\n## ')[0] ?? ''
  for (const member of members('FakeProvider')) t.match(provider, new RegExp(`\`${member}[\`(]`), member)
})
