package preview

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Events come in bursts: to save a file, an editor writes it, renames it and changes its mode. A burst is over when
// there was no event for the time quiet, or after longestBurst.
const (
	quiet        = 12 * time.Millisecond
	longestBurst = 250 * time.Millisecond
)

// watcher reports which files have changed. It does not rely on the events of the file system: after a burst of events,
// or at intervals if there are none, it compares two snapshots. So events may be lost, duplicated or unrelated.
//
// For example, an editor saves a.md by writing .a.md.tmp and renaming it. The events are about both files. The
// comparison finds that only a.md differs, because snapshots do not contain hidden files.
type watcher struct {
	changes chan []string // sorted paths; changes that have not been received yet are joined

	roots  chan []string // new roots, from follow
	poll   time.Duration // time between two comparisons; 0 to wait for events
	log    *slog.Logger
	events *fsnotify.Watcher // nil when polling
	seen   snapshot          // the last one
}

// watch watches files and folders until ctx is done.
func watch(ctx context.Context, roots []string, poll time.Duration, log *slog.Logger) *watcher {
	w := &watcher{changes: make(chan []string), roots: make(chan []string), poll: poll, log: log}
	if poll == 0 {
		events, err := fsnotify.NewWatcher()
		if err != nil {
			w.giveUp(err)
		} else {
			w.events = events
		}
	}
	w.watchFolders(roots, take(roots))
	w.seen = take(roots)
	go w.run(ctx, roots)
	return w
}

// follow replaces the files and folders to watch.
func (w *watcher) follow(ctx context.Context, roots []string) {
	select {
	case w.roots <- roots:
	case <-ctx.Done():
	}
}

// pollWithoutEvents is the time between two comparisons if the system does not report events.
const pollWithoutEvents = 500 * time.Millisecond

// giveUp switches from events to polling.
func (w *watcher) giveUp(err error) {
	w.log.Warn(fmt.Sprintf("watch files: %v; checking every %v instead", err, pollWithoutEvents))
	w.poll = pollWithoutEvents
	if w.events != nil {
		_ = w.events.Close() // nothing to do about an error
		w.events = nil
	}
}

// run compares snapshots and sends changes until ctx is done.
func (w *watcher) run(ctx context.Context, roots []string) {
	var (
		written  = map[string]bool{} // paths in the events of this burst
		pending  = map[string]bool{} // changed files that have not been received yet
		burst    = time.NewTimer(0)  // fires when the burst is over
		deadline = time.Time{}       // latest end of the burst; zero between bursts
		tick     = time.NewTimer(0)  // fires when it is time to poll
		moved    = false             // files or folders were created, removed or renamed in this burst
	)
	burst.Stop()
	tick.Stop()
	defer burst.Stop()
	defer tick.Stop()
	wake := func() {
		now := time.Now()
		if deadline.IsZero() {
			deadline = now.Add(longestBurst)
		}
		burst.Reset(min(quiet, max(0, deadline.Sub(now))))
	}
	for polling := false; ; {
		if w.poll > 0 && !polling {
			polling = true
			tick.Reset(w.poll)
		}
		var events chan fsnotify.Event
		var failures chan error
		if w.events != nil {
			events, failures = w.events.Events, w.events.Errors
		}
		var out chan []string
		var batch []string
		if len(pending) > 0 && deadline.IsZero() {
			out, batch = w.changes, slices.Sorted(maps.Keys(pending))
		}
		select {
		case <-ctx.Done():
			if w.events != nil {
				_ = w.events.Close() // nothing to do about an error
			}
			return
		case out <- batch:
			clear(pending)
		case roots = <-w.roots:
			moved = true
			wake()
		case e := <-events:
			if e.Op != fsnotify.Chmod {
				written[filepath.Clean(e.Name)] = true
			}
			moved = moved || e.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename)
			wake()
		case err := <-failures: // events were lost
			w.log.Debug("watching files", "error", err)
			moved = true
			wake()
		case <-burst.C:
			deadline = time.Time{}
			maps.Copy(pending, w.compare(roots, written, moved))
			written, moved = map[string]bool{}, false
		case <-tick.C:
			maps.Copy(pending, w.compare(roots, nil, false))
			tick.Reset(w.poll)
		}
	}
}

// compare returns the files that have changed since the last comparison. Files in written count as changed even if
// their stamps are the same: two saves can follow each other so quickly that the file system gives both the same time.
// moved means that files or folders may have been created, removed or renamed.
func (w *watcher) compare(roots []string, written map[string]bool, moved bool) map[string]bool {
	if !moved && w.seen.update(written) {
		return written
	}
	now := take(roots)
	if moved {
		w.watchFolders(roots, now)
		now = take(roots) // files may have been created in new folders before these were watched
	}
	changed := now.differences(&w.seen)
	for path := range written {
		if link, ok := now.links[path]; ok {
			path = link
		}
		if _, ok := now.files[path]; ok {
			changed[path] = true
		}
	}
	w.seen = now
	return changed
}

// watchFolders subscribes to the events of all folders in a snapshot.
func (w *watcher) watchFolders(roots []string, now snapshot) {
	if w.events == nil {
		return
	}
	want := map[string]bool{}
	for _, root := range roots { // the root itself may be created or replaced
		want[existing(filepath.Dir(root))] = true
	}
	for target := range now.links {
		want[filepath.Dir(target)] = true
	}
	for _, folder := range now.folders {
		want[folder] = true
	}
	for _, path := range w.events.WatchList() {
		if !want[path] {
			_ = w.events.Remove(path) // fails if the folder no longer exists
		}
	}
	for path := range want {
		if err := w.events.Add(path); err != nil && !os.IsNotExist(err) {
			w.giveUp(err)
			return
		}
	}
}

// existing returns dir if it exists, otherwise its nearest parent folder that exists.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
