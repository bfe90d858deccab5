/** Names one grant: an owner's account at a provider. */
export interface GrantKey {
  owner: string
  provider: string
  account: string
}

/** A grant as a store keeps it. Only `sealed` is secret, and it is encrypted before it reaches the store. */
export interface StoredGrant extends GrantKey {
  /** Counts the writes, from 1. */
  version: number
  /** When the last login ended, in milliseconds since the epoch. */
  authorizedAt: number
  /** The refresh under way: what was sent and is not answered yet, without a secret, in at most 200 characters; null where there is none. */
  refreshing: string | null
  /** The encrypted grant. */
  sealed: string
}

/** The right to refresh one grant, held by one process at a time. */
export interface GrantLease {
  /** Rises with every lease of the same key: a write with an older fence than the newest is refused. */
  readonly fence: number
  /** Prolongs the lease to `ttl` milliseconds from now; false when it has been lost. */
  renew(ttl: number): Promise<boolean>
  /** Gives the lease back; does nothing when it has been lost. */
  release(): Promise<void>
}

/**
 * Where grants live. Every method is atomic on its own, over all processes that share the store.
 * A method that cannot reach the store rejects; it never answers as if there were nothing.
 */
export interface GrantStore {
  get(key: GrantKey): Promise<StoredGrant | null>
  /**
   * Writes when the stored version is `expectedVersion` (0: when nothing is stored); the new version is
   * `expectedVersion + 1`. With `fence`, also only when no newer lease of the key was given out.
   * Answers whether it wrote.
   */
  put(grant: Omit<StoredGrant, 'version'>, expectedVersion: number, fence?: number): Promise<boolean>
  /** Deletes, with `expectedVersion` only when that is the stored version. Answers whether it deleted. The fences of the key are not forgotten. */
  delete(key: GrantKey, expectedVersion?: number): Promise<boolean>
  /** Every grant of an owner, of one provider where it is named; in no particular order. */
  list(owner: string, provider?: string): Promise<StoredGrant[]>
  /** Takes the lease of a key for `ttl` milliseconds, or answers null while another holds it. */
  lease(key: GrantKey, ttl: number): Promise<GrantLease | null>
  /** True for the first caller with this id within `ttl` milliseconds, false for every other. */
  claim(id: string, ttl: number): Promise<boolean>
  /** Every grant, in no particular order, each at least once where it was stored all the while. For `app.oauth.grants.rewrap()`. */
  scan?(): AsyncIterable<StoredGrant>
  /** Called when the application closes. */
  close?(): Promise<void>
}
