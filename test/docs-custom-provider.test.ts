// docs/guides/custom-provider.md: every quirk is in it, and what it shows is what the schema takes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parsePluginOptions, parseProviderOptions } from '../lib/options.js'
import { blocksOf, membersOf, pluginOptionsOf } from './fixtures/guide-code.js'
import { messageOf } from './fixtures/options.js'
import { projectRoot } from './fixtures/project.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const page = read('docs/guides/custom-provider.md')
const blocks = blocksOf(page)
const client = { clientId: 'id', clientSecret: 'secret' }
const bases = {
  oauth1: { ...client, requestTokenUrl: 'https://acme.example/request', authorizeUrl: 'https://acme.example/authorize', accessTokenUrl: 'https://acme.example/token' },
  oauth2: { ...client, authorizeUrl: 'https://acme.example/authorize', accessTokenUrl: 'https://acme.example/token', userinfoUrl: 'https://api.acme.example/me' }
}

function membersIn (types: string, name: string): string[] {
  const body = new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1] ?? ''
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => String(member))
}

const quirks = membersIn(read('types/quirks.ts'), 'OAuthQuirks')

// The options of each example: whole where they name a client, else over those of a provider that deviates in nothing.
const examples = blocks.filter(({ language }) => language === 'js').map(({ code, heading, section }) => {
  const base = /\bclientId:/.test(code) ? {} : section === 'OAuth 1.0a' ? bases.oauth1 : bases.oauth2
  return { heading, options: membersOf(code, base) as { quirks?: Record<string, unknown> } }
})

t.test('every quirk has a heading, and an example under it that declares it', async (t) => {
  t.ok(quirks.length > 20, 'the types were read')
  for (const quirk of quirks) {
    const own = examples.filter(({ heading }) => heading === quirk)
    t.ok(own.some(({ options }) => options.quirks?.[quirk] !== undefined), quirk)
  }
})

t.test('every member of a quirk is named where its quirk is', async (t) => {
  const types = `${read('types/quirks.ts')}${read('types/wire-quirks.ts')}`
  const of = { paramNames: 'OAuthParamNames', tokenRequest: 'OAuthTokenRequestQuirks', refresh: 'OAuthRefreshQuirks', tokenAnswer: 'OAuthTokenAnswerQuirks', userinfo: 'OAuthUserinfoQuirks' }
  for (const [quirk, name] of Object.entries(of)) {
    const shown = examples.filter(({ heading }) => heading === quirk).flatMap(({ options }) => Object.keys(options.quirks?.[quirk] as object ?? {}))
    const text = page.split(`\n### ${quirk}\n`)[1]?.split(/\n##/)[0] ?? ''
    const members = membersIn(types, name)
    t.not(members.length, 0, name)
    for (const member of members) t.ok(shown.includes(member) || text.includes(`\`${member}\``), `${quirk}.${member}`)
  }
})

t.test('every example is a provider that the schema takes', async (t) => {
  t.ok(examples.length > 45)
  for (const { heading, options } of examples) t.equal(messageOf(() => parseProviderOptions('acme', options)), 'no error', heading)
})

t.test('the whole application has options that the schema takes', async (t) => {
  const whole = blocks.filter(({ language }) => language === 'ts').map(({ code }) => pluginOptionsOf(code))
  t.equal(whole.length, 1)
  t.match(parsePluginOptions(whole[0]), { providers: { acme: { issuer: 'https://login.acme.example' } } })
})

t.test('what it says that fapi2 refuses is refused, and no other quirk is', async (t) => {
  const [, text = ''] = /^## What security: 'fapi2' refuses\n([\s\S]*?)^## /m.exec(page) ?? []
  const named = quirks.filter(quirk => (text.split('So do')[0] ?? '').includes(`\`${quirk}\``))
  const profile = membersOf("clientId, clientKey, issuer: 'https://login.acme.example', security: 'fapi2'")
  const refused = quirks.filter(quirk => !quirk.startsWith('oauth1')).filter(quirk => {
    const value = examples.find(({ heading, options }) => heading === quirk && options.quirks?.[quirk] !== undefined)?.options.quirks?.[quirk]
    return messageOf(() => parseProviderOptions('acme', { ...profile, quirks: { [quirk]: value } })).includes(`without ${quirk}`)
  })

  t.not(refused.length, 0)
  t.strictSame(named.sort(), refused.sort())
  t.match(read('docs/guides/dpop-and-fapi2.md'), new RegExp(refused.map(quirk => `(?=[^]*\`${quirk}\`)`).join('')), 'the guide of the profile names the same')
})

t.test('the codes and options in the table of symptoms exist', async (t) => {
  const [, table = ''] = /^## From a symptom to an option\n([\s\S]*?)^## /m.exec(page) ?? []
  const errors = read('docs/reference/errors.md')
  const options = read('docs/reference/options.md')
  const codes = table.match(/FST_OAUTH_\w+/g) ?? []
  t.not(codes.length, 0)
  for (const code of codes) t.match(errors, code)
  for (const [, option = ''] of table.matchAll(/`([a-z]\w*)(?:\.\w+)?`/g)) {
    if (!option.startsWith('invalid_')) t.ok(options.includes(`\n### ${option}\n`) || quirks.includes(option), option)
  }
})
