// A file that no test loads would be missing from the coverage report instead of failing it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { projectRoot } from './fixtures/project.js'

const files = readdirSync(join(projectRoot, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))

t.not(files.length, 0, 'lib holds files')

for (const file of files) {
  t.test(`lib/${file} loads by itself`, async (t) => {
    const compiled = join(projectRoot, 'dist/lib', file.replace(/\.ts$/, '.js'))
    await t.resolves(import(pathToFileURL(compiled).href))
  })
}
