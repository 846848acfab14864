-- The hits of a day are packed into few rows: reading, merging and counting them is ten times faster than with one row
-- for each hit. See hits.go for the encoding.
CREATE TABLE parts (
	day  INTEGER NOT NULL,
	part INTEGER NOT NULL, -- 0: the hits of the day; more: hits that have been read since the day was counted
	hits BLOB NOT NULL,    -- sorted by key: package, visitor, agent
	PRIMARY KEY (day, part)
) STRICT;
INSERT INTO parts
SELECT day, 0, unhex(group_concat(printf('%08x%016x%08x%08x%08x', package,
	CASE WHEN visitor < 0 THEN visitor + 9223372036854775807 + 1 ELSE visitor - 9223372036854775807 - 1 END,
	agent, place, 2 * first + counted), '' ORDER BY package, visitor, agent))
FROM hits GROUP BY day;
DROP TABLE hits;

-- The times of the earliest requests, too. They are found again when the days are counted the next time.
DROP TABLE firsts;
DROP TABLE moved;
CREATE TABLE firsts (
	id      INTEGER PRIMARY KEY,
	package INTEGER NOT NULL,
	visitor INTEGER NOT NULL, -- the first visitor that can be in this row; the row ends before that of the next row
	times   BLOB NOT NULL     -- visitors and times, sorted by visitor; see firsts.go
) STRICT;
CREATE UNIQUE INDEX firsts_by_visitor ON firsts (package, visitor);
UPDATE meta SET value = 'off' WHERE key = 'accesses';
