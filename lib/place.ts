// A provider's name and its tenant in one text: what stands in the place of a provider in the keys of a store. No name and no
// tenant has a slash (lib/options.ts).

/** Where a grant is of. */
export interface Place {
  provider: string
  tenant?: string | undefined
}

/** Whose a provider is, where each tenant has its own. */
export interface ProviderTenant {
  tenant?: string | undefined
  /** The tenant's public origin, where it has one of its own. */
  baseUrl?: URL | undefined
}

export function placeOf ({ provider, tenant }: Place): string {
  return tenant === undefined ? provider : `${provider}/${tenant}`
}

/** Where a provider's options stand, for messages. */
export function pathOf ({ provider, tenant }: Place): string {
  return `providers.${provider}${tenant === undefined ? '' : '()'}`
}

/** The reverse of placeOf. */
export function placeIn (text: string): Place {
  const slash = text.indexOf('/')
  return slash === -1 ? { provider: text } : { provider: text.slice(0, slash), tenant: text.slice(slash + 1) }
}
