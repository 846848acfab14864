package history

// migrations create the tables of the catalogue. Times are UTC, RFC 3339, to the second.
var migrations = []string{`
-- The recorded runs.
CREATE TABLE runs (
  id        INTEGER PRIMARY KEY,
  at        TEXT    NOT NULL,
  source    TEXT    NOT NULL, -- 'sample', the URL of an API, or 'file:' and a name
  app       TEXT    NOT NULL, -- the application in Girder
  published INTEGER NOT NULL, -- packages on the site after the run
  held      INTEGER NOT NULL, -- records held back
  added     INTEGER NOT NULL,
  changed   INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  returned  INTEGER NOT NULL
) STRICT;

-- Every package that was ever published, as it was last seen.
CREATE TABLE packages (
  id           TEXT    PRIMARY KEY,
  name         TEXT    NOT NULL,
  product_name TEXT    NOT NULL,
  os           TEXT    NOT NULL,
  arch         TEXT    NOT NULL,
  revision     INTEGER NOT NULL,
  version      TEXT    NOT NULL, -- '' for none, as in the next column
  release      TEXT    NOT NULL,
  pre_release  INTEGER NOT NULL, -- 0 or 1
  build_date   TEXT    NOT NULL, -- as the source spells it
  size         INTEGER NOT NULL, -- bytes
  sha512       TEXT    NOT NULL, -- '' when unknown
  first_seen   TEXT    NOT NULL,
  last_changed TEXT    NOT NULL,
  withdrawn_at TEXT              -- NULL while it is published
) STRICT, WITHOUT ROWID;

-- The events of each package.
CREATE TABLE changes (
  run     INTEGER NOT NULL REFERENCES runs (id),
  package TEXT    NOT NULL REFERENCES packages (id),
  kind    TEXT    NOT NULL CHECK (kind IN ('added', 'changed', 'withdrawn', 'returned')),
  field   TEXT    NOT NULL, -- a column of packages; '' unless it is kind 'changed'
  before  TEXT    NOT NULL,
  after   TEXT    NOT NULL
) STRICT;
CREATE INDEX changes_of_package ON changes (package);

-- The records that the last run held back.
CREATE TABLE held (
  id     TEXT NOT NULL,
  name   TEXT NOT NULL,
  field  TEXT NOT NULL,
  value  TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
`, `
-- The source's text for the version if it is not a valid version, else ''. The old statistics use it.
ALTER TABLE packages ADD COLUMN unversioned TEXT NOT NULL DEFAULT '';
`, `
-- Values that packages.json can list, '' if unknown. /bitstream/ID redirects to the URL.
ALTER TABLE packages ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE packages ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
ALTER TABLE packages ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE held ADD COLUMN hint TEXT NOT NULL DEFAULT '';
ALTER TABLE held ADD COLUMN place TEXT NOT NULL DEFAULT '';

-- What a source has learned about records, to avoid requesting it again: see source.Memory.
CREATE TABLE memory (
  id     TEXT PRIMARY KEY, -- of the record
  source TEXT NOT NULL,    -- that of the run
  text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`, `
-- URLs of the detached signature and of the software bill of materials, '' if there is none.
ALTER TABLE packages ADD COLUMN signature TEXT NOT NULL DEFAULT '';
ALTER TABLE packages ADD COLUMN sbom TEXT NOT NULL DEFAULT '';
`, `
-- URL of the page at the source where people manage the package, '' if there is none.
ALTER TABLE packages ADD COLUMN page TEXT NOT NULL DEFAULT '';
`}
