// What PostgresGrantStore asks PostgreSQL. Each is one statement and so one transaction, atomic under READ COMMITTED, the
// default. Each takes its row locks in the order lease, grant, and no other, so none waits for another in a circle.
// Every time is clock_timestamp(): the database's, and read after a wait for a lock where one is taken.
import type { Tables } from './postgres-schema.js'

export type Statements = Readonly<Record<'get' | 'insert' | 'update' | 'delete' | 'list' | 'scan' | 'lease' | 'renew' | 'release' | 'claim', string>> & {
  /** Deletes what has ended, `$1` rows at most; one statement for each table. */
  readonly sweeps: readonly string[]
}

const columns = 'owner, provider, account, version, authorized_at AS "authorizedAt", refreshing, sealed'
const living = '(stored.expires_at IS NULL OR stored.expires_at > clock_timestamp())'
// A lease that has ended keeps its fence for as long: whoever was away for longer is refused, since its row is gone.
const fenceRemembered = "interval '1 hour'"

export function statementsOf (tables: Tables): Statements {
  return { ...readsOf(tables), ...writesOf(tables), ...leasesOf(tables), sweeps: sweepsOf(tables) }
}

function readsOf ({ grants }: Tables) {
  return {
    get: `SELECT ${columns} FROM ${grants} AS stored WHERE id = $1 AND ${living}`,
    list: `SELECT ${columns} FROM ${grants} AS stored WHERE owner = $1 AND ($2::text IS NULL OR provider = $2) AND ${living}`,
    // The order of the ids does not change, so a row that is there all the while is met.
    scan: `SELECT ${columns} FROM ${grants} AS stored WHERE id > $1 AND ${living} ORDER BY id LIMIT $2`
  }
}

// The fence is checked on the lease's row, locked FOR SHARE until the write is done. Without the lock, a newer lease could
// be given out between the check and the write, and its holder would read the grant before that write. With it, either the
// write comes first, and the newer lease waits for it; or the lease comes first, and FOR SHARE waits, reads the row as it is
// then, and the write is refused. A row that is gone, or that came after this statement's snapshot, is no permission.
// Where no fence is given, no row is locked. The check stands outside of the grant's own conditions, so it is made before
// the grant's row is locked, and holds while that lock is waited for.
function writesOf ({ grants, leases }: Tables) {
  const newest = `WITH newest AS MATERIALIZED (SELECT fence FROM ${leases} WHERE id = $1 AND $2::bigint IS NOT NULL FOR SHARE)`
  const permitted = '($2::bigint IS NULL OR (SELECT fence FROM newest) <= $2)'
  const end = later('$6')
  return {
    // Of several at once one inserts; the others wait for it, find its row and write nothing. Their snapshots do not matter:
    // ON CONFLICT looks at what is there. A grant that has ended counts as nothing, and is written over.
    insert: `${newest}
      INSERT INTO ${grants} AS stored (id, authorized_at, refreshing, sealed, expires_at, owner, provider, account, version)
      SELECT $1, $3::float8, $4::text, $5::text, ${end}, $7::text, $8::text, $9::text, 1 WHERE ${permitted}
      ON CONFLICT (id) DO UPDATE SET authorized_at = EXCLUDED.authorized_at, refreshing = EXCLUDED.refreshing, sealed = EXCLUDED.sealed,
        expires_at = EXCLUDED.expires_at, version = 1
      WHERE stored.expires_at <= clock_timestamp()
      RETURNING version`,
    // Of several on top of one version, the first changes it. The others wait for the row's lock, and their conditions are
    // judged again on the row as it is then.
    update: `${newest}
      UPDATE ${grants} AS stored SET authorized_at = $3, refreshing = $4, sealed = $5, expires_at = ${end}, version = stored.version + 1
      WHERE id = $1 AND version = $7 AND ${living} AND ${permitted}
      RETURNING version`,
    // Judged again in the same way. It leaves the lease alone, so fences go on.
    delete: `DELETE FROM ${grants} AS stored WHERE id = $1 AND ($2::bigint IS NULL OR version = $2) AND ${living} RETURNING version`
  }
}

function leasesOf ({ leases, claims, fences }: Tables) {
  const holds = 'id = $1 AND fence = $2::bigint AND expires_at > clock_timestamp()'
  return {
    // ON CONFLICT locks the row before it judges WHERE, so one caller finds it free. The fence comes from one sequence for
    // all keys: it rises also where a row was swept away. It is drawn again under the lock, since another may have drawn a
    // later one, and inserted first.
    lease: `INSERT INTO ${leases} AS held (id, fence, expires_at) VALUES ($1, nextval('${fences}'), ${later('$2')})
      ON CONFLICT (id) DO UPDATE SET fence = nextval('${fences}'), expires_at = ${later('$2')} WHERE held.expires_at <= clock_timestamp()
      RETURNING fence`,
    // Where another took the lease meanwhile, the fence is another when the conditions are judged again.
    renew: `UPDATE ${leases} SET expires_at = ${later('$3')} WHERE ${holds} RETURNING fence`,
    release: `UPDATE ${leases} SET expires_at = clock_timestamp() WHERE ${holds}`,
    claim: `INSERT INTO ${claims} AS made (id, expires_at) VALUES ($1, ${later('$2')})
      ON CONFLICT (id) DO UPDATE SET expires_at = ${later('$2')} WHERE made.expires_at <= clock_timestamp()
      RETURNING id`
  }
}

// now() instead of clock_timestamp() lets the index find them. FOR UPDATE judges a row again that was changed meanwhile: one
// that is in use again stays. SKIP LOCKED: a sweep waits for nobody, not for another sweep either.
function sweepsOf ({ grants, leases, claims }: Tables): string[] {
  return [[grants, 'now()'], [claims, 'now()'], [leases, `now() - ${fenceRemembered}`]].map(([table, before]) => `
    WITH ended AS MATERIALIZED (SELECT id FROM ${table} WHERE expires_at <= ${before} ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    DELETE FROM ${table} AS stored USING ended WHERE stored.id = ended.id RETURNING 1`)
}

function later (milliseconds: string): string {
  return `clock_timestamp() + ${milliseconds}::float8 * interval '1 millisecond'`
}
