// Every entry of the catalogue: its shape by the JSON schema, and its options by the schema of all options.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { catalogue } from '../../lib/catalogue/index.js'
import { parseProviderOptions } from '../../lib/options.js'
import { Provider } from '../../lib/provider.js'
import { MockAgent } from 'undici'
import { dataFile, readEntries } from '../fixtures/catalogue-artifacts.js'
import { clientOf, paramsOf } from '../fixtures/catalogue-client.js'
import { projectRoot } from '../fixtures/project.js'

const entries = Object.entries(readEntries())

t.test('each has the shape that the JSON schema describes', async (t) => {
  const schema = JSON.parse(readFileSync(join(projectRoot, 'test/catalogue/schema.json'), 'utf8'))
  const app = Fastify({ ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false } } })
  app.post('/', { schema: { body: schema } }, async () => 'good')
  const validate = async (body: object) => (await app.inject({ method: 'POST', url: '/', payload: body })).body

  t.equal(await validate(readEntries()), 'good')
  t.match(await validate({ sso: { title: 'SSO', options: { issuer: 'https://sso.example', clientSecret: 'x' } } }), 'must NOT have additional properties', 'no entry holds a secret')
  t.match(await validate({ sso: { title: 'SSO', options: { userinfoUrl: 'https://sso.example/me' } } }), 'must have required property \'issuer\'')
})

t.test('they are in order, one in a line', async (t) => {
  const lines = readFileSync(dataFile, 'utf8').trim().split('\n').slice(1, -1)
  t.equal(lines.length, entries.length)
  t.strictSame(entries.map(([name]) => name), entries.map(([name]) => name).sort())
})

for (const [name, entry] of entries) {
  t.test(`the options of ${name} are good`, async (t) => {
    for (const variant of [undefined, ...Object.keys(entry.variants ?? {})]) {
      const params = paramsOf({ ...entry, options: { ...entry.options, ...(variant === undefined ? {} : entry.variants?.[variant]?.options) } as typeof entry.options })
      const options = parseProviderOptions(name, { ...clientOf(entry.options), ...(variant === undefined ? {} : { variant }), params })
      t.notMatch(JSON.stringify({ ...options, profile: undefined, quirks: { ...options.quirks, headers: {}, userinfo: {}, tenantIssuer: '', strategy: {} }, userinfoUrl: '' }), /\{\w+\}/, 'no placeholder is left')
      const provider = new Provider(name, options, { dispatcher: new MockAgent(), timeout: 1_000, clock: Date.now })
      t.equal(provider.protocol === 'oauth1', entry.options.requestTokenUrl !== undefined)
      for (const recalled of entry.recalled ?? []) t.ok(recalled.split('.').reduce((value: unknown, key) => Object(value)[key], { ...entry.options, variants: entry.variants }), `recalled ${recalled} is there`)
    }
  })
}

t.test('the catalogue can be looked at, and not be changed', async (t) => {
  const github = catalogue.get('github')
  t.equal(github.title, 'GitHub')
  t.throws(() => { Object.assign(github.options, { authorizeUrl: 'https://evil.example' }) }, TypeError)
  t.throws(() => { (github.options.scope as string[]).push('repo') }, TypeError)
  t.equal(catalogue.get('no-such'), undefined)
  t.equal(catalogue.get('constructor'), undefined, 'what every object has is no entry')
  t.ok(catalogue.has('github'))
  t.notOk(catalogue.has('toString'))
  t.equal([...catalogue].length, catalogue.size)
  t.equal(catalogue.size, entries.length)
})
