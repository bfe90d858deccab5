// The right to change one grant: held by one process at a time through the store's lease, and by one caller at a time
// within this process, even where a provider is slower than the lease.
import { setTimeout as delay } from 'node:timers/promises'
import type { GrantLease } from '../../types/store.js'
import { oauthError } from '../errors.js'
import { waited } from './events.js'
import { idOf, keyOf } from './grant.js'
import type { GrantName } from './grant.js'
import type { SealedStore } from './sealed-store.js'

export interface LeasesOptions {
  grants: SealedStore
  /** Milliseconds that a lease lasts. */
  leaseTime: number
  /** Told of leases that could not be given back. */
  warn: (message: string, error?: unknown) => void
}

const pollInterval = 25
const releaseInterval = 500

export class Leases {
  readonly #options: LeasesOptions
  readonly #taken = new Set<string>()

  constructor (options: LeasesOptions) {
    this.#options = options
  }

  /** Runs alone for this grant, over all processes. Throws FST_OAUTH_GRANT_BUSY where others hold it for longer than a lease lasts. */
  async exclusively <T> (key: GrantName, run: (lease: HeldLease) => Promise<T>): Promise<T> {
    const id = idOf(key)
    const since = performance.now()
    const giveUpAt = since + this.#options.leaseTime + 4 * pollInterval
    for (let waits = 0; waits === 0 || performance.now() <= giveUpAt; waits++) {
      if (waits > 0) await delay(pollInterval)
      if (this.#taken.has(id)) continue
      this.#taken.add(id)
      try {
        const lease = await this.#lease(key)
        if (lease === null) continue
        if (waits > 0) waited(key, since)
        return await lease.during(run)
      } finally {
        this.#taken.delete(id)
      }
    }
    throw busy(key)
  }

  async #lease (key: GrantName): Promise<HeldLease | null> {
    const { grants, leaseTime } = this.#options
    const since = performance.now()
    let isOver = false
    const lease = await grants.ask('lease a grant', async store => {
      const given = await store.lease(keyOf(key), leaseTime)
      // So late that nobody waits for it any more: it would keep others out.
      if (isOver) await given?.release()
      return given
    }).catch(error => {
      isOver = true
      throw error
    })
    return lease === null ? null : new HeldLease(lease, { ...this.#options, key, since })
  }
}

/** A lease under which something runs. */
export class HeldLease {
  readonly #lease: GrantLease
  readonly #options: LeasesOptions & { key: GrantName, since: number }

  constructor (lease: GrantLease, options: LeasesOptions & { key: GrantName, since: number }) {
    this.#lease = lease
    this.#options = options
  }

  get fence (): number {
    return this.#lease.fence
  }

  /** When it ends, as performance.now() counts. */
  get until (): number {
    return this.#options.since + this.#options.leaseTime
  }

  /**
   * Makes sure of it before a step that cannot be taken back: the store may have been slow, or this process stopped for a
   * while. Throws FST_OAUTH_GRANT_BUSY where it has been lost.
   */
  async secure (): Promise<void> {
    const { leaseTime, since } = this.#options
    if (performance.now() >= since + leaseTime / 2) await this.#renew()
  }

  /** Runs while the lease is renewed, and gives it back. */
  async during <T> (run: (lease: HeldLease) => Promise<T>): Promise<T> {
    const { leaseTime, warn } = this.#options
    // Without asking whether it is time: a timer may be early by less than a millisecond, and the next one comes too late.
    const timer = setInterval(() => { this.#renew().catch(error => warn('A lease could not be renewed', error)) }, leaseTime / 3)
    timer.unref()
    try {
      return await run(this)
    } finally {
      clearInterval(timer)
      await this.#release()
    }
  }

  async #renew (): Promise<void> {
    const { grants, leaseTime, key } = this.#options
    const now = performance.now()
    if (!await grants.ask('renew a lease', () => this.#lease.renew(leaseTime))) throw busy(key)
    this.#options.since = Math.max(this.#options.since, now)
  }

  // Where the store fails nobody waits for it, but it is tried for as long as others would be kept out.
  async #release (): Promise<void> {
    const { grants, warn } = this.#options
    const end = this.until
    const release = () => grants.ask('release a lease', () => this.#lease.release())
    const again = async (): Promise<void> => {
      await delay(releaseInterval, undefined, { ref: false })
      await release().catch(error => performance.now() < end ? again() : warn('A lease could not be given back; it ends by itself', error))
    }
    await release().catch(() => { again() })
  }
}

/** Others are at this grant. */
export function busy ({ provider }: { provider: string }): Error {
  return oauthError('FST_OAUTH_GRANT_BUSY', [provider], undefined, { retryAfter: 1 })
}
