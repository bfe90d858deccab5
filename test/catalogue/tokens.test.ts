// What token endpoints answer, in the shape of the providers' documentation with invented values, read as their entries declare it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readTokenAnswer } from '../../lib/oauth2/token-answer.js'
import { readEntries } from '../fixtures/catalogue-artifacts.js'
import { projectRoot } from '../fixtures/project.js'

interface Example { provider: string, status: number, answer: unknown, /** What is read of it, where it is a success. */ tokens?: object, error?: string }

const examples: Example[] = JSON.parse(readFileSync(join(projectRoot, 'test/catalogue/tokens.json'), 'utf8'))
const entries = readEntries()
const clock = () => 1_700_000_000_000

for (const { provider, status, answer, tokens, error } of examples) {
  t.test(`${provider}: ${error ?? 'tokens'}`, async (t) => {
    const { quirks = {} } = entries[provider]?.options ?? {}
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    const response = readTokenAnswer({ status, headers: {}, text }, { scopeDelimiter: quirks.scopeDelimiter, readsIdToken: false, shape: quirks.tokenAnswer, clock })
    const read = await response.json() as Record<string, unknown>
    if (error === undefined) {
      t.equal(response.status, 200)
      t.match(read, tokens as object)
    } else {
      t.ok(response.status >= 400, 'whatever the status was')
      t.equal(read.error, error)
    }
  })
}
