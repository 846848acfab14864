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

// Saves come in bursts: an editor writes a file, renames it, changes its mode. A burst is over when nothing
// has happened for quiet; one that does not end is cut at longestBurst.
const (
	quiet        = 12 * time.Millisecond
	longestBurst = 250 * time.Millisecond
)

// watcher reports which files have changed. Events say when to look and what was written; what has changed is
// found by comparing snapshots, so events may be lost, doubled, or about something else, and a file system
// without them can be polled instead.
type watcher struct {
	changes chan []string // paths, in order; batches that were not received yet are joined

	roots  chan []string
	poll   time.Duration // between looks; 0 to be woken by events
	log    *slog.Logger
	events *fsnotify.Watcher // nil when polling
	seen   snapshot
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

// follow replaces the files and folders that are watched.
func (w *watcher) follow(ctx context.Context, roots []string) {
	select {
	case w.roots <- roots:
	case <-ctx.Done():
	}
}

// pollWithoutEvents is the interval at which files are compared where the system sends no events.
const pollWithoutEvents = 500 * time.Millisecond

// giveUp turns to polling.
func (w *watcher) giveUp(err error) {
	w.log.Warn(fmt.Sprintf("watching files: %v; looking every %v instead", err, pollWithoutEvents))
	w.poll = pollWithoutEvents
	if w.events != nil {
		_ = w.events.Close() // nothing was written
		w.events = nil
	}
}

func (w *watcher) run(ctx context.Context, roots []string) {
	var (
		written  = map[string]bool{} // by the events of this burst
		pending  = map[string]bool{} // changed, and not taken yet
		burst    = time.NewTimer(0)  // runs out when the burst is over
		deadline = time.Time{}       // of the burst; zero when there is none
		tick     = time.NewTimer(0)  // of polling
		moved    = false             // files or folders came or went in this burst
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
				_ = w.events.Close() // nothing was written
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
			maps.Copy(pending, w.look(roots, written, moved))
			written, moved = map[string]bool{}, false
		case <-tick.C:
			maps.Copy(pending, w.look(roots, nil, false))
			tick.Reset(w.poll)
		}
	}
}

// look lists what has changed since the last look. A file that an event says was written has, even if it
// looks the same: a second save can follow so soon that the clock of the file system stands still. moved says
// that folders may have come or gone.
func (w *watcher) look(roots []string, written map[string]bool, moved bool) map[string]bool {
	if !moved && w.seen.again(written) {
		return written
	}
	now := take(roots)
	if moved {
		w.watchFolders(roots, now)
		now = take(roots) // new folders may have been filled before they were watched
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

// watchFolders asks for the events of the folders that there are now.
func (w *watcher) watchFolders(roots []string, now snapshot) {
	if w.events == nil {
		return
	}
	want := map[string]bool{}
	for _, root := range roots { // it may be replaced, or come to be
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
			_ = w.events.Remove(path) // it may be gone already
		}
	}
	for path := range want {
		if err := w.events.Add(path); err != nil && !os.IsNotExist(err) {
			w.giveUp(err)
			return
		}
	}
}

// existing is the nearest folder at or above a path that there is.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
