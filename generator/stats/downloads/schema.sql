-- The downloads database. Days are counted from 1970-01-01 UTC, times are seconds since then.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- What statistics tell packages apart by.
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
	known     INTEGER NOT NULL, -- 0: a server redirected to it and no catalogue had it yet
	built     TEXT NOT NULL,    -- as the catalogue spells it
	legacy_version TEXT NOT NULL,
	stable    INTEGER NOT NULL  -- as format 1.0 says it
) STRICT;

CREATE TABLE agents (
	id      INTEGER PRIMARY KEY,
	agent   BLOB NOT NULL UNIQUE, -- as the client sent it; '' when it sent none
	class   INTEGER NOT NULL,
	legacy  TEXT NOT NULL,
	browser TEXT NOT NULL,
	os      TEXT NOT NULL,
	device  TEXT NOT NULL
) STRICT;

CREATE TABLE places (
	id       INTEGER PRIMARY KEY,
	country  TEXT NOT NULL,
	location TEXT NOT NULL, -- 'latitude,longitude', '' when not known or not kept
	UNIQUE (country, location)
) STRICT;
INSERT INTO places VALUES (0, '', '');

CREATE TABLE hits (
	day     INTEGER NOT NULL,
	package INTEGER NOT NULL,
	visitor INTEGER NOT NULL, -- keyed hash of the address
	agent   INTEGER NOT NULL,
	place   INTEGER NOT NULL,
	first   INTEGER NOT NULL, -- second of the day of the earliest request
	counted INTEGER NOT NULL, -- 1: one of the requests was a download by the default rule
	PRIMARY KEY (day, package, visitor, agent)
) STRICT, WITHOUT ROWID;

-- The addresses of visitors; filled in the privacy mode full only.
CREATE TABLE addresses (visitor INTEGER PRIMARY KEY, address TEXT NOT NULL) STRICT;

-- The days that hits were added to since they were counted last.
CREATE TABLE changed (day INTEGER PRIMARY KEY) STRICT;

-- The days that no more hits are taken for: their numbers came from elsewhere or their hits are deleted.
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

-- Downloads by day that were counted elsewhere.
CREATE TABLE imported (
	day       INTEGER NOT NULL,
	series    INTEGER NOT NULL,
	country   TEXT NOT NULL,
	class     INTEGER NOT NULL,
	downloads INTEGER NOT NULL,
	PRIMARY KEY (day, series, country, class)
) STRICT, WITHOUT ROWID;

-- Format 1.0 counts a visitor and package once, at the earliest time.
CREATE TABLE firsts (
	package INTEGER NOT NULL,
	visitor INTEGER NOT NULL,
	at      INTEGER NOT NULL, -- seconds since 1970
	PRIMARY KEY (package, visitor) -- the order in which a day's hits come
) STRICT, WITHOUT ROWID;

-- The accesses of format 1.0, a day in a row: lines of 'second package place'.
CREATE TABLE accesses (day INTEGER PRIMARY KEY, lines TEXT NOT NULL) STRICT;

-- Days that lost a first to an earlier day, while Recount is at work.
CREATE TABLE moved (day INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER firsts_moved AFTER UPDATE ON firsts BEGIN
	-- OR IGNORE would be overridden by the conflict clause of the statement that fires this.
	INSERT INTO moved SELECT old.at / 86400 WHERE NOT EXISTS (SELECT 1 FROM moved WHERE day = old.at / 86400);
END;

-- How far logs were read. A log is known by its beginning, decompressed: its first line and as many bytes.
CREATE TABLE logs (
	first  BLOB NOT NULL,    -- hash of the first line
	head   INTEGER NOT NULL, -- bytes
	hash   BLOB NOT NULL,    -- of these bytes
	offset INTEGER NOT NULL, -- decompressed bytes read, up to the end of a line
	tail   BLOB NOT NULL,    -- hash of the end of the line before the offset
	PRIMARY KEY (first, head, hash)
) STRICT, WITHOUT ROWID;

-- Compressed files that were read to their end, by a hash of size, first and last bytes.
CREATE TABLE archives (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Published files made of the days of a period: a month 'YYYY-MM', a year 'YYYY', or all time ''. They are
-- deleted when a day of the period changes.
CREATE TABLE documents (
	period TEXT NOT NULL,
	name   TEXT NOT NULL,
	data   BLOB NOT NULL,
	PRIMARY KEY (period, name)
) STRICT;
