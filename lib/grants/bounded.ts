// Collections that cannot grow without end.

/** Beyond `max` entries the one that was set longest ago is dropped. */
export class BoundedMap<V> extends Map<string, V> {
  readonly #max: number

  constructor (max: number) {
    super()
    this.#max = max
  }

  override set (key: string, value: V): this {
    this.delete(key)
    for (const oldest of this.keys()) {
      if (this.size < this.#max) break
      this.delete(oldest)
    }
    return super.set(key, value)
  }
}

/** Ids that count for a while, by the clock of whoever asks. */
export class ExpiringSet {
  readonly #until: BoundedMap<number>

  constructor (max: number) {
    this.#until = new BoundedMap(max)
  }

  has (id: string, now: number): boolean {
    return (this.#until.get(id) ?? 0) > now
  }

  add (id: string, now: number, ttl: number): void {
    // They were added in the order of time and last about equally long: the first are the first to end.
    for (const [old, until] of this.#until) {
      if (until > now) break
      this.#until.delete(old)
    }
    this.#until.set(id, now + ttl)
  }
}
