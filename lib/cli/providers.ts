// fastify-oauth providers: search the catalogue, or show one entry of it.
import type { OAuthCatalogueEntry } from '../../types/catalogue.js'
import { catalogue, entryNames, entryOf } from '../catalogue/index.js'
import { nearest } from '../nearest.js'
import type { Arguments } from './arguments.js'
import { CommandFailure, UsageError } from './surroundings.js'
import { jsonOption } from './command.js'
import type { Command } from './command.js'
import type { Output } from './output.js'
import { protocolOf, sheetOf } from './provider-sheet.js'

export const providers: Command = {
  name: 'providers',
  positional: '[name]',
  summary: 'Searches the catalogue; with the name of one entry shows its endpoints, scopes, quirks and the callback URL to register.',
  options: {
    'base-url': { type: 'string', value: 'url', help: 'the application\'s baseUrl, for the callback URL' },
    prefix: { type: 'string', value: 'path', help: 'its prefix (default: /oauth)' },
    ...jsonOption
  },
  examples: ['fastify-oauth providers git', 'fastify-oauth providers github --base-url https://app.example.com'],
  async run (given, { output }) {
    const name = given.name ?? ''
    const found = matching(name)
    const [only] = found
    if (only === undefined) throw new CommandFailure(`no entry of the catalogue has ${name} in its names; the nearest are ${nearest(name, entryNames()).map(({ one }) => one).join(', ')}`)
    if (found.length === 1) showOne(output, only, callbackUrlOf(given, only[0]))
    else showAll(output, found)
    return 0
  }
}

type Found = readonly [name: string, entry: OAuthCatalogueEntry]

// The exact name wins over those that hold it.
function matching (text: string): Found[] {
  const exact = entryOf(text)
  if (exact !== undefined) return [[text, exact]]
  const wanted = text.toLowerCase()
  return [...catalogue].filter(([name, { title, aliases = [] }]) => [name, title, ...aliases].some(one => one.toLowerCase().includes(wanted)))
}

function callbackUrlOf (given: Arguments, name: string): string {
  const prefix = given.text('prefix') ?? '/oauth'
  if (!/^(\/[\w.~-]+)+\/?$/.test(prefix)) throw new UsageError('--prefix is not a path of plain segments, such as /oauth')
  const baseUrl = given.url('base-url')?.href.replace(/\/+$/, '') ?? '{baseUrl}'
  return `${baseUrl}${prefix.replace(/\/$/, '')}/${name}/callback`
}

function showOne (output: Output, [name, entry]: Found, callbackUrl: string): void {
  if (output.isJson) return output.json({ name, protocol: protocolOf(entry), callbackUrl, entry })
  output.line([entry.title, 'bold'], ` (${name})`)
  for (const { heading, rows } of sheetOf(name, entry, callbackUrl)) {
    output.line('')
    output.line([heading, 'bold'])
    const width = Math.min(28, Math.max(...rows.map(([label]) => label.length)))
    for (const [label, text] of rows) output.line('  ', label.padEnd(text === '' ? 0 : width), ...(text === '' ? [] : ['  ', text]))
  }
}

function showAll (output: Output, found: readonly Found[]): void {
  if (output.isJson) {
    return output.json(found.map(([name, entry]) => {
      const { title, verified = true, status, docs, console } = entry
      return { name, title, protocol: protocolOf(entry), verified, status, docs, console }
    }))
  }
  const width = Math.max(...found.map(([name]) => name.length))
  for (const [name, entry] of found) {
    const { title, verified, status } = entry
    const notes = [verified === false ? 'read in one source only' : '', status ?? ''].filter(note => note !== '')
    output.line([name.padEnd(width), 'bold'], `  ${protocolOf(entry).padEnd(6)}  ${title}`, [notes.length === 0 ? '' : `  (${notes.join('; ')})`, 'dim'])
  }
}
