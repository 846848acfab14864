package remote_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/fault"
)

// connect starts a key-value store and returns it with a client.
func connect(t *testing.T) (*kvserver.Server, *remote.Client) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	s := kvserver.New()
	s.Access = "test"
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	nothing := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest", "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE": server.URL,
	} {
		t.Setenv(name, value)
	}
	c, err := remote.Connect(t.Context(), remote.Options{Attempts: 3, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestStore(t *testing.T) {
	s, c := connect(t)
	store, ctx := c.Store(kvserver.ARN), t.Context()
	v, err := store.Describe(ctx)
	if err != nil || v.Size != 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	first := v
	want := map[string]string{}
	for call := range 3 {
		var changes []live.Change
		for i := range 45 {
			key := fmt.Sprintf("n/%d é/%d", call, i)
			want[key] = fmt.Sprint("value ", i)
			changes = append(changes, live.Change{Key: key, Value: want[key]})
		}
		if v, err = store.Update(ctx, v.ETag, changes); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.List(ctx)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("list: %v (-want +got):\n%s", err, diff)
	}
	if value, err := store.Get(ctx, "n/1 é/3"); err != nil || value != "value 3" {
		t.Errorf("get: %q, %v", value, err)
	}
	if _, err := store.Get(ctx, "n/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get a missing key: %v", err)
	}
	if _, err := store.Update(ctx, first.ETag, []live.Change{{Key: "x", Value: "y"}}); !errors.Is(err, live.ErrConflict) {
		t.Errorf("update of an old version: %v", err)
	}
	v, err = store.Update(ctx, v.ETag, []live.Change{{Key: "n/1 é/3", Delete: true}, {Key: "x", Value: "y"}})
	if now, describeErr := store.Describe(ctx); err != nil || describeErr != nil || now != v {
		t.Errorf("delete: %v, %v; %+v, %+v", err, describeErr, v, now)
	}
	if _, ok := s.Keys()["n/1 é/3"]; ok {
		t.Error("the key was not deleted")
	}
	if n := c.Usage.Keys.Load(); n != int64(s.Calls()) {
		t.Errorf("counted %d requests, want %d", n, s.Calls())
	}
}

// TestAttempts answers ten times that the server is busy: the client goes on.
func TestAttempts(t *testing.T) {
	s, _ := connect(t)
	requests := 0
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests > 10 {
			s.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", busy.URL)
	c, err := remote.Connect(t.Context(), remote.Options{MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Store(kvserver.ARN).Describe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStoreErrors(t *testing.T) {
	s, c := connect(t)
	ctx := t.Context()
	v, err := c.Store(kvserver.ARN).Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	many := make([]live.Change, 51)
	for i := range many {
		many[i] = live.Change{Key: fmt.Sprint(i), Value: "x"}
	}
	check := func(name string, err error, text, hint string) {
		t.Helper()
		if err == nil || fault.KindOf(err) != fault.Remote || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v of kind %v, want %q", name, err, fault.KindOf(err), text)
		}
		if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], hint) {
			t.Errorf("%s: hints %q, want %q", name, hints, hint)
		}
	}
	_, err = c.Store(kvserver.ARN).Update(ctx, v.ETag, many)
	check("too many keys", err, "CloudFront: a call updates 1 to 50 keys (ValidationException)",
		"Run the command again")
	_, err = c.Store(strings.Replace(kvserver.ARN, "0a1b", "ffff", 1)).Describe(ctx)
	check("no such store", err, "does not exist", "deploy.store, the ARN")
	s.ReadOnly = true
	_, err = c.Store(kvserver.ARN).Update(ctx, v.ETag, many[:1])
	check("read only", err, "not authorized", "UpdateKeys on the key-value store")
	s.Access = "other"
	_, err = c.Store(kvserver.ARN).Describe(ctx)
	check("other credentials", err, "security token", "AWS_ACCESS_KEY_ID")
	t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", "http://127.0.0.1:1")
	c, err = remote.Connect(ctx, remote.Options{Attempts: 2, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Store(kvserver.ARN).Describe(ctx)
	check("no server", err, "connection refused", "network")
	for _, linger := range []int{-1, 0} { // close the connection, or reset it
		closing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				err = errors.Join(conn.(*net.TCPConn).SetLinger(linger), conn.Close())
			}
			if err != nil {
				t.Error(err)
			}
		}))
		defer closing.Close()
		t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", closing.URL)
		c, err = remote.Connect(ctx, remote.Options{Attempts: 2, MaxBackoff: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Store(kvserver.ARN).Describe(ctx)
		check("closed connection", err, "CloudFront: the server has closed the connection", "network")
	}
	t.Setenv("AWS_PROFILE", "nobody")
	_, err = remote.Connect(ctx, remote.Options{})
	check("no profile", err, "there is no profile nobody", "AWS_PROFILE")
	os.Unsetenv("AWS_PROFILE")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	_, err = remote.Connect(ctx, remote.Options{})
	check("no credentials", err, "find credentials for AWS", "AWS_PROFILE")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_REGION", "")
	_, err = remote.Connect(ctx, remote.Options{})
	check("no region", err, "unknown region", "AWS_REGION")
}
