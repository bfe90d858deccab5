/** What PostgresGrantStore needs of a connection pool: the `Pool` of the package pg has it. */
export interface PostgresPool {
  /** Runs one statement, with `$1`, `$2` … for the values. */
  query (text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface PostgresGrantStoreOptions {
  /** The application's own pool. The store never closes it. */
  pool: PostgresPool
  /** The schema of the tables. Default: what the connection's search_path says. */
  schema?: string | undefined
  /** What the names of the tables begin with. Default: `oauth_`. */
  tablePrefix?: string | undefined
  /** Milliseconds after which a grant that was not written again is dropped. Default: never. */
  ttl?: number | undefined
}
