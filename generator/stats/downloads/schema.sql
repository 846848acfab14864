-- The database of downloads. Days are counted from 1970-01-01 UTC. Times are in seconds since then, unless stated
-- otherwise.

-- Settings.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The properties of packages by which downloads are counted.
CREATE TABLE series (
	id        INTEGER PRIMARY KEY,
	version   TEXT NOT NULL,
	os        TEXT NOT NULL,
	arch      TEXT NOT NULL,
	stability TEXT NOT NULL,
	UNIQUE (version, os, arch, stability)
) STRICT;

CREATE TABLE packages (
	id        INTEGER PRIMARY KEY,
	bitstream TEXT NOT NULL UNIQUE,
	series    INTEGER NOT NULL,
	known     INTEGER NOT NULL, -- 0: the server has answered requests for it, but no catalogue has contained it yet
	built     TEXT NOT NULL,    -- date of the build, as in the catalogue
	legacy_version TEXT NOT NULL, -- as in format 1.0
	stable    INTEGER NOT NULL    -- as in format 1.0
) STRICT;

-- User agents with their classification.
CREATE TABLE agents (
	id      INTEGER PRIMARY KEY,
	agent   BLOB NOT NULL UNIQUE, -- as the client sent it; '' if it sent none
	class   INTEGER NOT NULL,
	legacy  TEXT NOT NULL,
	browser TEXT NOT NULL,
	os      TEXT NOT NULL,
	device  TEXT NOT NULL
) STRICT;

-- The places of addresses.
CREATE TABLE places (
	id       INTEGER PRIMARY KEY,
	country  TEXT NOT NULL, -- ISO 3166-1, '' if unknown
	location TEXT NOT NULL, -- 'latitude,longitude', '' if unknown or not stored
	UNIQUE (country, location)
) STRICT;
INSERT INTO places VALUES (0, '', '');

-- The requests of a visitor for a package with one user agent on one day.
CREATE TABLE hits (
	day     INTEGER NOT NULL,
	package INTEGER NOT NULL,
	visitor INTEGER NOT NULL, -- keyed hash of the address
	agent   INTEGER NOT NULL,
	place   INTEGER NOT NULL,
	first   INTEGER NOT NULL, -- time of the earliest request, in seconds since the beginning of the day
	counted INTEGER NOT NULL, -- 1: one of the requests is a download by the default rule
	PRIMARY KEY (day, package, visitor, agent)
) STRICT, WITHOUT ROWID;

-- The addresses of visitors, only in the privacy mode full.
CREATE TABLE addresses (visitor INTEGER PRIMARY KEY, address TEXT NOT NULL) STRICT;

-- The days to which hits have been added since these days were counted.
CREATE TABLE changed (day INTEGER PRIMARY KEY) STRICT;

-- The closed days, to which no more hits are added: their numbers were imported or their hits were deleted.
CREATE TABLE sealed (day INTEGER PRIMARY KEY) STRICT;

-- Downloads by day, counted from the hits.
CREATE TABLE daily (
	day       INTEGER NOT NULL,
	package   INTEGER NOT NULL,
	country   TEXT NOT NULL,
	class     INTEGER NOT NULL,
	downloads INTEGER NOT NULL,
	PRIMARY KEY (day, package, country, class)
) STRICT, WITHOUT ROWID;

-- Downloads by day that another program has counted.
CREATE TABLE imported (
	day       INTEGER NOT NULL,
	series    INTEGER NOT NULL,
	country   TEXT NOT NULL,
	class     INTEGER NOT NULL,
	downloads INTEGER NOT NULL,
	PRIMARY KEY (day, series, country, class)
) STRICT, WITHOUT ROWID;

-- The time of the earliest request for each package and visitor: format 1.0 counts only this one. See count.go.
CREATE TABLE firsts (
	package INTEGER NOT NULL,
	visitor INTEGER NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (package, visitor) -- the order in which the hits of a day are read
) STRICT, WITHOUT ROWID;

-- The accesses of format 1.0, one row for each day: lines of 'second package place'.
CREATE TABLE accesses (day INTEGER PRIMARY KEY, lines TEXT NOT NULL) STRICT;

-- During Recount: the days that have lost an earliest request, because an earlier day has one. See count.go.
CREATE TABLE moved (day INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER firsts_moved AFTER UPDATE ON firsts BEGIN
	-- INSERT OR IGNORE does not work here: the conflict clause of the statement that fires the trigger overrides it.
	INSERT INTO moved SELECT old.at / 86400 WHERE NOT EXISTS (SELECT 1 FROM moved WHERE day = old.at / 86400);
END;

-- The positions up to which logs have been read. A log is identified by its beginning, decompressed.
CREATE TABLE logs (
	first  BLOB NOT NULL,    -- hash of the first line
	head   INTEGER NOT NULL, -- length of the beginning in bytes
	hash   BLOB NOT NULL,    -- hash of the beginning
	offset INTEGER NOT NULL, -- number of decompressed bytes read, up to the end of a line
	tail   BLOB NOT NULL,    -- hash of the end of the line before the offset
	PRIMARY KEY (first, head, hash)
) STRICT, WITHOUT ROWID;

-- The archives that have been read to their end: compressed files, by a hash of their size, first and last bytes, and
-- objects in buckets, by a hash of their name, version and size.
CREATE TABLE archives (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Published files with the numbers of a period: a month 'YYYY-MM', a year 'YYYY', or all time ''. They are deleted when
-- a number of the period changes.
CREATE TABLE documents (
	period TEXT NOT NULL,
	name   TEXT NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (period, name)
) STRICT;
