package preview

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// worker builds the states of a server. One goroutine calls its methods.
type worker struct {
	*Server
	watcher *watcher
	watched []string
	since   []string // files that have changed since the newest state
	told    told
	results chan result
	fetched chan fetched
	cancel  context.CancelFunc // cancels the running check
}

// fetched is the result of fetching the packages.
type fetched struct {
	use func() bool
	err error
}

// result is the result of a check.
type result struct {
	site     *site
	warnings []string
	err      error
	took     time.Duration
}

// told is what the terminal has been told. Changes that follow each other quickly, as those of git checkout, lead to
// several builds, of which the terminal shows the result of the last one.
type told struct {
	later    bool     // files may still be changing
	checking bool     // the newest state is being checked; problems of an earlier one may be outdated
	built    string   // message about the builds that have not been reported; "" for none
	changed  []string // files that have changed since the last report
	problems string   // as in status
	warnings []string // as in view
}

// A storm of changes, as by git checkout, has at least stormSize files, and may pause shorter than stormPause. Builds
// are reported when no file has changed for savePause, or for stormPause after a storm.
const (
	savePause  = 300 * time.Millisecond
	stormPause = 1500 * time.Millisecond
	stormSize  = 10
)

// start builds the first state. A mistake in the files of the site is shown in the preview; other errors are returned.
func (s *Server) start(ctx context.Context) (*worker, error) {
	w := &worker{Server: s, results: make(chan result), fetched: make(chan fetched), cancel: func() {}}
	w.watched = s.builder.Watched()
	w.watcher = watch(ctx, w.watched, s.o.Poll, s.o.Log)
	if err := w.build(ctx, nil); err != nil {
		if fault.KindOf(err) != fault.Content || ctx.Err() != nil {
			return nil, err
		}
		w.fail(err)
	}
	w.report()
	return w, nil
}

// run builds after each change until ctx is done.
func (w *worker) run(ctx context.Context) {
	refresh := time.NewTimer(w.o.Refresh)
	defer refresh.Stop()
	if w.o.Refresh == 0 {
		refresh.Stop()
	}
	settled := time.NewTimer(0)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case changed := <-w.watcher.changes:
			w.change(ctx, changed, settled)
		case <-settled.C:
			select {
			case changed := <-w.watcher.changes: // files have changed during the last build
				w.change(ctx, changed, settled)
			default:
				w.told.later = false
				w.report()
			}
		case <-refresh.C:
			w.refresh(ctx)
		case f := <-w.fetched:
			switch {
			case f.err != nil:
				w.o.Log.Warn(f.err.Error())
			case f.use():
				w.change(ctx, nil, settled)
			}
			refresh.Reset(w.o.Refresh)
		case r := <-w.results:
			w.finish(r)
		}
	}
}

// change builds after a change, and sets the timer that fires when files have stopped changing.
func (w *worker) change(ctx context.Context, changed []string, settled *time.Timer) {
	w.told.later = true
	w.rebuild(ctx, changed)
	pause := savePause
	if len(w.told.changed) >= stormSize {
		pause = stormPause
	}
	settled.Reset(pause)
}

// refresh fetches the packages in another goroutine.
func (w *worker) refresh(ctx context.Context) {
	fetch := w.builder.Refresh()
	go func() {
		use, err := fetch(ctx)
		select {
		case w.fetched <- fetched{use, err}:
		case <-ctx.Done():
		}
	}()
}

// rebuild builds. If that fails and files change shortly afterwards, it builds again, because an editor may not have
// written all files yet.
func (w *worker) rebuild(ctx context.Context, changed []string) {
	for {
		err := w.build(ctx, changed)
		if err == nil || ctx.Err() != nil {
			return
		}
		select {
		case changed = <-w.watcher.changes:
		case <-time.After(2 * quiet):
			w.fail(err)
			return
		}
	}
}

// build builds a new state, shows it, and starts a check of it.
func (w *worker) build(ctx context.Context, changed []string) error {
	w.cancel()
	w.since = append(w.since, changed...)
	w.told.changed = append(w.told.changed, changed...)
	state, err := w.builder.Build(ctx)
	if watched := w.builder.Watched(); !slices.Equal(watched, w.watched) {
		w.watched = watched
		w.watcher.follow(ctx, watched)
	}
	if err != nil {
		return err
	}
	next, err := newSite(state, w.view.Load().newest)
	if err != nil {
		return err
	}
	w.show(next)
	w.check(ctx, next)
	return nil
}

// show renders the pages that are open in browsers, makes next the newest state, and sends the status to the pages.
func (w *worker) show(next *site) {
	before := w.view.Load()
	v := *before
	if v.newest != v.good && !v.broken {
		v.before = v.newest
	}
	v.newest, v.broken = next, false
	for _, page := range w.hub.pages() {
		path, query, _ := strings.Cut(page, "?")
		if _, err := next.answer(emulate.Clean(path), query); err != nil {
			v.Problems, v.broken = describe(err, w.builder.Read), true
		}
	}
	v.Build = nextBuild(before.Build)
	v.From, v.Sheets = nil, nil
	if before.newest != nil {
		if sheets := swapped(before.newest.State, next.State, w.since); sheets != nil {
			v.From, v.Sheets = append(slices.Clone(before.From), before.Build), following(before.Sheets, sheets)
		}
	}
	took := w.o.Now().Sub(next.Started)
	v.Server, v.Catalogue = next.As.Name(), next.Catalogue
	v.Time, v.Took, v.Warnings = w.o.Now().Format(time.TimeOnly), took.Milliseconds(), -1
	w.told.built = fmt.Sprintf("built in %d ms", v.Took)
	if next.Fetched > 0 {
		w.told.built = fmt.Sprintf("fetched the packages in %d ms, %s", next.Fetched.Milliseconds(), w.told.built)
	}
	v.log = []string{v.Time + " " + w.told.built + because(w.since)}
	w.since = nil
	w.view.Store(&v)
	w.hub.send(v.status)
}

// report prints what has changed since the last report: the last build and the files that changed before it, the
// mistakes, and new warnings.
func (w *worker) report() {
	if w.told.later {
		return
	}
	v := w.view.Load()
	if w.told.built != "" {
		w.o.Log.Info(w.told.built + because(w.told.changed))
		w.told.built, w.told.changed = "", nil
	}
	switch {
	case w.told.checking:
		return
	case v.Problems == w.told.problems:
	case v.Problems == "":
		w.o.Log.Info("all problems are fixed")
	default:
		for line := range strings.SplitSeq(v.Problems, "\n") {
			w.o.Log.Error(line)
		}
	}
	w.told.problems = v.Problems
	w.warn(v.warnings)
}

// shownWarnings is the maximum number of warnings that a report lists: about half a screen.
const shownWarnings = 10

// warn reports the warnings that have not been reported.
func (w *worker) warn(warnings []string) {
	var fresh []string
	for _, text := range warnings {
		if !slices.Contains(w.told.warnings, text) {
			fresh = append(fresh, text)
		}
	}
	w.told.warnings = warnings
	for _, text := range fresh[:min(len(fresh), shownWarnings)] {
		w.o.Log.Warn(text)
	}
	if more := len(fresh) - shownWarnings; more > 0 {
		w.o.Log.Warn(fmt.Sprintf("%d more warnings; the page /-/ lists all of them", more))
	}
}

// nextBuild returns the id of the next build: "x" is followed by "x-1", "x-2" and so on.
func nextBuild(id string) string {
	start, n, _ := strings.Cut(id, "-")
	var count int
	_, _ = fmt.Sscan(n, &count) // the id of the first build has no number
	return fmt.Sprintf("%s-%d", start, count+1)
}

// shownChanges is the maximum number of changed files that a message names.
const shownChanges = 3

// because returns the end of a message that names the changed files: ": a.md, b.md, c.md and 2 more".
func because(changed []string) string {
	if len(changed) == 0 {
		return ""
	}
	slices.Sort(changed)
	changed = slices.Compact(changed)
	var names []string
	for _, path := range changed[:min(len(changed), shownChanges)] {
		names = append(names, filepath.Base(path))
	}
	text := ": " + strings.Join(names, ", ")
	if more := len(changed) - shownChanges; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// swapped returns the new style sheets by the URLs of the old ones. It returns nil if other files have changed as well.
func swapped(before, after *State, changed []string) map[string]Sheet {
	sheets := map[string]Sheet{}
	for _, path := range changed {
		if filepath.Ext(path) != ".css" || !strings.HasPrefix(path, after.SheetDir+string(filepath.Separator)) {
			return nil
		}
	}
	for name, old := range before.Sheets {
		fresh, ok := after.Sheets[name]
		if !ok {
			return nil
		}
		if fresh != old {
			sheets[old.URL] = fresh
		}
	}
	if len(sheets) == 0 || len(changed) == 0 {
		return nil
	}
	return sheets
}

// following returns the style sheets that replace those of all earlier builds. A page may have missed a build, so it
// must find the newest sheet by the URL of any older one. For example, if /s.1.css was replaced by /s.2.css, and now
// /s.2.css is replaced by /s.3.css, the result has /s.3.css for both /s.1.css and /s.2.css.
func following(earlier, now map[string]Sheet) map[string]Sheet {
	for url, sheet := range earlier {
		if fresh, ok := now[sheet.URL]; ok {
			sheet = fresh
		}
		if _, ok := now[url]; !ok {
			now[url] = sheet
		}
	}
	return now
}

// check starts a check of a state in another goroutine.
func (w *worker) check(ctx context.Context, s *site) {
	ctx, w.cancel = context.WithCancel(ctx)
	w.told.checking = true
	go func() {
		start := w.o.Now()
		warnings, err := w.builder.Check(ctx, s.State)
		if ctx.Err() != nil {
			return
		}
		select {
		case w.results <- result{s, warnings, err, w.o.Now().Sub(start)}:
		case <-ctx.Done():
		}
	}()
}

// finish shows the result of a check.
func (w *worker) finish(r result) {
	v := *w.view.Load()
	if r.site != v.newest { // the check was for an older state
		return
	}
	if r.err != nil {
		v.broken = true
		w.view.Store(&v)
		w.fail(r.err)
		return
	}
	v.good, v.before, v.warnings, v.Warnings, v.Problems = r.site, nil, r.warnings, len(r.warnings), ""
	w.told.checking = false
	v.log = append(slices.Clone(v.log), fmt.Sprintf("checked in %d ms", r.took.Milliseconds()))
	w.view.Store(&v)
	w.hub.send(v.status)
	w.report()
}

// fail shows the mistakes of the newest edit.
func (w *worker) fail(err error) {
	w.told.checking = false
	v := *w.view.Load()
	v.Problems = describe(err, w.builder.Read)
	v.log = append(slices.Clone(v.log), "the newest edit cannot be built")
	w.view.Store(&v)
	w.hub.send(v.status)
	w.report()
}
