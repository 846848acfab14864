package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBuildLockedAndInterrupted checks that a second build fails while the first one waits for its source, and that the
// first one ends immediately when it is interrupted.
func TestBuildLockedAndInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	asked := make(chan struct{}, 1)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer slow.Close()

	ctx, interrupt := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	code := make(chan int)
	go func() {
		own := []string{"SITEGEN_TITLE=Aurora", "SITEGEN_PROJECT=Aurora", "SITEGEN_BASE_URL=https://aurora.example"}
		code <- run(ctx, []string{"build", "--source", slow.URL}, nil, &bytes.Buffer{}, &stderr, own)
	}()
	select {
	case <-asked:
	case got := <-code:
		t.Fatalf("exit code %d before the request to the source: %s", got, &stderr)
	}

	var second bytes.Buffer
	if got := run(t.Context(), []string{"build", "--source", "sample"}, nil, &bytes.Buffer{}, &second, nil); got != 7 {
		t.Errorf("exit code of the second build %d, want 7\n%s", got, &second)
	}
	interrupt()
	if got := <-code; got != 130 {
		t.Errorf("exit code after the interruption %d, want 130", got)
	}
	if !strings.HasPrefix(stderr.String(), "sitegen: interrupted") || strings.Contains(stderr.String(), "hint") {
		t.Errorf("message after the interruption %q", &stderr)
	}
}
