package doctor

import (
	"os"
	"time"

	"github.com/Slicer/sitegen/generator/runs"
	"github.com/Slicer/sitegen/generator/status"
)

// tooLong is the time after which a run that has not ended is stuck. The longest that we know, the first statistics of
// fifteen years of logs, takes less.
const tooLong = 2 * time.Hour

// runs checks the age of the last good runs, the failures since, and runs that do not end.
func (x *examination) runs() {
	s, err := status.Read(x.ctx, x.project)
	if err != nil {
		x.failed(err, "")
	}
	now := x.project.Now()
	for _, c := range s.Commands {
		x.command(c, now)
	}
	for _, r := range s.Running {
		if r.Since != nil && now.Sub(*r.Since) > tooLong {
			x.problem("Look at what it does (ps, strace), and end it.", "%s: process %d has been running for %s",
				r.What, r.PID, age(now.Sub(*r.Since)))
		}
	}
}

// command checks the runs of a command.
func (x *examination) command(c status.Command, now time.Time) {
	name := "sitegen " + c.Name
	switch {
	case c.Failures > 0:
		since := now.Sub(*c.FailingSince)
		x.problem(c.Last.Next, "%s: failed runs in %s: %d; the last one ended with exit code %d: %s", name, age(since),
			c.Failures, c.Last.Code, c.Last.Error)
	case c.Good == nil && c.Name == runs.Build:
		if _, err := os.Stat(x.project.HistoryFile()); err == nil {
			x.skip("%s: no run is recorded yet", name) // the site was built by a version that recorded none
			return
		}
		x.problem("Run sitegen build.", "%s: has never run", name)
	case c.Good == nil && c.Name == runs.Backup && x.project.Config.Backup.Target != "":
		x.problem("Run sitegen backup, and have cron or a timer run it every day (docs/backup.md).",
			"%s: has never run, although backup.target is set (%s)", name, x.project.Config.Backup.Target)
	case c.Good == nil:
		x.skip("%s: has never run here", name)
	case c.Good.End().Sub(now) > tolerance:
		x.problem("Correct the clock: timedatectl, or the service chrony or systemd-timesyncd.",
			"%s: the last good run was %s in the future", name, age(c.Good.End().Sub(now)))
	case now.Sub(c.Good.End()) > x.options.MaxAge:
		x.problem("Check the crontab or the timer (systemctl list-timers), and run it by hand.",
			"%s: the last good run was %s ago (--max-age %s)", name, age(now.Sub(c.Good.End())), age(x.options.MaxAge))
	default:
		x.ok("%s: the last good run was %s ago", name, age(now.Sub(c.Good.End())))
	}
}
