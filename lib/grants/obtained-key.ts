// The keys of tokens that are nobody's grants. In the place of a provider they have a colon, which no provider's name has
// (lib/options.ts): whatever an owner or an account is called, none of them is the key of a grant.
import { hash } from 'node:crypto'
import type { GrantKey } from '../../types/store.js'
import { placeOf } from '../place.js'
import type { GrantName } from './grant.js'

const hashLength = 43
const exchanged = 'exchanged:'

/** Of a token of the application itself; `place`: of its provider. `what` is all that makes it another token. */
export function clientKey (place: string, what: readonly unknown[]): GrantKey {
  const name = `client:${place}`
  return { owner: name, provider: name, account: hashOf(what) }
}

/** Of a token that was exchanged for that of a grant. */
export function exchangedKey (name: GrantName, what: readonly unknown[]): GrantKey {
  const { owner, account } = name
  return { owner, provider: exchangedAt(placeOf(name)), account: `${hashOf(what)}.${account}` }
}

/** In the place of the provider, where the tokens of this one's grants were exchanged. */
export function exchangedAt (place: string): string {
  return `${exchanged}${place}`
}

/** Whether a key is one of an exchanged token. */
export function isExchanged ({ provider }: GrantKey): boolean {
  return provider.startsWith(exchanged)
}

/** The account of the grant that a token was exchanged for. */
export function subjectOf ({ account }: GrantKey): string {
  return account.slice(hashLength + 1)
}

/** Whether a key is none of a grant. */
export function isObtained ({ provider }: GrantKey): boolean {
  return provider.includes(':')
}

function hashOf (what: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(what), 'base64url')
}
