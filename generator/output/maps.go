package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// keptName is the file in the data folder with the previous maps. It exists until the new maps have been accepted.
const keptName = "maps-before.json"

// keptMaps holds the contents of maps by path, nil for a map that did not exist. In JSON, the contents are in base64.
type keptMaps map[string][]byte

// mapChange is the transaction that changes maps: see the package comment.
type mapChange struct{ *apply }

// run writes the maps and has the web server read them. If that fails, it restores the previous maps.
func (c mapChange) run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.plan.changesMaps() {
		if err := c.keep(); err != nil {
			return err
		}
		if err := c.write(); err != nil {
			return errors.Join(err, c.restore())
		}
	}
	if c.commandsDue() {
		return c.runCommands(ctx)
	}
	return c.drop()
}

// changesMaps reports whether the plan writes or removes a map.
func (p *Plan) changesMaps() bool {
	return len(p.group(Maps)) > 0 || slices.ContainsFunc(p.remove, func(name string) bool {
		root, _ := splitName(name)
		return root == Redirects
	})
}

// commandsDue reports whether the commands must run: maps change in this run, or changed in an earlier run whose
// commands did not all succeed.
func (c mapChange) commandsDue() bool { return len(c.options.AfterChange) > 0 && c.plan.Reload }

// write writes the maps one after the other and removes those that are no longer in use. A context that is done does
// not stop it halfway.
func (c mapChange) write() error {
	always := context.Background()
	if err := c.removeOld(always, Redirects, true); err != nil {
		return err
	}
	for _, batch := range batches(c.plan.group(Maps)) {
		entries, err := c.writeBatch(always, batch, true)
		if err != nil {
			return err
		}
		c.settle(entries)
	}
	return c.removeOld(always, Redirects, false)
}

// runCommands runs the commands of after_change. The first one accepts the maps or refuses them.
func (c mapChange) runCommands(ctx context.Context) error {
	for i, argv := range c.options.AfterChange {
		c.options.Progress("running "+strings.Join(argv, " "), 0)
		failed := c.options.run(ctx, argv)
		if failed != nil && i == 0 {
			kept, err := c.kept()
			if err == nil && len(kept) > 0 {
				err = c.restore()
				failed.Restored = err == nil
			}
			return errors.Join(failed, err)
		}
		if failed != nil {
			return failed
		}
		if i == 0 {
			if err := c.drop(); err != nil {
				return err
			}
		}
	}
	return c.awaitReload(ctx)
}

// awaitReload waits until the web server no longer uses its old maps, so that the files they refer to can be removed:
// "nginx -s reload" returns before the new workers have started.
func (c mapChange) awaitReload(ctx context.Context) error {
	removes := slices.ContainsFunc(c.plan.remove, func(name string) bool {
		root, _ := splitName(name)
		return root == Public
	})
	if !removes {
		return nil
	}
	c.options.Progress("waiting for the web server to reload", 0)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(c.options.ReloadTime):
		return nil
	}
}

// keep saves the maps that the plan is about to change. If a map is saved already, that copy stays: it is from before a
// run whose maps were never accepted.
func (c mapChange) keep() error {
	kept, err := c.kept()
	if err != nil {
		return err
	}
	var names []string
	for _, s := range c.plan.group(Maps) {
		names = append(names, s.name)
	}
	for _, name := range slices.Concat(names, c.plan.remove) {
		root, file := splitName(name)
		if _, older := kept[file]; root != Redirects || older {
			continue
		}
		if kept[file], err = c.roots[Redirects].read(file); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		return fmt.Errorf("save the previous redirects: %w", err)
	}
	return c.data.put(keptName, text)
}

// kept returns the saved maps.
func (c mapChange) kept() (keptMaps, error) {
	kept := keptMaps{}
	text, err := c.data.read(keptName)
	if err != nil || text == nil {
		return kept, err
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, c.data.failed("read the previous redirects from", keptName, err)
	}
	return kept, nil
}

// restore writes the maps that the web server accepted last. Maps that did not exist are removed first, because one may
// have the name of a folder that another needs.
func (c mapChange) restore() error {
	kept, err := c.kept()
	if err != nil {
		return err
	}
	root := c.roots[Redirects]
	files := slices.Sorted(maps.Keys(kept))
	for _, file := range files {
		if kept[file] == nil {
			if err := root.remove(file); err != nil {
				return fmt.Errorf("restore the previous redirects: %w", err)
			}
			root.removeEmpty(file)
		}
	}
	for _, file := range files {
		if kept[file] != nil {
			if err := root.put(file, kept[file]); err != nil {
				return fmt.Errorf("restore the previous redirects: %w", err)
			}
		}
	}
	return c.drop()
}

// drop deletes the saved maps.
func (c mapChange) drop() error {
	if text, err := c.data.read(keptName); err != nil || text == nil {
		return err
	}
	if err := c.data.remove(keptName); err != nil {
		return err
	}
	return c.data.sync()
}

// CommandError is the error of a command of after_change.
type CommandError struct {
	Argv     []string // the program and its arguments
	Status   int      // exit status, -1 if the command did not start or was killed
	Output   string   // the end of its output
	Restored bool     // it was the first command, and the previous redirects were restored
	Err      error
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("after_change: run %q: %v", strings.Join(e.Argv, " "), e.Err)
	if e.Output != "" {
		text += "\n  " + strings.ReplaceAll(e.Output, "\n", "\n  ")
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

const (
	outputShown = 4096            // bytes of a command's output in an error: a screen of nginx -t
	graceTime   = 2 * time.Second // for a command to stop after SIGTERM, and for processes that it started
)

// run runs one command. SITEGEN_REDIRECTS in its environment is the folder of the maps. When the time of a command is
// over, or the run is interrupted, the command and all processes that it has started are stopped.
func (o *Options) run(ctx context.Context, argv []string) *CommandError {
	if len(argv) == 0 {
		return &CommandError{Status: -1, Err: errors.New("it is empty")}
	}
	var out tail
	if o.CommandTime > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, o.CommandTime, fmt.Errorf(
			"it did not end within %s, the limit set by after_change_timeout", o.CommandTime))
		defer cancel()
		ctx = limited
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "SITEGEN_REDIRECTS="+o.Redirects)
	cmd.Stdout, cmd.Stderr = &out, &out
	group := newGroup(cmd)
	cmd.Cancel = group.terminate
	cmd.WaitDelay = graceTime
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		group.kill() // what the command started and did not stop itself
		err = context.Cause(ctx)
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // the latter: a daemon that it started keeps its output open
		o.Log.Info("after_change", "command", argv, "output", out.String())
		return nil
	}
	status := -1
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	return &CommandError{Argv: argv, Status: status, Output: out.String(), Err: err}
}

// tail is a writer that keeps the last outputShown bytes.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	*t = (*t)[max(0, len(*t)-outputShown):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(*t)) }
