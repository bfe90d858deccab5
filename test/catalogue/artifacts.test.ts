// What is made from the catalogue's data is in step with it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { artifacts, readEntries } from '../fixtures/catalogue-artifacts.js'
import { projectRoot } from '../fixtures/project.js'

for (const [path, text] of Object.entries(artifacts(readEntries()))) {
  t.test(`${path} is what the data makes of it`, async (t) => {
    t.ok(readFileSync(join(projectRoot, path), 'utf8') === text, 'else run node dist/test/fixtures/catalogue-artifacts.js')
  })
}
