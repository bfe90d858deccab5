// The catalogue: providers as data. It is read when the first entry is asked for; the module cache of Node.js keeps it.
import { createRequire } from 'node:module'
import type { OAuthCatalogue, OAuthCatalogueEntry } from '../../types/catalogue.js'
import type { OAuthCatalogueName } from '../../types/catalogue-names.js'

const require = createRequire(import.meta.url)

function read (): Record<string, OAuthCatalogueEntry> {
  return require('./providers.json')
}

/** The entry of that name, frozen; undefined where there is none. */
export function entryOf (name: string): OAuthCatalogueEntry | undefined {
  const entries = read()
  return Object.hasOwn(entries, name) ? frozen(entries[name] as OAuthCatalogueEntry) : undefined
}

export function entryNames (): OAuthCatalogueName[] {
  return Object.keys(read()) as OAuthCatalogueName[]
}

/** Every entry, to be looked at. */
export const catalogue: OAuthCatalogue = {
  get: entryOf as OAuthCatalogue['get'],
  has: (name): name is OAuthCatalogueName => Object.hasOwn(read(), name),
  get size () { return entryNames().length },
  * [Symbol.iterator] () {
    for (const name of entryNames()) yield [name, entryOf(name) as OAuthCatalogueEntry]
  }
}

// Whoever looks at an entry must not change it for others.
function frozen <T extends object> (value: T): T {
  if (Object.isFrozen(value)) return value
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) frozen(member)
  return Object.freeze(value)
}
