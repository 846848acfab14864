package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// nginx checks that the configuration in force is the generated one. No interface of Nginx shows what it has in memory,
// so two questions take its place:
//
//   - Does its configuration include the generated files? nginx -T prints the files that it would read now. It needs
//     the rights of Nginx's master, usually those of root.
//   - Has Nginx read them since they changed? A reload starts new workers, and a reload that fails does not. So a
//     worker that is older than a generated file has an older configuration.
//
// An Nginx in a container or on another machine cannot be seen; the check "answers" asks it.
func (x *examination) nginx() {
	c := &x.project.Config
	if !slices.Contains(c.Servers, "nginx") {
		x.skip("no redirects are written for Nginx (servers: %s)", strings.Join(c.Servers, ", "))
		return
	}
	dir, err := filepath.Abs(filepath.Join(c.Redirects, "nginx"))
	if err != nil {
		x.failed(err, "")
		return
	}
	files, newest, err := generated(dir)
	if err != nil || len(files) == 0 {
		return // reported by folders and files
	}
	list, err := processes()
	masters := slices.DeleteFunc(slices.Clone(list), func(p process) bool { return !p.isMaster() })
	if err != nil || len(masters) == 0 {
		x.skip("no Nginx runs on this machine, or it cannot be seen")
		return
	}
	ours, unseen := x.including(masters, dir, files)
	seen := len(ours) > 0 || unseen == nil
	switch {
	case len(ours) > 0:
	case unseen != nil && os.Getuid() == 0:
		x.problem("Run nginx -t, and correct what it reports: Nginx does not reload before.", "%v", unseen)
		return
	case unseen != nil:
		x.skip("whether Nginx includes the generated files: %v; run sitegen doctor as root", unseen)
	case c.Deploy.Bucket != "":
		x.skip("no Nginx on this machine includes the files in %s; the site is deployed to %s", dir, c.Deploy.Target)
		return
	default:
		x.problem("Include "+dir+"/http/*.conf and "+dir+"/server/*.conf: docs/operations.md shows how.",
			"no Nginx on this machine includes the files in %s", dir)
		return
	}
	if !seen {
		ours = masters // any of them may be the site's
	}
	x.inForce(list, ours, seen, newest)
}

// generated returns the generated files that Nginx has to include, and the time of the last change.
func generated(dir string) (files []string, newest time.Time, err error) {
	for _, sub := range []string{"http", "server"} {
		list, err := filepath.Glob(filepath.Join(dir, sub, "*.conf"))
		if err != nil {
			return nil, newest, err
		}
		for _, path := range list {
			info, err := os.Stat(path)
			if err != nil {
				return nil, newest, err
			}
			if changed := changedAt(info); changed.After(newest) {
				newest = changed
			}
		}
		files = append(files, list...)
	}
	return files, newest, nil
}

// including returns those masters whose configuration includes the generated files, and the error of the first one
// whose configuration could not be read.
func (x *examination) including(masters []process, dir string, files []string) (ours []process, unseen error) {
	for _, m := range masters {
		included, err := included(x.ctx, &m)
		if _, ended := os.Stat(fmt.Sprintf("/proc/%d", m.pid)); ended != nil {
			continue
		}
		if err != nil {
			unseen = cmp.Or(unseen, err)
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(files), func(path string) bool { return included[realPath(path)] })
		if len(missing) == len(files) {
			continue
		}
		ours = append(ours, m)
		if len(missing) > 0 {
			x.problem("Include all files of "+dir+"/http and "+dir+"/server: docs/operations.md shows how.",
				"Nginx (process %d) does not include %s", m.pid, some(missing))
			continue
		}
		x.ok("Nginx (process %d) includes all %d generated files", m.pid, len(files))
	}
	return ours, unseen
}

// fileRE matches the line with which nginx -T begins each file.
var fileRE = regexp.MustCompile(`(?m)^# configuration file (/.*):$`)

// included returns the files that the configuration of a running Nginx consists of, by their real paths.
func included(ctx context.Context, master *process) (map[string]bool, error) {
	program, err := exec.LookPath("nginx")
	if path, linkErr := os.Readlink(fmt.Sprintf("/proc/%d/exe", master.pid)); linkErr == nil {
		// The one that runs; only root may see it. After an upgrade of the package, the file is another one.
		program, err = strings.TrimSuffix(path, " (deleted)"), nil
	}
	if err != nil {
		program = "/usr/sbin/nginx" // not in the PATH of every user
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"-T", "-q"}, master.arguments()...)...).Output()
	if err != nil {
		why := err.Error()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			lines := strings.Split(strings.TrimSpace(string(failed.Stderr)), "\n")
			why = lines[len(lines)-1]
			for _, line := range lines {
				if strings.Contains(line, "[emerg]") {
					why = line
				}
			}
		}
		return nil, fmt.Errorf("nginx -T: %s", why)
	}
	files := map[string]bool{}
	for _, m := range fileRE.FindAllSubmatch(out, -1) {
		files[realPath(string(m[1]))] = true
	}
	return files, nil
}

// realPath returns a path without symbolic links.
func realPath(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}

// reload is what to do if Nginx has not read its configuration.
const reload = "nginx -t && nginx -s reload; set after_change to do so after each build."

// inForce checks that the workers of the masters are newer than the generated files.
func (x *examination) inForce(list, masters []process, known bool, newest time.Time) {
	const precision = 50 * time.Millisecond // of the start of a process
	current := 0
	for _, m := range masters {
		for _, w := range list {
			if w.parent != m.pid || !w.isWorker() {
				continue
			}
			if w.started.Add(precision).After(newest) {
				current++
				continue
			}
			if known {
				x.problem(reload, "Nginx (process %d) has not read the configuration of %s: its worker is from %s; "+
					"it was not reloaded, or the reload failed", m.pid, clockTime(newest), clockTime(w.started))
				return
			}
		}
	}
	switch {
	case current > 0 && known:
		x.ok("Nginx has read the configuration of %s", clockTime(newest))
	case current > 0:
		x.ok("an Nginx of this machine has been reloaded since the configuration changed, at %s", clockTime(newest))
	case !known:
		x.problem(reload, "no Nginx of this machine has been reloaded since the configuration changed, at %s",
			clockTime(newest))
	default:
		x.problem("Start Nginx again, and look at its error log.", "Nginx has no worker")
	}
}

func clockTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
