// docs/reference/quirks.md accounts for every class of deviation: by an option that exists, or by why there is none.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../fixtures/project.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const page = read('docs/reference/quirks.md')
const classes = JSON.parse(read('test/catalogue/deviations.json')) as string[]
const rows = new Map([...page.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, name, option]) => [String(name), String(option)]))
const options = new Set([...read('docs/reference/options.md').matchAll(/^### (\w+)$/gm)].map(([, option]) => String(option)))

// By path, such as quirks.tokenRequest.body.
const quirks = new Set(membersOf('OAuthQuirks').flatMap(([name, type]) => [name, ...membersOf(type).map(([member]) => `${name}.${member}`)]))

function membersOf (name: string): Array<[string, string]> {
  const types = `${read('types/quirks.ts')}${read('types/wire-quirks.ts')}`
  const body = new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1] ?? ''
  return [...body.matchAll(/^ {2}(\w+)\?: (\w*)/gm)].map(([, member, type]): [string, string] => [String(member), String(type)])
}

function namesIn (text: string): string[] {
  return [...text.matchAll(/`([a-z][\w.]*)`/g)].map(([, name]) => String(name))
}

const isOption = (name: string) => name.startsWith('quirks.') ? quirks.has(name.slice('quirks.'.length)) : options.has(name)

t.test('each of the 54 classes has a row, which names an option or says why there is none', async (t) => {
  t.equal(new Set(classes).size, 54)
  for (const name of classes) {
    const said = rows.get(name) ?? ''
    t.ok(namesIn(said).some(isOption) || /^(always\b|not supported: .{20}|see below$)/.test(said), name)
  }
})

t.test('a class in detail has an option for each of its rows, or a reason', async (t) => {
  const details = [...page.matchAll(/\| in detail \| option \|\n\|---\|---\|\n((?:\|.*\n)+)/g)].flatMap(([, text = '']) => text.trimEnd().split('\n'))
  t.ok(details.length > 15)
  for (const row of details) {
    const [, name = '', said = ''] = /^\| (.+?) \| (.+) \|$/.exec(row) ?? []
    t.ok(namesIn(said).some(isOption) || /^(always\b|not supported: .{20})/.test(said), name)
  }
})

t.test('every quirk that the page names exists', async (t) => {
  const named = namesIn(page).filter(name => name.startsWith('quirks.'))
  t.ok(named.length > 30)
  for (const name of named) t.ok(isOption(name), name)
})
