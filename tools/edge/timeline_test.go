package edge

import (
	"fmt"
	"sync"
	"testing"
)

// try is an attempt to make a site live.
type try struct {
	site  *site
	never bool   // the attempt has ended, and the site did not become live
	seen  string // a request that only this try answers like that; "" if there was none yet
}

// timeline holds the attempts to make sites live, in their order. A site that a request sees is that of one of the
// attempts from the last one that is known to be live to the last one that has begun:
//
//	A live, B killed, C running      an answer is that of A or C
//	A live, B killed, C live         that of C
type timeline struct {
	mu    sync.Mutex
	tries []try
	live  int // index of the last try that is known to be live; -1 for none
}

// begin adds an attempt.
func (l *timeline) begin(s *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tries) == 0 {
		l.live = -1
	}
	l.tries = append(l.tries, try{site: s})
}

// settle ends all attempts. live is the hash of the site that is live.
func (l *timeline) settle(live string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.live
	for i := len(l.tries) - 1; i > was; i-- {
		if l.tries[i].site.hash == live || l.tries[i].site.hash == "" {
			l.live = i
			break
		}
	}
	if l.live >= 0 {
		if now := l.tries[l.live].site; now.hash != "" && now.hash != live {
			return fmt.Errorf("the live site has the hash %q, which is not that of %s", live, now.name)
		}
	}
	for i := was + 1; i < len(l.tries); i++ {
		if i != l.live && len(l.tries)-1-was == 1 { // with several deployers, others may have been live for a while
			l.tries[i].never = true
			if l.tries[i].seen != "" {
				return fmt.Errorf("the deploy of %s did not become live, but it answered %s", l.tries[i].site.name,
					l.tries[i].seen)
			}
		}
	}
	return nil
}

// floor returns the index of the last try that is known to be live, or -1.
func (l *timeline) floor() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tries) == 0 {
		return -1
	}
	return l.live
}

// match returns the index of the first try, beginning with from, whose site answers a request like that. ok is false if
// there is none.
func (l *timeline) match(q string, got answer, from int) (i int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, n := -1, 0
	for i := max(from, 0); i < len(l.tries); i++ {
		if !l.tries[i].never && l.tries[i].site.answers[q] == got {
			n++
			if first < 0 {
				first = i
			}
		}
	}
	if n == 1 && l.tries[first].seen == "" {
		l.tries[first].seen = q
	}
	return first, first >= 0
}

// describe describes the tries from one on, for messages.
func (l *timeline) describe(from int) (text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := max(from, 0); i < len(l.tries); i++ {
		text += " " + l.tries[i].site.name
		if l.tries[i].never {
			text += " (failed)"
		}
		if i == l.live {
			text += " (live)"
		}
	}
	return text
}

// site returns the site of a try.
func (l *timeline) site(i int) *site {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries[i].site
}

// TestTimeline checks that visitors notice a mixture, a step back in time, and a deploy that was never live.
func TestTimeline(t *testing.T) {
	newSite := func(name string, status int) *site {
		return &site{name: name, hash: name, answers: map[string]answer{"/": {Status: status}, "/both": {Status: 200}}}
	}
	a, b := newSite("A", 201), newSite("B", 202)
	l := &timeline{}
	l.begin(a)
	if err := l.settle("A"); err != nil || l.floor() != 0 {
		t.Fatalf("A: %v, %d", err, l.floor())
	}
	seen := func(status, from, want int) {
		t.Helper()
		i, ok := l.match("/", answer{Status: status}, from)
		if ok != (want >= 0) || ok && i != want {
			t.Errorf("answer %d from try %d: of try %d, %v, want %d", status, from, i, ok, want)
		}
	}
	seen(201, 0, 0)
	seen(202, 0, -1) // no deploy of B has begun
	l.begin(b)
	seen(201, 0, 0)
	seen(202, 0, 1)
	seen(201, 1, -1) // back in time
	seen(203, 0, -1) // of neither
	if err := l.settle("A"); err == nil {
		t.Error("B was seen, but did not become live: no error")
	}
	l.begin(b)
	if err := l.settle("B"); err != nil || l.floor() != 2 {
		t.Errorf("B: %v, %d", err, l.floor())
	}
	seen(201, l.floor(), -1)
	if i, ok := l.match("/both", answer{Status: 200}, 0); i != 0 || !ok {
		t.Errorf("an answer that both give: %d, %v", i, ok)
	}
}
