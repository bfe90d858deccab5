// What is under way at a provider: callers in this process share it, one for each id. What is begun ahead of need nobody
// waits for, and after a failure it rests for a while.
import { isOAuthError } from '../errors.js'
import { ExpiringSet } from './bounded.js'
import { withJitter } from './health.js'
import { busy } from './lease.js'

export interface Flight<T> {
  id: string
  provider: string
  begin: () => Promise<T>
}

const waitersAtMost = 5_000
const remembered = 10_000
const usualRest = 5
const longestRest = 60

export class Flights<T> {
  readonly #clock: () => number
  readonly #flights = new Map<string, Promise<T>>()
  readonly #resting = new ExpiringSet(remembered)
  #waiting = 0

  constructor (clock: () => number) {
    this.#clock = clock
  }

  /** Joins what is under way for this id, or begins it. Throws FST_OAUTH_GRANT_BUSY where too many wait already. */
  async join (flight: Flight<T>): Promise<T> {
    if (this.#waiting >= waitersAtMost) throw busy(flight)
    this.#waiting++
    try {
      return await (this.#flights.get(flight.id) ?? this.#begin(flight))
    } finally {
      this.#waiting--
    }
  }

  /** Begins it without anybody waiting, unless it is under way or rests. */
  ahead (flight: Flight<T>, failed: (error: unknown) => void): void {
    const { id } = flight
    if (this.#flights.has(id) || this.#resting.has(id, this.#clock())) return
    this.join(flight).catch(error => {
      this.#resting.add(id, this.#clock(), restAfter(error))
      failed(error)
    })
  }

  /** Ends when nothing is under way. */
  async drain (): Promise<void> {
    while (this.#flights.size > 0) await Promise.allSettled(this.#flights.values())
  }

  #begin ({ id, begin }: Flight<T>): Promise<T> {
    const flight = begin().finally(() => this.#flights.delete(id))
    this.#flights.set(id, flight)
    return flight
  }
}

// Milliseconds.
function restAfter (error: unknown): number {
  const seconds = isOAuthError(error) ? error.retryAfter ?? usualRest : usualRest
  return withJitter(Math.min(seconds, longestRest) * 1_000)
}
