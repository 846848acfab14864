// Package stats turns access logs into download statistics.
//
// A run reads the new lines of the logs, stores one row for each download in a database (package downloads), recounts
// the days that changed, and returns the files to publish. Each step has a file of its own:
//
//   - follow.go recognises a log by its beginning and finds the first new line.
//   - fetch.go fetches small logs of a bucket before they are read.
//   - Package accesslog parses lines into entries; chunk.go does this on several CPUs, and finds the requests.
//   - collector.go turns requests into hits, and writer.go stores them.
//   - downloads.DB counts the hits by day.
//   - publish.go makes the published files from the numbers of the days.
//
// An Engine runs these steps. It locks the data folder, so that there is only one at a time. A Reader can export and
// verify the numbers, and preview new user agent rules, while an Engine is running. It writes nothing.
//
// # What is counted
//
// A download is a request with the method GET, the status 200, 206, 301, 302, 303, 307 or 308, and the path
// /bitstream/<id> of a package that is or was published. All requests for a package on one UTC day from one address
// with one user agent count as one download. Downloads are classified by their client: see Class.
//
// The statistics of format 1.0, which earlier versions of the site published, have another rule: requests count with
// any method and status, once per address and package in all time, at the time of the earliest request, but only if the
// client is a browser by that format's own classification and the location of the address is known. The same rows serve
// both rules: a request that counts only by the rule of format 1.0 is stored as a hit, too, marked as not counted.
//
// # Why running again changes nothing
//
// A hit is a row with the key (day, package, visitor, agent). Adding a hit whose key exists keeps the earlier time, and
// the hit is counted if either was. So adding hits is commutative and idempotent: the same lines result in the same
// rows and the same numbers, in whatever order they are read, however they are split into logs, and however often they
// are read. The database also stores how far each log was read, but only to save time. See addHits in package downloads
// for an example.
package stats
