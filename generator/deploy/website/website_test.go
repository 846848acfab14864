package website_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
)

// must deploys a site an hour after the last request.
func (b *bucket) must(t *testing.T, s *website.Site) *website.Plan {
	t.Helper()
	b.now, b.requests = b.now.Add(time.Hour), 0
	p, err := deploy(t.Context(), b.website(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.differs(s), b.whole()); err != nil {
		t.Fatal(err)
	}
	return p
}

func reasons(p *website.Plan) string {
	var all []string
	for _, u := range p.Upload {
		all = append(all, u.Key+" "+string(u.Why))
	}
	return strings.Join(all, ", ")
}

func TestDeploy(t *testing.T) {
	b := newBucket()
	b.put("foreign.html", "", "", "")
	p := b.must(t, version(1))
	if len(p.Upload) != 11 || p.Kept != 0 || p.Config == nil {
		t.Errorf("first deploy: %s; %d kept", reasons(p), p.Kept)
	}
	if p := b.must(t, version(1)); !p.Unchanged || b.requests != 1 {
		t.Errorf("the same site: unchanged %v, %d requests, want 1", p.Unchanged, b.requests)
	}
	one := version(1)
	one.Files[0].Headers["Cache-Control"] = "no-cache"
	if p := b.must(t, one); reasons(p) != one.Files[0].Path+" headers" || p.Config != nil || len(p.Gone) != 0 {
		t.Errorf("another header: %s", reasons(p))
	}
	if b.requests != 4 { // the manifest, a claim, the file, the manifest
		t.Errorf("one file took %d requests, want 4", b.requests)
	}
	p = b.must(t, version(2))
	want := "assets/style.2.css new, record/2.json new, list.json content, new2.html new, build/2 new, alias2 new, " +
		"about.html content, index.html content, latest headers"
	if got := reasons(p); got != want {
		t.Errorf("next version:\n%s, want\n%s", got, want)
	}
	if len(p.Gone) != 5 || len(p.Delete) != 0 || b.objects["new1.html"].data == "" {
		t.Errorf("gone %v, delete %v", p.Gone, p.Delete)
	}
	b.now = b.now.Add(22 * time.Hour)
	if p := b.must(t, version(2)); !p.Unchanged {
		t.Errorf("before the grace time has passed: delete %v", p.Delete)
	}
	w := b.website()
	w.MaxDeletes = 3
	b.now = b.now.Add(2 * time.Hour)
	p, err := deploy(t.Context(), w, version(2))
	if got := fmt.Sprint(p.Delete); err != nil || got != "[alias1 build/1 new1.html]" || p.Later != 2 {
		t.Errorf("after the grace time: delete %s, %d later, %v", got, p.Later, err)
	}
	if p := b.must(t, version(2)); len(p.Delete) != 2 {
		t.Errorf("the next deploy: delete %v", p.Delete)
	}
	if p := b.must(t, version(2)); !p.Unchanged {
		t.Errorf("all is deleted, but the next deploy is not unchanged")
	}
	if _, ok := b.objects["foreign.html"]; !ok || len(b.objects) != 11+2 {
		t.Errorf("%d objects remain: %v", len(b.objects), b.objects)
	}
}

// TestCutOff cuts a deploy off at each request, before and after the request has its effect. Each time, pages must find
// their assets and redirects their targets, and the next deploy, of the same site or of the one before, must finish.
func TestCutOff(t *testing.T) {
	killed := errors.New("killed")
	for _, back := range []bool{false, true} {
		for _, effect := range []bool{false, true} {
			at := 0
			for done := false; !done; at++ {
				b := newBucket()
				b.put("foreign.html", "", "", "")
				b.must(t, version(1))
				b.must(t, version(2))
				b.now = b.now.Add(25 * time.Hour) // version 1 is deleted
				var broken error
				b.after = func(request string) { broken = errors.Join(broken, b.whole()) }
				n := 0
				cut := func(string) error {
					if n++; n > at {
						return killed
					}
					return nil
				}
				if effect {
					b.lost = cut
				} else {
					b.before = cut
				}
				_, err := deploy(t.Context(), b.website(), version(3))
				if done = err == nil; !done && !errors.Is(err, killed) {
					t.Fatalf("cut off at request %d: %v", at, err)
				}
				b.before, b.lost = nil, nil
				next := version(3)
				if back {
					next = version(2)
				}
				if _, err := deploy(t.Context(), b.website(), next); err != nil {
					t.Fatalf("the run after a cut at request %d: %v", at, err)
				}
				if err := errors.Join(broken, b.differs(next)); err != nil {
					t.Fatalf("cut off at request %d: %v", at, err)
				}
				if _, ok := b.objects["foreign.html"]; !ok {
					t.Fatalf("cut off at request %d: a foreign object was deleted", at)
				}
				b.after = nil
				b.must(t, next) // deletes what the cut has left
				b.now = b.now.Add(25 * time.Hour)
				b.must(t, next)
				if len(b.objects) != 11+2 {
					t.Fatalf("cut off at request %d: %d objects remain", at, len(b.objects))
				}
			}
			if at < 15 {
				t.Errorf("only %d requests were cut off", at)
			}
		}
	}
}

// TestTwoDeployers checks that a deployer notices another one, before it writes or when it renews its claim.
func TestTwoDeployers(t *testing.T) {
	b := newBucket()
	b.must(t, version(1))
	late := b.website()
	p, err := late.Plan(t.Context(), version(2), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.must(t, version(3))
	err = late.Apply(t.Context(), p)
	if _, other := errors.AsType[*live.OtherDeploy](err); !other || fault.KindOf(err) != fault.Conflict {
		t.Errorf("a plan from before another deploy: %v", err)
	}
	if err := errors.Join(b.differs(version(3)), b.whole()); err != nil {
		t.Error(err)
	}

	// A deployer that stands still for so long that another one takes over.
	b = newBucket()
	b.must(t, version(1))
	b.before = func(request string) error {
		if request == "put new2.html" {
			b.before = nil
			b.must(t, version(3))
		}
		return nil
	}
	_, err = deploy(t.Context(), b.website(), version(2))
	if _, other := errors.AsType[*live.OtherDeploy](err); !other {
		t.Errorf("a deployer whose claim has expired: %v", err)
	}
	b.must(t, version(3))
}

// TestLostResponses loses the response of each write of the manifest; the client repeats the request.
func TestLostResponses(t *testing.T) {
	b := newBucket()
	w := b.website()
	w.Bucket, w.Jobs = repeating{b}, 4
	for n := 1; n <= 2; n++ {
		if _, err := deploy(t.Context(), w, version(n)); err != nil {
			t.Fatal(err)
		}
		if err := b.differs(version(n)); err != nil {
			t.Error(err)
		}
	}
	if p := b.must(t, version(2)); !p.Unchanged {
		t.Errorf("not unchanged: %s", reasons(p))
	}
}

// repeating is a bucket that repeats each conditional write.
type repeating struct{ *bucket }

func (r repeating) Replace(ctx context.Context, key string, data []byte, headers objects.Headers,
	etag string) (string, error) {
	if _, err := r.bucket.Replace(ctx, key, data, headers, etag); err != nil {
		return "", err
	}
	return r.bucket.Replace(ctx, key, data, headers, etag)
}

// TestWait checks that a deploy waits for the claim of one that was killed.
func TestWait(t *testing.T) {
	b := newBucket()
	ctx, cancel := context.WithCancel(t.Context())
	b.before = func(request string) error {
		if request == "put about.html" {
			cancel()
			b.before = func(string) error { return context.Canceled } // the process is gone
		}
		return nil
	}
	if _, err := deploy(ctx, b.website(), version(1)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b.before = nil
	start := b.now
	if _, err := deploy(t.Context(), b.website(), version(1)); err != nil {
		t.Fatal(err)
	}
	if waited := b.now.Sub(start); waited < 2*time.Minute || waited > 4*time.Minute {
		t.Errorf("waited %v for the claim of a killed deploy", waited)
	}
	if err := b.differs(version(1)); err != nil {
		t.Error(err)
	}
}

// TestRenew checks that a deploy that takes long renews its claim, and records what it has stored.
func TestRenew(t *testing.T) {
	b := newBucket()
	killed := errors.New("killed")
	saved := 0
	b.before = func(request string) error {
		switch {
		case request == "put latest":
			b.before = func(string) error { return killed }
			return killed
		case request == "put "+website.ManifestKey:
			saved++
		}
		b.now = b.now.Add(40 * time.Second)
		return nil
	}
	if _, err := deploy(t.Context(), b.website(), version(1)); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	b.before = nil
	p := b.must(t, version(1))
	if saved < 4 || len(p.Upload) > 4 {
		t.Errorf("the manifest was saved %d times; the next deploy repeats %s", saved, reasons(p))
	}
}

func TestVerify(t *testing.T) {
	b := newBucket()
	b.put("foreign.html", "", "", "")
	b.must(t, version(1))
	delete(b.objects, "about.html")
	b.put("same.txt", "other", "", "")
	b.config = nil
	mend := func(want string) {
		t.Helper()
		w := b.website()
		d, err := w.Verify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.Missing, d.Different, d.Config, d.Manifest != nil, d.Foreign); got != want || !d.Any() {
			t.Errorf("damage %s, want %s", got, want)
		}
		p, err := w.Plan(t.Context(), version(1), d)
		if err == nil {
			err = w.Apply(t.Context(), p)
		}
		if err := errors.Join(err, b.differs(version(1))); err != nil {
			t.Error(err)
		}
		if d, err := w.Verify(t.Context()); err != nil || d.Any() {
			t.Errorf("after mending: %+v, %v", d, err)
		}
	}
	mend("[about.html] [same.txt] true false 1")
	for _, text := range []string{"", "no gzip", "\x1f\x8b"} {
		b.put(website.ManifestKey, text, "", "")
		_, err := b.website().Plan(t.Context(), version(1), nil)
		if fault.KindOf(err) != fault.Remote || !strings.Contains(err.Error(), "is damaged") || len(fault.Hints(err)) != 1 {
			t.Errorf("manifest %q: %v, hints %v", text, err, fault.Hints(err))
		}
		mend("[] [] false true 12")
	}
}

func TestInvalidSite(t *testing.T) {
	_, err := newBucket().website().Plan(t.Context(), siteOf(map[string]string{
		".sitegen/x": "a", "/slash": "b", "loop": "-> elsewhere", "ok": "",
	}), nil)
	for _, want := range []string{"reserved", `invalid key "/slash"`, `"elsewhere"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not contain %q", err, want)
		}
	}
}
