-- The tables of PostgresGrantStore, with its default names: for those who make their tables themselves. It may be run again
-- at any time, and after an update of the package. With the options schema or tablePrefix, change the names accordingly.
DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('"oauth_migrations"', 0));
  IF to_regclass('"oauth_migrations"') IS NULL THEN
    CREATE TABLE IF NOT EXISTS "oauth_migrations" (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    );
  END IF;
  IF NOT EXISTS (SELECT FROM "oauth_migrations" WHERE version = 1) THEN
    CREATE TABLE "oauth_grants" (
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
    CREATE INDEX "oauth_grants_owner" ON "oauth_grants" USING hash (owner);
    CREATE INDEX "oauth_grants_expires_at" ON "oauth_grants" (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE "oauth_leases" (
      id bytea PRIMARY KEY,
      fence bigint NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX "oauth_leases_expires_at" ON "oauth_leases" (expires_at);
    CREATE SEQUENCE "oauth_fences";
    CREATE TABLE "oauth_claims" (
      id bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX "oauth_claims_expires_at" ON "oauth_claims" (expires_at);
    INSERT INTO "oauth_migrations" (version) VALUES (1);
  END IF;
END
$migration$;
