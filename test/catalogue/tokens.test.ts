// What token endpoints answer, in the shape of the providers' documentation with invented values, read as their entries declare it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { OAuthCatalogueEntry } from '../../types/catalogue.js'
import { readTokenAnswer } from '../../lib/oauth2/token-answer.js'
import { readCredentials } from '../../lib/oauth1/credentials-answer.js'
import { completeProvider } from '../../lib/options-catalogue.js'
import { readEntries } from '../fixtures/catalogue-artifacts.js'
import { paramsOf } from '../fixtures/catalogue-client.js'
import { projectRoot } from '../fixtures/project.js'

interface Example { provider: string, variant?: string, status: number, answer: unknown, /** What is read of it, where it is a success. */ tokens?: object, error?: string }

const examples: Example[] = JSON.parse(readFileSync(join(projectRoot, 'test/catalogue/tokens.json'), 'utf8'))
const entries = readEntries()
const clock = () => 1_700_000_000_000

async function read ({ provider, variant, status }: Example, text: string) {
  const { quirks = {} } = completeProvider(provider, { clientId: 'id', variant, params: paramsOf(entries[provider] as OAuthCatalogueEntry) }) as OAuthCatalogueEntry['options']
  const response = readTokenAnswer({ status, headers: {}, text }, { scopeDelimiter: quirks.scopeDelimiter, readsIdToken: false, shape: quirks.tokenAnswer, clock })
  return { status: response.status, body: await response.json() as Record<string, unknown> }
}

for (const example of examples) {
  const { provider, variant, answer, tokens, error } = example
  t.test(`${[provider, variant].join(' ').trim()}: ${error ?? 'tokens'}`, async (t) => {
    const entry = entries[provider] as OAuthCatalogueEntry
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    // How those of OAuth 1.0a are told is in refusals.test.ts.
    if (entry.options.requestTokenUrl !== undefined) {
      t.match(readCredentials(text), tokens ?? null)
      return
    }
    const answered = await read(example, text)
    if (error === undefined) {
      t.equal(answered.status, 200)
      t.match(answered.body, tokens as object)
    } else {
      t.ok(answered.status >= 400, 'whatever the status was')
      t.equal(answered.body.error, error)
    }
  })
}

// No source shows how Stack Exchange refuses a code.
const unknown: ReadonlySet<string> = new Set(['stackexchange'])

t.test('of each provider whose scopes the catalogue explains both are here', async (t) => {
  for (const [name] of Object.entries(entries).filter(([, entry]) => entry.scopes !== undefined)) {
    const own = examples.filter(({ provider }) => provider === name)
    t.ok(own.some(({ error }) => error === undefined), `tokens of ${name}`)
    t.ok(own.some(({ error }) => error !== undefined) || unknown.has(name), `a refusal of ${name}`)
  }
})
