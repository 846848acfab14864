package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

// TestKeptDespiteFailures lets many deploys fail after they have written their records, as without the permission to
// write to the store. They must not count as deploys that are kept, and not change when others were replaced.
func TestKeptDespiteFailures(t *testing.T) {
	c := newCloud()
	keep := live.Keep{Deploys: 2, Grace: 24 * time.Hour, MaxDeletes: 1000}
	var ids []string
	seen := func(version int) {
		t.Helper()
		c.pass(time.Hour)
		p, err := deploy(t.Context(), c.live(), live.Production, numbered(5, version), keep)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.Record.ID)
	}
	left := func() (list []string) {
		t.Helper()
		entries, err := c.live().List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.ID)
		}
		slices.Reverse(list)
		return list
	}
	seen(1)
	seen(2)
	seen(3)
	denied := errors.New("denied")
	c.before = func(_ context.Context, request string) error {
		if strings.HasPrefix(request, "update") {
			return denied
		}
		return nil
	}
	for range 30 {
		c.pass(time.Hour)
		if _, err := deploy(t.Context(), c.live(), live.Production, numbered(5, 4), keep); !errors.Is(err, denied) {
			t.Fatalf("a failure: %v", err)
		}
	}
	c.before = nil
	if n := len(left()); n != 33 {
		t.Fatalf("%d records, want 33", n)
	}
	seen(4)

	// Of the failures, those of the last day remain. The first deploy was replaced long ago, and two newer ones are
	// kept; the second and the third are kept, although 30 records are newer: the third was replaced just now.
	list := left()
	if len(list) > 27 || slices.Contains(list, ids[0]) || !slices.Contains(list, ids[2]) {
		t.Errorf("%d records remain: %s, without %s and with %s expected", len(list), list, ids[0], ids[2])
	}
	c.pass(25 * time.Hour)
	seen(5)
	if list := left(); !slices.Equal(list, ids[3:]) {
		t.Errorf("after a day: %s, want %s", list, ids[3:])
	}
	if _, err := c.live().Earlier(t.Context(), live.Production); err != nil {
		t.Error(err)
	}
}

// TestNeverLive lists a deploy that was cut off, and others before and after it: only this one is marked as unfinished,
// also when a later deploy is live.
func TestNeverLive(t *testing.T) {
	c := newCloud()
	denied := errors.New("denied")
	c.mustDeploy(t, live.Production, numbered(5, 1))
	c.mustDeploy(t, live.Production, numbered(5, 2))
	c.before = func(_ context.Context, request string) error {
		if strings.HasPrefix(request, "update") {
			return denied
		}
		return nil
	}
	c.pass(time.Hour)
	if _, err := deploy(t.Context(), c.live(), live.Production, numbered(5, 3), keepAll); !errors.Is(err, denied) {
		t.Fatalf("a failure: %v", err)
	}
	c.before = nil
	check := func(want ...bool) {
		t.Helper()
		l := c.live()
		list, err := l.List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var listed, shown []bool
		for _, e := range list {
			listed = append(listed, e.Unfinished)
			r, err := l.Record(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.State(t.Context(), live.Production)
			if err != nil {
				t.Fatal(err)
			}
			was, err := l.WasLive(t.Context(), r, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			shown = append(shown, !was)
		}
		if !slices.Equal(listed, want) || !slices.Equal(shown, want) {
			t.Errorf("unfinished: %v in a list and %v one by one, want %v", listed, shown, want)
		}
	}
	check(true, false, false)
	c.mustDeploy(t, live.Production, numbered(5, 4))
	c.mustDeploy(t, live.Production, numbered(5, 5))
	check(false, false, true, false, false)
}

// TestLease deploys while a lease exists that a killed deploy has left. A deploy waits until it expires, and never longer
// than ten minutes, also if the clock of the other machine is ahead.
func TestLease(t *testing.T) {
	for _, tt := range []struct {
		name         string
		until, least time.Duration // from now
	}{
		{"expired", -time.Minute, 0},
		{"expires soon", 3 * time.Minute, 3 * time.Minute},
		{"a year ahead", 365 * 24 * time.Hour, 10 * time.Minute},
	} {
		c := newCloud()
		c.mustDeploy(t, live.Production, numbered(5, 1))
		c.keys["deploy-lease"] = fmt.Sprintf(`{"by": "x", "until": %q}`, c.now.Add(tt.until).Format(time.RFC3339))
		start, requests := c.now, c.requests
		if _, err := deploy(t.Context(), c.live(), live.Production, numbered(5, 2), keepAll); err != nil {
			t.Fatal(err)
		}
		waited := c.now.Sub(start)
		if waited < tt.least || waited > tt.least+time.Minute || c.requests-requests > 200 {
			t.Errorf("%s: waited %v with %d requests, want %v", tt.name, waited, c.requests-requests, tt.least)
		}
	}
}

// TestDeletionRefused refuses deletions: after a definite answer, the next deploy need not wait for the lease to expire.
// Without an answer, the bucket may still delete something, so the lease remains.
func TestDeletionRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		lease bool
	}{
		{"refused", &live.RefusedError{Err: errors.New("access denied")}, false},
		{"no answer", errors.New("timeout"), true},
	} {
		c := newCloud()
		keep := live.Keep{Deploys: 1, MaxDeletes: 1000}
		for version := range 3 {
			c.mustDeploy(t, live.Production, numbered(5, version))
			c.pass(time.Hour)
		}
		c.before = func(_ context.Context, request string) error {
			if strings.HasPrefix(request, "delete") {
				return tt.err
			}
			return nil
		}
		_, err := c.live().Collect(t.Context(), "test", keep, nil)
		_, lease := c.keys["deploy-lease"]
		if !errors.Is(err, tt.err) || lease != tt.lease {
			t.Errorf("%s: error %v, lease %v, want %v", tt.name, err, lease, tt.lease)
		}
	}
}
