// What happens to grants, for who watches: node:diagnostics_channel and the option onGrantChange. No event holds a token but
// the grant itself, whose tokens only its getters tell.
import diagnostics from 'node:diagnostics_channel'
import type { OAuthGrantChange } from '../../types/grant.js'
import type { GrantKey } from '../../types/store.js'
import { placeIn, placeOf } from '../place.js'
import type { GrantName } from './grant.js'
import { isExchanged, subjectOf } from './obtained-key.js'

/** Names of the channels. */
export const channels = Object.freeze({
  refreshStart: diagnostics.channel('fastify-oauth:refresh:start'),
  refreshEnd: diagnostics.channel('fastify-oauth:refresh:end'),
  refreshError: diagnostics.channel('fastify-oauth:refresh:error'),
  refreshRescued: diagnostics.channel('fastify-oauth:refresh:rescued'),
  tokenStart: diagnostics.channel('fastify-oauth:token:start'),
  tokenEnd: diagnostics.channel('fastify-oauth:token:end'),
  tokenError: diagnostics.channel('fastify-oauth:token:error'),
  leaseWait: diagnostics.channel('fastify-oauth:lease:wait')
})

/** Names a token that is obtained; `provider`: its place. */
export interface ObtainedName { key: GrantKey, provider: string, scope: readonly string[] }

/** Told of what became of a grant. */
export type OnGrantChange = (change: OAuthGrantChange) => unknown

/** Publishes the start of a refresh, and its end or its error, with milliseconds. */
export function published <T> (name: GrantName, refresh: () => Promise<T>): Promise<T> {
  return timed({ start: channels.refreshStart, end: channels.refreshEnd, error: channels.refreshError }, named(name), refresh)
}

/** The same of a token that is asked for at a provider: the application's own, or one that is exchanged for that of a grant. */
export function publishedObtaining <T> ({ provider: place, key, scope }: ObtainedName, obtain: () => Promise<T>): Promise<T> {
  const kind = isExchanged(key) ? { grantType: 'token_exchange', owner: key.owner, account: subjectOf(key) } : { grantType: 'client_credentials' }
  return timed({ start: channels.tokenStart, end: channels.tokenEnd, error: channels.tokenError }, { ...placeIn(place), scope, ...kind }, obtain)
}

/** Publishes that what a refresh brought, and could not be stored then, is stored now. */
export function rescued (name: GrantName): void {
  channels.refreshRescued.publish(named(name))
}

/** Publishes how long a lease was waited for, in milliseconds. */
export function waited (name: GrantName, since: number): void {
  channels.leaseWait.publish({ ...named(name), duration: performance.now() - since })
}

function named (name: GrantName): GrantName {
  const { owner, account } = name
  return { ...placeIn(placeOf(name)), owner, account }
}

async function timed <T> ({ start, end, error }: Record<'start' | 'end' | 'error', diagnostics.Channel>, message: object, run: () => Promise<T>): Promise<T> {
  const since = performance.now()
  const ended = () => ({ ...message, duration: performance.now() - since })
  start.publish({ ...message })
  try {
    const answer = await run()
    end.publish(ended())
    return answer
  } catch (failure) {
    error.publish({ ...ended(), error: failure })
    throw failure
  }
}
