// Package stats turns access logs into download statistics.
//
// A run reads what is new in the logs, keeps one row for each download in the database of downloads (package
// downloads), counts the days that changed and writes the published files. The steps, each in a file of its own: a log
// is recognised by its beginning (follow.go), its lines become entries (package accesslog), an entry becomes a hit
// (collector.go), hits become days (downloads.DB), days become documents (publish.go).
//
// An Engine does all that, one at a time for a data folder. A Reader exports, verifies and previews new rules while an
// Engine counts, and writes nothing.
//
// # What is counted
//
// A download is a request with the method GET, the status 200, 206, 302, 303, 307 or 308 and the path
// /bitstream/<id> of a package that is or was published. One address with one user agent counts once for a
// package in a UTC day, however often it asks. Downloads are told apart by what asked: see Class.
//
// The statistics of format 1.0, which the site published before, follow an older rule: any method and any
// status; once for an address and package in all time, at the earliest request; only agents that its rules
// called Browser, and only addresses with a location. Both rules are answered from the same rows: a hit is kept
// for a request that only the older rule counts, too, marked as not counted.
//
// # Why running again changes nothing
//
// A hit is a row with the key (day, package, visitor, agent). Adding it again keeps the earliest second and
// "counted" of either. That makes adding hits commutative and idempotent, so that any order, any split and any
// repetition of the logs gives the same rows, and the same numbers. Remembering how far a log was read only
// saves time.
package stats
