package edge

import (
	"bufio"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPreview checks that sitegen serve --as cloudfront answers as the site that sitegen deploy has made live.
func TestPreview(t *testing.T) {
	c := start(t)
	s := sample(t, "previewed")
	s.write(t, map[string]string{
		"sitegen.yaml":        config + "languages: [en, de]\ndeploy:\n  headers: ['/guide/* Cache-Control: no-cache']\n",
		"redirects/rules.txt": rules + "/gone  410\n/moved/*  /releases/:splat  302\n/shown  /guide/  200\n",
	})
	c.must(s, "deploy")
	preview := c.preview(s)
	requests := []string{"/nope", "/nope/", "/nope.css", "/nope?x=y", "/de/nope", "/de", "/assets", "/assets/", "/api/v1",
		"/api/", "/releases", "/releases?x=y", "/releases/index.html", "/guide/old", "/guide", "/gone", "/moved/a?x=y",
		"/moved", "/shown", "/404.html", "/400.html", "/-/error/405.html", "/-/cell/_none.html", "/.git/config", "/.well-known/x",
		"/o/x", "/?os=win", "/?os=beos", "/?x=y", "/latest/win.json", "/releases.atom", "/%ff", "/a%2fb", "/SHA512SUMS"}
	for file := range s.public(t) {
		requests = append(requests, (&url.URL{Path: requestOf(file)}).EscapedPath())
	}
	for i, g := range s.goldens(t) {
		if i%5 == 0 {
			requests = append(requests, g.Q)
		}
	}
	slices.Sort(requests)
	for _, q := range requests {
		res, body := send(t, c.near.url, host, q)
		want := newAnswer(res, body)
		res, body = send(t, preview, "", q)
		if diff := cmp.Diff(want.String(), newAnswer(res, body).String()); diff != "" {
			t.Errorf("%s (-deploy +preview):\n%s\n%.200s", q, diff, body)
		}
	}
	t.Logf("%d requests", len(requests))
}

// preview starts a preview of a site as CloudFront. It returns the URL of the preview, without a slash at its end.
func (c *cloud) preview(s *site) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), program, "serve", "--as", "cloudfront", "--listen", "127.0.0.1:0")
	cmd.Dir, cmd.Env = s.dir, c.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	address := make(chan string, 1)
	c.t.Cleanup(func() {
		for range address { // until everything that the program prints has been read
		}
		_ = cmd.Wait() // the end of the test has killed the preview
	})
	go func() {
		defer close(address)
		serving := regexp.MustCompile(`serving (http://\S+)/`)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if m := serving.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
	}()
	at, ok := <-address
	if !ok {
		c.t.Fatalf("the preview of %s did not start", strings.TrimSpace(s.name))
	}
	return at
}
