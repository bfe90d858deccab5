// The store that docs/guides/token-store.md builds passes the suite, run as the guide runs it.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { projectRoot } from '../fixtures/project.js'

const guide = readFileSync(join(projectRoot, 'docs/guides/token-store.md'), 'utf8')

t.test('the example of the guide', async (t) => {
  const blocks = [...guide.matchAll(/^```js\n\/\/ (\S+\.js)\n([^]*?)^```$/gm)].map(([, name, code]) => [String(name), String(code)])
  t.strictSame(blocks.map(([name]) => name), ['file-store.js', 'file-store.test.js'])
  // Within the project, so that its name leads to it.
  const folder = t.testdir(Object.fromEntries(blocks))
  const env = { PATH: process.env.PATH, HOME: process.env.HOME }
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', join(folder, 'file-store.test.js')], { cwd: folder, env })
  t.match(stdout, /^# pass [1-9]\d+$/m)
  t.match(stdout, /^# fail 0$/m)
})
