package runs

import (
	"maps"
	"regexp"
	"sync"
	"time"
)

// Alerts decides which messages of a run are printed. cron mails whatever a command prints, so a source that is down
// for a night would cause a mail every quarter of an hour. With Alerts, a message is printed when it first occurs, and
// again after the time Every. For example, with 6h and a build every quarter of an hour:
//
//	03:00  connection refused      printed
//	03:15  connection refused      silent
//	03:30  the answer was cut off  printed: another error
//	03:45  connection refused      silent
//	09:00  connection refused      printed again
//	09:15  success                 one line: build works again
//
// The zero Alerts prints everything.
type Alerts struct {
	every  time.Duration
	now    time.Time
	before map[string]time.Time // when the messages of earlier runs were last printed

	mu   sync.Mutex           // messages can come from several goroutines
	seen map[string]time.Time // the same for those of this run
}

// NewAlerts returns the Alerts for a run of a command that starts now.
func NewAlerts(r *Record, every time.Duration, now time.Time) *Alerts {
	return &Alerts{every: every, now: now, before: r.Alerts, seen: map[string]time.Time{}}
}

// passingRE matches what differs between two messages about the same trouble: the number of a process, the port of this
// machine in an error of the network (read tcp 192.0.2.1:49152->192.0.2.2:443: connection reset by peer), and numbers
// of a log that has grown (read access.log: 25 of its 40 new lines are in no known format).
var passingRE = regexp.MustCompile(
	`process [0-9]+|:[0-9]+->|its only [a-z ]+? is |((all|[0-9,]+) )?of its [0-9,]+ [a-z ]+? (are|is) `)

// Due reports whether a message must be printed.
func (a *Alerts) Due(message string) bool {
	if a == nil {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := passingRE.ReplaceAllString(message, "#")
	if at, again := a.seen[key]; again {
		return at.Equal(a.now)
	}
	a.seen[key] = a.now
	if at, known := a.before[key]; known && at.After(a.now.Add(-a.every)) && !at.After(a.now) {
		a.seen[key] = at
		return false
	}
	return true
}

// End stores the messages in the record of the command, for the next run. After a good run, earlier errors are over.
func (a *Alerts) End(r *Record) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := maps.Clone(a.seen)
	if r.Failures > 0 {
		for key, at := range a.before {
			if _, again := kept[key]; !again && at.After(a.now.Add(-a.every)) {
				kept[key] = at
			}
		}
	}
	r.Alerts = kept
}
