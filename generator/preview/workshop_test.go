package preview_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/serve"
)

// workshop is a site folder with a running preview.
type workshop struct {
	t   testing.TB
	dir string
	url string
	log *buffer
}

// buffer is a log that can be read while it is being written.
type buffer struct {
	sync.Mutex
	b bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.b.String()
}

// open starts a preview of a folder with the given files, like sitegen serve with the given flags.
func open(t testing.TB, files map[string]string, flags map[string][]string) *workshop {
	t.Helper()
	w := &workshop{t: t, dir: t.TempDir(), log: &buffer{}}
	if files["sitegen.yaml"] == "" {
		w.write("sitegen.yaml", "source: sample\n")
	}
	for name, text := range files {
		w.write(name, text)
	}
	if flags == nil {
		flags = map[string][]string{}
	}
	flags["listen"] = []string{"127.0.0.1:0"}
	load := func() (*project.Project, error) {
		c, err := config.Load(config.Input{File: w.path("sitegen.yaml"), Flags: flags})
		if err != nil {
			return nil, err
		}
		return project.Open(c, slog.New(slog.NewTextHandler(w.log, nil)), time.Now)
	}
	p, err := load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- serve.Serve(ctx, p, serve.Options{Load: load,
			Ready: func(url string) { ready <- strings.TrimSuffix(url, "/") }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case w.url = <-ready:
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return w
}

func (w *workshop) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *workshop) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *workshop) write(name, text string) {
	w.t.Helper()
	w.check(os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
	w.check(os.WriteFile(w.path(name), []byte(text), 0o644))
}

// prints waits until the terminal shows a text.
func (w *workshop) prints(text string) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(w.log.String(), text); {
		if time.Now().After(end) {
			w.t.Fatalf("%s is not in the terminal:\n%s", text, w.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// status is the message that open pages receive.
type status struct {
	Build     string
	From      []string
	Sheets    map[string]struct{ URL, Integrity string }
	Problems  string
	Server    string
	Catalogue string
	Warnings  int
}

// page behaves like a page that is open in a browser: it receives status messages.
type page struct {
	w    *workshop
	news chan status
	last status
}

// browse opens a page and waits for a status without problems.
func (w *workshop) browse(path string) *page {
	w.t.Helper()
	p := &page{w: w, news: make(chan status, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/-/events?page="+url.QueryEscape(path), nil)
	w.check(err)
	res, err := http.DefaultClient.Do(req)
	w.check(err)
	w.t.Cleanup(func() { cancel(); res.Body.Close() })
	go func() {
		defer close(p.news)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var s status
				if json.Unmarshal([]byte(data), &s) != nil {
					return
				}
				p.news <- s
			}
		}
	}()
	p.until("no problems", func(s status) bool { return s.Warnings >= 0 && s.Problems == "" })
	return p
}

// until waits for a status for which good returns true.
func (p *page) until(what string, good func(status) bool) status {
	p.w.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case s, ok := <-p.news:
			if !ok {
				p.w.t.Fatalf("%s: the connection ended; last %+v\n%s", what, p.last, p.w.log)
			}
			p.last = s
			if good(s) {
				return s
			}
		case <-late:
			p.w.t.Fatalf("%s: no such status; last %+v\n%s", what, p.last, p.w.log)
		}
	}
}
