package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/deploy/kvserver"
)

// deploySite builds a site in a folder of its own, with a page of a text, and returns the path of its configuration.
func deploySite(t *testing.T, text string) (config string) {
	t.Helper()
	config = filepath.Join(t.TempDir(), "sitegen.yaml")
	page := filepath.Join(filepath.Dir(config), "content", "page.md")
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string]string{
		config: "source: sample\ndeploy:\n  bucket: " + bucketDownload + "\n  store: " + kvserver.ARN + "\n",
		page:   "---\ntitle: Page\n---\n\n" + text + "\n",
	} {
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sitegen(t, "build", "--config", config, "--quiet")
	return config
}

// useCloud starts a cloud and sets the environment variables for it. before is called before each request to the bucket
// or the store. If it returns true, it has answered the request.
func useCloud(t *testing.T, before func(w http.ResponseWriter, r *http.Request) (answered bool)) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	for _, v := range newCloud(t, http.NotFoundHandler()) {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			target, err := url.Parse(value)
			if err != nil {
				t.Fatal(err)
			}
			proxy := &httputil.ReverseProxy{
				Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
				ErrorLog: log.New(io.Discard, "", 0), // interrupted requests
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !before(w, r) {
					proxy.ServeHTTP(w, r)
				}
			}))
			t.Cleanup(server.Close)
			value = server.URL
		}
		t.Setenv(name, value)
	}
}

// changes reports whether a request changes something.
func changes(r *http.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPost }

// tryDeploy runs sitegen deploy for a site and returns its exit code and messages.
func tryDeploy(ctx context.Context, config string, args ...string) (code int, messages string) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"deploy", "--config", config}, args...)
	code = run(ctx, args, strings.NewReader(""), &stdout, &stderr, nil)
	return code, stderr.String()
}

// TestDeployOvertaken deploys while somebody else deploys another site: the one that is later stops.
func TestDeployOvertaken(t *testing.T) {
	mine, theirs := deploySite(t, "mine"), deploySite(t, "theirs")
	var begun atomic.Bool
	useCloud(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if changes(r) && strings.Contains(r.URL.Path, "/key-value-stores/") && !begun.Swap(true) {
			if code, messages := tryDeploy(t.Context(), theirs); code != 0 {
				t.Errorf("the other deploy: exit code %d\n%s", code, messages)
			}
		}
		return false
	})
	code, messages := tryDeploy(t.Context(), mine)
	if code != 10 || !strings.Contains(messages, "somebody else deployed in the meantime (2") ||
		!strings.Contains(messages, "hint: sitegen deploy list shows it") {
		t.Errorf("exit code %d, want 10\n%s", code, messages)
	}
	if code, messages := tryDeploy(t.Context(), theirs); code != 0 || messages != "" {
		t.Errorf("their site is not live: exit code %d\n%s", code, messages)
	}
	if code, messages := tryDeploy(t.Context(), mine); code != 0 {
		t.Errorf("the next deploy: exit code %d\n%s", code, messages)
	}
}

// TestDeployInterrupted interrupts an upload that hangs.
func TestDeployInterrupted(t *testing.T) {
	config := deploySite(t, "text")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan struct{})
	useCloud(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if changes(r) {
			interrupt()
			<-ended
		}
		return false
	})
	t.Cleanup(func() { close(ended) }) // before the servers are closed, which wait for their requests
	start := time.Now()
	code, messages := tryDeploy(ctx, config)
	if code != interrupted || !strings.HasPrefix(messages, "sitegen: interrupted") ||
		strings.Contains(messages, "hint") || strings.Contains(messages, "RequestID") {
		t.Errorf("exit code %d, want %d\n%s", code, interrupted, messages)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestDeployInterruptedLate interrupts the removal of old objects: the message says that the site is live.
func TestDeployInterruptedLate(t *testing.T) {
	config := deploySite(t, "text")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var recorded atomic.Bool
	useCloud(t, func(_ http.ResponseWriter, r *http.Request) bool {
		switch isRecord := strings.Contains(r.URL.String(), "deploys"); {
		case isRecord && changes(r):
			recorded.Store(true)
		case isRecord && recorded.Load():
			interrupt()
			<-r.Context().Done()
		}
		return false
	})
	code, messages := tryDeploy(ctx, config)
	if want := "sitegen: interrupted: the site is live, but old objects were not removed\n"; code != interrupted ||
		messages != want {
		t.Errorf("exit code %d, want %d\n%s", code, interrupted, messages)
	}
	if code, messages := tryDeploy(t.Context(), config, "--json"); code != 0 || messages != "" {
		t.Errorf("the next deploy: exit code %d\n%s", code, messages)
	}
}

// TestDeployRefused checks the messages and hints for errors of AWS that a test server does not have.
func TestDeployRefused(t *testing.T) {
	config := deploySite(t, "text")
	for _, tt := range []struct {
		code   string
		status int
		hint   string
	}{
		{"RequestTimeTooSkewed", http.StatusForbidden, "Set the clock of this machine."},
		{"AuthorizationHeaderMalformed", http.StatusBadRequest, "Set AWS_REGION to the region of the bucket."},
		{"PermanentRedirect", http.StatusMovedPermanently, "Set AWS_REGION to the region of the bucket."},
		{"AccessDenied", http.StatusForbidden, "The credentials need the permissions s3:ListBucket"},
		{"ExpiredToken", http.StatusBadRequest, "The credentials are temporary and have expired."},
		{"InvalidToken", http.StatusBadRequest, "Check AWS_ACCESS_KEY_ID"},
		{"QuotaExceeded", http.StatusInsufficientStorage, "Visitors still see the previous deploy. Have the quota increased"},
		{"XMinioStorageFull", http.StatusInsufficientStorage, "Visitors still see the previous deploy. Have the quota"},
		{"SlowDown", http.StatusServiceUnavailable, "AWS limits the requests."},
		{"InternalError", http.StatusInternalServerError, "Visitors still see the previous deploy."},
	} {
		t.Run(tt.code, func(t *testing.T) {
			written := false
			useCloud(t, func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, "/key-value-stores/") {
					written = written || changes(r)
					return false
				}
				if !changes(r) {
					return false
				}
				w.WriteHeader(tt.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>No.</Message></Error>", tt.code)
				return true
			})
			code, messages := tryDeploy(t.Context(), config)
			if code != 9 || !strings.Contains(messages, "bucket "+bucketDownload+": No ("+tt.code+")") ||
				!strings.Contains(messages, "hint: "+tt.hint) || written {
				t.Errorf("exit code %d, the store was changed: %v\n%s", code, written, messages)
			}
		})
	}
}

// TestDeployUnusedHeader checks the warning about a rule of deploy.headers that matches no file.
func TestDeployUnusedHeader(t *testing.T) {
	config := deploySite(t, "text")
	useCloud(t, func(http.ResponseWriter, *http.Request) bool { return false })
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("  headers: ['/page/* Cache-Control: no-cache', '/pages/* Cache-Control: no-store']\n")
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	code, messages := tryDeploy(t.Context(), config)
	if code != 0 || strings.Count(messages, "warning") != 1 || !strings.Contains(messages, "sitegen.yaml:5: "+
		`deploy.headers: no file matches "/pages/*" (found "/pages/* Cache-Control: no-store")`) {
		t.Errorf("exit code %d\n%s", code, messages)
	}
}

// TestRequirementsWidth checks that hints of sitegen deploy init fit into 80 columns, and that commands are not split.
func TestRequirementsWidth(t *testing.T) {
	const command = "aws s3api delete-public-access-block --bucket download"
	var b strings.Builder
	err := writeRequirements(&b, []deploy.Requirement{
		{Name: "store", Status: deploy.OK, Detail: "100 bytes used"},
		{Name: "public access", Status: deploy.Missing, Detail: "blocked", Next: "Turn off the block: " + command},
		{Name: "function", Status: deploy.CheckThis, Detail: "cannot be seen", Next: "The code of the function must be " +
			"that of redirects/cloudfront/function.js, with the key-value store associated."},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `ok       store          100 bytes used
missing  public access  blocked
                        -> Turn off the block:
                           ` + command + `
check    function       cannot be seen
                        -> The code of the function must be that of
                           redirects/cloudfront/function.js, with the key-value
                           store associated.
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestDollars(t *testing.T) {
	for usd, want := range map[float64]string{0: "$0", 0.000001: "less than $0.00001", 0.000123: "$0.00012",
		0.0012: "$0.0012", 0.012: "$0.012", 0.45: "$0.45", 12: "$12.00"} {
		if got := dollars(usd); got != want {
			t.Errorf("%v: %s, want %s", usd, got, want)
		}
	}
}
