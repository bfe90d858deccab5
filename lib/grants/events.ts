// What happens to grants, for who watches: node:diagnostics_channel and the option onGrantChange. No event holds a token but
// the grant itself, whose tokens only its getters tell.
import diagnostics from 'node:diagnostics_channel'
import type { OAuthGrant, OAuthGrantChange } from '../../types/grant.js'
import { placeIn, placeOf } from '../place.js'
import type { GrantName } from './grant.js'

/** Names of the channels. */
export const channels = Object.freeze({
  refreshStart: diagnostics.channel('fastify-oauth:refresh:start'),
  refreshEnd: diagnostics.channel('fastify-oauth:refresh:end'),
  refreshError: diagnostics.channel('fastify-oauth:refresh:error'),
  leaseWait: diagnostics.channel('fastify-oauth:lease:wait')
})

/** Told of what became of a grant. */
export type OnGrantChange = (change: OAuthGrantChange) => unknown

/** Publishes the start of a refresh, and its end or its error, with milliseconds. */
export async function published <T> (grant: OAuthGrant, refresh: () => Promise<T>): Promise<T> {
  const name = named(grant)
  const since = performance.now()
  const event = () => ({ ...name, duration: performance.now() - since })
  channels.refreshStart.publish(name)
  try {
    const answer = await refresh()
    channels.refreshEnd.publish(event())
    return answer
  } catch (error) {
    channels.refreshError.publish({ ...event(), error })
    throw error
  }
}

/** Publishes how long a lease was waited for, in milliseconds. */
export function waited (name: GrantName, since: number): void {
  channels.leaseWait.publish({ ...named(name), duration: performance.now() - since })
}

function named (name: GrantName): GrantName {
  const { owner, account } = name
  return { ...placeIn(placeOf(name)), owner, account }
}
