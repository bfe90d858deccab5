// What the documentation promises by name exists.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { errorCodes } from '../lib/index.js'
import { catalogue } from '../lib/catalogue/providers.js'
import { projectRoot } from './fixtures/project.js'

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const pages = ['README.md', ...readdirSync(join(projectRoot, 'docs'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.md')).map(name => join('docs', name))]

function headingsOf (markdown: string): string[] {
  return withoutCode(markdown).split('\n').filter(line => /^#+ /.test(line)).map(line => line.replace(/^#+ /, ''))
}

function withoutCode (markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '')
}

// As GitHub makes anchors of headings.
function anchorOf (heading: string): string {
  return heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')
}

t.test('every error has a heading, and every such heading an error', async (t) => {
  const headings = headingsOf(read('docs/reference/errors.md')).filter(heading => heading.startsWith('FST_OAUTH_'))
  t.strictSame([...headings].sort(), Object.keys(errorCodes).sort())
})

t.test('README.md and CHANGELOG.md know how many providers the catalogue has', async (t) => {
  t.match(read('README.md'), `[${catalogue.size}`)
  t.match(read('CHANGELOG.md'), `${catalogue.size} providers`)
})

t.test('every option has a heading, or a line of its own', async (t) => {
  const page = read('docs/reference/options.md')
  const types = `${read('types/options.ts')}${read('types/options-provider.ts')}${read('types/authorization-request.ts')}`
  for (const name of ['OAuthPluginOptions', 'OAuthProviderOptions', 'OAuthRequestOptions']) {
    const body = new RegExp(`interface ${name} (?:extends \\w+ )?\\{([\\s\\S]*?)\\n\\}`).exec(types)?.[1] ?? ''
    const options = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, option]) => String(option))
    t.not(options.length, 0, `${name} has options`)
    for (const option of options) t.ok(headingsOf(page).includes(option), `${name}.${option} has a heading`)
  }
  const quirks = /interface OAuthQuirks \{([\s\S]*?)\n\}/.exec(read('types/quirks.ts'))?.[1] ?? ''
  const names = [...quirks.matchAll(/^ {2}(\w+)\?:/gm)].map(([, quirk]) => String(quirk))
  t.not(names.length, 0, 'there are quirks')
  for (const quirk of names) {
    t.match(page, `- \`${quirk}`)
    t.match(read('docs/reference/quirks.md'), `quirks.${quirk}`, `docs/reference/quirks.md has ${quirk}`)
  }
})

t.test('every relative link leads to a file, and to a heading in it', async (t) => {
  for (const page of pages) {
    for (const [, link = ''] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? page : relative(projectRoot, join(projectRoot, dirname(page), file))
      t.ok(existsSync(join(projectRoot, target)), `${page}: ${link}`)
      if (anchor !== undefined) t.ok(headingsOf(read(target)).map(anchorOf).includes(anchor), `${page}: the heading of ${link}`)
    }
  }
})

t.test('the tree in docs/architecture.md names every file of lib', async (t) => {
  const page = read('docs/architecture.md')
  for (const file of readdirSync(join(projectRoot, 'lib'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))) {
    t.match(page, String(file.split('/').at(-1)), file)
  }
})

t.test('docs/reference/protocols.md names every RFC that the code names, and files that exist', async (t) => {
  const page = read('docs/reference/protocols.md')
  const sources = ['lib', 'types'].flatMap(folder => readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => join(folder, name)))
  for (const rfc of new Set(sources.flatMap(file => read(file).match(/\bRFC \d+/g) ?? []))) t.match(page, new RegExp(`${rfc}\\b`), rfc)
  const files = [...page.matchAll(/`((?:lib|test)\/[^`]+)`/g)].map(([, file]) => String(file))
  t.not(files.length, 0)
  for (const file of files) t.ok(existsSync(join(projectRoot, file)), file)
})
