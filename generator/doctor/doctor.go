// Package doctor looks for faults of a site, each with its next step: what an administrator needs at night, and a
// monitor every hour. Run asks one question after the other, and changes nothing on disk:
//
//	folders     do they exist, may sitegen write to them, is there room, does everything have the right owner
//	files       is public/ what the last build wrote
//	web server  may its user read public/, and pass every folder above it
//	databases   can they be opened and read from end to end
//	runs        how old are the last good build, statistics and backup, and what failed since
//	clock       does it agree with that of a server
//	source      can it be read, and would a build accept what it lists
//	answers     does the web server answer as the last build wants
//	nginx       does it include the generated files, and has it read them since they changed
//	aws         what deploy init checks, if a bucket is configured
//
// A check that cannot see what it needs says so (NotChecked), instead of counting it as good.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
)

// Status is the result of a check.
type Status string

// The results.
const (
	OK         Status = "ok"
	Warning    Status = "warning"     // works today
	Problem    Status = "problem"     // does not work, or not for long
	NotChecked Status = "not checked" // cannot be seen from here, or was not asked for
)

// Finding is the answer to one question.
type Finding struct {
	Check  string `json:"check"` // "folders", "web server", …: see the package comment
	Status Status `json:"status"`
	Detail string `json:"detail"` // what was found
	Next   string `json:"next"`   // what to do; "" for nothing
}

// Options are the inputs of Run besides its project.
type Options struct {
	WebUser string        // the user of the web server; "" to find out
	Address string        // URL at which the web server answers; "" for base_url
	MaxAge  time.Duration // age of a good run that is too old
	Client  *http.Client  // for the clock and the answers
}

// examination collects findings.
type examination struct {
	ctx     context.Context
	project *project.Project
	options Options
	check   string // the current one
	list    []Finding
}

// Run asks all questions. The error has the kind fault.Unhealthy if there is a problem.
func Run(ctx context.Context, p *project.Project, o Options) ([]Finding, error) {
	x := &examination{ctx: ctx, project: p, options: o}
	for _, c := range []struct {
		name   string
		remote bool // needs the network
		run    func()
	}{
		{"folders", false, x.folders},
		{"files", false, x.files},
		{"web server", false, x.webServer},
		{"databases", false, x.databases},
		{"runs", false, x.runs},
		{"clock", true, x.clock},
		{"source", true, x.source},
		{"answers", true, x.answers},
		{"nginx", false, x.nginx},
		{"aws", true, x.aws},
	} {
		if x.check = c.name; c.remote && p.Config.Offline {
			x.skip("needs the network (offline: %s)", p.Config.Origin("offline"))
			continue
		}
		task := p.Terminal.Start("checking: "+c.name, 0, progress.Nothing)
		c.run()
		task.End()
		if err := ctx.Err(); err != nil {
			return x.list, err
		}
	}
	problems := 0
	for _, f := range x.list {
		if f.Status == Problem {
			problems++
		}
	}
	if problems == 0 {
		return x.list, nil
	}
	return x.list, fault.Wrap(fault.Unhealthy, fmt.Errorf("%d of %d checks found a problem", problems, len(x.list)), "")
}

func (x *examination) add(s Status, next, format string, args ...any) {
	x.list = append(x.list, Finding{x.check, s, fmt.Sprintf(format, args...), next})
}

func (x *examination) ok(format string, args ...any) { x.add(OK, "", format, args...) }

func (x *examination) warn(next, format string, args ...any) { x.add(Warning, next, format, args...) }

func (x *examination) problem(next, format string, args ...any) {
	x.add(Problem, next, format, args...)
}

func (x *examination) skip(format string, args ...any) { x.add(NotChecked, "", format, args...) }

// failed adds an error with its hints, or next if it has none.
func (x *examination) failed(err error, next string) {
	if hints := fault.Hints(err); len(hints) > 0 {
		next = strings.Join(hints, " ")
	}
	x.problem(next, "%s", oneLine(err))
}

// oneLine returns the text of an error in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// some lists the first few of many names: "a, b, c and 12 more".
func some(names []string) string {
	const limit = 3
	if rest := len(names) - limit; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), rest)
	}
	return strings.Join(names, ", ")
}

// age formats a length of time for people: 3h12m, 2 days.
func age(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	if d < time.Minute {
		return "less than a minute"
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// errNotSeen is the error of a question that this system does not answer.
var errNotSeen = errors.New("cannot be seen on this system")
