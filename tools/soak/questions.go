package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/compare"
)

// truth knows which answers are right. While a build runs that publishes another generation, and until the workers of
// Nginx with the old configuration have ended, those of both are:
//
//	build begins     old new
//	build is killed  old new   whether it has reloaded Nginx or not
//	next build       old new   of the same generation
//	it succeeds      new
type truth struct {
	mu    sync.Mutex
	right []*generation
	ever  map[string]*catalog.Package // all packages that were ever listed, by id
}

func (t *truth) now() []*generation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.right)
}

func (t *truth) set(list ...*generation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.right = list
	for _, g := range list {
		for _, p := range g.table.Index.Packages() {
			t.ever[p.ID] = p
		}
	}
}

// known returns the package with an id, nil if there was never one.
func (t *truth) known(id string) *catalog.Package {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ever[id]
}

// during returns the generations that were right at any time since the given ones were.
func (t *truth) during(before []*generation) []*generation {
	for _, g := range t.now() {
		if !slices.Contains(before, g) {
			before = append(before, g)
		}
	}
	return before
}

// asker asks the site one golden question after the other.
type asker struct {
	*truth
	visitors *visitors
	report   *report
}

// run asks until the context is done.
func (a *asker) run(ctx context.Context, pause func(context.Context)) {
	var asked *generation
	var targets []string
	for i := 0; ctx.Err() == nil; i++ {
		newest := a.now()[len(a.now())-1]
		if newest != asked { // questions about the packages of the new generation and of the old one
			fresh := compare.Questions(newest.table.Index)
			targets = append(targets[max(0, len(targets)-len(fresh)):], targetsOf(fresh)...)
			asked = newest
			rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
		}
		a.ask(ctx, targets[i%len(targets)])
		pause(ctx)
	}
}

func targetsOf(list []compare.Question) (targets []string) {
	for _, q := range list {
		targets = append(targets, q.Q)
	}
	return targets
}

// all asks all questions about the generation that is right.
func (a *asker) all(ctx context.Context) {
	for _, q := range compare.Questions(a.now()[0].table.Index) {
		a.ask(ctx, q.Q)
	}
}

// ask asks a question and checks the answer.
func (a *asker) ask(ctx context.Context, target string) {
	before := a.now()
	got, err := a.visitors.get(ctx, "127.0.0.1", "soak", target)
	if ctx.Err() != nil {
		return
	}
	a.report.count("questions")
	if err != nil {
		a.report.fault("no answer to %s: %v", target, err)
		return
	}
	var wrong []string
	for _, g := range a.during(before) {
		q := compare.QuestionOf(g.table, target)
		problem := difference(&q, got)
		if problem == "" {
			if len(before) > 1 {
				a.report.count("questions while a site changed")
			}
			return
		}
		wrong = append(wrong, fmt.Sprintf("generation %d: %s", g.number, problem))
	}
	a.report.fault("wrong answer to %s: %s", target, strings.Join(wrong, "; "))
}

// linkRE matches the links of a page to packages for the architecture of the query: others end in a fragment.
var linkRE = regexp.MustCompile(`href="?(/bitstream/[0-9A-Za-z._-]+)(?:#unnumbered)?["\s>]`)

// difference returns how an answer differs from the right one, "" if it does not.
func difference(q *compare.Question, got *answer) string {
	if got.status != q.Status || got.location != q.Location {
		return fmt.Sprintf("status %d to %q, want %d to %q", got.status, got.location, q.Status, q.Location)
	}
	switch {
	case q.JSON != nil:
		var is, want any
		if err := json.Unmarshal(got.body, &is); err != nil {
			return err.Error()
		}
		if err := json.Unmarshal(q.JSON, &want); err != nil {
			return err.Error()
		}
		if !reflect.DeepEqual(is, want) {
			return fmt.Sprintf("JSON %.200s, want %.200s", got.body, q.JSON)
		}
	case q.Links != nil:
		links := []string{}
		for _, m := range linkRE.FindAllSubmatch(got.body, -1) {
			links = append(links, string(m[1]))
		}
		if !slices.Equal(links, q.Links) {
			return fmt.Sprintf("links %q, want %q", links, q.Links)
		}
	}
	return ""
}
