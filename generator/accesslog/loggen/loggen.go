// Package loggen generates access logs for benchmarks and crash tests: the requests of a download site in Nginx's
// combined format. The same options generate the same bytes.
//
// One request in five is a download. User agents (some with quotes), addresses, queries, methods and statuses vary as
// in a real log, and one line in a thousand is garbled. A line looks like this:
//
//	12.34.56.78 - - [01/Jun/2026:00:00:02 +0000] "GET /bitstream/6a46 HTTP/1.1" 302 1 "-" "curl/7.5.0"
package loggen

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Options describes the log to generate.
type Options struct {
	Seed      uint64
	Lines     int
	IDs       []string // ids of packages, most popular first
	Addresses int      // number of different client addresses
	Agents    int      // approximate number of different user agents
	Days      int      // number of days that the log covers
	Start     time.Time
	Every     int // one request in so many is for a package; 5 if it is 0
}

// Stats counts what was written.
type Stats struct {
	Bytes     int64
	Downloads int64 // requests for packages, with any method and status
	Bad       int64 // garbled lines
}

// agents are format strings of user agents, each with two numbers, and their frequency.
var agents = []struct {
	format string
	weight int
}{
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"Chrome/%d.0.%d.0 Safari/537.36", 40},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"Chrome/%d.0.%d.0 Safari/537.36 Edg/126.0.0.0", 12},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_%d) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/17.%d Safari/605.1.15", 12},
	{"Mozilla/5.0 (X11; Linux x86_64; rv:%d.%d) Gecko/20100101 Firefox/127.0", 10},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/17.%d Mobile/15E148 Safari/604.1", 4},
	{"Mozilla/5.0 (Linux; Android %d; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) " +
		"Chrome/126.0.%d.0 Mobile Safari/537.36", 4},
	{"curl/7.%d.%d", 5}, {"Wget/1.%d.%d", 5}, {"python-requests/2.%d.%d", 2},
	{"Homebrew/4.3.%d (Macintosh; Intel Mac OS X 14.5) curl/8.6.%d", 1},
	{`Mozilla/5.0 \x22quoted %d\x22 \x5C (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.%d`, 1},
	{"Mozilla/5.0 (compatible; Googlebot/%d.%d; +http://www.google.com/bot.html)", 4},
}

// paths are requested by lines that are not downloads. The last one only contains a download path.
var paths = []string{
	"/", "/?offset=-1", "/download?os=win&stability=release", "/find?os=win&stability=release",
	"/assets/app.3f2a1b.css",
	"/favicon.ico", "/bitstream/1341035", "/robots.txt", "/download-stats/", "/wp-login.php", "/x?u=/bitstream/123",
}

var garbled = []string{
	"\\x16\\x03\\x01 not a request\n",
	"192.0.2.1 - - [31/Foo/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 302 0 \"-\" \"-\"\n",
	"\n",
	"192.0.2.1 - - [20/Sep/2026:00:00\n",
}

// Write generates a log.
func Write(w io.Writer, o Options) (Stats, error) {
	r := rand.New(rand.NewPCG(o.Seed, uint64(o.Lines)))
	names := agentNames(r, o.Agents)
	out := bufio.NewWriterSize(w, 1<<20)
	var s Stats
	var line []byte
	step := float64(o.Days) * 86400 / float64(o.Lines)
	for i := range o.Lines {
		if r.IntN(1000) == 0 {
			line = append(line[:0], garbled[r.IntN(len(garbled))]...)
			s.Bad++
		} else {
			at := o.Start.Add(time.Duration(float64(i) * step * float64(time.Second)))
			if r.IntN(50) == 0 {
				// Apache logs the time at which a request started, so a long request is logged late.
				at = at.Add(-time.Duration(r.IntN(3600)) * time.Second)
			}
			var download bool
			line, download = appendLine(line[:0], r, at, o, names, i)
			if download {
				s.Downloads++
			}
		}
		n, err := out.Write(line)
		s.Bytes += int64(n)
		if err != nil {
			return s, err
		}
	}
	return s, out.Flush()
}

// agentNames returns about n different user agents, in random order and in the proportions of their weights.
func agentNames(r *rand.Rand, n int) []string {
	var list []string
	for _, a := range agents {
		each := max(1, n*a.weight/100)
		for i := range each {
			list = append(list, fmt.Sprintf(a.format, 5+i%120, i/120))
		}
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// appendLine appends the n-th line to b and reports whether it is a download.
func appendLine(b []byte, r *rand.Rand, at time.Time, o Options, names []string, n int) (line []byte, download bool) {
	b = appendAddress(b, r.IntN(o.Addresses))
	b = append(b, " - - ["...)
	b = at.UTC().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	method, status, path := "GET", 302, paths[r.IntN(len(paths))]
	download = r.IntN(cmp.Or(o.Every, 5)) == 0
	if download {
		path = "/bitstream/" + pick(r, o.IDs)
		switch x := r.IntN(100); {
		case x == 0:
			status = 404
		case x == 1:
			status = 503
		case x == 2:
			status = 206
		case x < 5:
			method = "HEAD"
		case x < 9:
			path += "?utm_source=mail"
		}
	} else if r.IntN(3) > 0 {
		status = 200
	}
	referer := "-"
	if r.IntN(3) == 0 {
		referer = "https://forum.aurora.example/t/1?x=/bitstream/123"
	}
	return fmt.Appendf(b, "] \"%s %s HTTP/1.1\" %d %d \"%s\" \"%s\"\n",
		method, path, status, n%9000, referer, names[r.IntN(len(names))]), download
}

// pick chooses an id: in 70 % of all calls one of the first 9, which are releases; in 24 % one of the first 300.
func pick(r *rand.Rand, ids []string) string {
	switch x := r.IntN(100); {
	case x < 70:
		return ids[r.IntN(min(9, len(ids)))]
	case x < 94:
		return ids[r.IntN(min(300, len(ids)))]
	}
	return ids[r.IntN(len(ids))]
}

// appendAddress appends the n-th client address: one in a hundred is IPv6, the others are spread over all of IPv4.
func appendAddress(b []byte, n int) []byte {
	if n%100 == 0 {
		return fmt.Appendf(b, "2001:db8:%x::%x", 1+n/100%2, n)
	}
	// Multiplying by an odd number permutes the 32-bit numbers, so consecutive n have very different addresses.
	x := uint32(n) * 2654435761
	return fmt.Appendf(b, "%d.%d.%d.%d", 1+x>>24%223, x>>16&255, x>>8&255, x&255)
}
