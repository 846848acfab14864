package live_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestCutOff cuts a deploy with its collection off at each request, before and after the request has its effect.
// Visitors see the old site or the new one, whole, after each request; the next run finishes.
func TestCutOff(t *testing.T) {
	old, next := numbered(70, 1), numbered(70, 2)
	small := live.Keep{Deploys: 1, MaxDeletes: 1000}
	for _, late := range []bool{false, true} {
		for at := 1; ; at++ {
			c := newCloud()
			c.mustDeploy(t, live.Production, numbered(70, 0))
			c.mustDeploy(t, live.Production, old)
			before, err := c.visible(live.Production)
			if err != nil {
				t.Fatal(err)
			}
			var after map[string]string
			n, done := 0, false
			c.after = func(request string) {
				got, err := c.visible(live.Production)
				switch {
				case err != nil:
					t.Fatalf("request %d (%s): %v", n, request, err)
				case maps.Equal(got, before) && after == nil:
				case after == nil:
					after = got
				case !maps.Equal(got, after):
					t.Fatalf("request %d (%s): visitors see another site than before", n, request)
				}
			}
			c.before = func(context.Context, string) error {
				if n++; n == at && !late {
					done = true
				}
				if done {
					return errKilled
				}
				return nil
			}
			c.lost = func(string) error {
				if n == at && late {
					done = true
					return errKilled
				}
				return nil
			}
			_, err = deploy(t.Context(), c.live(), live.Production, next, small)
			killed := errors.Is(err, errKilled)
			if err != nil && !killed {
				t.Fatalf("cut off at request %d: %v", at, err)
			}
			c.before, c.lost = nil, nil
			if killed {
				c.pass(time.Minute)
				if _, err := deploy(t.Context(), c.live(), live.Production, next, small); err != nil {
					t.Fatalf("the run after a cut at request %d: %v", at, err)
				}
			}
			got, err := c.visible(live.Production)
			if err != nil || got["page01.html"] != "page 1, version 2" {
				t.Fatalf("cut off at request %d: %v, %v", at, got, err)
			}
			if !killed {
				t.Logf("%d requests", n)
				break
			}
		}
	}
}

// TestLostResponses deploys while responses of requests that had an effect are lost. The deploy must not stop.
func TestLostResponses(t *testing.T) {
	old, next := numbered(70, 1), numbered(70, 2)
	for at := 1; ; at++ {
		c := newCloud()
		c.mustDeploy(t, live.Production, old)
		n, hit := 0, false
		c.lost = func(request string) error {
			if request != "update" {
				return nil
			}
			if n++; n == at {
				hit = true
				return live.ErrConflict // what the retry of the client results in
			}
			return nil
		}
		c.pass(48 * time.Hour)
		if _, err := deploy(t.Context(), c.live(), live.Production, next,
			live.Keep{Deploys: 1, MaxDeletes: 99}); err != nil {
			t.Fatalf("the response of update %d is lost: %v", at, err)
		}
		if got, err := c.visible(live.Production); err != nil || got["page01.html"] != "page 1, version 2" {
			t.Fatalf("the response of update %d is lost: %v, %v", at, got, err)
		}
		if !hit {
			break
		}
	}
}

// TestSomebodyElse lets another deploy become live at each point of a deploy. One of the two stops, or both are live in
// turn; visitors never see a mixture.
func TestSomebodyElse(t *testing.T) {
	old, mine, theirs := numbered(70, 1), numbered(70, 2), numbered(70, 3)
	stopped := 0
	for at := 1; ; at++ {
		c := newCloud()
		c.mustDeploy(t, live.Production, old)
		n, met := 0, false
		c.before = func(ctx context.Context, _ string) error {
			if n++; n != at {
				return nil
			}
			met = true
			if _, err := deploy(ctx, c.live(), live.Production, theirs, keepAll); err != nil {
				t.Fatal(err)
			}
			return nil
		}
		_, err := deploy(t.Context(), c.live(), live.Production, mine, keepAll)
		want := "page 1, version 2"
		if _, ok := errors.AsType[*live.OtherDeploy](err); ok {
			stopped++
			want = "page 1, version 3"
		} else if err != nil {
			t.Fatalf("request %d: %v", at, err)
		} else if c.keys["deploy:production"] != "" && met {
			want = "" // the other one was first, or came after the flip
		}
		got, err := c.visible(live.Production)
		if err != nil || want != "" && got["page01.html"] != want {
			t.Fatalf("request %d: visitors see %q, want %q, %v", at, got["page01.html"], want, err)
		}
		if !met {
			break
		}
	}
	if stopped < 50 {
		t.Errorf("stopped %d times", stopped)
	}
}

// TestInterleaved runs deploys, rollbacks and collections of two editions at the same time, one request at a time in
// random order. After each request, both editions are whole.
func TestInterleaved(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(testutil.Amount(2000, 200)) {
		interleave(t, seed, outcomes)
	}
	t.Log(outcomes)
	for _, o := range []string{"deployed", "other", "collected"} {
		if outcomes[o] < 10 {
			t.Errorf("%s %d times", o, outcomes[o])
		}
	}
}

func interleave(t *testing.T, seed uint64, outcomes map[string]int) {
	t.Helper()
	c := newCloud()
	var ids []string
	for version := range 4 {
		ids = append(ids, c.mustDeploy(t, live.Production, numbered(4, version)).Record.ID)
	}
	c.mustDeploy(t, "staging", numbered(4, 9))
	c.pass(time.Hour)
	random := rand.New(rand.NewPCG(seed, 7))
	trace := []string{}
	turn := newTurnstile(random)
	c.before = func(ctx context.Context, request string) error {
		turn.wait(ctx)
		trace = append(trace, fmt.Sprint(ctx.Value(whoKey{}), " ", request))
		return nil
	}
	c.after = func(string) {
		for _, edition := range []string{live.Production, "staging"} {
			if _, err := c.visible(edition); err != nil {
				t.Errorf("seed %d: %v after\n%s", seed, err, strings.Join(trace, "\n"))
			}
		}
	}
	keep := live.Keep{Deploys: 1, MaxDeletes: 1000}
	var mu sync.Mutex
	note := func(err error, done string) {
		mu.Lock()
		defer mu.Unlock()
		_, other := errors.AsType[*live.OtherDeploy](err)
		switch {
		case err == nil:
			outcomes[done]++
		case other:
			outcomes["other"]++
		case isGone(err) || errors.Is(err, fs.ErrNotExist):
			outcomes["gone"]++
		default:
			t.Errorf("seed %d: %v after\n%s", seed, err, strings.Join(trace, "\n"))
		}
	}
	work := func(edition string, version int) func(context.Context) {
		return func(ctx context.Context) {
			_, err := deploy(ctx, c.live(), edition, numbered(4, version), keep)
			note(err, "deployed")
		}
	}
	jobs := []func(context.Context){
		work(live.Production, int(random.Uint32()%4)), work("staging", int(random.Uint32()%4)),
		func(ctx context.Context) {
			l := c.live()
			p, err := l.PlanAgain(ctx, live.Production, ids[random.IntN(4)], live.Facts{})
			if err == nil {
				err = l.Apply(ctx, p)
			}
			note(err, "rolled back")
		},
		func(ctx context.Context) {
			_, err := c.live().Collect(ctx, "collector", keep, nil)
			note(err, "collected")
		},
		work("staging", 5),
	}
	turn.run(t.Context(), jobs)
	c.before = nil
	if t.Failed() {
		t.FailNow()
	}
}

type whoKey struct{}

// turnstile lets one of several goroutines pass at a time, in random order.
type turnstile struct {
	random *rand.Rand
	gates  []chan struct{}
	back   chan int // a goroutine waits (its index) or has ended (-1 - its index)
}

func newTurnstile(random *rand.Rand) *turnstile {
	return &turnstile{random: random, back: make(chan int)}
}

// wait waits for the turn of the goroutine that ctx belongs to.
func (t *turnstile) wait(ctx context.Context) {
	i := ctx.Value(whoKey{}).(int)
	t.back <- i
	<-t.gates[i]
}

// run runs jobs until all have ended.
func (t *turnstile) run(ctx context.Context, jobs []func(context.Context)) {
	for i, job := range jobs {
		t.gates = append(t.gates, make(chan struct{}))
		go func() {
			t.wait(context.WithValue(ctx, whoKey{}, i))
			job(context.WithValue(ctx, whoKey{}, i))
			t.back <- -1 - i
		}()
	}
	waiting, running := []int{}, len(jobs)
	for running > 0 {
		for len(waiting) < running {
			if i := <-t.back; i >= 0 {
				waiting = append(waiting, i)
			} else {
				running--
			}
		}
		if running == 0 {
			return
		}
		next := t.random.IntN(len(waiting))
		i := waiting[next]
		waiting = slices.Delete(waiting, next, next+1)
		t.gates[i] <- struct{}{}
	}
}
