// The tables of PostgresGrantStore: their names, and how they come to be. sql/postgres.sql is `migrationOf` with the defaults.
import { oauthError } from '../errors.js'

export interface TableNames { schema: string | undefined, prefix: string }

export interface Tables { grants: string, leases: string, claims: string, fences: string, migrations: string }

// Of characters that mean nothing within quotes of any kind. PostgreSQL cuts names off after 63 bytes.
const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/
const longestSchema = 63
const longestPrefix = 40

/** The quoted names of the tables. Throws FST_OAUTH_INVALID_OPTIONS for names that are not plain. */
export function tablesOf ({ schema, prefix }: TableNames): Tables {
  if (schema !== undefined) check('schema', schema, longestSchema)
  if (prefix !== '') check('tablePrefix', prefix, longestPrefix)
  const within = schema === undefined ? '' : `"${schema}".`
  const name = (table: string) => `${within}"${prefix}${table}"`
  return { grants: name('grants'), leases: name('leases'), claims: name('claims'), fences: name('fences'), migrations: name('migrations') }
}

/**
 * One statement that makes the tables, or brings them up to date. It may be run at any time by any number of processes: the
 * advisory lock lets one of them pass at a time, and ends with the statement. It asks before it creates, so that a role that
 * may not create can run it where nothing is to be done; a session may have missed what was made while it waited for the
 * lock, hence IF NOT EXISTS as well.
 */
export function migrationOf ({ schema, prefix }: TableNames): string {
  const tables = tablesOf({ schema, prefix })
  const createSchema = schema === undefined
    ? ''
    : `
  IF to_regnamespace('"${schema}"') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS "${schema}";
  END IF;`
  return `DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('${tables.migrations}', 0));${createSchema}
  IF to_regclass('${tables.migrations}') IS NULL THEN
    CREATE TABLE IF NOT EXISTS ${tables.migrations} (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
${steps.map((step, index) => guarded(tables.migrations, index + 1, step(tables, prefix))).join('')}END
$migration$;
`
}

// Never changed once it was released: a later version adds a step.
const steps: ReadonlyArray<(tables: Tables, prefix: string) => string> = [
  ({ grants, leases, claims, fences }, prefix) => `
    CREATE TABLE ${grants} (
      id bytea PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      provider text COLLATE "C" NOT NULL,
      account text COLLATE "C" NOT NULL,
      version bigint NOT NULL,
      authorized_at double precision NOT NULL,
      refreshing text,
      sealed text NOT NULL,
      expires_at timestamptz
    );
    CREATE INDEX "${prefix}grants_owner" ON ${grants} USING hash (owner);
    CREATE INDEX "${prefix}grants_expires_at" ON ${grants} (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE ${leases} (
      id bytea PRIMARY KEY,
      fence bigint NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX "${prefix}leases_expires_at" ON ${leases} (expires_at);
    CREATE SEQUENCE ${fences};
    CREATE TABLE ${claims} (
      id bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX "${prefix}claims_expires_at" ON ${claims} (expires_at);`
]

function guarded (migrations: string, version: number, step: string): string {
  return `  IF NOT EXISTS (SELECT FROM ${migrations} WHERE version = ${version}) THEN${step}
    INSERT INTO ${migrations} (version) VALUES (${version});
  END IF;
`
}

function check (option: string, name: unknown, longest: number): void {
  if (typeof name === 'string' && plainName.test(name) && name.length <= longest) return
  throw oauthError('FST_OAUTH_INVALID_OPTIONS', [`${option} of PostgresGrantStore must be at most ${longest} letters, digits, underscores and hyphens, and not begin with a digit or a hyphen`])
}
